"""The line that says what is going on while Keras computes; it leaves nothing behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from rnnshape.interruption import signals_held_back
from rnnshape.terminal.environment import Environment, is_dumb, is_terminal
from rnnshape.terminal.output import write
from rnnshape.terminal.screen import Screen

if TYPE_CHECKING:
    from rnnshape.measuring.messages import Progress
    from rnnshape.views.page import Page

BAR = 12  # characters
ECHO = len("^C^C")  # which the terminal may write behind the line, and must not wrap
PERIOD = 0.1  # seconds


class WaitingLine:
    """A context in which a line of the terminal tells what is going on.

    Entered, it gives what is to be told of progress; None where no one watches. The line is drawn
    on stderr, or on stdout if only that is a terminal. The cursor is never hidden, and no signal
    reaches this thread while the line is put up or taken away.
    """

    def __init__(self, environment: Environment, *, painted: bool) -> None:
        streams = () if is_dumb(environment.variables) else (environment.stderr, environment.stdout)
        self._stream = next((stream for stream in streams if is_terminal(stream)), None)
        self._state = "by the rule, not yet measured" if painted else "not yet measured"
        self._begun = time.monotonic()
        self._progress: Progress | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._variables: Mapping[str, str] = environment.variables

    def __enter__(self) -> Callable[[Progress], None] | None:
        if self._stream is None:
            return None
        try:
            with signals_held_back(), suppress(RuntimeError):
                self._thread = threading.Thread(target=self._draw, daemon=True)
                self._thread.start()  # it fails where no more threads can be had: then do without
        except BaseException:
            self._erase()
            raise
        return self._tell

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._erase()

    def _tell(self, progress: Progress) -> None:
        self._progress = progress

    def _draw(self) -> None:
        assert self._stream is not None
        turn = 0
        with suppress(OSError, ValueError):  # the terminal may go away
            while not self._over.is_set():
                screen = Screen(self._stream, self._variables)  # it may be made narrower
                if screen.is_live:
                    text = self._text(turn, screen.page._replace(width=screen.page.width - ECHO))
                    write(self._stream, [f"\r{text}\033[K"])
                turn += 1
                self._over.wait(PERIOD)

    def _text(self, turn: int, page: Page) -> str:
        wheel, width = page.pick("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "-\\|/"), page.width
        progress = self._progress
        doing = progress.doing if progress else "starting"
        parts = [f"{wheel[turn % len(wheel)]} {self._state} {page.dot} {doing}"]
        if progress and progress.total:
            full = BAR * min(progress.done, progress.total) // progress.total
            parts.append(page.pick("━", "#") * full + page.pick("╌", ".") * (BAR - full))
        parts.append(f"{time.monotonic() - self._begun:.0f} s")
        while len(" ".join(parts)) > width and len(parts) > 1:
            parts.pop()  # rather than show a part of a number
        return " ".join(parts)[:width]

    def _erase(self) -> None:
        """Takes the line away. Signals wait until that is done; one that came before is raised."""
        try:
            with signals_held_back():
                self._stop()
        finally:
            if not self._over.is_set():
                self._stop()

    def _stop(self) -> None:
        assert self._stream is not None
        self._over.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(timeout=1)
        with suppress(OSError, ValueError):
            if Screen(self._stream, self._variables).is_live:
                write(self._stream, ["\r\033[K"])
