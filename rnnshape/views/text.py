"""Text in several styles, as Rich has it: each piece goes by the name of its style, and each format
says what that looks like; of screens and pictures it stands here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TypeAlias

from rich.cells import cell_len
from rich.text import Span
from rich.text import Text as Text

from rnnshape.errors import printable

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


# As Rich names it, in colours of the terminal's own that can be read on white and on black.
LOOKS = {
    Style.PLAIN: "",
    Style.TITLE: "bold",
    Style.NAME: "bold magenta",
    Style.SHAPE: "bold",
    Style.QUIET: "dim",
    Style.GOOD: "green",
    Style.BAD: "bold red",
    Style.PENDING: "magenta",
    Style.KEYWORD: "bold",
    Style.LITERAL: "magenta",
}
# The same in a picture, whose ground is dark.
IN_PICTURE = {"dim": "#a0a0a0", "magenta": "#d78fe6", "green": "#7ccf7c", "red": "#ff7b72"}

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


def in_picture(style: Style) -> str:
    """What a style looks like in a picture.

    >>> in_picture(Style.NAME)
    'bold #d78fe6'
    """
    return " ".join(IN_PICTURE.get(word, word) for word in LOOKS[style].split())


def dressed(text: Text, look: Callable[[Style], str] = LOOKS.__getitem__) -> Text:
    """A text in what each of its styles looks like."""
    copy = text.copy()
    copy.spans = [Span(span.start, span.end, look(Style(str(span.style)))) for span in text.spans]
    return copy


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
