"""The entry: runs one command line, and exits with its code or that of the signal that ended it."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

from rnnshape.interruption import handle_signals, received_signal


def main() -> NoReturn:
    """Runs the command line that this process was started with."""
    code = 1
    try:
        handle_signals()
        gc.set_threshold(100_000)  # starting makes many objects and little garbage
        from rnnshape.cli.run import run

        code = run(sys.argv[1:])
    except BaseException:
        if received_signal() is None:
            raise
    # All is written by now, or can't be; Python's own way out could still be interrupted.
    signum = received_signal()
    os._exit(code if signum is None else 128 + signum)


if __name__ == "__main__":
    main()
