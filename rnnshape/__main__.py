"""The entry: runs one command line, and exits with its code or that of the signal that ended it."""

from __future__ import annotations

import _signal as signals  # type: ignore[import-not-found]  # `signal` takes its time

# Ctrl-C ends it quietly from here on; Python's own way would be a traceback.
if signals.getsignal(signals.SIGINT) is signals.default_int_handler:
    signals.signal(signals.SIGINT, signals.SIG_DFL)

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
    except BaseException as wrong:
        if received_signal() is None:
            if not isinstance(wrong, ImportError | MemoryError | OSError):
                raise
            words = getattr(wrong, "strerror", None) or str(wrong) or "there is too little memory"
            os.write(2, ascii(f"error: rnnshape can't be started: {words}")[1:-1].encode() + b"\n")
    # All is written by now, or can't be; Python's own way out could still be interrupted.
    signum = received_signal()
    os._exit(code if signum is None else 128 + signum)


if __name__ == "__main__":
    main()
