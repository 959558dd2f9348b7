"""Blocks as lines of text: for a terminal, a text file or a picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest

from rich.cells import cell_len, chop_cells

from rnnshape.views.blocks import GAP, Block, Grid, Heading, Lines, Picture, Program, Row, Section
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text, styled

WORD = re.compile(r" *[^ ]+ *")
TOKENS = re.compile(
    r"(?P<literal>'[^'\n]*'|\"[^\"\n]*\"|\b\d[\d_.e]*\b)|\b(?P<keyword>from|import|None|True|False)\b"
    r"|(?P<quiet>#.*)"
)


def laid_out(blocks: Iterable[Block], page: Page) -> Iterator[Text]:
    """The lines of blocks, a blank line between them."""
    for number, block in enumerate(blocks):
        if number:
            yield Text()
        match block:
            case Picture(text):  # broken, it would be of no use: it would rather run over
                yield from text.lines
            case Program(code):
                yield from highlighted(code.rstrip("\n")).lines
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


def unbroken_width(blocks: Iterable[Block]) -> int:
    """How wide the widest of the blocks is that can't be folded; 0 if all can."""
    texts = (
        block.code if isinstance(block, Program) else block.text.plain
        for block in blocks
        if isinstance(block, Picture | Program)
    )
    return max((len(line) for text in texts for line in text.split("\n")), default=0)


def highlighted(code: str) -> Text:
    """A program with its numbers, texts and keywords told apart."""
    pieces: list[tuple[str, Style]] = []
    end = 0
    for found in TOKENS.finditer(code):
        style = Style(found.lastgroup or "")
        pieces += [(code[end : found.start()], Style.PLAIN), (found[0], style)]
        end = found.end()
    return Text((*pieces, (code[end:], Style.PLAIN)))


def _grid(grid: Grid, page: Page) -> Iterator[Text]:
    """A table without walls; a section goes over all its columns."""
    widths = list(_widths(grid, page.width))
    sections = [row for row in (grid.over, *grid.rows) if isinstance(row, Section)]
    total = sum(widths) + GAP * (len(widths) - 1)
    total = min(max([total, *map(_section_width, sections)]), page.width)
    if grid.over:
        yield from _section(grid.over, total)
    yield from _row(tuple(styled((name, Style.QUIET)) for name in grid.columns), widths, grid)
    yield styled((page.pick("─", "-") * total, Style.QUIET))
    for row in grid.rows:
        yield from _section(row, total) if isinstance(row, Section) else _row(row, widths, grid)


def _widths(grid: Grid, width: int) -> Sequence[int]:
    """Those of the columns, with which all of them find room."""
    widths = list(grid.widths)
    excess = max(0, grid.width - width)
    if grid.folds is not None:
        folded = max(1, widths[grid.folds] - excess)
        excess -= widths[grid.folds] - folded
        widths[grid.folds] = folded
    for _ in range(excess):  # hardly any screen is so narrow
        widths[widths.index(max(widths))] -= 1
    return widths


def _row(row: Row, widths: Sequence[int], grid: Grid) -> Iterator[Text]:
    cells = [_broken(cell, width) for cell, width in zip(row, widths, strict=True)]
    for parts in zip_longest(*cells, fillvalue=Text()):
        line = Text()
        for index, (part, width) in enumerate(zip(parts, widths, strict=True)):
            gap, blanks = " " * (GAP if index else 0), " " * (width - part.width)
            is_right = index in grid.right
            line += styled(gap, blanks, part) if is_right else styled(gap, part, blanks)
        yield line.stripped


def _section_width(section: Section) -> int:
    return section.text.width + (GAP + section.last.width if section.last else 0)


def _section(section: Section, width: int) -> Iterator[Text]:
    """The text at the left, and what stands last at the right, below it where it finds no room."""
    *lines, last = _folded(section.text, width, section.indent)
    yield from lines
    room = width - section.last.width
    if section.last and last.width > room - GAP:
        yield last
        last = Text()
    blanks = " " * (room - last.width) if section.last else ""
    yield last + styled(blanks) + section.last


def _folded(text: Text, width: int, indent: int) -> list[Text]:
    """The lines of a text that is broken where it is too wide; all but the first further right."""
    lines = [*_broken(text, width)]
    if len(lines) == 1:
        return lines
    first, *others = _broken(text, width - indent)
    return [first, *(styled(" " * indent, line).stripped for line in others)]


def _broken(text: Text, width: int) -> Iterator[Text]:
    """The lines of a text, broken at blanks, and within a word where no line has room for it."""
    for line in text.lines:
        breaks, used = [0], 0
        for found in WORD.finditer(line.raw):
            word, at = found[0], found.start()
            needed = cell_len(word.rstrip(" "))
            if used + needed <= width:
                used += cell_len(word)
                continue
            for piece in chop_cells(word, width) if needed > width else [word]:
                breaks.append(at)
                at, used = at + len(piece), cell_len(piece)
        for start, end in pairwise([*dict.fromkeys(breaks), len(line.raw)]):
            yield line[start:end].stripped
