"""The numbers that Keras is given, and those that it returns. For the child process alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from rnnshape.description import Description
from rnnshape.measuring.arrays import Array
from rnnshape.network import Input, Network
from rnnshape.rules.facts import Tensor

Numbers = NDArray[Any]


def sources(
    network: Network, description: Description
) -> Iterator[tuple[Input, Tensor, int | None]]:
    """Every input: as it is given, as it is described, and what its whole numbers stay below."""
    return zip(network.inputs, description.inputs, description.inputs_below, strict=True)


def input_dtype(source: Input, below: int | None) -> str:
    return source.dtype or ("float32" if below is None else "int32")


def random_inputs(
    network: Network, description: Description, seed: int | None
) -> Iterator[Numbers]:
    """Numbers for every input: whole ones where a layer looks them up, else normal ones."""
    generator = np.random.default_rng(seed)
    for source, tensor, below in sources(network, description):
        dtype = tf.as_dtype(input_dtype(source, below))
        if dtype.is_floating:
            numbers: Numbers = generator.standard_normal(tensor.shape, dtype=np.float32)
        else:
            numbers = generator.integers(0, below or 2, tensor.shape)
        yield numbers.astype(str if dtype == tf.string else dtype.as_numpy_dtype, copy=False)


def as_array(array: Any, *, with_numbers: bool) -> Array:
    """An array as it travels: its numbers of a kind that Python has."""
    numbers = np.asarray(tf.sparse.to_dense(array) if isinstance(array, tf.SparseTensor) else array)
    shape, dtype = numbers.shape, str(numbers.dtype)
    if not with_numbers:
        return Array(shape, dtype)
    if numbers.dtype.kind in "cOSU":
        return Array(shape, dtype, numbers.astype(str))
    is_known = numbers.dtype.kind in "biuf"  # elsewhere no one need know of a bfloat16
    return Array(shape, dtype, numbers if is_known else numbers.astype("float32"))
