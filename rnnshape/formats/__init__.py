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


def left_out(views: Collection[str], form: Format) -> dict[str, str]:
    """The names of those views that a format has no place for, each with what it has instead.

    >>> left_out({"weights", "diagram"}, Format.JSON)
    {'diagram': ''}
    """
    from rnnshape.views import VIEWS  # whose list says in which formats each has a place

    return {
        view.name: view.in_csv if form == Format.CSV else ""
        for view in VIEWS
        if view.name in views and form not in view.formats
    }
