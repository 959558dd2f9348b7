"""Layers that make numbers of words, by a vocabulary: no rule knows them, but what code says of
them gives their shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnnshape import signatures
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.other_layers import UnreadLayer
from rnnshape.reading.names.session import opened
from rnnshape.reading.names.tensors import Tensor, plain_sizes, unread_layer, unread_step
from rnnshape.reading.python import Open


class StringLookup(UnreadLayer):
    """A number for each word: the shape stays what it is."""

    def __init__(
        self,
        max_tokens: Any = None,
        num_oov_indices: Any = 1,
        mask_token: Any = None,
        oov_token: Any = "[UNK]",
        vocabulary: Any = None,
        *_: Any,
        output_mode: Any = "int",
        output_sequence_length: Any = None,
        **named: Any,
    ) -> None:
        kind = type(self).__name__
        because = opened(kind, f"{kind} is not answered: {signatures.REFUSED[kind]}")
        count = 0 if output_mode == "int" else None
        super().__init__(unread_layer(f"{kind}(...)", because, count))
        self.own_special: list[Any] | None = None
        if isinstance(num_oov_indices, int) and not isinstance(mask_token, Open):
            masked = [mask_token] if mask_token is not None else []
            self.own_special = [*masked, *[oov_token] * num_oov_indices]
        self.own_mode, self.own_length = output_mode, output_sequence_length
        self.set_vocabulary(vocabulary)

    def set_vocabulary(self, vocabulary: Any, *_: Any, **__: Any) -> None:
        self.own_words = vocabulary if isinstance(vocabulary, list | tuple) else None

    def adapt(self, *_: Any, **__: Any) -> None:
        self.own_words = None

    def get_vocabulary(self, include_special_tokens: Any = True) -> Any:
        if self.own_words is None or self.own_special is None:
            return opened("a vocabulary")
        words = [word for word in self.own_words if word not in self.own_special]
        return [*self.own_special, *words] if include_special_tokens is True else words

    def vocabulary_size(self) -> Any:
        words = self.get_vocabulary()
        return opened("the size of a vocabulary") if isinstance(words, Open) else len(words)

    def own_sizes(self, sizes: Sequence[Any]) -> Sequence[Any] | None:
        """The shape of what it makes; None where that is not known."""
        return sizes if self.own_mode == "int" else None

    def __call__(self, inputs: Any = None, *_: Any, **__: Any) -> Any:
        is_tensor, is_data = isinstance(inputs, Tensor), isinstance(inputs, Array)
        given = plain_sizes(inputs) if is_tensor else inputs.shape if is_data else None
        sizes = given and self.own_sizes(given)
        if is_tensor:
            return unread_step(self.own_layer, [inputs], [tuple(sizes)] if sizes else [])
        return Array(sizes, dtype="int64") if sizes else opened("numbers of words")


class IntegerLookup(StringLookup):
    pass


class TextVectorization(StringLookup):
    """Texts to as many numbers as it is told, or as the longest has words."""

    def __init__(self, max_tokens: Any = None, *_: Any, **named: Any) -> None:
        super().__init__(max_tokens, mask_token="", **named)

    def own_sizes(self, sizes: Sequence[Any]) -> Sequence[Any] | None:
        is_known = self.own_mode == "int" and type(self.own_length) is int
        return (sizes[0], self.own_length) if is_known else None
