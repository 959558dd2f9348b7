"""The entry: Ctrl-C and SIGTERM end the command quietly, whatever it is doing."""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

__all__ = ["main"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)
PATIENCE = 0.5  # seconds to clean up in, once asked to leave


class Interrupted(BaseException):
    """A signal that asks the command to end. Contexts close on its way out."""

    def __init__(self, signum: int) -> None:
        self.exit_code = 128 + signum


def main() -> NoReturn:
    """Runs the command line that this process was started with, and exits with its code."""
    try:
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as the shell may have it
                signal.signal(number, _interrupt)
        gc.set_threshold(100_000)  # starting makes many objects and little garbage
        from rnnshape.cli import run

        code = run(sys.argv[1:])
    except Interrupted as interrupted:
        code = interrupted.exit_code
    # All is written by now, or can't be; Python's own way out could still be interrupted.
    os._exit(code)


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    def leave(*_: object) -> NoReturn:
        os._exit(128 + signum)

    # Python swallows what is raised within callbacks, and says so: then leave without it, soon.
    sys.unraisablehook = lambda _: None
    bounded = hasattr(signal, "setitimer")
    if bounded:
        signal.signal(signal.SIGALRM, leave)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    for number in SIGNALS:
        signal.signal(number, _already_leaving if bounded else leave)
    raise Interrupted(signum)


def _already_leaving(signum: int, frame: FrameType | None) -> None:
    """One signal is enough, and what it set off must not be cut short."""


if __name__ == "__main__":
    main()
