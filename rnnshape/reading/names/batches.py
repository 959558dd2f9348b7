"""What gives a model its batches one by one: a generator, and a `PyDataset` of the code."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.session import session
from rnnshape.reading.python import Open, StandIn
from rnnshape.reading.python.stand_in import Stream


class PyDataset(StandIn):
    """`keras.utils.PyDataset`; subclasses in the code say by `__getitem__` what a batch is."""

    def __init__(self, *_: Any, **__: Any) -> None: ...


def batch_of(value: Any) -> Any:
    """The first batch of what gives batches, as Keras has it; None of what gives none."""
    if isinstance(value, Stream) and value.items:
        batch = value.items[-1]
        if not isinstance(batch, tuple | Open):
            words = "the generator must return a tuple"
            _refused("a generator gives a tuple, (x,) or (x, y)", words)
    elif isinstance(value, PyDataset):
        batch = session().evaluator.really(operator.getitem, value, 0)
    else:
        return None
    batch = tuple(batch) if isinstance(batch, list) else batch
    if isinstance(batch, tuple) and any(isinstance(part, list) for part in batch):
        words = "`output_signature` must contain objects that are subclass of `tf.TypeSpec`"
        _refused("several arrays of a batch stand in a tuple or a dictionary, not in a list", words)
    return batch


def _refused(message: str, words: str) -> None:
    session().problem(message, words=words, place=session().places().get(""), kind="data")


def check_beside(words: Mapping[str, Any]) -> None:
    """What Keras takes with arrays alone, not with what gives batches."""
    split = words.get("validation_split")
    if isinstance(split, int | float) and split and words.get("validation_data") is None:
        message = "validation_split is for arrays alone: give what is to validate by itself"
        _refused(message, "is only supported for tensors or NumPy arrays")
    for word in ("y", "sample_weight"):
        if isinstance(words.get(word), Array):
            message = f"what gives batches has {word} in them: leave {word} out"
            _refused(message, "should not be passed")
