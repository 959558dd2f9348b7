"""What a `Sequential` is given of which nothing says it: its layers may be built elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from rnnshape.chains import input_of_first_layer
from rnnshape.expression import Unknown
from rnnshape.reading.names.arguments import says_no_input
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.models import Model
from rnnshape.reading.names.other_layers import UnreadLayer
from rnnshape.reading.names.session import session
from rnnshape.reading.names.tensors import plain_sizes
from rnnshape.reading.python import own
from rnnshape.signatures import signature

NOT_KNOWN = Unknown("a shape", (), "nothing says what it is given: put an Input(...) first")
MOST_PARTS = 100  # of a `Sequential`, that may say what it is given


def as_built(model: Any) -> Any:
    """What nothing else says that it is given: the sizes that its first part was made for; of
    what a later one was made for, it is not known what leads to it."""
    parts = parts_of(model)
    are_joined = any(map(_joins_axes, parts))
    for number, part in enumerate(parts):
        if isinstance(part, Model):
            needs = plain_sizes(part.own_flow()[0][0]) if part.own_is_described else None
        else:
            needs = _built_for(part, is_whole=are_joined)
        if number and isinstance(needs, tuple):
            return NOT_KNOWN
        layer = own(part, "own_layer")
        if needs is not None or layer is None or layer.unread:
            return None if number else needs
    return None


def parts_of(model: Any) -> list[Any]:
    """Its layers and models, with those of a `Sequential` in it that says nothing of its input."""
    return [*islice(_parts(model), MOST_PARTS)]


def _parts(model: Any) -> Iterator[Any]:
    for item in model.own_items:
        if own(item, "own_kind") == "Sequential" and item.own_first().shape is None:
            yield from _parts(item)
        else:
            yield item


def _joins_axes(part: Any) -> bool:
    layer = own(part, "own_layer")
    return layer is not None and layer.call.name in ("Flatten", "Reshape")


def _built_for(item: Layer, is_whole: bool) -> Any:
    """What nothing else says that a layer is given: something of the features for which it,
    or a layer in it, has made its weights elsewhere, and of all sizes if axes are joined later; of
    one that is not read, nobody knows."""
    layer = own(item, "own_layer")
    if layer is None or isinstance(item, UnreadLayer):
        return layer and layer.unread
    if says_no_input(layer.call) and (shape := input_of_first_layer(layer.call).shape) is not None:
        return shape
    for part in (layer, *layer.innermost):
        call = session().built.get(part)
        if call and not {"kernel_initializer", "merge_mode"} & {*signature(part.call.name).names}:
            call = None  # it has no weights for features
        if call is not None and (sizes := plain_sizes(call.tensors[0])):
            if is_whole and part is layer:
                return sizes
            over_time = part is not layer and layer.call.name == "TimeDistributed"
            return (*(None,) * (len(sizes) - 1 + over_time), sizes[-1])
    return None
