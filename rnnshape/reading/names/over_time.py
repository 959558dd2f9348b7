"""`TimeDistributed` and `RNN` around what the code defines itself: its `call` is followed once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnnshape.expression import Unknown
from rnnshape.network import Shape
from rnnshape.reading import graph
from rnnshape.reading.names.layers import CLASSES_OF, Layer
from rnnshape.reading.names.rows import layers_in
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.tensors import Tensor, argument, plain_shape, plain_sizes


class LayerOverTime(Layer):
    """`TimeDistributed(layer)`: one row of a layer of the code, or of a model that is no chain."""

    own_inner: Sequence[Any] = ()

    def __init__(self, *values: Any, **named: Any) -> None:
        inner = values[0] if values else named.get("layer", named.get("cell"))
        parts = inner if isinstance(inner, list | tuple) else [inner]
        if any(isinstance(part, Layer) and isinstance(argument(part), Unknown) for part in parts):
            words = ("cell", "return_sequences", "return_state")
            self.own_inner, self.own_keras_name, self.own_is_row = parts, "", True
            self.own_named = dict(zip(words, values, strict=False)) | named
            unread = getattr(vars(parts[0]).get("own_layer"), "unread", None)
            followed = "what is in it is followed, for one timestep"
            self.own_why = unread.reason if unread else followed
            return
        super().__init__(*values, **named)
        self.own_is_row = not self.own_keras_name
        self.own_layer.holds = tuple(one for part in parts for one in layers_in(part))
        first = next((vars(one).get("own_layer") for one in parts if isinstance(one, Layer)), None)
        if parts == [inner]:
            self.own_wraps = inner
        self.own_layer.parameters = (first or self.own_layer).parameters  # those of what is in it

    def call(self, *given: Any, **named: Any) -> Any:
        if not self.own_inner:
            return super().call(*given, **named)
        sizes = plain_sizes(given[0] if given else next(iter(named.values())))
        if sizes is None:
            return opened(self.own_text, "what it is given is not known")
        timestep = Tensor(graph.InputTensor((sizes[0], *sizes[2:]), "inputs"))
        return self.own_of_timestep(timestep, sizes)

    def own_of_timestep(self, timestep: Tensor, sizes: Shape) -> Any:
        return _at_every_timestep(self.own_inner[0](timestep), sizes)

    @property
    def own_text(self) -> str:
        inner = next(iter(self.own_inner), None)
        return f"{type(self).__name__}({getattr(inner, 'own_title', '...')})"


class LayerOfCells(LayerOverTime):
    """`RNN(cell)`, of cells of the code."""

    def own_of_timestep(self, timestep: Any, sizes: Shape) -> Any:
        states: list[Any] = []
        for cell in self.own_inner:
            kept = session().evaluator.attribute(cell, "state_size")
            each = kept if isinstance(kept, list | tuple) else [kept]
            shapes = (size if isinstance(size, list | tuple) else (size,) for size in each)
            before = [graph.InputTensor(plain_shape((sizes[0], *shape))) for shape in shapes]
            timestep, after = cell(timestep, [*map(Tensor, before)])
            states += after
        flags = self.own_named
        output = _at_every_timestep(timestep, sizes) if flags.get("return_sequences") else timestep
        return (output, *states) if flags.get("return_state") else output


def _at_every_timestep(made: Any, sizes: Shape) -> Tensor:
    each = plain_sizes(made) if isinstance(made, Tensor) else None
    return Tensor(graph.InputTensor(each and (*sizes[:2], *each[1:])))


CLASSES_OF |= {"TimeDistributed": LayerOverTime, "RNN": LayerOfCells}
