"""How an answer is written: a module per format, and `Answer`, which the command line calls."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

__all__ = ["SUFFIXES", "Format", "left_out"]

SUFFIXES = (".svg", ".html", ".txt")  # of the files that can be exported


class Format(StrEnum):
    """The formats that an answer can be written in."""

    TABLE = "table"
    PLAIN = "plain"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


def left_out(views: Collection[str], form: Format) -> tuple[str, ...]:
    """The names of those views that a format has no place for.

    >>> left_out({"weights", "diagram"}, Format.JSON)
    ('diagram',)
    """
    from rnnshape.views import VIEWS  # whose list says in which formats each has a place

    return tuple(view.name for view in VIEWS if view.name in views and form not in view.formats)
