"""How a command ends, as its exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ends, if it isn't interrupted."""

    ANSWERED = 0
    FAILED = 1
    WRONG = 2
