"""Blocks as lines of text, for a terminal, a text file or a picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest

from rich.cells import cell_len

from rnnshape.views.blocks import GAP, Block, Grid, Heading, Lines, Picture, Program, Row, Section
from rnnshape.views.page import Page
from rnnshape.views.text import NO_BREAK, Style, Text, joined, styled

# Each group goes by the name of its style.
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
    """A table without walls: columns that stand two blanks apart."""
    widths, gaps = list(grid.widths), GAP * (len(grid.columns) - 1)
    if grid.folds is not None:
        others = grid.width - widths[grid.folds]
        widths[grid.folds] = max(1, min(widths[grid.folds], page.width - others))
    while sum(widths) + gaps > page.width:  # some are broken that should not be
        widths[widths.index(max(widths))] -= 1
    sections = (row for row in (grid.over, *grid.rows) if isinstance(row, Section))
    total = max(sum(widths) + gaps, *(min(page.width, section.width) for section in sections), 0)
    if grid.over:
        yield from _section(grid.over, total)
    yield from _row([styled((name, Style.QUIET)) for name in grid.columns], widths, grid)
    yield styled((page.pick("─", "-") * total, Style.QUIET))
    for row in grid.rows:
        yield from _section(row, total) if isinstance(row, Section) else _row(row, widths, grid)


def _row(row: Row | Sequence[Text], widths: Sequence[int], grid: Grid) -> Iterator[Text]:
    cells = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    for line in zip_longest(*cells, fillvalue=Text()):
        padded = []
        for index, (cell, width) in enumerate(zip(line, widths, strict=True)):
            blanks = " " * (width - cell.width)
            padded.append(styled(blanks, cell) if index in grid.right else styled(cell, blanks))
        yield joined(" " * GAP, padded).stripped


def _section(section: Section, width: int) -> Iterator[Text]:
    """The text at the left, and what stands last at the right, below it where it finds no room."""
    *lines, last = _folded(section.text, width, section.indent)
    yield from lines
    room = width - section.last.width
    if section.last and last.width > room - GAP:
        yield last
        last = Text()
    yield styled(last, " " * (room - last.width), section.last).stripped


def _folded(text: Text, width: int, indent: int) -> list[Text]:
    """The lines of a text that is broken where it is too wide; all but the first further right."""
    if len(_wrapped(text, width)) == 1:
        return [text.stripped]
    first, *others = _wrapped(text, width - indent)
    return [first, *(styled(" " * indent, line).stripped for line in others)]


def _wrapped(text: Text, width: int) -> list[Text]:
    """The lines of a text that is broken where it is too wide: at a blank, or if one of its words
    is too wide, at any blank, and within the word."""
    if text.width <= width:
        return text.lines
    if max(map(cell_len, re.split("[ \n]", text.raw))) > width:
        text = Text(tuple((piece.replace(NO_BREAK, " "), style) for piece, style in text.pieces))
    return [line.stripped for whole in text.lines for line in _broken(whole, width).lines]


def _broken(line: Text, width: int) -> Text:
    """A line with line breaks where it is too wide."""
    breaks = list(_breaks(line.raw, width))
    pieces, start = [], 0
    for piece, style in line.pieces:
        end = start + len(piece)
        cuts = [start, *(place for place in breaks if start <= place < end), end]
        parts = [piece[a - start : b - start] for a, b in pairwise(cuts)]
        pieces.append(("\n".join(parts), style))
        start = end
    return Text(tuple(pieces))


def _breaks(line: str, width: int) -> Iterator[int]:
    """The places of what goes into the next line: words, and letters of those that are too wide."""
    used = 0
    for word in re.finditer(" *[^ ]+ *", line):
        taken = cell_len(word[0].rstrip(" "))
        if used and used + taken > width:
            yield word.start()
            used = 0
        for place, letter in enumerate(word[0] if taken > width else "", start=word.start()):
            if used + cell_len(letter) > width:
                yield place
                used = 0
            used += cell_len(letter)
        used += cell_len(word[0]) if taken <= width else 0
