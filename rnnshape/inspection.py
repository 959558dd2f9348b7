"""What one command asks for: the layers, what to show of them, and how."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path

from rnnshape.spec import LayerSpec, Word

__all__ = ["FLAGS", "SUFFIXES", "ExitCode", "Format", "Inspection", "View"]

FLAGS = ("bidirectional", "return_sequences", "return_state")
SUFFIXES = (".svg", ".html", ".txt")  # of what can be exported


class ExitCode(IntEnum):
    """How a command ends, if it isn't interrupted."""

    ANSWERED = 0
    FAILED = 1
    WRONG = 2


class Format(Word):
    """How an answer is written: for people, for programs, or for a document."""

    TABLE = "table"
    PLAIN = "plain"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


class View(StrEnum):
    """What can be shown of a layer beside its outputs."""

    WEIGHTS = "weights"
    DIAGRAM = "diagram"
    CODE = "code"
    VALUES = "values"


CARRIES = {
    Format.TABLE: frozenset(View),
    Format.MARKDOWN: frozenset(View),
    Format.JSON: frozenset({View.WEIGHTS, View.CODE, View.VALUES}),
    Format.PLAIN: frozenset({View.WEIGHTS}),
    Format.CSV: frozenset({View.WEIGHTS}),
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """One command's question.

    Attributes:
        specs: the layers, in the order in which they are shown; all are given the same input.
        views: what to show beside the outputs.
        format: how to write it; a table where none was named.
        code_alone: whether a pipe gets the program and nothing else.
        compare: one row a layer, so that the eye runs down a column.
        dry_run, seed: as on the command line.
        export: where to write the table's views as a picture or page, too.
    """

    specs: tuple[LayerSpec, ...]
    views: frozenset[View] = frozenset()
    format: Format = Format.TABLE
    code_alone: bool = False
    compare: bool = False
    dry_run: bool = False
    seed: int | None = None
    export: Path | None = None

    @property
    def left_out(self) -> list[View]:
        """The views that the format has no place for."""
        return sorted(self.views - CARRIES[self.format])

    @property
    def printed_values(self) -> bool:
        """Whether values are shown as NumPy prints them."""
        as_table = self.format is not Format.JSON and View.VALUES not in self.left_out
        return View.VALUES in self.views and (as_table or self.export is not None)

    @property
    def whole_values(self) -> bool:
        """Whether every single number is wanted."""
        return View.VALUES in self.views and self.format is Format.JSON

    @property
    def varying(self) -> tuple[str, ...]:
        """The flags that differ between the layers of a comparison: its columns."""
        if not self.compare:
            return ()
        return tuple(
            flag for flag in FLAGS if len({getattr(spec, flag) for spec in self.specs}) > 1
        )
