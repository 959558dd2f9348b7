"""What a view has to draw on: its width, the characters it can show, and the styles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

from rnnshape.rules import Axis

__all__ = ["Page", "standard_page", "writes_unicode"]

NAME = "bold cyan"
SHAPE = "bold"
QUIET = "dim"
GOOD = "green"
BAD = "bold red"
TITLE = "bold"


@dataclass(frozen=True, slots=True)
class Page:
    """A screen, a file or a pipe, as far as a view needs to know it."""

    width: int
    unicode: bool

    def pick(self, fine: str, plain: str) -> str:
        """`fine` where Unicode can be written, else `plain`."""
        return fine if self.unicode else plain

    @property
    def check(self) -> str:
        return self.pick("✓", "ok")

    @property
    def cross(self) -> str:
        return self.pick("✗", "NO")

    @property
    def dot(self) -> str:
        return self.pick("·", "-")

    def axes(self, axes: Iterable[Axis]) -> str:
        """`(batch, 2·units)`"""
        names = [axis.name.replace("*", self.pick("·", "*")) for axis in axes]
        return f"({', '.join(names)}{',' if len(names) == 1 else ''})"

    def expression(self, text: str) -> str:
        return text.replace("->", self.pick("→", "->"))


def standard_page(stream: TextIO | None = None) -> Page:
    """For a document that is read elsewhere; as plain as the stream that it is written to."""
    return Page(width=80, unicode=stream is None or writes_unicode(stream))


def writes_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().startswith("utf")
