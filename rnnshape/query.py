"""What one command asks for: the questions, what to show of them, and how."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from rnnshape.errors import QueryError
from rnnshape.network import Question


class Format(StrEnum):
    """The formats that an answer can be written in."""

    TABLE = "table"
    PLAIN = "plain"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


class Query(NamedTuple):
    """One command's questions.

    Attributes:
        questions: in the order in which they are shown.
        reads_stdin: whether the questions come from standard input, a line each.
        views: the names of what to show beside the outputs.
        format: how to write it; a table where none was named.
        code_alone: whether a pipe gets the program and nothing else.
        compare: the flags that are a comparison's columns; empty where nothing is compared.
        dry_run, seed: as on the command line.
        export: where to write the table's views as a picture or page, too.
        remarks: what is said of the texts themselves.
        messages: what of the text Keras would refuse, or is not answered, and why.
        unused: the options that no text takes, and what is said of each; of a line alone others may
            take them.
    """

    questions: tuple[Question, ...] = ()
    reads_stdin: bool = False
    views: frozenset[str] = frozenset()
    format: Format = Format.TABLE
    code_alone: bool = False
    compare: tuple[str, ...] = ()
    dry_run: bool = False
    seed: int | None = None
    export: Path | None = None
    remarks: tuple[str, ...] = ()
    messages: tuple[QueryError, ...] = ()
    unused: tuple[tuple[str, str], ...] = ()
