"""The command line: its options, the query that they mean, and the wording of what is wrong."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ends, if it isn't interrupted."""

    ANSWERED = 0
    FAILED = 1
    WRONG = 2
