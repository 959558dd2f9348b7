"""What the options mean: the `Query` that they ask for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rnnshape.cli.arguments import UsageError, either
from rnnshape.cli.options import SIZES, Options, option_names, refuse
from rnnshape.errors import NotReadError, QueryError, did_you_mean, shortened
from rnnshape.network import Dimensions, Network, Question, check_count, kind_of_axis
from rnnshape.network_inputs import axes_that_are_given, with_given_sizes
from rnnshape.query import Format, Query
from rnnshape.signatures import LAYERS, signature
from rnnshape.words import FLAGS, WORDS, combinations, layer_of_word, stack

if TYPE_CHECKING:
    from rnnshape.reading import Reading
    from rnnshape.terminal.environment import Reader

USUAL_UNITS = (3,)
SEEN_AT_ONCE = 3  # models of a file
MOST_LISTED = 500  # characters of their names
# How each of a word's options is written in Keras text.
IN_KERAS = {
    "units": "LSTM(64)",
    "bidirectional": "Bidirectional(LSTM(64))",
    "return_sequences": "LSTM(64, return_sequences=True)",
    "return_state": "LSTM(64, return_state=True)",
    "merge_mode": "Bidirectional(LSTM(64), merge_mode='sum')",
}


def query(options: Options, reader: Callable[[], Reader], *, is_line: bool = False) -> Query:
    """What a command line asks for, or a line of standard input; its texts and files are read by
    the reader, which is started where there is one. A `UsageError` where the options do not go
    together, a `QueryError` where a text can't be answered."""
    if not options.what:
        raise UsageError(
            f"WHAT: name at least one: {either(WORDS)}, a Keras expression, a file, or - for "
            "standard input"
        )
    reads_stdin = "-" in options.what
    if reads_stdin or all(map(layer_of_word, options.what)):
        check_flags(options)
    asked: list[Question] = []
    readings: list[Reading] = []
    remarks: list[str] = []
    not_read: list[NotReadError] = []
    for what in () if reads_stdin else options.what:
        layer = layer_of_word(what)
        if layer is not None:
            asked += questions_by_word(layer, options)
            continue
        try:
            reading = _reading(what, options, reader)
        except NotReadError as wrong:
            not_read.append(wrong)
            continue
        readings.append(reading)
        remarks += _list_of_models(what, reading)
        from rnnshape.reading.files import file_and_name  # no word needs it

        file, _ = file_and_name(what)
        asked += (replace(one, file=file) for one in questions_of(reading, options))
    if not_read and not asked:
        raise not_read[0]
    if len({question.file for question in asked}) == 1:
        asked = [replace(question, file="") for question in asked]
    unused = {} if reads_stdin else unused_options(options, asked, readings)
    if unused and not is_line:
        raise UsageError(next(iter(unused.values())))
    has_other_form = options.format is not None or options.compare or options.export is not None
    return Query(
        questions=tuple(asked),
        reads_stdin=reads_stdin,
        views=options.views,
        format=options.format or Format.TABLE,
        code_alone=options.views == {"code"} and not has_other_form,
        compare=_varying(asked) if options.compare else (),
        dry_run=options.dry_run,
        seed=options.seed,
        export=options.export,
        remarks=tuple(remarks),
        messages=(*not_read, *(message for reading in readings for message in reading.messages)),
        unused=tuple(unused.items()),
    )


def _list_of_models(what: str, reading: Reading) -> Iterator[str]:
    """Of a file with many models, which there are, and how to ask for one."""
    names = list(dict.fromkeys(network.name for network in reading.networks if network.name))
    if len(reading.networks) > SEEN_AT_ONCE and names:
        number = len(reading.networks)
        listed = shortened(", ".join(names), MOST_LISTED)
        yield f"{number} models, {listed}: {shortened(what)}:{names[0]} is one of them"


def questions_of(reading: Reading, options: Options) -> Iterator[Question]:
    """What is asked of the networks that were read, with the sizes and data of the options."""
    for read in reading.questions:
        network, sizes = _sized_by_data(read, options.dimensions)
        network = with_given_sizes(network, sizes)
        yield _with_data(replace(read, network=network, dimensions=sizes), options)


def _sized_by_data(question: Question, sizes: Dimensions) -> tuple[Network, Dimensions]:
    """With the sizes that no option and no `Input` says, as the first data has them that fits."""
    if not question.calls:
        return question.network, sizes
    from rnnshape.description import is_taken
    from rnnshape.fitting import are_sizes_known
    from rnnshape.input_shapes import dimensions_of  # few questions have data
    from rnnshape.ports import shape_taken, with_sizes_of

    count = len(question.network.given)
    calls = (each for call in question.calls for each in call.with_validation)
    known = [call for call in calls if len(call.x) == count and are_sizes_known(call.x)]
    for call in known:
        shapes = (
            shape_taken(question.network, number, (None, *(data.shape or ())[1:]))
            for number, data in enumerate(call.x)
        )
        try:
            found = dimensions_of(question.network, [*shapes])
        except QueryError:  # that it does not fit is said where the data is
            continue
        if found is None:  # the data of each input has sizes of its own, perhaps in each call
            first, *others = [with_sizes_of(question.network, one, sizes) for one in known]
            is_one = is_taken(first, sizes) and all(other == first for other in others)
            return (first if is_one else question.network), sizes
        words = ("batch", "timesteps", "features", "space")
        sizes = Dimensions(*(sizes.given(word) or found.given(word) for word in words))
        break
    return question.network, sizes


def _with_data(question: Question, options: Options) -> Question:
    if not (options.x or options.y or options.loss):
        return question
    from rnnshape.cli.data import with_data  # few command lines need it

    return with_data(question, options)


def unused_options(
    options: Options, questions: Sequence[Question], readings: Sequence[Reading]
) -> dict[str, str]:
    """Each `--let` and each size that no text takes, a slip that would pass unseen, and what is
    said of it."""
    unused = {}
    for name in options.let:
        if not any(name in reading.names_used for reading in readings):
            known = [name for reading in readings for name in reading.names_open]
            hint = did_you_mean(name, known) or ": no text asks for it"
            unused[f"--let {name}"] = f"--let {shortened(name)}{hint}"
    given = {word for word in SIZES if options.dimensions.given(word) is not None}
    for question in questions if given else ():
        axes = axes_that_are_given(question.network, question.dimensions)
        given -= set(map(kind_of_axis, axes))
    sizes = ((f"--{word}", word) for word in SIZES if word in given)
    return unused | {
        option: f"{option} {options.dimensions.given(word)}: no input leaves its {word} open"
        for option, word in sizes
    }


def _reading(what: str, options: Options, reader: Callable[[], Reader]) -> Reading:
    """What a text or a file asks; a `QueryError` where there is nothing that can be answered."""
    if not reader().knows(what):
        _check_word(what, options.what[0])
    check_text(options)
    reading = reader().read(what, options.let, options.dimensions)
    if not reading.networks:
        if reading.messages:
            raise reading.refused()
        raise QueryError(f"{shortened(what)} makes no Keras layers: there is nothing to answer")
    if len(reading.networks) > 1 and (options.x or options.y):
        names = [network.name for network in reading.networks if network.name]
        which = (
            f"{', '.join(names)}: choose one, {shortened(what)}:{names[0]}" if names else "ask one"
        )
        raise UsageError(f"--{'x' if options.x else 'y'}: this makes several models, {which}")
    return reading


def questions_by_word(layer: str, options: Options) -> Iterator[Question]:
    """What a word asks: one question, or one for each row of a comparison."""
    several = combinations(options.flags) if options.compare else [options.flags]
    units = options.units or USUAL_UNITS
    check_count(len(several) * len(units))
    for flags in several:
        network, notes = stack(layer, units, flags, options.flags)
        held = frozenset(name for name in FLAGS if getattr(flags, name))
        yield _with_data(Question(network, options.dimensions, held, notes=notes), options)


def check_flags(options: Options) -> None:
    flags = options.flags
    merges = flags.bidirectional or (options.compare and flags.bidirectional is None)
    if flags.merge_mode and not merges:
        raise UsageError(
            f"--merge-mode {flags.merge_mode}: only with --bidirectional is anything merged"
        )
    if flags.merge_mode == "none" and len(options.units) > 1:
        raise UsageError(
            "--merge-mode none: it returns two tensors, and the next layer of a stack takes one: "
            "concat, sum, mul or ave"
        )
    if "-" in options.what and not options.check:
        if len(options.what) > 1:
            raise UsageError("-: standard input is asked alone, without another WHAT")
        why = "it has no meaning for questions from standard input"
        refuse(options, ("compare", "export"), why)


def _check_word(what: str, first: str) -> None:
    """A name alone is a word that is misspelt, where nothing goes by it; or a model of the file
    before it."""
    if (what.isdecimal() or what.replace("-", "").isidentifier()) and not os.path.exists(what):
        layer = {name.lower(): name for name in LAYERS}.get(what.lower(), "LSTM")
        needed = ", ".join(signature(layer).required)
        text = "LSTM(64)" if layer == "LSTM" else f"{layer}({needed})"
        choose = f"choose {either(WORDS)}, or write it in Keras: {text}"
        if first != what and os.path.isfile(first):
            choose = f"a model of a file is {shortened(first)}:{what}"
        raise UsageError(f"WHAT {shortened(what)}: {choose}{_near(what)}")


def _near(what: str) -> str:
    """The word, option or file that a name alone may stand for."""
    from rnnshape.reading.files import SUFFIXES

    word = what.lower().replace("-", "").replace("_", "")
    if word.startswith("bi") and word[2:] in WORDS:
        return f"; did you mean {word[2:]} --bidirectional?"
    options = did_you_mean(f"--{what}", option_names(), alike=0.9)
    files = [f"{what}{suffix}" for suffix in SUFFIXES if os.path.isfile(f"{what}{suffix}")]
    return options or did_you_mean(what, [*WORDS, *files], alike=0.7)


def check_text(options: Options) -> None:
    """What is said of a word must be written into a text."""
    for name, text in IN_KERAS.items():
        refuse(options, (name,), f"it is written into the text: {text}")
    refuse(options, ("compare",), f"only words are compared: {either(WORDS)}")


def _varying(questions: Sequence[Question]) -> tuple[str, ...]:
    """The flags that differ between the questions of a comparison: its columns."""
    flags = [question.flags or () for question in questions]
    return tuple(name for name in FLAGS if len({name in given for given in flags}) > 1)
