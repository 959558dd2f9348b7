"""A text stream that lines are painted on: wide or narrow, coloured or not, live or not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import TextIO

from rich.color import ColorSystem
from rich.style import Style

from rnnshape.terminal.environment import is_coloured, is_dumb, is_terminal, size, writes_unicode
from rnnshape.terminal.output import write
from rnnshape.views.page import Page
from rnnshape.views.text import LOOKS, Text, pieces, width_of


class Screen:
    """Where an answer is shown to a person, or written as text.

    Where the stream itself is no terminal, it is as wide as one of those `beside` it: of
    `rnnshape lstm | less` one sees what the terminal has room for.
    """

    def __init__(
        self, stream: TextIO, variables: Mapping[str, str], beside: Sequence[TextIO | None] = ()
    ) -> None:
        self._stream, self._variables = stream, variables
        width, self.height = size((stream, *beside), variables)
        self.page = Page(width, writes_unicode(stream))
        self._coloured = is_coloured(stream, variables)

    @property
    def is_live(self) -> bool:
        """Whether what is painted can be painted over: on a terminal that knows how, is as wide as
        the page, and is this job's own. One in the background would draw over what others write."""
        if not is_terminal(self._stream) or is_dumb(self._variables):
            return False
        try:
            number = self._stream.fileno()
            columns = os.get_terminal_size(number).columns or self.page.width  # 0: not known
            return columns >= self.page.width and os.tcgetpgrp(number) == os.getpgrp()
        except (AttributeError, OSError, ValueError):  # Windows, or a terminal that has no jobs
            return True

    def write(self, lines: Iterable[Text]) -> None:
        """Writes lines, and ends the last."""
        write(self._stream, (f"{self._shown(line)}\n" for line in lines))

    def replace(self, painted: Sequence[Text], lines: Sequence[Text]) -> None:
        """Writes lines in place of those that were painted last, from the first that differs on.

        Where those have left the screen by its upper edge, all lines are written anew.
        """
        pairs = zip(painted, lines, strict=False)
        same = len([*takewhile(lambda pair: pair[0] == pair[1], pairs)])
        # A line may be wider than the terminal, and take several rows of it.
        up = sum(max(1, -(-width_of(line) // self.page.width)) for line in painted[same:])
        if up > self.height - 2:
            self.write([Text(), *lines])
            return
        back = f"\033[{up}A\r\033[J" if up else ""
        text = "".join(f"{self._shown(line)}\n" for line in lines[same:])
        write(self._stream, [back + text])  # in one go, so that nothing flickers

    def _shown(self, line: Text) -> str:
        if not self._coloured:
            return line.plain
        colours = ColorSystem.STANDARD
        coloured = (
            Style.parse(LOOKS[style]).render(piece, color_system=colours)
            for piece, style in pieces(line)
        )
        return "".join(coloured)
