"""What views are made of, as plain data: headings, lines, grids, pictures, programs.

The views say what is shown; each format says what that looks like.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from rich.cells import cell_len

from rnnshape.errors import printable
from rnnshape.views.text import Style, Text, width_of

GAP = 2  # blanks between the columns of a grid
READABLE = 26  # a column of prose any narrower is a column of syllables
NARROWEST = 11  # what shapes need

Row = tuple[Text, ...]


@dataclass(frozen=True)
class Heading:
    """A Keras expression or the name of a model, a word on it, and lines right under it."""

    title: str
    note: str = ""
    lines: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", printable(self.title))  # others have written it


class Lines(NamedTuple):
    """Statements, a line each; where one is too long, the rest of it begins further right.

    Attributes:
        is_prose: whether they are sentences, and not code, results and relations.
    """

    lines: tuple[Text, ...]
    indent: int = 0
    is_prose: bool = False


class Picture(NamedTuple):
    """Text whose lines must not be broken."""

    text: Text
    description: str = ""


class Program(NamedTuple):
    """A Python program."""

    code: str


@dataclass(frozen=True, slots=True)
class Section:
    """A row of a grid that goes over all its columns; `last` stands at its right end."""

    text: Text
    last: Text = field(default_factory=Text)
    indent: int = 0

    @property
    def has_title(self) -> bool:
        """Whether it is the head of a layer's rows."""
        return any(span.style == Style.TITLE for span in self.text.spans)


@dataclass(frozen=True)
class Grid:
    """Rows under named columns.

    Attributes:
        columns: their names.
        rows: each with as many cells as there are columns, or a section.
        folds: the column whose cells may be folded; None where none may.
        right: the columns whose cells stand at the right, as numbers do.
        over: what stands above the columns' names, where sections have names of their own.
    """

    columns: tuple[str, ...]
    rows: tuple[Row | Section, ...]
    folds: int | None = None
    right: tuple[int, ...] = ()
    over: Section | None = None

    @property
    def parts(self) -> Iterator[Section | list[Row]]:
        """Its sections, and the rows between them."""
        for kind, group in groupby(self.rows, key=type):
            rows: list[Any] = [*group]
            yield from rows if kind is Section else [rows]

    @property
    def titles(self) -> list[str]:
        """The columns' names where each has room for its own."""
        return [name.replace("_\n", "_").strip() for name in self.columns]

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Of each column, as wide as its longest line."""
        widths = [max(map(cell_len, name.split("\n"))) for name in self.columns]
        for row in self.rows:
            if isinstance(row, tuple):
                for index, cell in enumerate(row):
                    widths[index] = max(widths[index], width_of(cell))
        return tuple(widths)

    @property
    def width(self) -> int:
        """What it takes to show it with nothing folded."""
        return sum(self.widths) + GAP * (len(self.columns) - 1)

    def fitted(self, width: int) -> Grid:
        """The same with fewer columns, where the last would else be too narrow to be read: the
        one before it joins it, line by line."""
        last, folded = len(self.columns) - 1, self.widths[-1]
        has_room = self.width - folded + min(READABLE, folded) <= width
        if self.folds != last or last == 0 or has_room:
            return self
        if last == 1 and width - self.widths[0] - GAP >= NARROWEST:
            return self
        columns = (*self.columns[:-2], "\n".join(filter(None, self.columns[-2:])))
        rows = tuple(
            row
            if isinstance(row, Section)
            else (*row[:-2], Text("\n").join(filter(None, row[-2:])))
            for row in self.rows
        )
        right = tuple(index for index in self.right if index < last - 1)
        return replace(self, columns=columns, rows=rows, folds=last - 1, right=right).fitted(width)


Block = Heading | Lines | Picture | Program | Grid
