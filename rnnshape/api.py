"""The package in Python: `inspect` takes a question in any of its forms and answers by the rule."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from operator import index
from typing import Any, NoReturn, Protocol, TypeAlias, TypeGuard

from rnnshape.description import describe
from rnnshape.errors import QueryError, did_you_mean
from rnnshape.expression import LARGEST, Call, Unknown, Value, bind
from rnnshape.network import Dimensions, Input, Network, Question, Ref, Step, chain
from rnnshape.rules import axes_of_input
from rnnshape.shown import Report

__all__ = ["inspect", "inspect_all", "with_input"]


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
Shape: TypeAlias = tuple[int | None, ...]

HOW_TO_ASK = (
    "give a Keras expression, a chain of them, a list of layers, a Keras layer or model, "
    "or the path of a file"
)


def inspect(
    what: What,
    *,
    input: InputShape | Sequence[InputShape] | None = None,
    target: InputShape | Sequence[InputShape] | None = None,
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

    Args:
        what: a Keras expression such as `"LSTM(64)"`, a chain of them joined by `->`, other Keras
            code, a list of layers that follow each other, a Keras layer or model, or the path of
            a `.keras`, `.json`, `.py` or `.ipynb` file. A layer or model is read through its
            `get_config()`.
        input: the shape of what goes in, the batch first, as `(batch, timesteps, features)`; or
            data that has a `.shape`, of NumPy, TensorFlow, PyTorch or pandas. Of several inputs,
            a list of these. None stands for a dimension that is open. What is not said is 2
            sequences of 5 timesteps with 1 feature each. A `tf.data.Dataset` is taken by its
            `element_spec`, which says the target too.
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
    input: InputShape | Sequence[InputShape] | None = None,
    target: InputShape | Sequence[InputShape] | None = None,
    loss: str | Sequence[str] | None = None,
    let: Mapping[str, Any] | None = None,
    measure: bool = False,
    seed: int | None = None,
    values: bool = False,
) -> tuple[Report, ...]:
    """A report of every network that a text or a file makes, in order.

    The arguments and errors are those of `inspect`; `input` must be right for all of them. With
    `measure=True` one process measures all.

    >>> code = "encoder = Sequential([LSTM(8)]); decoder = Sequential([GRU(4), Dense(1)])"
    >>> for report in inspect_all(code):
    ...     print(report.question.network.name, report.outputs[-1].shape)
    encoder (2, 8)
    decoder (2, 1)
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
    shapes = None if given is None else _shapes(given)
    targets = None if target is None else _shapes(target)
    if loss is not None and targets is None:
        raise QueryError("loss: it compares the target with the output: give target, too")
    if isinstance(what, Question):
        networks, dimensions = [what.network], what.dimensions
        notes: tuple[tuple[str, ...], ...] = ()
    else:
        dimensions = _likely_dimensions(shapes)
        networks, notes = _networks(what, _values(let), dimensions)
        dimensions = Dimensions() if shapes is None else dimensions
    questions = [
        _with_target(network, dimensions, shapes, targets, loss)
        if targets is not None
        else Question(network, dimensions)
        if shapes is None
        else with_input(network, shapes)
        for network in networks
    ]
    return questions, [*notes, *[()] * (len(questions) - len(notes))]


def _of_dataset(spec: Any, target: object) -> tuple[object, object]:
    """What the elements of a `tf.data.Dataset` say of the input and the target."""

    def flat(part: Any) -> Any:
        return list(part.values()) if isinstance(part, dict) else part

    if not isinstance(spec, tuple):
        return flat(spec), target
    return flat(spec[0]), flat(spec[1]) if target is None and len(spec) > 1 else target


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
            question = found if _is_answered(found) else Question(network)
    losses = [loss] if isinstance(loss, str) else loss or ()
    call = call_with(network, named("X", shapes or ()), named("y", targets), losses)
    return replace(question, calls=(call,))


def _networks(
    what: What, let: Mapping[str, Value], dimensions: Dimensions
) -> tuple[list[Network], tuple[tuple[str, ...], ...]]:
    match what:
        case Network():
            return [what], ()
        case Call():
            return [chain([what])], ()
        case str():
            return _read(what, let, dimensions)
        case os.PathLike():
            from rnnshape.reading import SUFFIXES

            path = os.fspath(what)
            if not os.path.isfile(path):
                raise QueryError(f"there is no file {path}")
            if not path.lower().endswith(SUFFIXES):
                raise QueryError(f"{path} is not read: only {', '.join(SUFFIXES[:4])} are")
            return _read(path, let, dimensions)
        case type():
            raise TypeError(f"{what.__name__} is a class: make a layer of it, {what.__name__}(...)")
        case list() | tuple():
            return [_chain_of(what)], ()
    if _has_config(what):
        return _of_keras_object(what)
    raise TypeError(f"what is {_named_type(what)}: {HOW_TO_ASK}")


def _read(
    text: str, let: Mapping[str, Value], dimensions: Dimensions
) -> tuple[list[Network], tuple[tuple[str, ...], ...]]:
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
    return list(reading.networks), reading.notes


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


def _chain_of(layers: Sequence[object]) -> Network:
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
        call = _call_of_layer(one)
    elif number == 0 and hasattr(one, "shape"):  # what `keras.Input(...)` returns
        call = bind("Input", (), {"batch_shape": _shape(one)})
    else:
        raise TypeError(
            f"layer {number + 1} is {_named_type(one)}: give Keras layers, or their expressions"
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
        raise TypeError(f"let: {name} is {_named_type(value)}: give plain data, such as 5000")

    return {name: plain(name, value) for name, value in (let or {}).items()}


# Layers and models of Keras


def _of_keras_object(what: HasConfig) -> tuple[list[Network], tuple[tuple[str, ...], ...]]:
    from rnnshape.reading.config_layers import sizes_of
    from rnnshape.reading.saved_model import read_config

    bases = [base.__name__ for base in type(what).__mro__]
    if "Model" not in bases:
        network = chain([_call_of_layer(what)])
        with suppress(AttributeError, NotImplementedError, TypeError, ValueError):
            built = json.loads(json.dumps(what.get_build_config()))  # type: ignore[attr-defined]
            network = _with_built_shape(network, sizes_of((built or {}).get("input_shape")))
        return [network], ()
    kind = next((one for one in ("Sequential", "Functional") if one in bases), "")
    config = _plain_config(what, kind)
    if not kind or "layers" not in config["config"]:
        raise QueryError(
            f"{type(what).__name__} is a subclassed model: its config does not say which layers "
            "it has; ask for its layers"
        )
    reading = read_config(json.dumps(config), "the model")
    return list(reading.networks), reading.notes


def _with_built_shape(network: Network, shape: Shape | None) -> Network:
    """A layer that was called before takes what it was built for."""
    if shape is None or network.inputs[0].shape is not None:
        return network
    return replace(network, inputs=(replace(network.inputs[0], shape=shape),))


def _call_of_layer(layer: HasConfig) -> Call:
    from rnnshape.reading.config_layers import NO_LAYER_OF_KERAS, UnreadLayerError, layer_of

    name = type(layer).__name__
    module = type(layer).__module__.partition(".")[0]
    if "Model" in [base.__name__ for base in type(layer).__mro__]:
        raise QueryError(f"a model, {name}, stands among layers: ask for it alone")
    config = _plain_config(layer, name)
    if name == "InputLayer":
        return bind("Input", (), {"batch_shape": _shape(config["config"]["batch_shape"])})
    try:
        if module not in ("keras", "tf_keras", "tensorflow"):
            raise UnreadLayerError(NO_LAYER_OF_KERAS)
        return layer_of(config)
    except UnreadLayerError as wrong:
        raise QueryError(f"{name} is not answered: {wrong.message}") from None
    except (AttributeError, KeyError, TypeError):
        raise QueryError(f"{name}: its config can't be read") from None


def _plain_config(what: HasConfig, class_name: str) -> dict[str, Any]:
    """The config as JSON has it: lists in place of tuples, and of what is no data a mark."""

    def plain(value: Any) -> Any:
        if hasattr(value, "item") and getattr(value, "shape", None) == ():
            return value.item()
        return {"class_name": "function", "config": type(value).__name__}

    try:
        config = json.dumps(what.get_config(), default=plain)
    except (NotImplementedError, TypeError, ValueError, RecursionError) as wrong:
        raise QueryError(f"the config of {class_name} can't be read: {wrong}") from None
    return {"class_name": class_name, "config": json.loads(config)}


def _has_config(what: object) -> TypeGuard[HasConfig]:
    return callable(getattr(what, "get_config", None))


# The input


def _shapes(given: object) -> tuple[Shape, ...]:
    """The shape of every input, as they are given."""
    if hasattr(given, "shape"):
        return (_shape(given),)
    if isinstance(given, str | int | float) or not hasattr(given, "__iter__"):
        _not_a_shape(given)
    try:
        parts = list(given)
    except ValueError:  # a TensorShape of unknown rank
        raise QueryError("input: its shape is not known") from None
    if not parts:
        raise QueryError("input=(): give the batch at least, such as (batch, timesteps, features)")
    if all(_is_shape(one) for one in parts):
        return tuple(_shape(one) for one in parts)
    return (_shape(parts),)


def _shape(given: object) -> Shape:
    shape = getattr(given, "shape", given)
    if isinstance(shape, str) or not hasattr(shape, "__iter__"):
        _not_a_shape(given)
    try:
        sizes = list(shape)
    except ValueError:
        raise QueryError("input: its shape is not known") from None
    return tuple(_size(one, sizes) for one in sizes)


def _size(size: object, sizes: Sequence[object]) -> int | None:
    size = getattr(size, "value", size)  # `Dimension` of TensorFlow's first versions
    if size is None:
        return None
    try:
        number = index(size)  # type: ignore[arg-type]
    except TypeError:
        number = 0
    if isinstance(size, bool) or not 1 <= number <= LARGEST:
        shown = f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"
        raise QueryError(f"input={shown}: give whole numbers, 1 or more, or None")
    return number


def _is_shape(part: object) -> bool:
    return (hasattr(part, "shape") and part.shape != ()) or isinstance(part, list | tuple)


def _not_a_shape(given: object) -> NoReturn:
    raise TypeError(
        f"input is {_named_type(given)}: give a shape, such as (batch, timesteps, features), or "
        "data that has one"
    )


def _likely_dimensions(shapes: Sequence[Shape] | None) -> Dimensions:
    """What a first input says of the sizes that code takes from data."""
    if not shapes:
        return Dimensions()
    batch, *others = shapes[0]
    return Dimensions(
        batch,
        others[0] if len(others) > 1 else None,
        others[-1] if others else None,
        others[1] if len(others) > 2 else None,
    )


def with_input(network: Network, shapes: Sequence[Shape]) -> Question:
    """The network, given something of these shapes; a `QueryError` where they don't fit."""
    if len(shapes) > 1 and _is_one_open_layer(network):
        network = _called_with_several(network.steps[0].layer, len(shapes))
    if len(shapes) != len(network.inputs):
        names = ", ".join(one.name for one in network.inputs)
        raise QueryError(
            f"input: {_counted(len(shapes), 'shape')} for {_counted(len(network.inputs), 'input')}"
            f" ({names}): give one for each, in a list"
        )
    for one, shape in zip(network.inputs, shapes, strict=True):
        _check_fits(one, shape)
    # Where the sizes alone say it all, the question stays as it is written.
    dimensions = _as_dimensions(network, shapes)
    if dimensions is None:
        described = tuple(
            replace(one, shape=_filled(one, shape))
            for one, shape in zip(network.inputs, shapes, strict=True)
        )
        question = Question(replace(network, inputs=described), _likely_dimensions(shapes))
    else:
        question = Question(network, dimensions)
    _check_batch_is_first(network, shapes, question)
    return question


def _is_one_open_layer(network: Network) -> bool:
    return network.is_chain and len(network.steps) == 1 and network.inputs[0].shape is None


def _called_with_several(layer: Call, count: int) -> Network:
    """A layer that takes a list of tensors, as `Concatenate` does."""
    inputs = tuple(Input(name=f"inputs_{number}") for number in range(1, count + 1))
    tensors = tuple(Ref(0, number) for number in range(count))
    return Network(inputs, (Step(layer, (tensors,)),))


def _check_fits(one: Input, shape: Shape) -> None:
    if one.shape is None or isinstance(one.shape, Unknown):
        return
    sizes = zip(one.shape, shape, strict=False)
    if len(one.shape) != len(shape) or any(
        isinstance(said, int) and size is not None and said != size for said, size in sizes
    ):
        raise QueryError(
            f"input={shape} does not fit: the network says that {one.name} is {one.shape}"
        )


def _filled(one: Input, shape: Shape) -> tuple[Any, ...]:
    """What is given, and where that is open, what was said before."""
    said = one.shape if isinstance(one.shape, tuple) else (None,) * len(shape)
    return tuple(size or before for size, before in zip(shape, said, strict=True))


def _as_dimensions(network: Network, shapes: Sequence[Shape]) -> Dimensions | None:
    """The sizes that make the network's open inputs these shapes; None if no such sizes do."""
    found: dict[str, int] = {}
    pairs: list[tuple[str, int]] = []
    for number, (one, shape) in enumerate(zip(network.inputs, shapes, strict=True)):
        names = _names_of_axes(network, number, one.shape if one.shape is None else shape)
        if len(names) != len(shape) or (one.shape is None and None in shape[1:]):
            return None
        said = one.shape if isinstance(one.shape, tuple) else (None,) * len(names)
        if isinstance(one.shape, Unknown) or any(isinstance(size, Unknown) for size in said):
            return None
        pairs += [
            (axis, size)
            for axis, before, size in zip(names, said, shape, strict=True)
            if before is None and size is not None
        ]
    for axis, size in pairs:
        kind = {"channels": "features"}.get(axis, axis)
        found[kind if kind in ("batch", "timesteps", "features") else "space"] = size
    dimensions = Dimensions(**found)
    return dimensions if all(dimensions[axis] == size for axis, size in pairs) else None


def _names_of_axes(network: Network, number: int, shape: Shape | None) -> tuple[str, ...]:
    user = next((step.layer for step in network.steps if Ref(0, number) in step.refs), None)
    return axes_of_input(user or Call("Dense"), len(shape) if shape is not None else None)


def _check_batch_is_first(network: Network, shapes: Sequence[Shape], question: Question) -> None:
    """A shape without its batch is the commonest slip: where it alone is wrong, that is said."""
    if any(one.shape is not None for one in network.inputs) or _is_answered(question):
        return
    with_batch = tuple(
        replace(one, shape=(None, *shape))
        for one, shape in zip(network.inputs, shapes, strict=True)
    )
    if _is_answered(Question(replace(network, inputs=with_batch))):
        sizes = ", ".join(map(str, shapes[0]))
        raise QueryError(f"input={shapes[0]}: the batch comes first, as in (batch, {sizes})")


def _is_answered(question: Question) -> bool:
    try:
        describe(question.network, question.dimensions)
    except QueryError:
        return False
    return True


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _named_type(value: object) -> str:
    return f"of type {type(value).__name__}"
