"""HTML from the same blocks as the table's: real headings and tables, for notebooks and files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from rnnshape.formats.layout import highlighted
from rnnshape.views.blocks import Block, Grid, Heading, Lines, Picture, Program, Row, Section
from rnnshape.views.page import Page
from rnnshape.views.palette import GREEN, MAGENTA, RED
from rnnshape.views.text import NO_BREAK, Text, pieces

PAGE = Page(80, folds=True)
# No one says whether it will stand on white or on black: colours lean to that of the text around.
STYLES = """\
.rnnshape { color: inherit; font-size: 0.95em; line-height: 1.4; text-align: left; }
.rnnshape p { margin: 0.3em 0; }
.rnnshape p.heading { margin: 0.8em 0 0.3em; }
.rnnshape .heading code { background: none; color: inherit; font-weight: bold;
  white-space: pre-wrap; padding: 0; }
.rnnshape .code, .rnnshape pre, .rnnshape .heading code { font-size: 0.95em;
  font-family: Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; }
.rnnshape table { border-collapse: collapse; margin: 0.5em 0; color: inherit; }
.rnnshape th, .rnnshape td { background: none; border: 0; color: inherit; padding: 0.2em 0.8em;
  vertical-align: top; white-space: pre-line; }
.rnnshape thead th { border-bottom: 1px solid; font-weight: normal; opacity: 0.75;
  vertical-align: bottom; }
.rnnshape tbody tr { background: none; }
.rnnshape tbody tr.section > * { border-top: 1px solid rgba(128, 128, 128, 0.4); }
.rnnshape td:last-child[style$="left"] { min-width: 14em; }
.rnnshape td .shape { white-space: nowrap; }
.rnnshape pre { background: none; border: 0; color: inherit; line-height: 1.15; margin: 0.6em 0;
  overflow-x: auto; padding: 0 0 0.3em; }
.rnnshape .title, .rnnshape .shape, .rnnshape .keyword { font-weight: bold; }
.rnnshape .name { font-weight: bold; color: MAGENTA; }
.rnnshape .literal, .rnnshape .pending { color: MAGENTA; }
.rnnshape .quiet { opacity: 0.75; }
.rnnshape .good { color: GREEN; font-weight: bold; }
.rnnshape .bad { color: RED; font-weight: bold; }
"""
for colour in (MAGENTA, GREEN, RED):
    STYLES = STYLES.replace(colour.name.upper(), colour.mixed)
# Notebooks have styles of their own for tables, and show no others until they are trusted.
LEFT, RIGHT = ' style="text-align: left"', ' style="text-align: right"'
DOCUMENT = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font-family: system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def html_page(blocks: Iterable[Block], title: str) -> str:
    """Blocks as a page of their own."""
    return DOCUMENT.format(title=escape(title), body=fragment(blocks))


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
