"""What a `Sequential` is given that says nothing of it, as far as its layers need it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from rnnshape.chains import chain, input_of_first_layer
from rnnshape.description import describe
from rnnshape.errors import QueryError
from rnnshape.expression import Call, Unknown
from rnnshape.network import Input, Shape
from rnnshape.network_inputs import written_sizes
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


def leads_to(needs: Shape, layers: Sequence[Call]) -> Shape | None:
    """The input of which layers make the sizes that are needed; what these do not say of it is not
    known. None where no input does, or several."""
    if not layers:
        return needs

    def leads(shape: Shape) -> bool:
        given = Input(tuple(size or 41 + 3 * place for place, size in enumerate(shape)))
        made: Sequence[int] = ()
        with suppress(QueryError):
            described = describe(replace(chain(layers, attends=False), inputs=(given,)))
            made = [axis.length for one in described.layers[-1].outputs for axis in one.axes]
        return len(made) == len(needs) and all(
            size in (None, other) for size, other in zip(needs, made, strict=True)
        )

    usual = len(written_sizes(chain(layers), 0))
    shapes = (needs[:rank] for rank in (usual, len(needs)) if rank <= len(needs))
    shape = next(filter(leads, shapes), None)
    if shape is None or leads((shape[0], 1, *shape[1:])):  # others of more axes do, too
        return None
    others = ((*shape[:at], None, *shape[at + 1 :]) for at in range(len(shape)))
    return tuple(
        NOT_KNOWN if size and leads(other) else size
        for other, size in zip(others, shape, strict=True)
    )
