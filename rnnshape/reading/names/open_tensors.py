"""Steps for what is open and may be a tensor, or hold several: it is no data."""

from __future__ import annotations

from typing import Any

from rnnshape.expression import Call
from rnnshape.nest import rebuilt
from rnnshape.program import DEPENDS
from rnnshape.reading import graph
from rnnshape.reading.names.session import session, unknown_of
from rnnshape.reading.names.tensors import shape_among, unread_layer, unread_step
from rnnshape.reading.python import Open, opens_in


def with_steps(given: Any) -> Any:
    """The same with a step for each open value that is one of some tensors, or holds them."""

    def changed(value: Any) -> Any:
        if not isinstance(value, Open) or value.is_number or value.may_lack or not value.may_be:
            return value
        layer = unread_layer(f"{DEPENDS}{value.label}", value)
        return unread_step(layer, _ends_before(value))

    is_needed = any(found.may_be for found in opens_in(given))
    return rebuilt(given, changed) if is_needed else given


def made_of_open_list(call: Call, given: Open) -> Any:
    """What `Add`, `Concatenate` and the like make of a list of which nobody knows how many tensors
    are in it: of the shape of each, but for the axis along which they are joined."""
    shape, axis = shape_among(given.may_be, given), call["axis"]
    each = unread_layer(f"{DEPENDS}{given.label}", given)
    before = unread_step(each, _ends_before(given), [shape])
    if shape is not None and isinstance(axis, int):
        joined = range(len(shape))[axis]
        shape = *shape[:joined], unknown_of(given), *shape[joined + 1 :]
    layer = unread_layer(f"{call}(...)", given, 0)
    return unread_step(layer, [before], [shape] * (call.name != "Dot"))


def _ends_before(value: Open) -> list[graph.Tensor]:
    """What all the tensors that something open may hold are made from: what is made under a
    condition may be in none of them."""
    return graph.ends_in_common(value.may_be, session().certain)[0]
