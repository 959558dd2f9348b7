"""A report as it shows itself in Python: as text, by Rich, and in a notebook as HTML with SVG."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from rnnshape.formats.html import PAGE, STYLES, fragment
from rnnshape.formats.layout import laid_out
from rnnshape.views import diagram
from rnnshape.views.blocks import Block, Picture, Program
from rnnshape.views.document import body, ending, report_blocks
from rnnshape.views.page import Page
from rnnshape.views.palette import LOOKS, with_colours
from rnnshape.views.text import Style, Text

if TYPE_CHECKING:
    from rich.text import Text as RichText

    from rnnshape.query import Query
    from rnnshape.report import Report

__all__ = ["query_html", "report_html", "report_text", "rich_lines", "svg"]

COLUMN, ROW = 8, 16  # of a drawing's grid, in pixels
BASE = 12  # where letters stand in a row
# The sides of its field that each character of a drawing leads a line to: left, right, up, down.
LINES = {
    "─": "lr",
    "│": "ud",
    "┌": "rd",
    "┐": "ld",
    "└": "ru",
    "┘": "lu",
    "├": "rud",
    "┤": "lud",
    "┬": "lrd",
    "┴": "lru",
    "┼": "lrud",
    "▶": "l",
    "◀": "r",
    "▼": "u",
    "▲": "d",
}
ARROWS = {"▶": "1,-4 1,4 7,0", "◀": "-1,-4 -1,4 -7,0", "▼": "-4,0 4,0 0,7", "▲": "-4,0 4,0 0,-7"}
WORDS = re.compile(f"[^\\s{''.join(LINES)}]+(?: [^\\s{''.join(LINES)}]+)*")
# Notebooks have styles of their own for tables, which are as particular as two classes.
MORE_STYLES = with_colours(
    """\
.rnnshape.rnnshape.rnnshape th, .rnnshape.rnnshape.rnnshape td { text-align: left; }
.rnnshape.rnnshape.rnnshape th.right, .rnnshape.rnnshape.rnnshape td.right { text-align: right; }
.rnnshape td .shape, .rnnshape td .quiet { white-space: nowrap; }
.rnnshape svg { display: block; margin: 0.6em 0; max-width: 100%; height: auto;
  font-family: Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; }
.rnnshape svg .name { fill: MAGENTA; }
.rnnshape details { margin: 0.4em 0; }
.rnnshape summary { cursor: pointer; }
"""
)


def report_text(report: Report, *, unicode: bool) -> str:
    """The table, in 80 columns."""
    page = Page(80, unicode)
    lines = laid_out(report_blocks(report, (), page), page)
    return "\n".join(line.plain.rstrip() for line in lines)


def rich_lines(report: Report, width: int, encoding: str = "utf-8") -> Iterator[RichText]:
    """The table as Rich writes it, a text for each line."""
    from rich.text import Text as RichText  # only who has Rich asks for it

    page = Page(width, encoding.startswith("utf"))
    for line in laid_out(report_blocks(report, (), page), page):
        pieces = (
            (piece.replace("\N{NO-BREAK SPACE}", " "), LOOKS[style].in_rich)
            for piece, style in line.pieces
        )
        yield RichText.assemble(*pieces, no_wrap=True, overflow="ignore")


def report_html(report: Report) -> str:
    """A report in a notebook: its tables, relations and notes; the diagram of recurrent layers and
    the program in parts that open."""
    parts = [_inside(report_blocks(report, (), PAGE))]
    if any(layer.facts and layer.facts.timeline for layer in report.layers):
        parts.append(_opening("Diagram", _drawn(diagram.blocks(report, PAGE))))
    parts.append(_opening("Code", _inside([Program(report.code)])))
    return _whole("\n".join(parts))


def query_html(query: Query, reports: Sequence[Report]) -> str:
    """The answer to a command, with the views that it names."""
    blocks = (*body(query, reports, PAGE), *ending(query, reports, PAGE))
    return _whole(_drawn(blocks))


def svg(text: Text, description: str = "") -> str:
    """A drawing of characters as a real one: lines are lines, and words stand where they stood.

    It brings its colours from around it, in light and in dark.

    >>> svg(Text((("a─▶", Style.PLAIN),)))[:40]
    '<svg viewBox="0 0 24 16" width="24" heig'
    """
    lines = text.lines
    width, height = COLUMN * text.width, ROW * len(lines)
    label = f' role="img" aria-label="{escape(description)}"' if description else ""
    words = "".join(_words(lines))
    arrows = "".join(
        f'<polygon transform="translate({_x(x)} {_y(y)})" points="{ARROWS[character]}"/>'
        for x, y, character in _characters(lines)
        if character in ARROWS
    )
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}"{label} '
        'fill="currentColor" font-family="monospace" font-size="13">'
        f'<path d="{_strokes(lines)}" fill="none" stroke="currentColor"/>{arrows}{words}</svg>'
    )


def _words(lines: Sequence[Text]) -> Iterator[str]:
    """Each word between blanks and lines, as wide as its columns whatever the font."""
    for row, line in enumerate(lines):
        column = 0
        for piece, style in line.pieces:
            for found in WORDS.finditer(piece):
                x, y = COLUMN * (column + found.start()), ROW * row + BASE
                bold = ' font-weight="bold"' if style in (Style.NAME, Style.SHAPE) else ""
                kind = f' class="{style}"' if style else ""
                yield (
                    f'<text x="{x}" y="{y}" textLength="{COLUMN * len(found[0])}" '
                    f'lengthAdjust="spacingAndGlyphs"{kind}{bold}>{escape(found[0])}</text>'
                )
            column += len(piece)


def _strokes(lines: Sequence[Text]) -> str:
    """The lines of a drawing as one path, each as long as it goes."""
    across: set[tuple[int, int]] = set()  # by row, and in half columns
    down: set[tuple[int, int]] = set()  # by column, and in half rows
    drawn = {(x, y): character for x, y, character in _characters(lines)}
    for (x, y), character in drawn.items():
        before, after = drawn.get((x - 1, y), ""), drawn.get((x + 1, y), "")
        sides = LINES.get(character, "")
        if "r" in LINES.get(before, "") and "l" in LINES.get(after, ""):
            sides += "lr"  # an arrow points into the wall of a box
        for side in sides:
            if side in "lr":
                across.add((y, 2 * x + (side == "r")))
                if {"l": before, "r": after}[side] == "│":  # it ends at a wall
                    across.add((y, 2 * x + {"l": -1, "r": 2}[side]))
            else:
                down.add((x, 2 * y + (side == "d")))
    paths = [
        f"M{COLUMN * start / 2:g} {_y(row):g}H{COLUMN * end / 2:g}"
        for row, start, end in _stretches(across)
    ]
    paths += [
        f"M{_x(column):g} {ROW * start / 2:g}V{ROW * end / 2:g}"
        for column, start, end in _stretches(down)
    ]
    return "".join(paths)


def _stretches(halves: set[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Where lines start and end that are made of such halves, in each row or column."""
    for (line, _), run in groupby(
        enumerate(sorted(halves)), key=lambda one: (one[1][0], one[1][1] - one[0])
    ):
        places = [place for _, (_, place) in run]
        yield line, places[0], places[-1] + 1


def _characters(lines: Sequence[Text]) -> Iterator[tuple[int, int, str]]:
    for y, line in enumerate(lines):
        for x, character in enumerate(line.plain):
            yield x, y, character


def _x(column: int) -> float:
    return COLUMN * (column + 0.5)


def _y(row: int) -> float:
    return ROW * (row + 0.5)


def _drawn(blocks: Iterable[Block]) -> str:
    """Blocks, each drawing among them as SVG."""
    return "\n".join(
        svg(block.text, block.description) if isinstance(block, Picture) else _inside([block])
        for block in blocks
    )


def _inside(blocks: Iterable[Block]) -> str:
    """The fragment of some blocks, without the styles that stand once above all of them."""
    return fragment(blocks).partition("</style>\n")[2].removesuffix("\n</div>")


def _whole(inside: str) -> str:
    """The fragment with its styles. Its blanks are ordinary ones: Python can read no others in a
    shape that is copied."""
    text = inside.replace("\N{NO-BREAK SPACE}", " ")
    return f'<div class="rnnshape">\n<style>\n{STYLES}{MORE_STYLES}</style>\n{text}\n</div>'


def _opening(title: str, inside: str) -> str:
    return f"<details><summary>{title}</summary>\n{inside}\n</details>"
