"""What is said beside the answer, on stderr: an error in one line, or a note."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

__all__ = ["error", "note"]

RED, YELLOW, DIM, RESET = "\033[1;31m", "\033[33m", "\033[2m", "\033[0m"


def error(message: str, details: Sequence[str] = ()) -> None:
    """`error: message`, and under it the details, a line each."""
    _say(f"{_styled('error:', RED)} {_printable(message)}")
    for line in details:
        _say(_styled(f"  | {_printable(line)}", DIM))


def note(message: str) -> None:
    _say(f"{_styled('note:', YELLOW)} {_printable(message)}")


def _printable(text: str) -> str:
    """Without what would break the line or move the cursor: much of it others have written."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def _styled(text: str, style: str) -> str:
    return f"{style}{text}{RESET}" if _coloured() else text


def _coloured() -> bool:
    """By the rules that Rich goes by, without the time it takes to import."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return bool(sys.stderr and sys.stderr.isatty()) and os.environ.get("TERM") != "dumb"


def _say(line: str) -> None:
    if sys.stderr is None:  # it was closed before we came
        return
    with suppress(OSError, ValueError):  # if no one listens, there is nowhere else to say so
        print(line, file=sys.stderr, flush=True)
