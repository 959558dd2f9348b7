"""Text in several styles, as plain data: what it looks like is up to each format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from rich.cells import cell_len

from rnnshape.errors import printable

NO_BREAK = "\N{NO-BREAK SPACE}"  # a line is never broken here; it is written as a space
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


@dataclass(frozen=True, slots=True)
class Text:
    """Pieces of text, each in its style.

    >>> text = styled(("o", Style.NAME), " (2, 3)")
    >>> text.plain, text.width
    ('o (2, 3)', 8)
    """

    pieces: tuple[tuple[str, Style], ...] = ()

    @property
    def raw(self) -> str:
        """The characters, with the blanks marked at which no line is broken."""
        return "".join(piece for piece, _ in self.pieces)

    @property
    def plain(self) -> str:
        """The characters."""
        return self.raw.replace(NO_BREAK, " ")

    @property
    def width(self) -> int:
        """How many columns of a terminal its longest line takes."""
        return max(map(cell_len, self.raw.split("\n")))

    def __bool__(self) -> bool:
        return any(piece for piece, _ in self.pieces)

    def __add__(self, other: Text) -> Text:
        return Text((*self.pieces, *other.pieces))

    @property
    def lines(self) -> list[Text]:
        """Its lines; one, if it is empty."""
        if "\n" not in self.raw:
            return [self]
        lines: list[list[tuple[str, Style]]] = [[]]
        for piece, style in self.pieces:
            first, *others = piece.split("\n")
            lines[-1].append((first, style))
            lines += [[(other, style)] for other in others]
        return [Text(tuple(pieces)) for pieces in lines]


def styled(*parts: Part) -> Text:
    """A text of parts, each a string, a string with its style, or a text.

    All that others have written comes here: nothing of it reaches a screen or a file as it is that
    would move a cursor, or turn what follows."""
    pieces: list[tuple[str, Style]] = []
    for part in parts:
        if isinstance(part, Text):
            pieces += part.pieces
        else:
            piece, style = (part, Style.PLAIN) if isinstance(part, str) else part
            pieces.append((printable(piece, KEPT), style))
    return Text(tuple(pieces))


def joined(separator: str, texts: Iterable[Text]) -> Text:
    """Texts, one after the other."""
    pieces: list[tuple[str, Style]] = []
    for text in texts:
        pieces += [(separator, Style.PLAIN), *text.pieces] if pieces else text.pieces
    return Text(tuple(pieces))


def whole(text: str) -> str:
    """The same text, at whose blanks no line is broken: a shape."""
    return text.replace(" ", NO_BREAK)
