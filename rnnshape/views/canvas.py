"""Characters on a grid: lines, boxes and words, from which drawings are made."""

from __future__ import annotations

from itertools import groupby

from rnnshape.views.text import Style, Text, joined

PLAIN = str.maketrans("┌┐└┘├┤┬┴┼─│▲▼▶◀·⋮…", "+++++++++-|^v><.:.")
BLANK = (" ", Style.PLAIN)


class Canvas:
    """Characters and their styles at (column, row), as sparse as the drawing."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], tuple[str, Style]] = {}

    @property
    def width(self) -> int:
        return max((x + 1 for x, _ in self._cells), default=0)

    def put(self, x: int, y: int, text: str, style: Style = Style.PLAIN) -> None:
        for offset, character in enumerate(text):
            self._cells[x + offset, y] = (character, style)

    def across(self, x: int, end: int, y: int) -> None:
        """A line from `x` up to but without `end`; it crosses lines that stand in its way."""
        for column in range(x, end):
            crossed = self._cells.get((column, y), BLANK)[0] in "│┼"
            self.put(column, y, "┼" if crossed else "─")

    def down(self, x: int, y: int, end: int) -> None:
        """A line from row `y` down to but without row `end`; it crosses lines in its way."""
        for row in range(y, end):
            crossed = self._cells.get((x, row), BLANK)[0] in "─┼"
            self.put(x, row, "┼" if crossed else "│")

    def box(self, x: int, y: int, width: int, text: str, style: Style = Style.PLAIN) -> None:
        """A box that is `width` wide with its walls, with a text in its middle."""
        inside = width - 2
        self.put(x, y, f"┌{'─' * inside}┐")
        self.put(x, y + 1, "│")
        self.put(x + 1, y + 1, text.center(inside), style)
        self.put(x + width - 1, y + 1, "│")
        self.put(x, y + 2, f"└{'─' * inside}┘")

    def text(self, *, unicode: bool) -> Text:
        """The drawing, in ASCII if it must be."""
        ends: dict[int, int] = {}
        for x, y in self._cells:
            ends[y] = max(x + 1, ends.get(y, 0))
        lines = []
        for y in range(max(ends, default=-1) + 1):
            row = [self._cells.get((x, y), BLANK) for x in range(ends.get(y, 0))]
            pieces = (
                ("".join(character for character, _ in run), style)
                for style, run in groupby(row, key=lambda cell: cell[1])
            )
            lines.append(
                Text(
                    tuple(
                        (piece if unicode else piece.translate(PLAIN), style)
                        for piece, style in pieces
                    )
                )
            )
        return joined("\n", lines)
