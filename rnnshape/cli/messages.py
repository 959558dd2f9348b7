"""What is said beside the answer, on stderr: an error with its place, or a note."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from rnnshape.errors import LONGEST_LINE, Place, printable
from rnnshape.interruption import received_signal
from rnnshape.terminal.environment import Environment, is_coloured, is_terminal, size
from rnnshape.terminal.output import write

RED, YELLOW, DIM, RESET = "\033[1;31m", "\033[33m", "\033[2m", "\033[0m"
BESIDE_PLACE = len("  | ......")  # what stands beside a part of a line


def error(
    environment: Environment,
    message: str,
    details: Sequence[str] = (),
    place: Place | None = None,
) -> None:
    """`error: message`, and under it the place that it is about, or details, a line each."""
    _write(environment, "error:", RED, message, details, place)


def note(environment: Environment, message: str, place: Place | None = None) -> None:
    """`note: message`, and the same under it."""
    _write(environment, "note:", YELLOW, message, (), place)


def say(environment: Environment, text: str) -> None:
    """Writes lines as they are."""
    if environment.stderr is not None:  # it was closed before we came
        with suppress(OSError, ValueError):  # if no one listens, there is nowhere else to say so
            write(environment.stderr, [f"{text}\n"])


def words_of_bug(bug: Exception, environment: Environment) -> str:
    """What is said of an exception that nobody expected; it is raised where a signal has led to it,
    or someone asks to see it."""
    if received_signal() is not None or environment.variables.get("RNNSHAPE_TRACEBACK"):
        raise bug
    if isinstance(bug, MemoryError):
        return "there is too little memory to answer"
    if isinstance(bug, RecursionError):
        return "this is nested too deeply to be answered"
    return f"a bug in rnnshape, please report it: {type(bug).__name__}: {bug}"


def _write(
    environment: Environment,
    kind: str,
    style: str,
    message: str,
    details: Sequence[str],
    place: Place | None,
) -> None:
    stream, variables = environment.stderr, environment.variables
    width = size((stream,), variables)[0] if is_terminal(stream) else None
    if place is not None:
        most = LONGEST_LINE if width is None else min(LONGEST_LINE, width - BESIDE_PLACE)
        details = place.details(most)
    said = [line.rstrip() for line in _folded(f"{kind} {printable(message)}", width)]
    below = [f"  | {printable(detail)}".rstrip() for detail in details]
    if is_coloured(stream, variables):
        said[0] = f"{style}{kind}{RESET}{said[0].removeprefix(kind)}"
        below = [f"{DIM}{line}{RESET}" for line in below]
    say(environment, "\n".join([*said, *below]))


def _folded(text: str, width: int | None) -> list[str]:
    """A text in lines of a terminal, folded between words. A pipe has it in one line."""
    if width is None or len(text) <= width:
        return [text]
    from textwrap import wrap  # few messages need it

    return wrap(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
