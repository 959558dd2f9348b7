"""`squeeze` without an axis, where not all batches are of one size: TensorFlow does not know which
axes it leaves, and no layer takes that, nor a loss."""

from __future__ import annotations

from typing import Any

from rnnshape.expression import Call
from rnnshape.nest import within
from rnnshape.reading import graph
from rnnshape.reading.names.subclassed import may_be_eager
from rnnshape.reading.names.symbolic_tensors import tell_squeezed
from rnnshape.reading.names.tensors import plain_sizes
from rnnshape.reading.python import own
from rnnshape.signatures import module_of
from rnnshape.training import Data
from rnnshape.training.samples import USUAL_BATCH

# Functions that make one number of all, where they are given no axis.
REDUCING = ("all", "any", "max", "mean", "min", "prod", "std", "sum", "var")


def check_squeezes(model: Any, x: Any, given: Any) -> None:
    """Notes what a layer or a loss is given that comes of such a `squeeze`."""
    method, compiled = given.call.call, given.compiled
    if method not in ("fit", "evaluate", "predict") or may_be_eager(model, compiled):
        return
    if _are_batches_alike(x, given):
        return
    open_by = dict[Any, graph.LayerCall]()  # what has an open number of axes, by which squeeze
    for call in model.own_calls():
        made = call.layer.call
        before = [open_by[tensor.maker] for tensor in call.tensors if tensor.maker in open_by]
        if before and module_of(made.name) == "layers":
            _tell_of_squeeze(before[0])
            return
        if made.name == "squeeze" and made["axis"] is None:
            open_by[call] = call
        elif before and made.name != "reshape" and not _is_of_all(made):
            open_by[call] = before[0]
    losses = compiled.loss if compiled and isinstance(compiled.loss, list | dict) else {}
    compared = () if method == "predict" or losses else model.own_gives
    for output in [output for output in compared if output.maker in open_by][:1]:
        _tell_of_squeeze(open_by[output.maker])


def _are_batches_alike(x: Any, given: Any) -> bool:
    """Whether all batches of a call may be of one size."""
    if own(x, "own_element") is not None:  # of a data set
        return not (own(x, "own_is_batched") and own(x, "own_varies"))
    call, size = given.call, given.call.batch_size or USUAL_BATCH
    many = _samples(given.x)
    if given.validation is not None:
        numbers = [many, _samples(given.validation[0])]
    else:
        kept = call.kept(many or 0)
        numbers = [kept, (many or 0) - kept]
    return not any(number and number % size for number in numbers)


def _samples(several: Any) -> int | None:
    """How many there are of the first array; None where that is not known."""
    return next((data.samples for data in within(several) if isinstance(data, Data)), None)


def _is_of_all(made: Call) -> bool:
    """Whether a function of a tensor makes one number of all."""
    return made.name in REDUCING and made["axis"] is None and made["keepdims"] is not True


def _tell_of_squeeze(call: graph.LayerCall) -> None:
    sizes, place = plain_sizes(next(call.tensors)) or (), call.layer.call.places.get("")
    where = "needs its axis where batches are of several sizes"
    tell_squeezed(where, sizes, 'unknown rank", "unknown TensorShape', place)
