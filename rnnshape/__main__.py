"""The entry: runs one command line, and exits with its code or that of the signal that ended it."""

from __future__ import annotations

import _signal as signals  # type: ignore[import-not-found]  # `signal` takes its time

# Ctrl-C ends it quietly from here on; Python's own way would be a traceback.
if signals.getsignal(signals.SIGINT) is signals.default_int_handler:
    signals.signal(signals.SIGINT, signals.SIG_DFL)

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from rnnshape.interruption import handle_signals, received_signal

if TYPE_CHECKING:  # until signals are handled, they end it with a traceback
    from rnnshape.terminal.environment import Environment

# What is read depends on them, and they are not known so early.
OF_READING = ("-b", "-t", "-f", "--batch", "--timesteps", "--features", "--let")


def main() -> NoReturn:
    """Runs the command line that this process was started with."""
    code = 1
    try:
        handle_signals()
        gc.set_threshold(100_000)  # starting makes many objects and little garbage
        with _environment(sys.argv[1:]) as environment:
            from rnnshape.cli.run import run

            code = run(sys.argv[1:], environment)
    except BaseException as wrong:
        if received_signal() is None:
            if not isinstance(wrong, ImportError | MemoryError | OSError):
                raise
            words = getattr(wrong, "strerror", None) or str(wrong) or "there is too little memory"
            os.write(2, ascii(f"error: rnnshape can't be started: {words}")[1:-1].encode() + b"\n")
    # All is written by now, or can't be; Python's own way out could still be interrupted.
    signum = received_signal()
    os._exit(code if signum is None else 128 + signum)


@contextmanager
def _environment(arguments: Sequence[str]) -> Iterator[Environment]:
    """The usual one; whoever reads a file or code is started before the command is loaded, and is
    gone at the end, also where it was not asked for."""
    from rnnshape.terminal.environment import Environment

    what = next(filter(_may_need_a_reader, arguments), None)
    if what is None or any(argument.startswith(OF_READING) for argument in arguments):
        yield Environment()
        return
    import rnnshape.description  # noqa: F401  # either process needs it
    from rnnshape.reading.reader import Reader, forked

    with Reader(forked) as reader:
        reader.begin(what)
        yield Environment(reader=lambda: reader)


def _may_need_a_reader(argument: str) -> bool:
    import re

    is_code = re.match(r"\[|[\w.]+\s*[(=]", argument)
    return bool(is_code) or os.path.isfile(argument.partition(":")[0])


if __name__ == "__main__":
    main()
