"""What is said beside the answer, on stderr: an error with its place, or a note."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from rnnshape.terminal.environment import Environment, is_coloured

__all__ = ["error", "note"]

RED, YELLOW, DIM, RESET = "\033[1;31m", "\033[33m", "\033[2m", "\033[0m"


def error(environment: Environment, message: str, details: Sequence[str] = ()) -> None:
    """`error: message`, and under it the details, a line each."""
    _write(environment, "error:", RED, message, details)


def note(environment: Environment, message: str, details: Sequence[str] = ()) -> None:
    """`note: message`, and under it the details, a line each."""
    _write(environment, "note:", YELLOW, message, details)


def words_of_bug(bug: Exception) -> str:
    """What is said of an exception that nobody expected."""
    return f"a bug in rnnshape, please report it: {type(bug).__name__}: {bug}"


def printable(text: str) -> str:
    """Without what would break the line or move the cursor: much of it others have written.

    >>> printable("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def _write(
    environment: Environment, kind: str, style: str, message: str, details: Sequence[str]
) -> None:
    if environment.stderr is None:  # it was closed before we came
        return
    coloured = is_coloured(environment.stderr, environment.variables)

    def styled(text: str, style: str) -> str:
        return f"{style}{text}{RESET}" if coloured else text

    lines = [f"{styled(kind, style)} {printable(message)}"]
    lines += [styled(f"  | {printable(line)}".rstrip(), DIM) for line in details]
    with suppress(OSError, ValueError):  # if no one listens, there is nowhere else to say so
        print("\n".join(lines), file=environment.stderr, flush=True)
