"""Layers that make numbers of words, by a vocabulary: no rule knows them, but what code says of
them gives their shapes."""

from __future__ import annotations

from typing import Any

from rnnshape import signatures
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.other_layers import UnreadLayer
from rnnshape.reading.names.session import opened
from rnnshape.reading.names.tensors import Tensor, plain_sizes, unread_layer, unread_step


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
        super().__init__(unread_layer(f"{kind}(...)", because, 0))
        special = [oov_token] * num_oov_indices
        self.own_special = special if mask_token is None else [mask_token] + special  # noqa: RUF005
        self.own_mode, self.own_length = output_mode, output_sequence_length
        self.set_vocabulary(vocabulary)

    def set_vocabulary(self, vocabulary: Any, *_: Any, **__: Any) -> None:
        is_known = isinstance(vocabulary, list | tuple)
        self.own_words: Any = vocabulary if is_known else opened("words")

    def adapt(self, *_: Any, **__: Any) -> None:
        self.set_vocabulary(None)

    def get_vocabulary(self, include_special_tokens: Any = True) -> Any:
        words = [word for word in self.own_words if word not in self.own_special]
        return [*self.own_special, *words] if include_special_tokens is True else words

    def vocabulary_size(self) -> Any:
        return len(self.get_vocabulary())

    def own_sizes(self, sizes: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The shape of what it makes; None where that is not known."""
        return sizes if self.own_mode == "int" else None

    def __call__(self, inputs: Any = None, *_: Any, **__: Any) -> Any:
        if isinstance(inputs, Tensor):
            given = plain_sizes(inputs)
            sizes = self.own_sizes(given) if given else None
            return unread_step(self.own_layer, [inputs], [sizes])
        sizes = self.own_sizes(inputs.shape) if isinstance(inputs, Array) else None
        return Array(sizes) if sizes else opened()


class IntegerLookup(StringLookup):
    pass


class TextVectorization(StringLookup):
    """Texts to as many numbers as it is told, or as the longest has words."""

    def __init__(self, max_tokens: Any = None, *_: Any, output_mode: Any = "int", **named: Any):
        mask = "" if output_mode == "int" else None
        super().__init__(max_tokens, mask_token=mask, output_mode=output_mode, **named)

    def own_sizes(self, sizes: tuple[Any, ...]) -> tuple[Any, ...] | None:
        is_known = self.own_mode == "int" and type(self.own_length) is int
        return (*sizes[:1], self.own_length) if is_known else None
