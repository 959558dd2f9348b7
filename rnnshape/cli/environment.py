"""What a command works with: its streams, its variables, and whoever measures. It is handed in, so
that a test can run a command without a process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rnnshape.measuring.messages import Failure, Measurement, Progress, Request

__all__ = ["Environment", "Measurer"]


class Measurer(Protocol):
    """Whoever has Keras compute: a child process, or in a test something else."""

    def answers(
        self, request: Request, tell: Callable[[Progress], None] | None = None
    ) -> Iterator[Measurement | Failure]:
        """An answer for each question of the request, in order, each as soon as it is known.

        Raises:
            MeasurementError: no question can be measured, this one or any other.
        """
        ...


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
    """

    stdin: TextIO | None = field(default_factory=lambda: sys.stdin)
    stdout: TextIO | None = field(default_factory=lambda: sys.stdout)
    stderr: TextIO | None = field(default_factory=lambda: sys.stderr)
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)
    measurer: Callable[[], AbstractContextManager[Measurer]] = _child_process
