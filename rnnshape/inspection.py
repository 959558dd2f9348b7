"""What one command asks for: the layers, what to show of them, and how."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rnnshape.spec import LayerSpec, choose

__all__ = ["FLAGS", "Format", "Inspection", "View"]

FLAGS = ("bidirectional", "return_sequences", "return_state")


class Format(StrEnum):
    """How an answer is written. All but `TABLE` are for programs to read."""

    TABLE = "table"
    PLAIN = "plain"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"

    @classmethod
    def _missing_(cls, value: object) -> Format:
        return cls(choose("format", str(value).lower(), tuple(cls), given=value))


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
        format: None when none was named, which means a table, or in a pipe `--code` alone.
        compare: one row a layer, so that the eye runs down a column.
    """

    specs: tuple[LayerSpec, ...]
    views: frozenset[View] = frozenset()
    format: Format | None = None
    compare: bool = False
    dry_run: bool = False
    seed: int | None = None
    export: Path | None = None

    @property
    def written(self) -> Format:
        return self.format or Format.TABLE

    @property
    def code_alone(self) -> bool:
        """Whether nothing but the program was asked for: `rnnshape gru --code > layer.py`."""
        others = self.compare or self.format or self.export
        return self.views == {View.CODE} and not others

    @property
    def left_out(self) -> list[View]:
        """The views that the format has no place for."""
        return sorted(self.views - CARRIES[self.written])

    @property
    def varying(self) -> tuple[str, ...]:
        """The flags that differ between the layers: the columns of a comparison."""
        return tuple(
            flag for flag in FLAGS if len({getattr(spec, flag) for spec in self.specs}) > 1
        )
