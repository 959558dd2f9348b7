"""The line that says what is going on while Keras computes; it leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rnnshape.terminal.environment import Environment, is_dumb, is_terminal
from rnnshape.terminal.output import write
from rnnshape.terminal.screen import Screen
from rnnshape.views.page import Page

ECHO = len("^C^C")  # which the terminal may write behind the line, and must not wrap
PERIOD = 0.1  # seconds


@contextmanager
def waiting_line(
    environment: Environment, *, painted: bool
) -> Iterator[Callable[[str], None] | None]:
    """While the body runs, a line of the terminal tells what is going on.

    The body gets what is to be told what is being done, as often as time has passed; None where no
    one watches. The line is drawn on stderr, or on stdout if only that is a terminal. The cursor is
    never hidden.
    """
    streams = () if is_dumb(environment.variables) else (environment.stderr, environment.stdout)
    stream = next((stream for stream in streams if is_terminal(stream)), None)
    if stream is None:
        yield None
        return
    begun = time.monotonic()

    def draw(doing: str = "") -> None:
        with suppress(OSError, ValueError):  # the terminal may go away
            screen = Screen(stream, environment.variables)  # it may be made narrower
            if screen.is_live:
                page = screen.page._replace(width=screen.page.width - ECHO)
                text = doing and text_of(doing, time.monotonic() - begun, page, painted=painted)
                write(stream, [f"\r{text}\033[K"])  # in place of the one before

    draw("starting")
    try:
        yield draw
    finally:
        draw()


def text_of(doing: str, seconds: float, page: Page, *, painted: bool) -> str:
    """`⠙ by the rule, not yet measured · model.predict 3 s`"""
    wheel, width = page.pick("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "-\\|/"), page.width
    turn = wheel[int(seconds / PERIOD) % len(wheel)]
    words = f"{turn} {'by the rule, ' * painted}not yet measured {page.dot} {doing}"
    timed = f"{words} {seconds:.0f} s"
    return timed if len(timed) <= width else words[:width]  # and no part of a number
