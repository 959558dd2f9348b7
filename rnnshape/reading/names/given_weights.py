"""Layers whose weights the code gives them: a matrix, or data that they are adapted to."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from rnnshape.reading.names.arguments import OfArray
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.of_shapes import known_range
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.sizes import sizes_of
from rnnshape.reading.names.weights import Weight, check_weights
from rnnshape.reading.python import IsOpenError


class Embedding(Layer):
    """`Embedding(20, 8, weights=[matrix])`, also as `embeddings_initializer=Constant(matrix)`: one
    of the shape that it has."""

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        given, filled = named.get("weights"), named.get("embeddings_initializer")
        given = given[0] if isinstance(given, list) and len(given) == 1 else given
        words = "is not compatible with provided weight shape"
        if given is None and isinstance(filled, OfArray):
            given, words = filled.own_array, "Incompatible shapes"
        if self.own_layer is not None and isinstance(given, Array) and 1 not in given.shape:
            sizes = (self.own_layer.call[word] for word in ("input_dim", "output_dim"))
            known = [size if type(size) is int else opened() for size in sizes]
            check_weights([Weight(known)], [given], words)

    def call(self, *given: Any, **named: Any) -> Any:
        rows = self.own_layer.call["input_dim"] if self.own_layer is not None else None
        for part in [*given, *named.values()][:1]:
            _, below, drawn = known_range(part) if isinstance(part, Array) else (None, None, 0)
            if below is not None and type(rows) is int and below > rows:
                message = f"{self.own_layer.call} has rows 0 to {rows - 1}, and is given "
                message += f"{'random ' * bool(drawn)}indices up to {(drawn or below) - 1}"
                write, words = f"input_dim={drawn or below}", f"is not in [0, {rows})"
                session().problem(f"{message}: write {write}", write, words=words)
        return super().call(*given, **named)


class Normalization(Layer):
    """A layer of Keras; `own_adapted` is how many features the data has."""

    own_keras_name = "Normalization"

    def adapt(self, data: Any, *_: Any, **__: Any) -> None:
        if isinstance(data, list | tuple):
            message = "adapt takes an array, not a list: write np.array(...)"
            session().problem(message, words="adapt() expects an iterable that yields arrays")
        with suppress(IsOpenError, ValueError, TypeError):
            self.own_adapted = sizes_of(data)[-1]
