"""What a view writes with: text in several styles, as Rich has it, of which each piece goes by the
name of its style, and what that looks like is up to each format; and the page that it has to draw
on, with its width and the characters that it can show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from rich.cells import cell_len
from rich.text import Text as Text

from rnnshape.errors import as_tuple, printable
from rnnshape.rules.facts import Axis, Tensor

NO_BREAK = "\ue000"  # a line is never broken here, as Rich does at a no-break space; it is a blank
KEPT = f"\n{NO_BREAK}"


class Style(StrEnum):
    """What a piece of text is, from which each format takes its looks."""

    PLAIN = ""
    TITLE = "title"
    NAME = "name"
    SHAPE = "shape"
    QUIET = "quiet"
    GOOD = "good"
    BAD = "bad"
    PENDING = "pending"
    KEYWORD = "keyword"
    LITERAL = "literal"


Part: TypeAlias = "str | tuple[str, Style] | Text"


def styled(*parts: Part) -> Text:
    """A text of parts, each a string, a string with its style, or a text.

    All that others have written comes here: nothing of it reaches a screen or a file as it is that
    would move a cursor, or turn what follows.

    >>> text = styled(("o", Style.NAME), " (2, 3)")
    >>> text.plain, width_of(text)
    ('o (2, 3)', 8)
    """
    text = Text()
    for part in parts:
        if isinstance(part, Text):
            text.append_text(part)
        else:
            piece, style = (part, Style.PLAIN) if isinstance(part, str) else part
            text.append(printable(piece, KEPT), style)
    return text


def pieces(text: Text) -> Iterator[tuple[str, Style]]:
    """The pieces of a text, some perhaps empty, each in its style."""
    end = 0
    for span in text.spans:
        yield text.plain[end : span.start], Style.PLAIN
        yield text.plain[span.start : span.end], Style(str(span.style))
        end = span.end
    yield text.plain[end:], Style.PLAIN


def with_blanks(text: Text) -> Text:
    """The same text, whose lines may be broken at any blank."""
    copy = text.copy()
    copy.plain = text.plain.replace(NO_BREAK, " ")
    return copy


def width_of(text: Text) -> int:
    """How many columns of a terminal its longest line takes."""
    return max(map(cell_len, text.plain.split("\n")))


def whole(text: str) -> str:
    """The same text, at whose blanks no line is broken: a shape."""
    return text.replace(" ", NO_BREAK)


class Page(NamedTuple):
    """A screen, a file or a document, as far as a view needs to know it.

    Attributes:
        width: in columns.
        unicode: whether more than ASCII can be written.
        folds: whether what reads it folds tables by itself, as browsers do: then none is too wide.
    """

    width: int = 80
    unicode: bool = True
    folds: bool = False

    def fits(self, width: int) -> bool:
        """Whether a table of this width can be shown."""
        return self.folds or width <= self.width

    def pick(self, fine: str, plain: str) -> str:
        """`fine` where Unicode can be written, else `plain`."""
        return fine if self.unicode else plain

    @property
    def check(self) -> str:
        return self.pick("✓", "ok")

    @property
    def dot(self) -> str:
        return self.pick("·", "-")

    @property
    def returned(self) -> str:
        """What marks a tensor that the model returns."""
        return self.pick("→", "->")

    def bytes(self, weights: Iterable[Tensor]) -> str:
        """What they take, as Keras writes it: `242.63 KB`"""
        size = sum(weight.size * weight.itemsize for weight in weights)
        power = min(5, max(0, size.bit_length() - 1) // 10)
        unit = ("B", "KB", "MB", "GB", "TB", "PB")[power]
        return whole(f"{size / 1024**power:.2f} {unit}")

    @property
    def times(self) -> str:
        return self.pick("·", "*")

    def mark(self, holds: bool | None) -> Text:
        """Whether something holds; as wide as any other mark."""
        width = len(self.check)
        if holds is None:
            return styled((self.dot.ljust(width), Style.PENDING))
        return styled((self.check, Style.GOOD) if holds else (self.pick("✗", "NO"), Style.BAD))

    def axes(self, axes: Iterable[Axis]) -> str:
        """`(batch, 2·units)`"""
        names = [self.product(axis.label) for axis in axes]
        return whole(as_tuple(names)) if names else ""

    def product(self, text: str) -> str:
        """`3·units`"""
        return re.sub(r"(?<=\d)\*(?=\w)", self.times, text)

    def shape(self, shape: Sequence[int | None] | None) -> str:
        """`(2, 6)`, with question marks for what is not known."""
        if shape is None:
            return "?"
        return whole(as_tuple("?" if size is None else str(size) for size in shape))

    def expression(self, text: str) -> str:
        return text.replace("->", self.pick("→", "->"))

    def number(self, value: int | None) -> Text:
        """`41,472`, or a question mark where no one knows yet."""
        return styled((f"{value:,}" if value is not None else "?", Style.SHAPE))
