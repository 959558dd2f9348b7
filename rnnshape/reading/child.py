"""The child process that reads: what it is asked, what it answers, and what it may take."""

from __future__ import annotations

import faulthandler
import json
import os
import select
import signal
import sys
import traceback
from contextlib import suppress
from typing import Any, NoReturn

from rnnshape.errors import QueryError
from rnnshape.interruption import wait_for_children
from rnnshape.reading import read
from rnnshape.reading.found import NamedValue
from rnnshape.reading.sandbox import confine
from rnnshape.wire import as_dict, from_dict, tuples

try:
    import resource
except ImportError:  # Windows has none: there the wall clock is all there is
    resource = None  # type: ignore[assignment]

SECONDS = 8  # of the processor
LONGEST_WAIT = 60  # seconds, for a copy: a parent that is still there waits for less
MEMORY = 2**30  # bytes
HAS_LIMITS = resource is not None
LONGEST_ANSWER = 2**24  # bytes: whoever decodes them needs up to forty times as much
HAS_NUMPY = 3  # how a copy exits that has imported it
LIMITS = {
    "RLIMIT_CPU": SECONDS,
    "RLIMIT_AS": MEMORY,
    "RLIMIT_FSIZE": 0,
    "RLIMIT_NPROC": 0,
    "RLIMIT_CORE": 0,
}
USUAL = "from keras.layers import *\nLSTM(1)(Input((2, 3)))"
TOO_LONG = "the code takes too long to be read"
TOO_LARGE = "the code takes too much memory to be read"


def main() -> NoReturn:
    """Answers until the parent is gone. A copy of this process reads for each question, so that
    nothing which code may do to what reads it reaches another answer."""
    try:
        wait_for_children()
        load()
        if not HAS_LIMITS:
            confine()
        with open(0, "rb", closefd=False) as requests:
            for number, line in enumerate(requests):
                if number == 1:
                    read(USUAL)  # what reading it keeps, the copies have
                _write(_read_by_a_copy(line) if HAS_LIMITS else _read_here(line))
    finally:
        os._exit(0)


def _read_here(line: bytes) -> bytes:
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    return _answered(line)


def _read_by_a_copy(line: bytes) -> bytes:
    answers, answer = os.pipe()
    own, copy = os.getpid(), os.fork()
    if copy == 0:
        _be_the_copy(line, answer, own)
    os.close(answer)  # then the pipe ends with the copy
    signal.alarm(LONGEST_WAIT)
    waiting = select.poll()
    waiting.register(answers, select.POLLIN)
    waiting.register(0, 0)  # which ends with whoever asks
    if all(stream == 0 for stream, _ in waiting.poll()):
        os.kill(copy, signal.SIGKILL)
    with open(answers, "rb") as pipe:
        said = pipe.readline(LONGEST_ANSWER)
    code = os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
    signal.alarm(0)
    if not said.endswith(b"\n"):  # the parent learns by what it ended
        _bound()  # then no core is left
        if code < 0:
            os.kill(os.getpid(), -code)
        os._exit(1)
    if code == HAS_NUMPY:
        import numpy  # noqa: F401  # for the copies that follow
    return said


def _be_the_copy(line: bytes, answer: int, parent: int) -> NoReturn:
    try:
        os.dup2(answer, 1)
        os.dup2(2, 0)  # the next question is none of its business
        os.closerange(3, answer + 1)
        _bound()
        confine()
        if os.getppid() == parent:  # from here on it ends with its parent, on Linux
            _write(_answered(line))
    finally:
        os._exit(HAS_NUMPY if "numpy" in sys.modules else 0)


def _write(answer: bytes) -> None:
    left = memoryview(answer)
    while left:
        left = left[os.write(1, left) :]


def load() -> None:
    """Imports what reads. Within the child's bounds Python could not keep what it compiles."""
    import rnnshape.reading.notebook
    import rnnshape.reading.text  # noqa: F401


def _bound() -> None:
    """What the copy may take in all; each no more than this process may already."""
    for name, most in LIMITS.items():
        kind = getattr(resource, name, None)
        if kind is not None:
            limits = resource.getrlimit(kind)
            soft, hard = (2**62 if limit == resource.RLIM_INFINITY else limit for limit in limits)
            least = min(most, soft, hard)
            # One more at most, where the system ends the copy without a word: before, it says why.
            with suppress(OSError, ValueError):  # not every system can
                resource.setrlimit(kind, (least, min(hard, least + 1)))


def _answered(line: bytes) -> bytes:
    from rnnshape.reading.python.limits import ExhaustedError

    try:
        folder, what, let, dimensions, begins = decoded(line)
        with suppress(OSError):
            os.chdir(folder)
        return encoded(read(what, dict(let), dimensions, [NamedValue(*one) for one in begins]))
    except QueryError as wrong:
        return encoded(wrong)
    except MemoryError:
        return encoded(QueryError(TOO_LARGE))
    except ExhaustedError:
        return encoded(QueryError(TOO_LONG))
    except (ArithmeticError, RecursionError, UnicodeError) as wrong:
        words = str(wrong)[:200]
        return encoded(QueryError(f"the code can't be read: {type(wrong).__name__}: {words}"))
    except Exception as bug:
        return encoded(traceback.format_exception_only(bug)[-1].strip()[:1_000])


def encoded(value: object) -> bytes:
    """A line of JSON."""
    return json.dumps(value, default=as_dict).encode("ascii") + b"\n"


def decoded(line: bytes) -> Any:
    """The same again; of a list or a `Reading`, a tuple."""
    return tuples(json.loads(line, object_hook=from_dict))
