"""Text in several styles, as plain data: what it looks like is up to each format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

__all__ = ["Part", "Style", "Text", "display_width", "joined", "styled", "whole", "wrapped"]

NO_BREAK = "\N{NO-BREAK SPACE}"  # a line is never broken here; it is written as a space


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
        return max(map(display_width, self.raw.split("\n")))

    def __bool__(self) -> bool:
        return any(piece for piece, _ in self.pieces)

    def __add__(self, other: Text) -> Text:
        return Text((*self.pieces, *other.pieces))

    def __getitem__(self, part: slice) -> Text:
        """Some of its characters."""
        start, end, _ = part.indices(len(self.raw))
        found: list[tuple[str, Style]] = []
        for piece, style in self.pieces:
            if end > 0 and start < len(piece):
                found.append((piece[max(0, start) : end], style))
            start, end = start - len(piece), end - len(piece)
        return Text(tuple(found))

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
    """A text of parts, each a string, a string with its style, or a text."""
    pieces: list[tuple[str, Style]] = []
    for part in parts:
        if isinstance(part, Text):
            pieces += part.pieces
        else:
            pieces.append((part, Style.PLAIN) if isinstance(part, str) else part)
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


def display_width(text: str) -> int:
    """How many columns of a terminal a line takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(one) else 1 + (east_asian_width(one) in "WF") for one in text)


def wrapped(text: Text, width: int, indent: int = 0) -> list[Text]:
    """The lines of a text, none wider than `width`; all but the first begin further right.

    Lines are broken at blanks, and elsewhere only where a word alone is too wide.
    """
    margin = styled(" " * indent)
    return [
        margin + text_line[start:end] if number or start else text_line[start:end]
        for number, text_line in enumerate(text.lines)
        for start, end in _stretches(text_line.raw, width, indent, begun=number > 0)
    ]


def _stretches(line: str, width: int, indent: int, *, begun: bool) -> Iterator[tuple[int, int]]:
    """Where the lines of one line start and end, once it is broken."""
    start = 0
    room = width - indent if begun else width
    while display_width(line[start:]) > room:
        end = start + max(1, _fitting(line[start:], room))
        blank = line.rfind(" ", start + 1, end + 1)
        if blank < 0:
            blank = line.rfind(NO_BREAK, start + 1, end)  # rather than within a word
        if blank > start and line[start:blank].strip():
            end = blank
        yield start, end
        start = end
        while line[start : start + 1] in (" ", NO_BREAK):
            start += 1
        room = max(1, width - indent)
    yield start, len(line)


def _fitting(line: str, room: int) -> int:
    """How many characters of a line take up no more than so many columns."""
    if line.isascii():
        return room
    taken = 0
    for number, character in enumerate(line):
        taken += display_width(character)
        if taken > room:
            return number
    return len(line)
