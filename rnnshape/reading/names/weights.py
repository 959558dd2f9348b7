"""Weights that the code adds itself, in its layers and models."""

from __future__ import annotations

from functools import wraps
from typing import Any

from rnnshape.nest import within
from rnnshape.reading import graph
from rnnshape.reading.names.arrays import Array, sizes_of
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.sizes import sizes_given
from rnnshape.reading.names.tensors import Tensor, plain_shape, unread_layer, unread_step
from rnnshape.reading.python import Open


class Weight(Array):
    """A weight that a layer of the code has."""

    own_what = "a weight"
    own_layer: graph.Layer | None = None
    own_is_counted = False  # with the layer of Keras that has it

    def own_as_operand(self) -> Tensor:
        """A row of its own in the `call` of a model; in a layer's it is counted with that."""
        sizes, name = plain_shape(self.shape), self.own_name or "weight"
        if session().groups != [""]:
            return Tensor(graph.InputTensor(sizes, name))
        because = opened(name, "it is a weight that the model adds itself")
        many = 0 if self.own_is_counted else None if isinstance(self.size, Open) else self.size
        self.own_layer = self.own_layer or unread_layer(name, because, many)
        made: Tensor = unread_step(self.own_layer, [], [sizes])
        return made


class Variable(Weight):
    """A weight that the code makes itself, and that belongs to what has it as an attribute."""


def add_weight(layer: Any, *values: Any, shape: Any = None, **_: Any) -> Weight:
    """One more weight of a layer of the code."""
    given = next((v for v in values if isinstance(v, list | tuple)), () if shape is None else shape)
    made = Weight(sizes_given(given))
    layer.own_added += (made,)
    return made


def variable(initializer: Any = None, shape: Any = None, *_: Any, **__: Any) -> Any:
    """`keras.Variable`: a weight of the layer that has it as an attribute."""
    if shape is None and not isinstance(initializer, Array | int | float | list | tuple):
        return opened("a variable")
    return Variable(sizes_of(initializer) if shape is None else sizes_given(shape))


def weights_of(layer: Any) -> list[Weight]:
    """Those that a layer of the code has."""
    held = within([value for name, value in vars(layer).items() if name[:4] != "own_"])
    variables = (one for one in held if isinstance(one, Variable))
    return [*{id(one): one for one in (*layer.own_added, *variables)}.values()]


def marks_built(build: Any) -> Any:
    """A `build` of the code: Keras calls none that the code has called itself."""

    @wraps(build)
    def call(layer: Any, *given: Any, **named: Any) -> object:
        layer.own_is_built = True
        return build(layer, *given, **named)

    return call
