"""HTML from the same blocks as the table's: real headings and tables, for notebooks and files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from string import Template

from rnnshape.formats.layout import highlighted
from rnnshape.views.blocks import Block, Grid, Heading, Lines, Picture, Program, Row, Section
from rnnshape.views.page import Page
from rnnshape.views.text import NO_BREAK, Text, pieces

PAGE = Page(80, folds=True)
# No one says whether it will stand on white or on black: colours lean to that of the text around.
STYLES = Path(__file__).with_name("styles.css").read_text(encoding="utf-8")
# Notebooks have styles of their own for tables, and show no others until they are trusted.
LEFT, RIGHT = ' style="text-align: left"', ' style="text-align: right"'


def html_page(blocks: Iterable[Block], title: str) -> str:
    """Blocks as a page of their own."""
    page = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    return Template(page).substitute(title=escape(title), body=fragment(blocks))


def fragment(blocks: Iterable[Block]) -> str:
    """Blocks as a fragment that brings its own styles and takes its colours from around it."""
    return f'<div class="rnnshape">\n<style>\n{STYLES}</style>\n{elements(blocks)}\n</div>'


def elements(blocks: Iterable[Block]) -> str:
    """The elements of blocks, which stand in something of the class `rnnshape` with its styles."""
    return "\n".join(line for block in blocks for line in _block(block)).replace(NO_BREAK, " ")


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(title, note, lines):
            more = f' <span class="quiet">{escape(note)}</span>' if note else ""
            yield f'<p class="heading"><code>{escape(PAGE.expression(title))}</code>{more}</p>'
            for line in lines:
                yield f'<p class="code">{_text(line)}</p>'
        case Lines(lines, _, is_prose):
            kind = "" if is_prose else ' class="code"'
            for line in lines:
                yield f"<p{kind}>{_text(line)}</p>"
        case Picture(text, description):
            label = f' role="img" aria-label="{escape(description)}"' if description else ""
            yield f"<pre{label}>{_text(text)}</pre>"
        case Program(code):
            yield f"<pre>{_text(highlighted(code))}</pre>"
        case Grid():
            yield from _table(block)


def _table(grid: Grid) -> Iterator[str]:
    yield "<table>\n<thead>"
    heads = (
        f'<th scope="col"{_side(grid, index)}>{escape(name)}</th>'
        for index, name in enumerate(grid.titles)
    )
    yield f"<tr>{''.join(heads)}</tr>\n</thead>\n<tbody>"
    for row in grid.rows:
        yield _section(row, grid) if isinstance(row, Section) else _row(row, grid)
    yield "</tbody>\n</table>"


def _row(row: Row, grid: Grid) -> str:
    cells = (f"<td{_side(grid, index)}>{_text(cell)}</td>" for index, cell in enumerate(row))
    return f"<tr>{''.join(cells)}</tr>"


def _section(section: Section, grid: Grid) -> str:
    words = " ".join(filter(None, (_text(section.text), _text(section.last))))
    kind = ' class="section"' if section.has_title else ""
    return f'<tr{kind}><td colspan="{len(grid.columns)}"{LEFT}>{words}</td></tr>'


def _side(grid: Grid, index: int) -> str:
    return RIGHT if index in grid.right else LEFT


def _text(text: Text) -> str:
    return "".join(
        f'<span class="{style}">{escape(piece)}</span>' if style else escape(piece)
        for piece, style in pieces(text)
    )
