"""What views are made of, as plain data: a heading, some lines, a grid, a picture, a program.

The views say what is shown; here each block is drawn with Rich, and in `markdown` as Markdown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from rnnshape.render.page import QUIET, TITLE, Page

__all__ = [
    "GAP",
    "Block",
    "Grid",
    "Heading",
    "Lines",
    "Picture",
    "Program",
    "show",
    "unbroken_width",
]

GAP = 2
READABLE = 26  # a column of prose any narrower is a column of syllables
PLAIN_HEAD = Box(str(SIMPLE_HEAD).replace("─", "-"), ascii=True)

Row = tuple[Text, ...]


@dataclass(frozen=True)
class Heading:
    """A Keras expression, a word on it, and lines that belong right under it."""

    title: str
    note: str = ""
    lines: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Lines:
    """Sentences, a line each."""

    lines: tuple[Text, ...]


@dataclass(frozen=True)
class Picture:
    """Text whose lines must not be broken."""

    text: Text


@dataclass(frozen=True)
class Program:
    """A Python program."""

    code: str


@dataclass(frozen=True)
class Grid:
    """Rows under named columns, the last of which may be folded if `prose`.

    `aligned` are the rows of all the grids whose columns line up with this one's.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    prose: bool = True
    aligned: tuple[Row, ...] = ()

    @property
    def widths(self) -> list[int]:
        """Of each column, as wide as its longest line."""
        columns = zip(*(self.aligned or self.rows), strict=True)
        cells = (
            (name, *(cell.plain for cell in column))
            for name, column in zip(self.columns, columns, strict=True)
        )
        lines = (chain.from_iterable(cell.split("\n") for cell in column) for column in cells)
        return [max(map(len, column)) for column in lines]

    @property
    def width(self) -> int:
        """What it takes to show it with nothing folded."""
        return sum(self.widths) + GAP * (len(self.columns) - 1)

    def fitted(self, page: Page) -> Grid:
        """The same with fewer columns, where the last would else be too narrow to be read: the
        one before it joins it, line by line."""
        *others, last = self.widths
        room = page.width - sum(others) - GAP * len(others)
        if not self.prose or len(self.columns) <= 2 or room >= min(READABLE, last):
            return self
        columns = (*self.columns[:-2], self.columns[-1])
        return Grid(columns, _joined(self.rows), True, _joined(self.aligned)).fitted(page)


Block = Heading | Lines | Picture | Program | Grid


def show(blocks: Iterable[Block], console: Console, page: Page) -> None:
    """Prints blocks as Rich shows them, a blank line after each."""
    for block in blocks:
        # A program or a picture with a broken line is of no use: it would rather run over the edge.
        console.print(_drawn(block, page), soft_wrap=isinstance(block, Picture | Program))
        console.print()


def unbroken_width(blocks: Iterable[Block]) -> int:
    """How wide the widest of the blocks is that can't be folded; 0 if all can."""
    texts = (
        block.code if isinstance(block, Program) else block.text.plain
        for block in blocks
        if isinstance(block, Picture | Program)
    )
    return max((len(line) for text in texts for line in text.split("\n")), default=0)


def _drawn(block: Block, page: Page) -> RenderableType:
    match block:
        case Heading(title, note, lines):
            head = Text.assemble((page.expression(title), TITLE), (f"  {note}".rstrip(), QUIET))
            return Group(head, *lines)
        case Lines(lines):
            return Group(*lines)
        case Picture(text):
            return text
        case Program(code):
            return _highlighted(code)
        case Grid():
            return _table(block.fitted(page), page)


def _table(grid: Grid, page: Page) -> Table:
    """A table without walls: names and shapes stay whole, and what is said of them is folded."""
    table = Table(
        box=SIMPLE_HEAD if page.unicode else PLAIN_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, GAP - 1, 0, 0),
        header_style=QUIET,
    )
    last = len(grid.columns) - 1
    for index, (name, width) in enumerate(zip(grid.columns, grid.widths, strict=True)):
        folds = grid.prose and index == last
        table.add_column(
            name, no_wrap=not folds, overflow="fold", min_width=None if folds else width
        )
    for row in grid.rows:
        table.add_row(*row)
    return table


def _highlighted(code: str) -> Text:
    from rich.syntax import Syntax  # it brings Pygments, which few commands need

    text = Syntax("", "python", theme="ansi_dark").highlight(code)
    text.rstrip()
    return text


def _joined(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple((*row[:-2], Text("\n").join(cell for cell in row[-2:] if cell)) for row in rows)
