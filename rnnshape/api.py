"""The package in Python: `inspect` takes a question in any of its forms and answers by the rule."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeGuard

from rnnshape.errors import QueryError, did_you_mean
from rnnshape.expression import Call, Value, bind
from rnnshape.input_shapes import (
    Shape,
    is_answered,
    likely_dimensions,
    named_type,
    shape_of,
    shapes_of,
    with_input,
)
from rnnshape.network import Dimensions, Network, Question, chain
from rnnshape.shown import Report

if TYPE_CHECKING:
    from rnnshape.reading import Reading

__all__ = ["inspect", "inspect_all"]


class HasConfig(Protocol):
    """A Keras layer or model."""

    def get_config(self) -> dict[str, Any]: ...


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

HOW_TO_ASK = (
    "give a Keras expression, a chain of them, a list of layers, a Keras layer or model, "
    "or the path of a file"
)


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
        loss: the name of the loss that compares it, or one for each output.
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
    _check_measurement_arguments(measure, seed, values)
    try:
        questions, notes = _questions(what, input, let, target, loss)
        number = _chosen(questions, name)
        report = Report(questions[number], notes_before=notes[number])
    except QueryError as wrong:
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
    _check_measurement_arguments(measure, seed, values)
    try:
        questions, notes = _questions(what, input, let, target, loss)
        reports = tuple(
            Report(question, notes_before=said)
            for question, said in zip(questions, notes, strict=True)
        )
    except QueryError as wrong:
        raise _for_readers(wrong) from None
    return _measured(reports, seed, values) if measure else reports


def _measured(reports: tuple[Report, ...], seed: int | None, values: bool) -> tuple[Report, ...]:
    from rnnshape.measuring.messages import Failure, MeasurementError, Request
    from rnnshape.measuring.process import KerasProcess

    measured = []
    request = Request(tuple(report.question for report in reports), seed, values)
    with KerasProcess() as process:
        for report, answer in zip(reports, process.answers(request), strict=True):
            if isinstance(answer, Failure):
                raise MeasurementError(f"{report.expression}: {answer.reason}", answer.remedy)
            measured.append(replace(report, measurement=answer))
    return tuple(measured)


def _check_measurement_arguments(measure: bool, seed: int | None, values: bool) -> None:
    if not measure and (seed is not None or values):
        argument = "values" if values else f"seed={seed!r}"
        raise QueryError(f"{argument}: only a measurement has it: give measure=True, too")


def _for_readers(wrong: QueryError) -> QueryError:
    """The error, which shows where it stands in the text that was read, and not where in here."""
    if wrong.details:
        wrong.add_note("\n".join(f"  | {line}" for line in wrong.details))
    return wrong.with_traceback(None)


# What is asked


def _questions(
    what: What,
    given: object,
    let: Mapping[str, Any] | None,
    target: object = None,
    loss: str | Sequence[str] | None = None,
) -> tuple[list[Question], list[tuple[str, ...]]]:
    """Every question of what is asked, and of each what is said beside the rule's notes."""
    if hasattr(given, "element_spec"):  # to read it could take for ever
        given, target = _of_dataset(given.element_spec, target)
    names = list(given) if isinstance(given, Mapping) else []
    shapes = None if given is None else shapes_of(_listed(given))
    targets = None if target is None else shapes_of(_listed(target))
    if loss is not None and targets is None:
        raise QueryError("loss: it compares the target with the output: give target, too")
    if isinstance(what, Question):
        networks, dimensions = [what.network], what.dimensions
        notes: tuple[tuple[str, ...], ...] = ()
    else:
        dimensions = likely_dimensions(shapes)
        networks, notes = _networks(what, _values(let), dimensions, shapes)
        dimensions = Dimensions() if shapes is None else dimensions
    questions = []
    for network in networks:
        own = _in_order(network, names, shapes) if names and shapes else shapes
        if targets is not None:
            questions.append(_with_target(network, dimensions, own, targets, loss))
        else:
            asked = Question(network, dimensions) if own is None else with_input(network, own)
            questions.append(asked)
    return questions, [*notes, *[()] * (len(questions) - len(notes))]


def _of_dataset(spec: Any, target: object) -> tuple[object, object]:
    """What the elements of a `tf.data.Dataset` say of the input and the target."""
    if not isinstance(spec, tuple):
        return spec, target
    return spec[0], spec[1] if target is None and len(spec) > 1 else target


def _listed(given: object) -> object:
    return list(given.values()) if isinstance(given, Mapping) else given


def _in_order(network: Network, names: list[str], shapes: Sequence[Shape]) -> Sequence[Shape]:
    """Shapes that are given by name, in the order of the network's inputs."""
    inputs = [one.name for one in network.inputs]
    if len(inputs) == 1 == len(names):
        return shapes
    for name in names:
        if name not in inputs:
            hint = did_you_mean(name, inputs) or f": there are {', '.join(inputs)}"
            raise QueryError(f"no input is named {name!r}{hint}")
    return [shapes[names.index(name)] for name in inputs if name in names]


def _with_target(
    network: Network,
    dimensions: Dimensions,
    shapes: Sequence[Shape] | None,
    targets: Sequence[Shape],
    loss: str | Sequence[str] | None,
) -> Question:
    """The network, given data of these shapes; where they do not fit, a problem tells."""
    from rnnshape.fitting import call_with
    from rnnshape.training import Data

    def named(name: str, given: Sequence[Shape]) -> list[Data]:
        return [Data(f"{name}{number or ''}", shape) for number, shape in enumerate(given)]

    question = Question(network, dimensions)
    if shapes is not None:
        with suppress(QueryError):
            found = with_input(network, shapes)
            question = found if is_answered(found) else Question(network)
    losses = [loss] if isinstance(loss, str) else loss or ()
    call = call_with(network, named("X", shapes or ()), named("y", targets), losses)
    return replace(question, calls=(call,))


def _networks(
    what: What,
    let: Mapping[str, Value],
    dimensions: Dimensions,
    shapes: Sequence[Shape] | None = None,
) -> tuple[list[Network], tuple[tuple[str, ...], ...]]:
    match what:
        case Network():
            return [what], ()
        case Call():
            return [chain([what])], ()
        case str() | os.PathLike():
            text = what if isinstance(what, str) else _path(what)
            reading = _read(text, let, dimensions)
            _check_let(let, [reading])
            return list(reading.networks), reading.notes
        case type():
            raise TypeError(f"{what.__name__} is a class: make a layer of it, {what.__name__}(...)")
        case list() | tuple():
            return [_chain_of(what, let)], ()
    _check_let(let, [])
    if _has_config(what):
        from rnnshape.reading.live import read_object

        reading = read_object(what, shapes or ())
        return list(reading.networks), reading.notes
    raise TypeError(f"what is {named_type(what)}: {HOW_TO_ASK}")


def _path(file: os.PathLike[str]) -> str:
    from rnnshape.reading import SUFFIXES

    path = os.fspath(file)
    if not os.path.isfile(path):
        raise QueryError(f"there is no file {path}")
    if not path.lower().endswith(SUFFIXES):
        raise QueryError(f"{path} is not read: only {', '.join(SUFFIXES)} are")
    return path


def _check_let(let: Mapping[str, Value], readings: Sequence[Reading]) -> None:
    """A name that no text asks for is a slip that would pass unseen."""
    known = [name for reading in readings for name in reading.names_open]
    for name in let:
        if not any(name in reading.names_used for reading in readings):
            hint = did_you_mean(name, known) or ": nothing asks for it"
            raise QueryError(f"let={{{name!r}: ...}}{hint}")


def _read(text: str, let: Mapping[str, Value], dimensions: Dimensions) -> Reading:
    from rnnshape.reading.child import reader_of_process  # an object of Keras needs none of it

    try:
        reading = reader_of_process(os.getpid()).read(text, let, dimensions)
        if not reading.networks:
            raise reading.refused()
    except QueryError as wrong:
        said = _in_words_of_python(wrong)
        for other in wrong.others:
            said.add_note(_with_place(other))
        raise said from None
    for message in reading.messages:
        # The line that is named is that of whoever called `inspect`.
        warnings.warn(f"not read: {_with_place(message)}", stacklevel=5)
    return reading


def _with_place(wrong: QueryError) -> str:
    place = f" ({wrong.place.where})" if wrong.place and wrong.place.where else ""
    return f"{_in_words_of_python(wrong)}{place}"


def _in_words_of_python(wrong: QueryError) -> QueryError:
    """The same error, where it would name an option of the command line."""
    open_names: Collection[str] = getattr(wrong, "places", ())
    if not open_names:
        return wrong
    shown = ", ".join(f"{name!r}: ..." for name in open_names)
    values = "a value that depends" if len(open_names) == 1 else "values that depend"
    message = f"the code has {values} on data: give let={{{shown}}}"
    return QueryError(message, wrong.place)


def _chain_of(layers: Sequence[object], let: Mapping[str, Value]) -> Network:
    readings = {
        number: _read(one, let, Dimensions())
        for number, one in enumerate(layers if let else ())
        if isinstance(one, str)
    }
    _check_let(let, [*readings.values()])
    layers = [
        readings[number].networks[0].steps[0].layer if number in readings else one
        for number, one in enumerate(layers)
    ]
    calls = [_layer(one, number) for number, one in enumerate(layers)]
    if all(call.name == "Input" for call in calls):
        raise QueryError('there is no layer in this list: give one, such as ["LSTM(64)"]')
    return chain(calls)


def _layer(one: object, number: int) -> Call:
    """A layer of a list."""
    if isinstance(one, str):
        from rnnshape.reading import parse  # layers of Keras need none of it

        call = parse(one)
    elif isinstance(one, Call):
        call = one
    elif isinstance(one, type):
        raise TypeError(f"{one.__name__} is a class: make a layer of it, {one.__name__}(...)")
    elif _has_config(one):
        from rnnshape.reading.live import call_of_layer

        call = call_of_layer(one)
    elif number == 0 and hasattr(one, "shape"):  # what `keras.Input(...)` returns
        call = bind("Input", (), {"batch_shape": shape_of(one)})
    else:
        raise TypeError(
            f"layer {number + 1} is {named_type(one)}: give Keras layers, or their expressions"
        )
    if call.name == "Input" and number:
        raise call.error("Input says what the network is given: put it first")
    return call


def _chosen(questions: Sequence[Question], name: str | None) -> int:
    """Which of several networks is meant."""
    names = [question.network.name for question in questions]
    if name is None and len(questions) == 1:
        return 0
    listed = ", ".join(repr(one) for one in dict.fromkeys(names) if one)
    if name is None:
        by_name = f" choose one by name={next(filter(None, names))!r}, or" if listed else ""
        made = f"makes {len(questions)} networks" + (f", {listed}" if listed else "")
        raise QueryError(f"this {made}:{by_name} take all of them by inspect_all(...)")
    if name not in names:
        hint = did_you_mean(name, filter(None, names)) or (
            f": there are {listed}" if listed else ": what is asked has no names"
        )
        raise QueryError(f"no network is named {name!r}{hint}")
    if names.count(name) > 1:
        raise QueryError(f"{names.count(name)} networks are named {name!r}: take inspect_all(...)")
    return names.index(name)


def _values(let: Mapping[str, Any] | None) -> dict[str, Value]:
    """What `let` gives as plain data."""

    def plain(name: str, value: Any) -> Value:
        if value is None or isinstance(value, bool | int | float | str | Call):
            return value
        if isinstance(value, list | tuple):
            return tuple(plain(name, one) for one in value)
        if hasattr(value, "item") and getattr(value, "shape", None) == ():  # a number of NumPy
            return plain(name, value.item())
        raise TypeError(f"let: {name} is {named_type(value)}: give plain data, such as 5000")

    return {name: plain(name, value) for name, value in (let or {}).items()}


def _has_config(what: object) -> TypeGuard[HasConfig]:
    return callable(getattr(what, "get_config", None))
