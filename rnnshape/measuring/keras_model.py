"""Keras builds the layers of a network, and `model.predict` runs on random input.

For the child process alone, where Keras is imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

import keras
import numpy as np
import tensorflow as tf
from keras.src.utils.naming import reset_uids
from numpy.typing import NDArray

from rnnshape.description import Description, describe
from rnnshape.errors import first_words
from rnnshape.expression import Call, SizeWhenRun, Unknown, Value, calls_within
from rnnshape.layer import Layer
from rnnshape.measuring import memory
from rnnshape.measuring.messages import (
    Answer,
    Array,
    MeasuredLayer,
    Measurement,
    MeasurementError,
    Places,
    Request,
)
from rnnshape.nest import numbered, rebuilt, within
from rnnshape.network import Argument, Input, Network, Question, Ref
from rnnshape.rules.arguments import candidates
from rnnshape.rules.facts import Tensor
from rnnshape.rules.indexing import key_of
from rnnshape.rules.rearranging import sizes_of_sample
from rnnshape.signatures import is_operation, module_of, signature

Numbers = NDArray[Any]

EAGER_STEPS = 48  # tracing a graph costs as much as running so many timesteps eagerly
NAME_OF_SCOPE = re.compile(r"[A-Za-z0-9_.>-]*")


def build(value: Value) -> Any:
    """What Keras makes of an argument: a layer, an initializer, or the plain data that it is."""
    if isinstance(value, Call) and value.name == "Sequential":
        return keras.Sequential(build(value["layers"]))
    if isinstance(value, Call):
        module = getattr(keras, str(module_of(value.name)))
        return getattr(module, value.name)(
            **{name: build(_known(value.name, name, part)) for name, part in value.arguments}
        )
    if isinstance(value, tuple):
        parts = [build(part) for part in value]
        return parts if any(isinstance(part, Call) for part in value) else tuple(parts)
    return value.size if isinstance(value, SizeWhenRun) else value


def _known(name: str, argument: str, value: Value) -> Value:
    """An argument; of one that is not known, and that changes no shape, what Keras takes for it."""
    return candidates(name, argument, 1, 0) if isinstance(value, Unknown) else value


def operation(call: Call) -> Callable[..., Any]:
    """A function of `keras.ops` with its arguments, that is yet to be given its tensors."""
    function = getattr(keras.ops, call.name)
    known = signature(call.name).tensors
    given = {name: build(_known(call.name, name, value)) for name, value in call.arguments}
    if call.name == "get_item":
        return lambda x: function(x, key_of(call))
    if (sizes := sizes_of_sample(call)) is not None:
        return lambda x: keras.layers.Reshape(build(sizes))(x)
    if known[-1].startswith("*"):  # of these, what is no tensor comes first
        return lambda *tensors: function(*given.values(), *tensors)
    free = [name for name in known if name not in given]

    def called(*tensors: Any, **named: Any) -> Any:
        return function(**dict(zip(free, tensors, strict=False)), **named, **given)

    return called


def measure(request: Request) -> Iterator[Answer]:
    """An answer for each question of a request, in order.

    Questions that run alike, one after the other, are measured by one model and one `predict`;
    where that fails, each alone.
    """
    described = (describe(question.network, question.dimensions) for question in request.questions)
    asked = map(_Asked, request.questions, described)
    for _, group in groupby(asked, key=_runs):
        yield from _answers([*group], request)


class _Asked(NamedTuple):
    question: Question
    description: Description

    @property
    def batch(self) -> int:
        return next((one.shape[0] for one in self.description.inputs if one.shape), 1)

    @property
    def timesteps(self) -> int:
        """The most that one of the layers goes through, one after the other."""
        lines = [layer.facts.recurrence for layer in self.description.layers if layer.facts]
        return max((line.timesteps for line in lines if line), default=1)


class _Runs(NamedTuple):
    """What must be alike in questions that are measured together."""

    batch: int
    size: int  # of the batches that it is cut into; stateful layers must be given all
    is_stateful: bool
    is_eager: bool


def _runs(asked: _Asked) -> _Runs:
    size = memory.batch_size(asked.batch, stateful=asked.question.network.is_stateful)
    steps = -(-asked.batch // size) * asked.timesteps
    layers = (step.layer for step in asked.question.network.steps)
    names = [dict(call.arguments).get("name") for layer in layers for call in calls_within(layer)]
    are_taken = all(NAME_OF_SCOPE.fullmatch(name) for name in names if isinstance(name, str))
    is_eager = steps <= EAGER_STEPS and are_taken  # eagerly, TensorFlow would not look at them
    return _Runs(asked.batch, size, asked.question.network.is_stateful, is_eager)


def _answers(together: Sequence[_Asked], request: Request) -> list[Answer]:
    try:
        return [*_measured(together, request)]
    except Exception as problem:
        if len(together) == 1:
            return [_failure(problem)]
        return [answer for part in together for answer in _answers([part], request)]


_Source: TypeAlias = tuple[Input, Tensor, int | None]


class _Given(NamedTuple):
    """The inputs of a network, and the numbers that they are given."""

    inputs: tuple[Any, ...]
    numbers: tuple[Numbers, ...]


def _measured(together: Sequence[_Asked], request: Request) -> Iterator[Measurement]:
    runs = _runs(together[0])
    alike: dict[object, _Given] = {}  # questions with the same inputs share them
    given: list[_Given] = []
    for asked in together:
        sources = tuple(_sources(asked))
        if sources not in alike:
            alike[sources] = _given(sources, runs, request.seed)
        given.append(alike[sources])
    are_layers = not any(
        is_operation(step.layer.name) for asked in together for step in asked.question.network.steps
    )
    built = []
    for number, (asked, part) in enumerate(zip(together, given, strict=True)):
        if request.seed is not None:  # each anew: what it holds is what it would hold alone
            keras.utils.set_random_seed(request.seed)
        if are_layers:  # named as if each were alone: TensorFlow prepares each name of a variable
            reset_uids()
        built.append(_called(asked.question.network, part.inputs))
        layers = {id(layer): layer for layer, _, _ in built[-1] if isinstance(layer, keras.Layer)}
        for layer in layers.values() if len(together) > 1 else ():
            layer.name += f"_of_{number}"  # in one model no two may have the same
    tensors = [tensor for steps in built for _, _, flat in steps for tensor in flat]

    memory.check(memory.bytes_of_outputs([tensor.shape for tensor in tensors], runs.batch))
    model = keras.Model([tensor for part in alike.values() for tensor in part.inputs], tensors)
    model.run_eagerly = runs.is_eager
    numbers = tuple(array for part in alike.values() for array in part.numbers)
    # As arrays, they would be cut into batches by functions that TensorFlow has to trace first.
    dataset = (
        tf.data.Dataset.from_tensors((numbers,))
        if runs.batch <= runs.size
        else tf.data.Dataset.from_tensor_slices((numbers,)).batch(runs.size)
    )
    arrays = model.predict(dataset.with_options(_as_it_is()), verbose=0)
    answered = iter(arrays if isinstance(arrays, list) else [arrays])  # of one output, no list
    for steps, part, (question, described) in zip(built, given, together, strict=True):
        returned = [[next(answered) for _ in flat] for _, _, flat in steps]
        if not described.is_complete:  # now the rule can go on after what there was none for
            shapes = [[array.shape for array in arrays] for arrays in returned]
            described = describe(question.network, question.dimensions, shapes)
        parts = zip(described.layers, steps, returned, strict=True)
        labels: tuple[tuple[str | None, ...], ...] = ()
        if question.calls and not any(step.unread for step in question.network.steps):
            from rnnshape.measuring.labels import refusals  # most questions come without data

            labels = tuple(refusals(question, described, returned))
        yield Measurement(
            tuple(
                _as_array(array, with_numbers=request.values)
                for array in part.numbers[: len(question.network.inputs)]
            ),
            tuple(
                _measured_layer(layer, keras_layer, nesting, arrays, request)
                for layer, (keras_layer, nesting, _), arrays in parts
            ),
            keras.__version__,
            tf.__version__,
            labels,
        )


def _given(sources: Sequence[_Source], runs: _Runs, seed: int | None) -> _Given:
    if not all(tensor.axes for _, tensor, _ in sources):
        raise ValueError("an input of shape () has no batch, which model.predict takes")
    is_whole = runs.batch <= runs.size
    inputs = [
        keras.Input(
            batch_shape=(
                tensor.shape[0] if runs.is_stateful or (source.batch and is_whole) else None,
                *(None if axis.is_open else axis.length for axis in tensor.axes[1:]),
            ),
            dtype=_input_dtype(source, below),
        )
        for source, tensor, below in sources
    ]
    return _Given(tuple(inputs), tuple(_random_inputs(sources, seed)))


def _sources(asked: _Asked) -> Iterator[_Source]:
    """Every input: as it is given, as it is described, and what its whole numbers stay below; and
    behind them one in the place of each tensor that a layer returns which is not read."""
    network, described = asked.question.network, asked.description
    yield from zip(network.inputs, described.inputs, described.inputs_below, strict=True)
    for layer in described.layers:
        if layer.unread:
            yield from ((Input(), tensor, None) for tensor in layer.outputs)


def _input_dtype(source: Input, below: int | None) -> str:
    return source.dtype or ("float32" if below is None else "int32")


def _random_inputs(sources: Sequence[_Source], seed: int | None) -> Iterator[Numbers]:
    """Numbers for every input: whole ones where a layer looks them up, else normal ones."""
    generator = np.random.default_rng(seed)
    for source, tensor, below in sources:
        dtype = tf.as_dtype(_input_dtype(source, below))
        if dtype.is_floating:
            numbers: Numbers = generator.standard_normal(tensor.shape, dtype=np.float32)
        else:
            numbers = generator.integers(0, below or 2, tensor.shape)
        yield numbers.astype(str if dtype == tf.string else dtype.as_numpy_dtype, copy=False)


def _as_array(array: Any, *, with_numbers: bool) -> Array:
    """An array as it travels: its numbers of a kind that Python has."""
    numbers = np.asarray(tf.sparse.to_dense(array) if isinstance(array, tf.SparseTensor) else array)
    shape, dtype = numbers.shape, str(numbers.dtype)
    if not with_numbers:
        return Array(shape, dtype)
    if numbers.dtype.kind in "cOSU":
        return Array(shape, dtype, numbers.astype(str))
    is_known = numbers.dtype.kind in "biuf"  # elsewhere no one need know of a bfloat16
    return Array(shape, dtype, numbers if is_known else numbers.astype("float32"))


def _called(network: Network, inputs: Sequence[Any]) -> list[tuple[Any, Places, list[Any]]]:
    """Each layer of a network, how it nests its outputs, and the outputs, flat."""
    steps: list[tuple[Any, Places, list[Any]]] = []
    made: list[Sequence[Any]] = [inputs]
    instead = iter(inputs[len(network.inputs) :])  # of what is not read

    def tensor(ref: Any) -> Any:
        return made[ref.step][ref.output] if isinstance(ref, Ref) else ref

    def given(argument: Argument) -> Any:
        return rebuilt(argument, tensor, list)

    layer: Any
    taken, is_of_code = set[str](), any(step.group or step.name for step in network.steps)
    for step in network.steps:
        if step.unread:
            made.append([next(instead) for _ in step.returns or ()])
            steps.append((None, [], []))
            continue
        if step.same_as is not None:
            layer = steps[step.same_as - 1][0]
        else:
            layer = operation(step.layer) if is_operation(step.layer.name) else build(step.layer)
            if is_of_code and isinstance(layer, keras.Layer) and layer.name in taken:
                layer.name += f"_{len(steps)}"  # each model or layer of the code has its own names
            taken.add(getattr(layer, "name", ""))
        positional = [given(argument) for argument in step.arguments]
        returned = layer(*positional, **{name: given(keyword) for name, keyword in step.keywords})
        made.append(flat := [*within(returned)])
        steps.append((layer, numbered(returned), flat))
    return steps


def _measured_layer(
    layer: Layer, keras_layer: Any, nesting: Places, arrays: Sequence[Numbers], request: Request
) -> MeasuredLayer:
    # An operation has none, and what is not read is not there.
    weights = getattr(keras_layer, "weights", []) if layer.has_weights else []
    return MeasuredLayer(
        tuple(_as_array(array, with_numbers=request.values) for array in arrays),
        nesting,
        _holds(layer, arrays),
        tuple(tuple(weight.shape) for weight in weights),
        keras_layer.count_params() if weights else 0,
    )


def _holds(layer: Layer, arrays: Sequence[Numbers]) -> tuple[bool, ...]:
    """Whether each claim of the rule is true of these arrays: the very text that is shown."""
    if layer.facts is None:
        return ()
    names: dict[str, Any] = {
        tensor.name: array for tensor, array in zip(layer.outputs, arrays, strict=False)
    }
    names["concat"] = lambda *parts: np.concatenate(parts, axis=-1)
    if layer.facts.recurrence is not None:
        names["U"] = layer.facts.recurrence.units.length

    def value(expression: str) -> Any:
        return eval(expression, {"__builtins__": {}}, names)  # the rule's own text, no one else's

    def holds(left: str, right: str) -> bool:
        try:
            return np.array_equal(value(left), value(right))
        except (IndexError, NameError, ValueError):  # Keras returned other tensors than the rule's
            return False

    return tuple(holds(relation.left, relation.right) for relation in layer.facts.relations)


def _failure(problem: Exception) -> MeasurementError:
    if isinstance(problem, MeasurementError):
        return problem
    words = first_words(problem)
    if isinstance(problem, MemoryError) or type(problem).__name__ == "ResourceExhaustedError":
        reason = f"there was not enough memory: {words}"
        return MeasurementError(reason, memory.REMEDY, certain=True)
    return MeasurementError(f"Keras could not run this: {words}")


def _as_it_is() -> Any:
    """Options of a data set that is read once: the thread that would tune it takes up to 0.3 s to
    end, and rewriting it 3 ms."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    return options
