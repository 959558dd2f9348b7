"""Blocks as lines of text, as Rich lays them out: for a terminal, a text file or a picture."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.style import Style as RichStyle
from rich.table import Table
from rich.theme import Theme

from rnnshape.views.blocks import GAP, Block, Grid, Heading, Lines, Picture, Program, Row, Section
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text, styled, width_of, with_blanks

# Each group goes by the name of its style.
TOKENS = re.compile(
    r"(?P<literal>'[^'\n]*'|\"[^\"\n]*\"|\b\d[\d_.e]*\b)|\b(?P<keyword>from|import|None|True|False)\b"
    r"|(?P<quiet>#.*)"
)


def laid_out(blocks: Iterable[Block], page: Page) -> Iterator[Text]:
    """The lines of blocks, a blank line between them."""
    console = silent(page.width)
    for number, block in enumerate(blocks):
        if number:
            yield Text()
        match block:
            case Picture(text):  # broken, it would be of no use: it would rather run over
                yield from with_blanks(text).split(allow_blank=True)
            case Program(code):
                yield from highlighted(code.rstrip("\n")).split(allow_blank=True)
            case _:
                for drawn in _drawn(block, page):
                    for line in console.render_lines(drawn, pad=False):
                        yield _line((segment.text, segment.style) for segment in line)


def silent(width: int, *, record: bool = False) -> Console:
    """A console that shows nothing; in a notebook Rich would show what it records."""
    return Console(
        width=width,
        height=25,  # with both given, Rich asks no variable, whatever nonsense that may hold
        file=io.StringIO(),
        color_system=None,
        force_jupyter=False,
        theme=NAMED,
        record=record,
    )


def highlighted(code: str) -> Text:
    """A program with its numbers, texts and keywords told apart."""
    text = Text(code)
    text.highlight_regex(TOKENS)
    return text


def _drawn(block: Heading | Lines | Grid, page: Page) -> Iterator[RenderableType]:
    match block:
        case Heading(title, note, lines):
            head = styled((page.expression(title), Style.TITLE))
            head += styled((f"  {note}", Style.QUIET)) if note else Text()
            for line in (head, *lines):
                yield from _folded(line, page.width, indent=2)
        case Lines(lines, indent):
            for line in lines:
                yield from _folded(line, page.width, indent)
        case Grid():
            yield from _grid(block.fitted(page.width), page)


def _grid(grid: Grid, page: Page) -> Iterator[RenderableType]:
    """Tables without walls, one for all rows between two sections."""
    widths = list(grid.widths)
    if grid.folds is not None:
        others = grid.width - widths[grid.folds]
        widths[grid.folds] = max(1, min(widths[grid.folds], page.width - others))
    total = min(sum(widths) + GAP * (len(widths) - 1), page.width)
    sections = [row for row in (grid.over, *grid.rows) if isinstance(row, Section)]
    total = max([total, *(min(page.width, _section_width(section)) for section in sections)])
    if grid.over:
        yield from _section(grid.over, total)
    head = tuple(styled((name, Style.QUIET)) for name in grid.columns)
    yield _table([head], widths, grid)
    yield styled((page.pick("─", "-") * total, Style.QUIET))
    for part in grid.parts:
        if isinstance(part, Section):
            yield from _section(part, total)
        else:
            yield _table(part, widths, grid)


def _table(rows: Sequence[Row], widths: Sequence[int], grid: Grid) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, GAP, 0, 0))
    for index, width in enumerate(widths):
        table.add_column(
            width=width,
            no_wrap=index != grid.folds,
            overflow="fold",
            justify="right" if index in grid.right else "left",
        )
    for row in rows:
        table.add_row(*map(_breakable, row, widths))
    return table


def _section_width(section: Section) -> int:
    return width_of(section.text) + (GAP + width_of(section.last) if section.last else 0)


def _section(section: Section, width: int) -> Iterator[RenderableType]:
    """The text at the left, and what stands last at the right, below it where it finds no room."""
    *lines, last = _folded(section.text, width, section.indent)
    yield from lines
    if not section.last:
        yield last
        return
    room = width - width_of(section.last)
    if last.cell_len > room - GAP:
        yield last
        last = Text()
    last.pad_right(room - last.cell_len)
    yield last.append_text(section.last)


def _folded(text: Text, width: int, indent: int) -> list[Text]:
    """The lines of a text that is broken where it is too wide; all but the first further right."""
    first, *others = text.wrap(PLAIN, width, overflow="fold")
    if not others:
        return [first]
    room = width - indent
    first, *others = _breakable(text, room).wrap(PLAIN, room, overflow="fold")
    for line in (first, *others):
        line.rstrip()
    for line in others:
        line.pad_left(indent)
    return [first, *others]


def _breakable(text: Text, width: int) -> Text:
    """What finds no room unbroken is broken at its blanks, and not within a word."""
    longest = max(map(cell_len, re.split("[ \n]", text.plain)))
    return text if longest <= width else with_blanks(text)


def _line(segments: Iterable[tuple[str, RichStyle | None]]) -> Text:
    """A line of what Rich made, without the blanks at its end."""
    pieces = ((piece, style.meta.get("name", "") if style else "") for piece, style in segments)
    line = with_blanks(Text.assemble(*pieces))
    line.rstrip()
    return line


# In what Rich makes each piece carries the name of its style along.
NAMED = Theme({style.value: RichStyle.from_meta({"name": style.value}) for style in Style if style})
PLAIN = silent(80)
