"""Weights that the code adds itself, in its layers and models."""

from __future__ import annotations

from rnnshape.reading import graph
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.tensors import Tensor, plain_shape, unread_layer, unread_step


class Weight(Array):
    """A weight that a layer of the code has."""

    own_what = "a weight"
    own_layer: graph.Layer | None = None

    def own_as_operand(self) -> Tensor:
        """A row of its own in the `call` of a model; in a layer's it is counted with that."""
        sizes, name = plain_shape(self.shape), self.own_name or "weight"
        if session().groups != [""]:
            return Tensor(graph.InputTensor(sizes, name))
        because = opened(name, "it is a weight that the model adds itself")
        self.own_layer = self.own_layer or unread_layer(name, because, self.size)
        made: Tensor = unread_step(self.own_layer, [], [sizes])
        return made
