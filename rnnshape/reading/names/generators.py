"""What else gives a model batches: generators, and classes of the code; as the data set of their
first batch."""

from __future__ import annotations

import operator
from functools import partial
from typing import Any

from rnnshape.nest import within
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.datasets import Dataset, refuse
from rnnshape.reading.names.session import session
from rnnshape.reading.python import Open, StandIn
from rnnshape.reading.python.streams import Stream


def _are_alike(one: Any, other: Any) -> bool:
    """Whether two batches have as many samples, as far as it is known."""
    both = ([leaf.shape[:1] for leaf in within(x) if isinstance(leaf, Array)] for x in (one, other))
    return next(both) == next(both)


def as_data_set(value: Any) -> Any:
    """What gives batches, as the data set of its first one."""
    batch = batch_of(value)
    if batch is None:
        return value
    made = Dataset(batch)
    few = _first_of(value) if isinstance(value, Stream) else []
    is_alike = len(few) == FEW or (bool(few) and value.is_followed)
    is_alike = is_alike and all(map(partial(_are_alike, batch), few))
    made.own_origin = "generator" if is_alike else "code"
    return made


class PyDataset(StandIn):
    """`keras.utils.PyDataset`; subclasses in the code say by `__getitem__` what a batch is."""

    def __init__(self, *_: Any, **__: Any) -> None: ...


FEW = 20  # batches of a generator that are compared


def _first_of(stream: Stream) -> list[Any]:
    """The first batches of a generator, fewer where these take long."""
    evaluator = session().evaluator
    for many in range(1, FEW):
        before = evaluator.steps
        stream.first(many)
        if 4 * (evaluator.steps - before) > evaluator.limit - evaluator.steps:
            return stream.first(many)
    return stream.first(FEW)


def batch_of(value: Any) -> Any:
    """The first batch of what gives batches, as Keras has it; None of what gives none."""
    is_generator = isinstance(value, Stream) and value.kind == "generator"
    first = value.first(1) if is_generator else []
    if is_generator and not first and value.ends is None:
        refuse("this generator gives nothing", "the generator must yield at least one batch")
    if first:
        [batch] = first
        if not isinstance(batch, tuple | Open):
            words = "the generator must return a tuple"
            refuse("a generator gives a tuple, (x,) or (x, y)", words)
    elif isinstance(value, PyDataset):
        _check_length(value)
        batch = session().evaluator.really(operator.getitem, value, 0)
    else:
        return None
    batch = tuple(batch) if isinstance(batch, list) else batch
    if isinstance(batch, tuple) and any(isinstance(part, list) for part in batch):
        words = "`output_signature` must contain objects that are subclass of `tf.TypeSpec`"
        refuse("several arrays of a batch stand in a tuple or a dictionary, not in a list", words)
    return batch


def _check_length(value: Any) -> None:
    """How many batches a data set of the code has is a whole number that `__len__` gives."""
    length = getattr(type(value), "__len__", None)
    if length is None and not hasattr(type(value), "num_batches"):
        refuse("a PyDataset says by __len__ how many batches it has", "the `num_batches` property")
    elif length and isinstance(many := session().evaluator.really(length, value), float):
        message = f"__len__ gives {many}: write // or math.ceil for a whole number of batches"
        refuse(message, "object cannot be interpreted as an integer")


def use_up(value: Any) -> None:
    """A call that trains goes over a generator to its end, where it says no number of steps."""
    if isinstance(value, Stream):
        _first_of(value)
        if value.is_followed and value.ends is None:
            value.close()
