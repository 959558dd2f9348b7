"""What each style looks like: the one table from which screens, pictures and pages are coloured."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rich.text import Span

from rnnshape.views.text import Style, Text


class Colour(NamedTuple):
    """A colour in each of the places that it is shown in.

    Attributes:
        name: of the terminal's own, which can be read on white and on black.
        on_black: in a picture, whose ground is dark.
        on_page: on a page, before it is mixed with the colour of its text, which tells its ground.
    """

    name: str
    on_black: str
    on_page: str

    @property
    def mixed(self) -> str:
        """As CSS has it."""
        return f"color-mix(in srgb, {self.on_page} {SHARE_ON_PAGE}%, currentColor)"


MAGENTA = Colour("magenta", "#d78fe6", "#b04fc0")
GREEN = Colour("green", "#7ccf7c", "#2a8c4a")
RED = Colour("red", "#ff7b72", "#dc3c3c")
SHARE_ON_PAGE = 55  # per cent of the colour; the rest is the text's
IN_PICTURE = {"dim": "#a0a0a0"} | {each.name: each.on_black for each in (MAGENTA, GREEN, RED)}

# As Rich names it, in the colours of the terminal.
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


def in_picture(style: Style) -> str:
    """The same on black.

    >>> in_picture(Style.NAME)
    'bold #d78fe6'
    """
    return " ".join(IN_PICTURE.get(word, word) for word in LOOKS[style].split())


def dressed(text: Text, look: Callable[[Style], str] = LOOKS.__getitem__) -> Text:
    """A text in what each of its styles looks like."""
    copy = text.copy()
    copy.spans = [Span(span.start, span.end, look(Style(str(span.style)))) for span in text.spans]
    return copy
