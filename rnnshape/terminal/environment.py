"""What a command works with: its streams, its variables, and whoever measures. It is handed in, so
that a test can run a command without a process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rnnshape.expression import Let
    from rnnshape.measuring.messages import Answer, Request
    from rnnshape.network import Dimensions
    from rnnshape.query import Query
    from rnnshape.reading import Reading
    from rnnshape.report import Report
    from rnnshape.training.data import Data

NARROWEST, USUAL, WIDEST = 20, 80, 400  # columns


class Measurer(Protocol):
    """Whoever has Keras compute: a child process, or in a test something else."""

    def answers(
        self, request: Request, tell: Callable[[str], None] | None = None
    ) -> Iterator[Answer]:
        """An answer for each question of the request, in order, each as soon as it is known."""
        ...


class Reader(Protocol):
    """Whoever reads texts and files: a child process, or in a test this one."""

    def knows(self, name: str) -> bool:
        """Whether a name alone stands for something, as a notebook's own do."""
        ...

    def read(self, what: str, let: Let = ..., dimensions: Dimensions = ...) -> Reading:
        """What a text or a file asks for; a `QueryError` where it makes no sense."""
        ...


def _reading_process() -> AbstractContextManager[Reader]:
    from rnnshape.reading.reader import Reader, forked  # a word needs none of it

    return Reader(forked)


def _child_process() -> AbstractContextManager[Measurer]:
    from rnnshape.measuring.process import KerasProcess  # not needed for the rule alone

    return KerasProcess()


@dataclass(frozen=True)
class Environment:
    """The surroundings of one command.

    Attributes:
        stdin, stdout, stderr: None where it was closed before the command began.
        variables: as in `os.environ`.
        measurer: starts whoever measures; it is gone when the `with` block ends.
        reader: the same of whoever reads.
        arrays: the arrays that a notebook has, by their names.
        show: shows a query's reports, perhaps pending, where a notebook is the screen; false where
            it is not.
    """

    stdin: TextIO | None = field(default_factory=lambda: sys.stdin)
    stdout: TextIO | None = field(default_factory=lambda: sys.stdout)
    stderr: TextIO | None = field(default_factory=lambda: sys.stderr)
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)
    measurer: Callable[[], AbstractContextManager[Measurer]] = _child_process
    reader: Callable[[], AbstractContextManager[Reader]] = _reading_process
    arrays: Mapping[str, Data] = field(default_factory=dict)
    show: Callable[[Query, Sequence[Report], bool], bool] | None = None


def is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it was closed
        return False


def is_dumb(variables: Mapping[str, str]) -> bool:
    """Whether the terminal knows of no escape sequences."""
    return variables.get("TERM", "").lower() in ("dumb", "unknown")


def writes_unicode(stream: TextIO | None) -> bool:
    return stream is None or (stream.encoding or "utf-8").lower().startswith("utf")


def is_coloured(stream: TextIO | None, variables: Mapping[str, str]) -> bool:
    """Whether what is written there has colours: by the variables, or as a terminal has them."""
    if variables.get("NO_COLOR"):
        return False
    if variables.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and not is_dumb(variables)


def size(streams: Sequence[TextIO | None], variables: Mapping[str, str]) -> tuple[int, int]:
    """Columns and lines, by the variables, by the first terminal, or as usual."""
    wide, high = _number(variables.get("COLUMNS")), _number(variables.get("LINES"))
    for stream in streams:
        if wide and high:
            break
        if stream is not None and is_terminal(stream):
            with suppress(OSError, ValueError):
                found = os.get_terminal_size(stream.fileno())
                wide, high = wide or found.columns, high or found.lines
    return min(max(wide or USUAL, NARROWEST), WIDEST), high or 25


def _number(text: str | None) -> int:
    """A number that a variable gives; 0 where it gives none."""
    if text and text.isascii() and text.isdecimal():
        return int(text[:10])
    return 0
