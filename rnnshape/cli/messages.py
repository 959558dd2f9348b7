"""What is said beside the answer, on stderr: an error with its place, or a note."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from rnnshape.errors import LONGEST_LINE, Place, printable
from rnnshape.terminal.environment import Environment, is_terminal
from rnnshape.terminal.output import write

ANY_WIDTH = 10**9  # what is no terminal has a message in one line
BESIDE_PLACE = len("  | ......")  # what stands beside a part of a line


def error(
    environment: Environment,
    message: str,
    details: Sequence[str] = (),
    place: Place | None = None,
) -> None:
    """`error: message`, and under it the place that it is about, or details, a line each."""
    _write(environment, "error:", message, details, place)


def note(
    environment: Environment,
    message: str,
    details: Sequence[str] = (),
    place: Place | None = None,
) -> None:
    """`note: message`, and the same under it."""
    _write(environment, "note:", message, details, place)


def say(environment: Environment, text: str) -> None:
    """Writes lines as they are."""
    if environment.stderr is not None:  # it was closed before we came
        with suppress(OSError, ValueError):  # if no one listens, there is nowhere else to say so
            write(environment.stderr, [f"{text}\n"])


def words_of_bug(bug: Exception) -> str:
    """What is said of an exception that nobody expected."""
    return f"a bug in rnnshape, please report it: {type(bug).__name__}: {bug}"


def _write(
    environment: Environment,
    kind: str,
    message: str,
    details: Sequence[str],
    place: Place | None,
) -> None:
    from rnnshape.formats.layout import laid_out  # not every command has anything to say
    from rnnshape.terminal.screen import Screen
    from rnnshape.views.blocks import Lines
    from rnnshape.views.page import Page
    from rnnshape.views.text import Style, styled

    stream = environment.stderr
    if stream is None:
        return
    screen = Screen(stream, environment.variables)
    page = screen.page if is_terminal(stream) else Page(ANY_WIDTH)
    if place is not None:
        where = [f"{place.where}:"] if place.where else []
        details = (*where, *place.shown_in(min(LONGEST_LINE, page.width - BESIDE_PLACE)))
    style = Style.BAD if kind == "error:" else Style.TITLE
    said = Lines((styled((kind, style), f" {printable(message)}"),), indent=2)
    quiet = (styled((f"  | {printable(detail)}", Style.QUIET)) for detail in details)
    with suppress(OSError, ValueError):
        screen.write([*laid_out([said], page), *quiet])
