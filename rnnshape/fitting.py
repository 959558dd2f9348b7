"""Does the data fit? Each call that gives a network data is checked by the rules of `training`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import groupby, takewhile

from rnnshape.columns import is_answerable
from rnnshape.description import Description, describe, is_taken
from rnnshape.errors import Problem, QueryError, counted, did_you_mean, shortened
from rnnshape.expression import Unknown, calls_within
from rnnshape.layer import Layer
from rnnshape.layer_names import not_of_a_graph
from rnnshape.network import Dimensions, Network, Question, Size
from rnnshape.network_inputs import may_need_one_batch, with_other_sizes
from rnnshape.ports import model_of, needed_sizes, with_sizes_of
from rnnshape.training import problems_of, with_batch
from rnnshape.training.data import Data, Function, TrainingCall, shown
from rnnshape.training.losses import LOSSES, loss_named

# A remedy that changes a model or its loss.
OF_MODEL = re.compile(r"(^| with )([A-Z]\w*\(|(loss|metrics|input_dim|return_\w+)=)")


def problems_of_calls(question: Question, description: Description) -> tuple[Problem, ...]:
    """What does not fit in the calls that give data to a network, each said once.

    >>> from rnnshape.chains import chain
    >>> from rnnshape.reading import parse
    >>> from rnnshape.training.data import Data
    >>> network = chain([parse("LSTM(4)"), parse("Dense(3)")])
    >>> question = Question(network, calls=(TrainingCall("predict", (Data("X", (100, 5)),)),))
    >>> [problem.message for problem in problems_of_calls(question, describe(network))]
    ['X (100, 5) does not fit the input inputs, which takes (100, any, any)']
    """
    from rnnshape.training.inputs import text_problems  # few programs give data
    from rnnshape.training.samples import wrong_numbers

    def network_of(call: TrainingCall) -> Network:
        return call.network if isinstance(call.network, Network) else question.network

    found = list[tuple[TrainingCall, list[Problem]]]()
    given = question.dimensions
    for now, calls in groupby(question.calls, network_of):
        described = description if now is question.network else describe(now, given)
        needed = cache(partial(needed_sizes, now, given))  # tries many sizes, each for all calls
        seen = partial(model_of, now, described, given=given, needed=needed)
        first: TrainingCall | None = None  # a stateful model was built for its batch
        for call in calls:
            if call.own_step:
                found.append((call, [*wrong_numbers(call)]))
                continue
            model, later = seen(call), call.validation
            model = with_batch(model, first) if first and first.is_sure else model
            validated = seen(later) if later and later.x else None
            asked = _answerable(call, now)
            problems = [*text_problems(model, call), *problems_of(model, asked, validated)] or [
                *_refused_with(now, call, given),
                *_of_other_samples(now, call, given),
            ]
            first = first or replace(call, is_sure=call.is_sure and not problems)
            if call.refused:
                message = "what compile was given does not fit the outputs"
                problems += [call.problem("labels", message, words=call.refused)]
            if call.line is None:  # what code calls may be eager
                problems += _of_names(now, call)
            found.append((call, problems))
    return tuple(dict.fromkeys(map(_with_code_of, _mended_alone(found))))


def _of_names(network: Network, call: TrainingCall) -> Iterator[Problem]:
    """A name of a layer that Keras takes, and TensorFlow not in its graph."""
    within = (call["name"] for step in network.steps for call in calls_within(step.layer))
    names = (name for step in network.steps for name in (step.name, *step.group.split("/")))
    said = (str(name or "") for name in (*within, *names))
    if wrong := not_of_a_graph(name for name in said if not name.endswith("(...)")):  # not known
        yield call.problem("data", f"{call.call} takes {wrong[0]}", remedies=(wrong[1],))


def _mended_alone(found: Sequence[tuple[TrainingCall, list[Problem]]]) -> Iterator[Problem]:
    """The problems without the remedies that change the model or its loss, where other data fits
    these as they are."""
    fitting = [(call.network, kind) for call, problems in found for kind in _fits(call, problems)]
    for call, problems in found:
        for problem in problems:
            are_kept = (call.network, problem.kind) not in fitting
            kept = (text for text in problem.remedies if are_kept or not OF_MODEL.search(text))
            yield replace(problem, remedies=tuple(kept))


def _fits(call: TrainingCall, problems: Sequence[Problem]) -> Iterator[str]:
    """Whether the data and the labels of a call, or those of `validation_data`, surely fit."""
    for given in call.with_validation:
        labels = given.y if call.losses and all(call.losses) else ()
        for kind, arrays in (("data", given.x), ("labels", labels)):
            names = [data.name for data in arrays]
            is_told = any(one.kind == kind and one.name in names for one in problems)
            if arrays and are_sizes_known(arrays) and not is_told:
                yield kind


def are_sizes_known(arrays: Iterable[Data]) -> bool:
    """Whether all is known of the shapes of some arrays but, perhaps, their numbers of samples."""
    return all(data.shape and None not in data.shape[1:] for data in arrays)


def _refused_with(network: Network, call: TrainingCall, given: Dimensions) -> Iterator[Problem]:
    """What the layers refuse where the inputs have the sizes of the data, and take otherwise."""

    def of_batch(_: int, place: int, __: str, size: Size) -> Size:
        return rows if place == 0 and size is None else size

    with_data = with_sizes_of(network, call)
    may_depend = may_need_one_batch(network) or "batch" in dict(given.usual)
    is_other = are_sizes_known(call.x) and (with_data != network or may_depend)
    if not (is_other and is_taken(network, given)):
        return
    for rows in dict.fromkeys((call.rows, call.last_rows)):
        if rows is None and (may_depend or network.is_stateful):
            continue
        try:
            describe(with_data, replace(given, batch=rows) if rows and may_depend else given)
        except QueryError as wrong:
            if rows and is_taken(with_other_sizes(with_data, of_batch), given):
                continue  # Keras takes the batch from the data, too
            shapes = " and ".join(f"{x.name} {shown(x.shape)}" for x in call.x if x.shape)
            message = wrong.message.partition(' (Keras: "')[0]  # its words for other inputs
            yield call.problem("data", f"with {shapes} {message}")
            return


def _of_other_samples(network: Network, call: TrainingCall, sizes: Dimensions) -> Iterator[Problem]:
    """Several arrays of other numbers of samples, which the layers can't take together; Keras
    itself compares them where it makes batches of them."""
    samples = [data.samples for data in call.x]
    known = [*dict.fromkeys(many for many in samples if many not in (None, 1))]
    if call.is_batched or len(known) < 2 or len(samples) != len(network.given):
        return

    def of_each(number: int, place: int, _: str, size: Size) -> Size:
        return samples[number] if place == 0 and number < len(samples) else size

    if is_taken(network, sizes) and not is_taken(with_other_sizes(network, of_each), sizes):
        first, *_, other = (data for data in call.x if data.samples in known)
        message = (
            f"{other} has {counted(other.samples or 0, 'sample')}, but {first} has {first.samples}"
        )
        yield call.problem("samples", message, other)


def call_with(
    question: Question, x: Sequence[Data], y: Sequence[Data], losses: Sequence[str]
) -> TrainingCall:
    """The call that gives a network data of known shapes; a `QueryError` for a loss that Keras
    does not have. One loss is that of all outputs; without one, it is as the model was compiled."""
    for name in losses:
        if loss_named(name) is None:
            hint = did_you_mean(name, LOSSES) or ": give the name of one, such as mse"
            raise QueryError(f"loss {shortened(name)}: Keras has no such loss{hint}")
    if len(losses) not in (0, 1, len(y)):
        message = f"{len(losses)} losses for {counted(len(y), 'array')} of labels: "
        raise QueryError(f"{message}give one, or one for each")
    functions: tuple[Function | None, ...] = tuple(map(Function, losses))
    if len(functions) == 1:
        functions *= len(y)
    metrics = () if functions else question.metrics
    call = TrainingCall("fit" if y else "predict", tuple(x), tuple(y), functions or question.losses)
    return replace(call, metrics=metrics)


def has_known_inputs(network: Network, x: Sequence[Data]) -> bool:
    """Whether it is known what a network takes of these arrays."""
    if network.kind == "Sequential":
        first = network.steps[0]  # a layer of the code's own may take several
        if first.unread is not None:
            return len(x) == 1 and all(is_answerable(s) for s in network.steps if s.unread)
        return len(x) == 1 or not first.group
    return bool(network.kind) or len(x) == len(network.given)  # a `call` may take fewer


def layer_without_rule(described: Description, network: Network, given: Dimensions) -> Layer | None:
    """The layer of a `Sequential` that there is no rule for, if data meets it before any that asks
    for a number of axes."""
    known = [*takewhile(lambda layer: layer.facts or layer.step.returns, described.layers)]
    is_chain = len(network.inputs) == 1 and network.kind in ("", "Sequential")
    if not is_chain or len(known) == len(network.steps):
        return None
    begin = replace(network, steps=network.steps[: len(known)], outputs=())
    shapes = ((None,) + (7,) * rank for rank in range(1, 5)) if known else ()
    are_taken = all(is_taken(begin.with_shapes([shape]), given) for shape in shapes)
    return described.layers[len(known)] if are_taken else None


def _answerable(call: TrainingCall, network: Network) -> TrainingCall:
    """Without what meets an input of which not even the rank is known."""
    open_inputs = [isinstance(tensor.shape, Unknown) for tensor in network.given]

    def answerable(x: tuple[Data, ...]) -> tuple[Data, ...]:
        if not has_known_inputs(network, x):
            return ()
        is_alike = len(x) == len(open_inputs)
        pairs = zip(x, open_inputs, strict=True) if is_alike else ((one, False) for one in x)
        return tuple(replace(one, shape=None) if is_open else one for one, is_open in pairs)

    later = call.validation and replace(call.validation, x=answerable(call.validation.x))
    return replace(call, x=answerable(call.x), validation=later)


def _needs_brackets(code: str) -> bool:
    """Whether a piece of code needs brackets before what is asked of it: `x / 255`."""
    try:
        made = ast.parse(code, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return isinstance(made, ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.Compare | ast.IfExp)


def _with_code_of(problem: Problem) -> Problem:
    """Of what has no name the remedy is the expression that takes its place."""

    def code(remedy: str) -> str:
        name, equals, value = remedy.partition(" = ")
        given = all(word.isidentifier() for word in name.split(", "))
        if _needs_brackets(name):
            value = re.sub(rf"(?<![\w.]){re.escape(name)}(?=[.\[])", f"({name})", value)
        return remedy if given or not equals else value

    return replace(
        problem,
        remedies=tuple(" with ".join(map(code, text.split(" with "))) for text in problem.remedies),
    )
