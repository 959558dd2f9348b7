"""Texts that the code writes, as Keras' `Tokenizer` counts their words."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.session import opened
from rnnshape.reading.python import IsOpenError, Open, StandIn, opens_in

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


class Tokenizer(StandIn):
    """`Tokenizer().fit_on_texts(["one text", "another"])`: of other texts its words are open."""

    own_what = "a Tokenizer"

    def __init__(
        self,
        num_words: Any = None,
        filters: Any = FILTERS,
        lower: Any = True,
        split: Any = " ",
        char_level: Any = False,
        oov_token: Any = None,
        **_: Any,
    ) -> None:
        self.num_words, self.oov_token = num_words, oov_token
        self.own_how = (filters, lower, split, char_level)
        self.word_counts: Any = {}
        self.word_index: Any = opened("words")  # code that is not read may fit it

    index_word = property(lambda tokens: {n: word for word, n in tokens.word_index.items()})

    def fit_on_texts(self, texts: Any) -> None:
        try:
            counts = Counter(self.word_counts)
            counts.update(word for words in self.own_words(texts) for word in words)
        except IsOpenError as wrong:
            self.word_counts, self.word_index = wrong.value, wrong.value
            return
        self.word_counts = dict(counts)
        first = [] if self.oov_token is None else [self.oov_token]
        words = [*first, *(word for word, _ in counts.most_common())]
        self.word_index = dict(zip(words, range(1, len(words) + 1), strict=True))

    def own_words(self, texts: Any) -> list[list[str]]:
        """The words of each text, or its letters."""
        filters, lower, split, by_letters = self.own_how
        are_plain = type(split) is type(filters) is str and type(lower) is type(by_letters) is bool
        if isinstance(self.word_counts, Open) or type(texts) not in (list, tuple):
            raise IsOpenError(opened("words"))
        if not are_plain or len(split) != 1 or any(type(text) is not str for text in texts):
            raise IsOpenError(opened("words"))
        texts = [text.lower() if lower else text for text in texts]
        if by_letters:
            return [[*text] for text in texts]
        between = str.maketrans(dict.fromkeys(filters, split))
        return [[*filter(None, text.translate(between).split(split))] for text in texts]

    def texts_to_sequences(self, texts: Any) -> list[list[int]]:
        index, most = self.word_index, self.num_words
        for found in opens_in([index, most]):
            raise IsOpenError(found)
        other = index.get(self.oov_token)
        known = {word: n for word, n in index.items() if not most or n < most}
        numbers = ([known.get(word, other) for word in words] for words in self.own_words(texts))
        return [[number for number in row if number is not None] for row in numbers]

    def texts_to_matrix(self, texts: Any, mode: Any = "binary") -> Array:
        many = len(texts) if isinstance(texts, list | tuple) else opened("the number of texts")
        return Array((many, self.num_words or len(self.word_index) + 1))
