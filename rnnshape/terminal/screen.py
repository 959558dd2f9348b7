"""A text stream that lines are painted on: wide or narrow, coloured or not, live or not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from rnnshape.terminal.output import write
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text

if TYPE_CHECKING:
    from rnnshape.cli.environment import Environment

__all__ = ["Screen", "columns", "is_dumb", "is_terminal", "writes_unicode"]

NARROWEST, USUAL, WIDEST = 20, 80, 400  # columns
# Of the sixteen colours of a terminal, those that can be read on white and on black.
CODES = {
    Style.TITLE: "1",
    Style.NAME: "1;35",
    Style.SHAPE: "1",
    Style.QUIET: "2",
    Style.GOOD: "32",
    Style.BAD: "1;31",
    Style.PENDING: "35",
    Style.KEYWORD: "1",
    Style.LITERAL: "35",
}


def columns(environment: Environment) -> int:
    """How many columns there are, as far as anyone says; never too few to be read."""
    streams = (environment.stdout, environment.stderr, environment.stdin)
    return _size(streams, environment.variables)[0]


def is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it was closed
        return False


def is_dumb(variables: Mapping[str, str]) -> bool:
    """Whether the terminal knows of no escape sequences."""
    return variables.get("TERM", "").lower() in ("dumb", "unknown")


def writes_unicode(stream: TextIO | None) -> bool:
    return stream is None or (stream.encoding or "utf-8").lower().startswith("utf")


class Screen:
    """Where an answer is shown to a person, or written as text.

    Where the stream itself is no terminal, it is as wide as one of those `beside` it: of
    `rnnshape lstm | less` one sees what the terminal has room for.
    """

    def __init__(
        self, stream: TextIO, variables: Mapping[str, str], beside: Sequence[TextIO | None] = ()
    ) -> None:
        self._stream, self._variables = stream, variables
        width, self.height = _size((stream, *beside), variables)
        self.page = Page(width, writes_unicode(stream))
        self._coloured = _is_coloured(stream, variables)

    @property
    def is_live(self) -> bool:
        """Whether what is painted can be painted over."""
        return is_terminal(self._stream) and not is_dumb(self._variables)

    def write(self, lines: Iterable[Text]) -> None:
        """Writes lines, and ends the last."""
        write(self._stream, (f"{self._shown(line)}\n" for line in lines))

    def replace(self, painted: Sequence[Text], lines: Sequence[Text]) -> None:
        """Writes lines in place of those that were painted last, from the first that differs on.

        Where those have left the screen by its upper edge, all lines are written anew.
        """
        same = 0
        for one, other in zip(painted, lines, strict=False):
            if one != other:
                break
            same += 1
        up = sum(self._rows(line) for line in painted[same:])
        if up > self.height - 2:
            self.write([Text(), *lines])
            return
        back = f"\033[{up}A\r\033[J" if up else ""
        text = "".join(f"{self._shown(line)}\n" for line in lines[same:])
        write(self._stream, [back + text])  # in one go, so that nothing flickers

    def _rows(self, line: Text) -> int:
        """How many rows of the terminal a line takes, which may be wider than it."""
        return max(1, -(-line.width // self.page.width))

    def _shown(self, line: Text) -> str:
        if not self._coloured:
            return _printable(line.plain)
        return "".join(
            f"\033[{CODES[style]}m{_printable(piece)}\033[0m"
            if style in CODES
            else _printable(piece)
            for piece, style in line.pieces
        )


def _printable(text: str) -> str:
    """Without what would move the cursor: much of it others have written."""
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def _is_coloured(stream: TextIO, variables: Mapping[str, str]) -> bool:
    if variables.get("NO_COLOR"):
        return False
    if variables.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and not is_dumb(variables)


def _size(streams: Sequence[TextIO | None], variables: Mapping[str, str]) -> tuple[int, int]:
    """Columns and lines, by the variables, by the first terminal, or as usual."""
    wide, high = _number(variables.get("COLUMNS")), _number(variables.get("LINES"))
    for stream in streams:
        if wide and high:
            break
        if stream is not None and is_terminal(stream):
            with suppress(OSError, ValueError):
                size = os.get_terminal_size(stream.fileno())
                wide, high = wide or size.columns, high or size.lines
    return min(max(wide or USUAL, NARROWEST), WIDEST), high or 25


def _number(text: str | None) -> int:
    """A number that a variable gives; 0 where it gives none."""
    if text and text.isascii() and text.isdecimal():
        return int(text[:10])
    return 0
