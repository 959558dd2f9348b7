"""The line that says what is going on while Keras computes; it leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from rnnshape.terminal.environment import Environment, is_dumb, is_terminal
from rnnshape.terminal.output import write
from rnnshape.terminal.screen import Screen
from rnnshape.views.page import Page

ECHO = len("^C^C")  # which the terminal may write behind the line, and must not wrap
PERIOD = 0.1  # seconds


class WaitingLine:
    """A context in which a line of the terminal tells what is going on.

    Entered, it gives what is to be told what is being done, as often as time has passed; None where
    no one watches. The line is drawn on stderr, or on stdout if only that is a terminal. The cursor
    is never hidden.
    """

    def __init__(self, environment: Environment, *, painted: bool) -> None:
        streams = () if is_dumb(environment.variables) else (environment.stderr, environment.stdout)
        self._stream = next((stream for stream in streams if is_terminal(stream)), None)
        self._state = "by the rule, not yet measured" if painted else "not yet measured"
        self._begun = time.monotonic()
        self._variables: Mapping[str, str] = environment.variables

    def __enter__(self) -> Callable[[str], None] | None:
        if self._stream is None:
            return None
        self._draw("starting")
        return self._draw

    def __exit__(self, *_: object) -> None:
        self._write(lambda page: "")

    def _draw(self, doing: str) -> None:
        seconds = time.monotonic() - self._begun
        self._write(lambda page: self._text(doing, seconds, page))

    def _write(self, text: Callable[[Page], str]) -> None:
        """Writes a text in place of the one before."""
        if self._stream is not None:
            with suppress(OSError, ValueError):  # the terminal may go away
                screen = Screen(self._stream, self._variables)  # it may be made narrower
                if screen.is_live:
                    page = screen.page._replace(width=screen.page.width - ECHO)
                    write(self._stream, [f"\r{text(page)}\033[K"])

    def _text(self, doing: str, seconds: float, page: Page) -> str:
        wheel, width = page.pick("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "-\\|/"), page.width
        turn = wheel[int(seconds / PERIOD) % len(wheel)]
        words = f"{turn} {self._state} {page.dot} {doing}"
        timed = f"{words} {seconds:.0f} s"
        return timed if len(timed) <= width else words[:width]  # and no part of a number
