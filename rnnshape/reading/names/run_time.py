"""Sizes that Keras knows only when a model runs: how many samples there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rnnshape.expression import SizeWhenRun
from rnnshape.reading import graph
from rnnshape.reading.names.arrays import BATCH
from rnnshape.reading.names.indexing import sizes_of
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.symbolic_tensors import are_computed
from rnnshape.reading.python import Open


def sizes_at_run_time(value: Any, *_: Any, **__: Any) -> Any:
    """`tf.shape(x)`: what Keras knows only when it runs is open, and None in a graph of layers."""
    if not session().groups and not are_computed([*graph.tensors_in(value)]):
        return tuple(sizes_of(value))
    text = opened().label
    made = []
    for place, size in enumerate(sizes_of(value)):
        if size is None:
            size = opened(f"{text}[{place}]", "it is known when the model runs")
            size.stands_for = BATCH if place == 0 or _is_of_batch_alone(value) else None
        made.append(size)
    return made


def shape_of_tensorflow(value: Any, *_: Any, **__: Any) -> Any:
    """`tf.shape(x)`, which takes no tensor of a graph of layers."""
    tensors = [*graph.tensors_in(value)]
    if tensors and not (session().groups or are_computed(tensors)):
        code = "keras.ops.shape"
        message = f"tf.shape takes no symbolic tensor in this Keras: write {code}"
        session().problem(
            message, code, words="A KerasTensor cannot be used as input to a TensorFlow"
        )
    return sizes_at_run_time(value)


def _is_of_batch_alone(value: Any) -> bool:
    """Whether what a tensor leaves open follows from the batch: its axes may be in any order."""
    shapes = (graph.plain_sizes(one) for one in graph.sources_of([*graph.tensors_in(value)]))
    return all(None not in (shape or (None, None))[1:] for shape in shapes)


def with_rest(sizes: Any, given: Sequence[Any]) -> Any:
    """`ops.reshape(x, (ops.shape(x)[0], 8))`: the batch is what the other sizes leave; a -1 beside
    it is what it leaves itself of each sample."""
    several = sizes if isinstance(sizes, list | tuple) else []
    others = [size for size in several if not is_batch(size)]
    if len(others) == len(several):
        return sizes
    if any(type(size) is int and size == -1 for size in others):
        [tensor] = graph.tensors_in(given)
        of_sample: list[Any] = [*(graph.plain_sizes(tensor) or (None, None))]
        of_sample.remove(None)  # the batch, at whichever place
        if not all(isinstance(size, int) for size in (*of_sample, *others)):
            return sizes
        left: Any = math.prod(of_sample) // -math.prod(others)
        left = SizeWhenRun(left) if session().is_traced() else left
        others = [left if size == -1 else size for size in others]
    rest = iter(others)
    return [-1 if is_batch(size) else next(rest) for size in several]


def is_batch(size: Any) -> bool:
    """Whether it is the batch, or follows from that alone, as `batch * heads`."""
    roots = (size.roots or (size,)) if isinstance(size, Open) else ()
    return bool(roots) and all(root.stands_for == BATCH for root in roots)
