"""The package in Python: `inspect` takes a question in any of its forms and answers by the rule."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeAlias

from rnnshape.errors import QueryError, did_you_mean, flag, of_type, written
from rnnshape.expression import Call, Let, Unknown, Value, plain
from rnnshape.input_shapes import (
    Shape,
    as_far_as_taken,
    as_predict,
    data_of,
    in_order,
    likely_dimensions,
    of_dataset,
)
from rnnshape.layer_list import HasConfig, is_of_keras, reading_of_layers
from rnnshape.network import Dimensions, Network, Question
from rnnshape.reading import check_value
from rnnshape.reading.found import Reading
from rnnshape.shown import Report
from rnnshape.training.data import Data


class HasShape(Protocol):
    """An array, a tensor or a data frame."""

    @property
    def shape(self) -> Any: ...


What: TypeAlias = (
    str
    | os.PathLike[str]
    | Call
    | Network
    | Question
    | HasConfig
    | Sequence[str | Call | HasConfig]
)
InputShape: TypeAlias = Sequence[int | None] | HasShape
InputShapes: TypeAlias = InputShape | Sequence[InputShape] | Mapping[str, InputShape]


def inspect(
    what: What,
    *,
    input: InputShapes | None = None,
    target: InputShapes | None = None,
    loss: str | Sequence[str] | None = None,
    let: Mapping[str, Any] | None = None,
    measure: bool = False,
    seed: int | None = None,
    values: bool = False,
    name: str | None = None,
) -> Report:
    """What comes out of a Keras layer or network, in which order, and with which shape.

    The rule answers at once, without TensorFlow; `report.measure()`, or `measure=True`, has Keras
    compute the same in a process of its own. Nothing that is read is executed or imported.
    More is told at https://github.com/rnnshape/rnnshape#in-python.

    Args:
        what: a Keras expression such as `"LSTM(64)"`, a chain of them joined by `->`, other Keras
            code, a list of layers that follow each other, a Keras layer or model, or the path of
            a `.keras`, `.h5`, `.json`, `.py` or `.ipynb` file. A layer or model is read through its
            `get_config()`; what of it can't be copied is answered by Keras' own symbolic tensors.
        input: the shape of what goes in, the batch first, as `(batch, timesteps, features)`; or
            data that has a `.shape`, of NumPy, TensorFlow, PyTorch or pandas. Of several inputs,
            a list of these, or a dictionary by their names. None stands for a dimension that is
            open. What is not said is 2 sequences of 5 timesteps with 1 feature each. A
            `tf.data.Dataset` is taken by its `element_spec`, which says the target too.
        target: the shape of y, or data that has one; of several outputs, a list of these. What
            does not fit is in `report.problems`.
        loss: the name of the loss that compares it, or one for each output; that of a model that
            was compiled, if left out.
        let: values of names that code takes from data: `{"vocab_size": 5000}`.
        measure: whether to have Keras confirm the answer, which takes some seconds.
        seed: of the measurement; from 0 to 2**32 - 1. It makes input and weights repeatable.
        values: of the measurement; whether to bring the numbers back too.
        name: of the network, where a file or text makes several.

    Returns:
        A report. `report.outputs` are the outputs of all layers in Keras' order.

    Raises:
        QueryError: what is asked makes no sense, or Keras would refuse it. It is a `ValueError`.
        MeasurementError: no measurement could be made. `report.measure()` tells more.
        TypeError: an argument is of a type that is never understood.

    >>> report = inspect("Bidirectional(LSTM(64, return_state=True))", input=(32, 100, 16))
    >>> report.outputs["h1"].shape
    (32, 64)
    >>> print(inspect(["GRU(8, return_sequences=True)", "Dense(1)"]).outputs["o"].shape)
    (2, 5, 1)
    >>> report = inspect("LSTM(3)", input=(100, 5, 2), target=(100, 1), loss="mse")
    >>> report.problems[0].expected, report.problems[0].silent
    ((100, 3), True)
    >>> inspect("LSTM(64) -> LSTM(32)")
    Traceback (most recent call last):
        ...
    rnnshape.errors.QueryError: LSTM(32) takes (batch, timesteps, features), but LSTM(64) before \
it returns (batch, units): give it return_sequences=True (Keras: "expected ndim=3, found ndim=2")
      | LSTM(64) -> LSTM(32)
      |             ^^^^
    """
    try:
        _check_measurement_arguments(measure, seed, values)
        [question] = _questions(what, input, let, target, loss, lambda read: _chosen(read, name))
        report = Report(question)
    except (QueryError, RecursionError) as wrong:
        raise _for_readers(wrong) from None
    return report.measure(seed=seed, values=values) if measure else report


def inspect_all(
    what: What,
    *,
    input: InputShapes | None = None,
    target: InputShapes | None = None,
    loss: str | Sequence[str] | None = None,
    let: Mapping[str, Any] | None = None,
    measure: bool = False,
    seed: int | None = None,
    values: bool = False,
) -> tuple[Report, ...]:
    """A report of every network that a text or a file makes, in order.

    The arguments and errors are those of `inspect`; `input` must be right for all of them. With
    `measure=True` one process measures all.

    >>> for report in inspect_all("GRU(4) -> Dense(1)"):
    ...     print(report.expression, report.outputs[-1].shape)
    GRU(4) -> Dense(1) (2, 1)
    """
    try:
        _check_measurement_arguments(measure, seed, values)
        reports = tuple(map(Report, _questions(what, input, let, target, loss, lambda read: read)))
    except (QueryError, RecursionError) as wrong:
        raise _for_readers(wrong) from None
    if not measure:
        return reports
    from rnnshape.measuring import process

    measured = process.measure([report.question for report in reports], seed=seed, values=values)
    pairs = zip(reports, measured, strict=True)
    return tuple(report.measured(measurement) for report, measurement in pairs)


def _check_measurement_arguments(measure: bool, seed: int | None, values: bool) -> None:
    brings = flag("values", values)
    if not flag("measure", measure) and (seed is not None or brings):
        argument = "values" if brings else f"seed={written(seed)}"
        raise QueryError(f"{argument}: only a measurement has it: give measure=True, too")


def _for_readers(wrong: QueryError | RecursionError) -> QueryError:
    """The error, which shows where it stands in the text that was read, and not where in here."""
    if isinstance(wrong, RecursionError):
        return QueryError("this is nested too deeply to be read")
    if wrong.place:
        wrong.add_note("\n".join(f"  | {line}" for line in wrong.place.details()))
    return wrong.with_traceback(None)


# What is asked


def _questions(
    what: What,
    given: object,
    let: Mapping[str, Any] | None,
    target: object,
    loss: str | Sequence[str] | None,
    choose: Callable[[Reading], Reading],
) -> list[Question]:
    """The questions of what is asked that are chosen."""
    given, target = of_dataset(given, target)
    x = None if given is None else data_of(given)
    shapes = [one.shape or () for one in x or ()]
    if loss is not None and target is None:
        raise QueryError("loss: it compares the target with the output: give target, too")
    by_names = dict(zip(given, shapes, strict=True)) if isinstance(given, Mapping) else {}
    reading = _reading(what, _values(let), likely_dimensions(shapes), by_names or shapes)
    questions = []
    for read in choose(reading).questions:
        question = read if x is None and target is None else replace(read, calls=())
        own = in_order([tensor.name for tensor in read.network.given], given, x or ())
        if is_of_keras(what):
            from rnnshape.reading.symbolic import check_nests

            check_nests(what, given, target)
        is_model = bool(read.network.kind)  # which makes batches of all of them together
        is_uneven = is_model and len({one.shape[0] for one in own if one.shape}) > 1
        says_more = any(one.dtype or one.values_below is not None for one in own)
        for call in read.calls if own else ():  # of a live model that does not run on these
            says_more = True
            asked = replace(question, calls=(replace(call, x=own),))
            if not Report(asked).problems:  # and no rule says why
                own = tuple(replace(x, unknown=Unknown(x.name, (), call.unknown)) for x in own)
        if target is not None or says_more or is_uneven:
            question = _with_target(what, question, own, target, loss)
        elif own:
            question = as_predict(question, own)
        questions.append(question)
    return questions


def _with_target(
    what: object,
    question: Question,
    x: Sequence[Data],
    target: object,
    loss: str | Sequence[str] | None,
) -> Question:
    """The question, given these data; where they do not fit, a problem tells."""
    from rnnshape.fitting import call_with
    from rnnshape.layer_names import names_of_outputs

    outputs = [name for name, _ in names_of_outputs(question.network, 1)]
    if is_of_keras(what) and isinstance(target, Mapping):
        from rnnshape.reading.runs import output_keys  # a text needs none of it

        outputs = output_keys(what) or outputs
    y = () if target is None else in_order(outputs, target, data_of(target, "target"), "output")
    call = call_with(question, x, y, _names(loss))
    if is_of_keras(what) and y and loss is None:
        from rnnshape.reading.live_compiled import refused_by_compile

        call = replace(call, refused=refused_by_compile(what))
    if is_of_keras(what):
        from rnnshape.reading.symbolic import own_step

        call = replace(call, own_step=own_step(what, call.call))
    return replace(as_far_as_taken(question, [one.shape or () for one in x]), calls=(call,))


def _names(loss: object) -> list[str]:
    """Of one loss, or of one for each output."""
    names: list[Any] = [*loss] if isinstance(loss, list | tuple) else [] if loss is None else [loss]
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"loss is {of_type(name)}: give the name of a loss, such as 'mse'")
    return names


def _reading(
    what: object,
    let: Let,
    dimensions: Dimensions,
    shapes: Sequence[Shape] | Mapping[str, Shape],
) -> Reading:
    """The networks that are asked about; a `QueryError` for a name of `let` that no text asks for,
    which would pass unseen."""
    match what:
        case str():
            reading = _read(what, let, dimensions)
        case os.PathLike():
            path = os.fspath(what)
            if not os.path.isfile(path):
                raise QueryError(f"there is no file {path}")
            reading = _read(path, let, dimensions)
        case Question():
            reading = Reading((what,))
        case Network():
            reading = Reading((Question(what),))
        case Call() | type():
            reading = reading_of_layers([what], let, _read)
        case list() | tuple():
            reading = reading_of_layers(what, let, _read, shapes)
        case _ if is_of_keras(what):
            from rnnshape.reading.live import read_object

            reading = read_object(what, shapes)
        case _:
            raise TypeError(
                f"what is {of_type(what)}: give a Keras expression, a chain of them, a list of "
                "layers, a Keras layer or model, or the path of a file"
            )
    for name in let:
        if name not in reading.names_used:
            hint = did_you_mean(name, reading.names_open) or ": nothing asks for it"
            raise QueryError(f"let={{{name!r}: ...}}{hint}")
    return reading


def _read(text: str, let: Let, dimensions: Dimensions) -> Reading:
    from rnnshape.reading.reader import reader_of_process  # an object of Keras needs none of it

    try:
        reading = reader_of_process(os.getpid()).read(text, let, dimensions)
        if not reading.networks:
            raise reading.refused()
    except QueryError as wrong:
        from rnnshape.explaining.text import is_error

        if is_error(text):
            hint = "this is an error: rnnshape.explain(...) tells what it means"
            raise QueryError(hint) from None
        for other in wrong.others:
            wrong.add_note(_with_place(other))
        raise wrong from None
    for message in reading.messages:
        # The line that is named is that of whoever called `inspect`.
        warnings.warn(f"not read: {_with_place(message)}", stacklevel=5)
    return reading


def _with_place(wrong: QueryError) -> str:
    return f"{wrong} ({wrong.place.where})" if wrong.place and wrong.place.where else str(wrong)


def _chosen(reading: Reading, name: str | None) -> Reading:
    """Which of several networks is meant."""
    if name is not None and not isinstance(name, str):
        raise TypeError(f"name is {of_type(name)}: give the name of a network")
    if name is not None:
        reading = reading.named(name, "this")
    if len(reading.questions) > 1:
        known = [*dict.fromkeys(network.name for network in reading.networks if network.name)]
        listed = ", ".join(map(repr, known))
        by_name = f" choose one by name={known[0]!r}, or" if known and name is None else ""
        made = f"makes {len(reading.questions)} networks" + (f", {listed}" if listed else "")
        raise QueryError(f"this {made}:{by_name} take all of them by inspect_all(...)")
    return reading


def _values(let: Mapping[str, Any] | None) -> dict[str, Value]:
    """What `let` gives as plain data."""

    if let is not None and not isinstance(let, Mapping):
        raise TypeError(f"let is {of_type(let)}: give a dictionary, such as {{'units': 64}}")
    if not let:
        return {}
    values = {}
    for name, value in let.items():
        if not isinstance(name, str):
            raise TypeError(f"let: a name is a text, not {name!r}")
        values[name] = plain(f"let: {name}", value)
        check_value(name, values[name])
    return values
