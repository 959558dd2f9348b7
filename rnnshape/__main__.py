"""The entry: Ctrl-C and SIGTERM end the command quietly, whatever it is doing."""

from __future__ import annotations

import gc
import signal
import sys
from types import FrameType
from typing import NoReturn

__all__ = ["main"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """A signal that asks the command to end. Contexts close on its way out."""

    def __init__(self, signum: int) -> None:
        self.exit_code = 128 + signum


def main() -> NoReturn:
    """Runs the command line that this process was started with, and exits with its code."""
    gc.set_threshold(100_000)  # starting makes many objects and little garbage: look for it rarely
    try:
        for number in SIGNALS:
            signal.signal(number, _interrupt)
        from rnnshape.cli import run

        code = run(sys.argv[1:])
    except Interrupted as interrupted:
        code = interrupted.exit_code
    sys.exit(code)


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # one is enough: what follows only cleans up
    raise Interrupted(signum)


if __name__ == "__main__":
    main()
