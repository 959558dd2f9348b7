"""Functions that prepare data: what they make of shapes, under the names of NumPy, TensorFlow,
scikit-learn and Keras' utilities. What is not in a table here is open."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rnnshape.reading.names.arrays import NUMPY, Array, array_of_shape, sizes_of
from rnnshape.reading.names.session import session
from rnnshape.reading.python import Module, Open, StandIn, opens_in

__all__ = ["KERAS_DATA", "MODULES_OF_DATA"]

Shape = tuple[Any, ...]

# What `load_data` of Keras' data sets returns: the samples to train and to test with, and the
# shape of one.
DATASETS: dict[str, tuple[int, int, Shape, Shape]] = {
    "mnist": (60_000, 10_000, (28, 28), ()),
    "fashion_mnist": (60_000, 10_000, (28, 28), ()),
    "cifar10": (50_000, 10_000, (32, 32, 3), (1,)),
    "cifar100": (50_000, 10_000, (32, 32, 3), (1,)),
    "imdb": (25_000, 25_000, (), ()),
    "reuters": (8_982, 2_246, (), ()),
    "boston_housing": (404, 102, (13,), ()),
    "california_housing": (16_512, 4_128, (8,), ()),
}


def _loader(train: int, test: int, sample: Shape, label: Shape) -> Callable[..., Any]:
    def load_data(*_: Any, **__: Any) -> Any:
        return tuple((Array((many, *sample)), Array((many, *label))) for many in (train, test))

    return load_data


def to_categorical(x: Any, num_classes: Any = None, **_: Any) -> Any:
    """One more axis of as many entries as there are classes."""
    shape = tuple(sizes_of(x))
    if len(shape) > 1 and not isinstance(shape[-1], Open) and shape[-1] == 1:
        shape = shape[:-1]
    if num_classes is None:
        values = getattr(x, "own_values", None)
        num_classes = max(values) + 1 if values else _open("num_classes")
    return Array((*shape, num_classes))


def pad_sequences(sequences: Any, maxlen: Any = None, **_: Any) -> Any:
    """`(samples, maxlen)`"""
    many: Any = _open("the number of sequences")
    if isinstance(sequences, list | tuple):
        many = len(sequences)
        if maxlen is None and all(isinstance(one, list | tuple) for one in sequences):
            maxlen = max((len(one) for one in sequences), default=0)
    elif isinstance(sequences, Array):
        many = sequences.shape[0]
    return Array((many, _open("the longest sequence") if maxlen is None else maxlen))


def train_test_split(*arrays: Any, test_size: Any = None, train_size: Any = None, **_: Any) -> Any:
    """Two parts of each array: the part to test with is rounded up."""
    parts: list[Any] = []
    for array in arrays:
        if isinstance(array, Open):
            parts += [array.part("[...]"), array.part("[...]")]
            continue
        many, *sample = sizes_of(array)
        sizes: list[Any] = [_open("the number of samples")] * 2
        if not [*opens_in([many, test_size, train_size])]:
            test = 0.25 if test_size is None and train_size is None else test_size
            if test is None:
                train = train_size if isinstance(train_size, int) else math.floor(train_size * many)
                sizes = [train, many - train]
            else:
                number = test if isinstance(test, int) else math.ceil(test * many)
                sizes = [many - number, number]
        parts += [Array((size, *sample)) for size in sizes]
    return parts


class Scaler(StandIn):
    """`MinMaxScaler()`: what it makes has the shape of what it is given."""

    visible = ("fit", "fit_transform", "transform", "inverse_transform")

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def fit(self, *_: Any) -> Scaler:
        return self

    def transform(self, data: Any, *_: Any) -> Any:
        return array_of_shape(tuple(sizes_of(data)))

    fit_transform = inverse_transform = transform


def _elementwise(first: Any, *others: Any, **_: Any) -> Any:
    """As large as the arrays that are operated on, broadcast."""
    made = first if isinstance(first, Array) else Array(sizes_of(first))
    for other in others:
        made = made.operated(other if isinstance(other, int | float) else _as_array(other))
    return array_of_shape(made.shape)


def _as_array(value: Any) -> Any:
    return value if isinstance(value, Array | Open) else Array(sizes_of(value))


def _reduced(value: Any, axis: Any = None, **named: Any) -> Any:
    return _as_array(value).reduced(axis, **named)


def _extreme(function: Callable[..., Any]) -> Callable[..., Any]:
    def found(value: Any, axis: Any = None, **named: Any) -> Any:
        values = getattr(value, "own_values", None)
        if isinstance(value, list | tuple) and all(isinstance(one, int | float) for one in value):
            values = value
        return function(values) if values and axis is None else _reduced(value, axis, **named)

    return found


def _unique(value: Any, **_: Any) -> Any:
    values = getattr(value, "own_values", None)
    return Array((len(set(values)),) if values else (_open("the number of distinct values"),))


def _moved(function: Callable[[list[Any], Any], Any]) -> Callable[..., Any]:
    """A function that changes the list of sizes."""

    def made(value: Any, argument: Any = None, *_: Any, axis: Any = None, **__: Any) -> Any:
        sizes = list(sizes_of(value))
        changed = function(sizes, axis if axis is not None else argument)
        return Array(sizes if changed is None else changed)

    return made


def _without(sizes: list[Any], axis: Any) -> Any:
    if axis is None:
        return [size for size in sizes if isinstance(size, Open) or size != 1]
    axes = axis if isinstance(axis, tuple) else [axis]
    for place in sorted((one % len(sizes) for one in axes), reverse=True):
        if not isinstance(sizes[place], Open) and sizes[place] != 1:
            raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
        del sizes[place]
    return sizes


def _along(place: int) -> Callable[..., Any]:
    """`vstack`, `hstack`: arrays of one axis become rows of a matrix first."""

    def made(values: Any, **_: Any) -> Any:
        shapes = [tuple(sizes_of(value)) for value in values]
        if place == 0:
            shapes = [(1, *shape) if len(shape) == 1 else shape for shape in shapes]
        axis = place if len(shapes[0]) > place else 0
        return NUMPY["concatenate"]([Array(shape) for shape in shapes], axis=axis)

    return made


def _repeated(value: Any, repeats: Any, axis: Any = None, **_: Any) -> Any:
    sizes = list(sizes_of(value))
    if axis is None:
        sizes, axis = [_as_array(value).size], 0
    sizes[axis] = sizes[axis] * repeats
    return Array(sizes)


def _one_hot(indices: Any, depth: Any = None, num_classes: Any = None, **_: Any) -> Any:
    return Array((*sizes_of(indices), depth if num_classes is None else num_classes))


def _open(what: str) -> Open:
    return session().evaluator.open(what)


NUMPY |= {
    **dict.fromkeys(
        ("abs", "absolute", "ceil", "clip", "cos", "exp", "floor", "log", "log1p", "nan_to_num",
         "round", "sign", "sin", "sqrt", "square", "tanh", "add", "subtract", "multiply", "divide",
         "power", "maximum", "minimum", "isnan", "logical_and", "copy", "ascontiguousarray",
         "float32", "cast", "convert_to_tensor", "constant"),
        _elementwise,
    ),
    **dict.fromkeys(("mean", "sum", "std", "var", "median", "argmax", "argmin", "any", "all",
                     "reduce_mean", "reduce_sum"), _reduced),
    "max": _extreme(max), "min": _extreme(min), "amax": _extreme(max),
    "unique": _unique,
    "squeeze": _moved(_without),
    "transpose": _moved(lambda sizes, axes: [sizes[one] for one in axes] if axes else sizes[::-1]),
    "ravel": lambda value, **_: _as_array(value).flatten(),
    "swapaxes": lambda value, one, two: Array(_swapped(list(sizes_of(value)), one, two)),
    "vstack": _along(0), "row_stack": _along(0), "hstack": _along(1),
    "repeat": _repeated, "one_hot": _one_hot,
    "roll": lambda value, *_, **__: Array(sizes_of(value)),
    "eye": lambda n, m=None, **_: Array((n, n if m is None else m)),
    "cumsum": lambda value, axis=None, **_: Array(sizes_of(value)),
}  # fmt: skip


def _swapped(sizes: list[Any], one: int, two: int) -> list[Any]:
    sizes[one], sizes[two] = sizes[two], sizes[one]
    return sizes


KERAS_DATA: dict[str, Any] = {
    **{name: Module(f"keras.datasets.{name}", {"load_data": _loader(*sizes)})
       for name, sizes in DATASETS.items()},
    "to_categorical": to_categorical,
    "pad_sequences": pad_sequences,
}  # fmt: skip
SCALERS = dict.fromkeys(("MinMaxScaler", "StandardScaler", "RobustScaler", "MaxAbsScaler",
                         "Normalizer", "LabelEncoder"), Scaler)  # fmt: skip
MODULES_OF_DATA: dict[str, object] = {
    "sklearn": Module("sklearn", {}),
    "sklearn.model_selection": Module(
        "sklearn.model_selection", {"train_test_split": train_test_split}
    ),
    "sklearn.preprocessing": Module("sklearn.preprocessing", SCALERS),
}
