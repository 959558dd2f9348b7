"""Blocks as lines of text: for a terminal, a text file, or a picture of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rnnshape.views.blocks import GAP, Block, Grid, Heading, Lines, Picture, Program, Row, Section
from rnnshape.views.page import Page
from rnnshape.views.text import Style, Text, joined, styled, wrapped

__all__ = ["highlighted", "laid_out", "unbroken_width"]

TOKENS = re.compile(
    r"(?P<literal>'[^'\n]*'|\"[^\"\n]*\"|\b\d[\d_.e]*\b)|\b(?P<keyword>from|import|None|True|False)\b"
    r"|(?P<quiet>#.*)"
)


def laid_out(blocks: Iterable[Block], page: Page) -> Iterator[Text]:
    """The lines of blocks, a blank line between them."""
    for number, block in enumerate(blocks):
        if number:
            yield Text()
        yield from _lines(block, page)


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
        pieces += [(code[end : found.start()], Style.PLAIN), (found[0], _token_style(found))]
        end = found.end()
    return Text((*pieces, (code[end:], Style.PLAIN)))


def _token_style(found: re.Match[str]) -> Style:
    return {"literal": Style.LITERAL, "keyword": Style.KEYWORD}.get(
        found.lastgroup or "", Style.QUIET
    )


def _lines(block: Block, page: Page) -> Iterator[Text]:
    match block:
        case Heading(title, note, lines):
            head = styled((page.expression(title), Style.TITLE))
            head += styled((f"  {note}", Style.QUIET)) if note else Text()
            for line in (head, *lines):
                yield from wrapped(line, page.width, indent=2)
        case Lines(lines, indent):
            for line in lines:
                yield from wrapped(line, page.width, indent)
        case Picture(text):
            yield from text.lines  # broken, it would be of no use: it would rather run over
        case Program(code):
            yield from highlighted(code.rstrip("\n")).lines
        case Grid():
            yield from _grid(block.fitted(page.width), page)


def _grid(grid: Grid, page: Page) -> Iterator[Text]:
    widths = list(grid.widths)
    if grid.folds is not None:
        others = grid.width - widths[grid.folds]
        widths[grid.folds] = max(1, min(widths[grid.folds], page.width - others))
    total = min(sum(widths) + GAP * (len(widths) - 1), page.width)
    sections = [row for row in (grid.over, *grid.rows) if isinstance(row, Section)]
    total = max([total, *(min(page.width, _section_width(one)) for one in sections)])
    if grid.over:
        yield from _section(grid.over, total)
    head = tuple(styled((name, Style.QUIET)) for name in grid.columns)
    yield from _row(head, widths, grid)
    yield styled((page.pick("─", "-") * total, Style.QUIET))
    for row in grid.rows:
        if isinstance(row, Section):
            yield from _section(row, total)
        else:
            yield from _row(row, widths, grid)


def _section_width(section: Section) -> int:
    return section.text.width + (GAP + section.last.width if section.last else 0)


def _section(section: Section, width: int) -> Iterator[Text]:
    *lines, last = wrapped(section.text, width, section.indent)
    if section.last:
        room = width - section.last.width
        if last.width + GAP > room:
            lines, last = [*lines, last], Text()
        last += styled(" " * (room - last.width)) + section.last
    yield from (*lines, last)


def _row(row: Row, widths: list[int], grid: Grid) -> Iterator[Text]:
    columns = [
        wrapped(cell, widths[index]) if index == grid.folds else cell.lines
        for index, cell in enumerate(row)
    ]
    for number in range(max(map(len, columns))):
        line = [
            _padded(
                column[number] if number < len(column) else Text(), width, right=index in grid.right
            )
            for index, (column, width) in enumerate(zip(columns, widths, strict=True))
        ]
        yield _stripped(joined(" " * GAP, line))


def _padded(cell: Text, width: int, *, right: bool) -> Text:
    blank = styled(" " * (width - cell.width))
    return blank + cell if right else cell + blank


def _stripped(line: Text) -> Text:
    """Without the blanks at its end."""
    return line[: len(line.raw.rstrip(" "))]
