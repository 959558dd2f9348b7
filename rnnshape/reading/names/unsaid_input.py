"""What a `Sequential` is given that says nothing of it, as far as its layers need it."""

from __future__ import annotations

from typing import Any

from rnnshape.chains import input_of_first_layer
from rnnshape.expression import Call, Unknown
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.other_layers import UnreadLayer
from rnnshape.reading.names.session import session
from rnnshape.reading.names.tensors import plain_sizes
from rnnshape.signatures import INPUT_ARGUMENTS, signature

NOT_KNOWN = Unknown("a shape", (), "nothing says what it is given: put an Input(...) first")


def says_no_input(layer: Call) -> bool:
    """Whether only what is in it says something of its input, as Keras does not ask there."""
    return layer.name == "TimeDistributed" and not any(word in layer for word in INPUT_ARGUMENTS)


def says_length_alone(layer: Call) -> bool:
    """Whether it is an Embedding with Keras 2's `input_length`, of which this Keras only warns."""
    said = [word for word in INPUT_ARGUMENTS if word in layer and word != "input_dim"]
    return layer.name == "Embedding" and said == ["input_length"]


def built_for(item: Layer) -> Any:
    """What nothing else says that a layer is given: something of the features for which it,
    or a layer in it, has made its weights elsewhere; of one that is not read, nobody knows."""
    layer = item.own_layer
    if layer is None or isinstance(item, UnreadLayer):
        return layer and layer.unread
    if says_no_input(layer.call) and (shape := input_of_first_layer(layer.call).shape) is not None:
        return shape
    for part in (layer, *layer.innermost):
        call = session().built.get(part)
        if call and not {"kernel_initializer", "merge_mode"} & {*signature(part.call.name).names}:
            call = None  # it has no weights for features
        if call is not None and (sizes := plain_sizes(next(call.tensors))):
            over_time = part is not layer and layer.call.name == "TimeDistributed"
            return (*(None,) * (len(sizes) - 1 + over_time), sizes[-1])
    return None
