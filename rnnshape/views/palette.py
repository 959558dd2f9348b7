"""What each style looks like: the one table from which screens, pictures and pages are coloured."""

from __future__ import annotations

from typing import NamedTuple

from rnnshape.views.text import Style


class Colour(NamedTuple):
    """A colour in each of the places that it is shown in.

    Attributes:
        name: of the terminal's own, which can be read on white and on black.
        code: the same as an escape sequence has it.
        on_black: in a picture, whose ground is dark.
        on_page: on a page, before it is mixed with the colour of its text, which tells its ground.
    """

    name: str
    code: str
    on_black: str
    on_page: str

    @property
    def mixed(self) -> str:
        """As CSS has it."""
        return f"color-mix(in srgb, {self.on_page} {SHARE_ON_PAGE}%, currentColor)"


MAGENTA = Colour("magenta", "35", "#d78fe6", "#b04fc0")
GREEN = Colour("green", "32", "#7ccf7c", "#2a8c4a")
RED = Colour("red", "31", "#ff7b72", "#dc3c3c")
SHARE_ON_PAGE = 55  # per cent of the colour; the rest is the text's
GREY = "#a0a0a0"  # of what is quiet, in a picture


class Look(NamedTuple):
    """How a style stands out."""

    bold: bool = False
    quiet: bool = False
    colour: Colour | None = None

    @property
    def code(self) -> str:
        """As an escape sequence has it: `1;35`."""
        colour = self.colour.code if self.colour else ""
        return ";".join(filter(None, ("1" * self.bold, "2" * self.quiet, colour)))

    @property
    def in_rich(self) -> str:
        """As Rich names it, in the colours of the terminal: `bold magenta`."""
        return self._words("dim", self.colour.name if self.colour else "")

    @property
    def in_picture(self) -> str:
        """As Rich names it, on black: `bold #d78fe6`."""
        return self._words(GREY, self.colour.on_black if self.colour else "")

    def _words(self, quiet: str, colour: str) -> str:
        return " ".join(filter(None, ("bold" * self.bold, quiet * self.quiet, colour)))


LOOKS = {
    Style.PLAIN: Look(),
    Style.TITLE: Look(bold=True),
    Style.NAME: Look(bold=True, colour=MAGENTA),
    Style.SHAPE: Look(bold=True),
    Style.QUIET: Look(quiet=True),
    Style.GOOD: Look(colour=GREEN),
    Style.BAD: Look(bold=True, colour=RED),
    Style.PENDING: Look(colour=MAGENTA),
    Style.KEYWORD: Look(bold=True),
    Style.LITERAL: Look(colour=MAGENTA),
}
