"""Signals that ask the command to end: they end it quietly and soon, whatever it is doing."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
SECONDS_TO_LEAVE = 0.5  # and then the command ends, wherever it is

_received: int | None = None
_continued = 0


class Interrupted(BaseException):
    """Raised wherever the command is when a signal asks it to end; contexts close on the way."""


def handle_signals() -> None:
    """From now on signals raise `Interrupted`, unless the shell has them ignored, as `nohup`."""
    wait_for_children()
    for name in SIGNALS:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_signal)
    if hasattr(signal, "SIGCONT"):
        signal.signal(signal.SIGCONT, _on_continue)


def wait_for_children() -> None:
    """Whoever started this process may ignore the end of its own: then nobody could wait for it."""
    if hasattr(signal, "SIGCHLD"):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def received_signal() -> int | None:
    """The signal that asked the command to end, if one did. It decides the exit code, also where
    another exception has taken the place of `Interrupted`."""
    return _received


def times_continued() -> int:
    """How often the command was stopped and went on: others may have written meanwhile."""
    return _continued


@contextmanager
def signals_held_back() -> Iterator[None]:
    """A signal waits until the block ends, and a thread that is started in it never takes one:
    the main thread, which handles them, would not be woken."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _on_continue(signum: int, frame: FrameType | None) -> None:
    global _continued
    _continued += 1


def _on_signal(signum: int, frame: FrameType | None) -> None:
    global _received
    bounded = hasattr(signal, "setitimer")
    if _received is not None:  # one is enough, and what it set off must not be cut short
        if not bounded:
            os._exit(128 + _received)
        return
    _received = signum
    # Python drops what is raised within some callbacks, and says so: then the timer ends it.
    sys.unraisablehook = lambda _: None
    if bounded:
        signal.signal(signal.SIGALRM, lambda *_: os._exit(128 + signum))
        signal.setitimer(signal.ITIMER_REAL, SECONDS_TO_LEAVE)
    raise Interrupted
