"""Data that comes in batches: `tf.data`, and what Keras makes of a series."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rnnshape.nest import rebuilt
from rnnshape.reading.names.arrays import Array, sizes_of
from rnnshape.reading.names.session import opened
from rnnshape.reading.python import IsOpenError, Module, Open, StandIn


class Dataset(StandIn):
    """Elements of one kind, of which it is not known how many there are.

    Attributes:
        own_element: an element: an array, or several in a tuple or by name; open where it is not
            known.
    """

    own_what = "a data set"

    def __init__(self, element: Any) -> None:
        self.own_element = element

    def __iter__(self) -> Any:
        raise IsOpenError(opened("data"))

    def batch(self, batch_size: Any, drop_remainder: Any = False, **_: Any) -> Dataset:
        many = batch_size if drop_remainder is True else opened("the last batch")
        return Dataset(_each(self.own_element, lambda shape: (many, *shape)))

    def unbatch(self) -> Dataset:
        return Dataset(_each(self.own_element, lambda shape: shape[1:]))

    def cache(self, *_: Any, **__: Any) -> Dataset:
        return self

    prefetch = repeat = shuffle = skip = take = with_options = cache

    def map(self, *_: Any, **__: Any) -> Dataset:
        return Dataset(opened("what is mapped"))


def _each(element: Any, change: Callable[[Any], Any]) -> Any:
    """The element with the shape of each array changed; its entries are TensorFlow's then."""

    def changed(leaf: Any) -> Any:
        return Array(change(leaf.shape)) if isinstance(leaf, Array) else leaf

    return rebuilt(element, changed)


def _as_arrays(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_as_arrays, value))
    if isinstance(value, dict):
        return {word: _as_arrays(part) for word, part in value.items()}
    return value if isinstance(value, Array | Open) else Array(sizes_of(value))


def _from_tensor_slices(tensors: Any, **_: Any) -> Dataset:
    arrays, many = _as_arrays(tensors), list[int]()

    def one(shape: Any) -> Any:
        many.extend(size for size in shape[:1] if isinstance(size, int))
        return shape[1:]

    made = Dataset(_each(arrays, one))
    if len({*many}) > 1:
        raise ValueError("dimensions must be equal")
    return made


def timeseries_dataset_from_array(
    data: Any, targets: Any, sequence_length: Any, *_: Any, batch_size: Any = 128, **__: Any
) -> Dataset:
    """Windows of a series, each with the target at its place; batched, where there is a size.
    Keras itself does not know how long they are."""
    many, *sample = sizes_of(data)
    if isinstance(many, int) and isinstance(sequence_length, int) and many < sequence_length:
        raise ValueError("there are fewer rows than a sequence has")
    windows = Array((opened("a length"), *sample))
    made = Dataset(windows if targets is None else (windows, Array(sizes_of(targets)[1:])))
    return made if batch_size is None else made.batch(batch_size)


def timeseries_generator(data: Any, targets: Any, length: Any, *_: Any, **__: Any) -> Dataset:
    """`TimeseriesGenerator`: batches of windows and of the targets after them."""
    windows = Array((length, *sizes_of(data)[1:]))
    return Dataset((windows, Array(sizes_of(targets)[1:]))).batch(128)


TF_DATA = Module("tensorflow.data", {
    "Dataset": Module("tensorflow.data.Dataset", {
        "from_tensor_slices": _from_tensor_slices,
        "from_tensors": lambda tensors, **_: Dataset(_as_arrays(tensors)),
    }),
    "AUTOTUNE": -1,
})  # fmt: skip
DATASETS: dict[str, Any] = {
    "timeseries_dataset_from_array": timeseries_dataset_from_array,
    "TimeseriesGenerator": timeseries_generator,
}
