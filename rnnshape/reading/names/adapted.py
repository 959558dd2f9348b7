"""`Normalization`, which has its weights from the data that it is adapted to."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from rnnshape.reading.names.indexing import sizes_of
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.session import session
from rnnshape.reading.python import IsOpenError


class Normalization(Layer):
    """A layer of Keras; `own_adapted` is how many features the data has."""

    own_keras_name = "Normalization"

    def adapt(self, data: Any, *_: Any, **__: Any) -> None:
        if isinstance(data, list | tuple):
            message = "adapt takes an array, not a list: write np.array(...)"
            session().problem(message, words="adapt() expects an iterable that yields arrays")
        with suppress(IsOpenError, ValueError, TypeError):
            self.own_adapted = sizes_of(data)[-1]
