"""Reads in a child process, of bounded time and memory, whatever is more than literal calls.

The child is asked a line of JSON, and answers with two: the lines of text that its places are of,
each once, and what was read. It is kept for the next question, and replaced when it was ended.
"""

from __future__ import annotations

import atexit
import faulthandler
import json
import math
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import IO, NoReturn, Protocol, Self

from rnnshape.errors import QueryError
from rnnshape.expression import Value
from rnnshape.interruption import SIGNALS, signals_held_back
from rnnshape.network import Dimensions
from rnnshape.reading import is_file, read
from rnnshape.reading.found import Reading
from rnnshape.reading.literal import is_literal
from rnnshape.reading.wire import as_dict, decoded, encoded, from_dict, tuples

try:
    import resource
except ImportError:  # Windows has none: there the wall clock is all there is
    resource = None  # type: ignore[assignment]

__all__ = ["Reader", "forked", "launched", "main", "reader_of_process"]

SECONDS, SECONDS_OF_WALL = 8, 40  # of the processor, of which others may take their part
MEMORY = 2**30  # bytes
LONGEST_ANSWER = 2**26  # bytes
LIMITS = {"RLIMIT_AS": MEMORY, "RLIMIT_FSIZE": 0, "RLIMIT_NPROC": 0, "RLIMIT_CORE": 0}
TOO_LONG = "the code takes too long to be read"
TOO_LARGE = "the code takes too much memory to be read"


class Process(Protocol):
    """A child that runs `main`: what is used of `subprocess.Popen`."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None

    def kill(self) -> None: ...
    def wait(self) -> int: ...


class Reader:
    """Reads as `rnnshape.reading.read` does, but in a child process where it may take long. The
    child is gone when the `with` block ends:

    with Reader(launched) as reader:
        reading = reader.read("Sequential([LSTM(2 ** n) for n in range(3)])")
    """

    def __init__(self, start: Callable[[], Process]) -> None:
        self._start, self._process = start, None  # type: tuple[Callable[[], Process], Process | None]
        self._owner, self._lock = os.getpid(), threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def knows(self, name: str) -> bool:
        """Whether a name alone stands for something: here none does."""
        return False

    def read(
        self,
        what: str,
        let: Mapping[str, Value] | None = None,
        dimensions: Dimensions | None = None,
    ) -> Reading:
        """What a text or a file asks for.

        Raises:
            QueryError: it makes no sense, or takes too long or too much memory to be read.
        """
        if not is_file(what) and is_literal(what):
            return read(what, let, dimensions)
        asked = [what, [*(let or {}).items()], dimensions or Dimensions()]
        line = json.dumps(asked, default=as_dict).encode("ascii") + b"\n"
        with self._lock:
            try:
                answer = self._answer(line)
            except BaseException:  # a signal, perhaps: the next answer would be this one's
                self.close()
                raise
        return decoded(*answer)

    def close(self) -> None:
        """Ends the child, if this very process has started it."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):  # of what is still in the buffer of a broken pipe
                        stream.close()

    def _answer(self, line: bytes) -> tuple[bytes, bytes]:
        try:
            process = self._process or self._start()
        except OSError as problem:
            raise QueryError(f"no process can be started to read it: {problem.strerror}") from None
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):  # it has ended; how, is said below
            process.stdin.write(line)
            process.stdin.flush()
        answer, is_late = _received(process.stdout.fileno())
        if answer is not None:
            return answer
        process.kill()  # it does nothing to one that is gone
        code = process.wait()
        self.close()
        raise QueryError(_why_it_ended(code, is_late=is_late))


def _received(stream: int) -> tuple[tuple[bytes, bytes] | None, bool]:
    """The two lines of an answer, or None; and whether the time is over."""
    end, received, lines = time.monotonic() + SECONDS_OF_WALL, bytearray(), 0
    while lines < 2:
        left = max(0.0, end - time.monotonic())
        if os.name == "posix" and not select.select([stream], [], [], left)[0]:
            return None, True
        block = os.read(stream, 2**16)
        received += block
        lines += block.count(b"\n")
        if not block or len(received) > LONGEST_ANSWER:
            return None, False
    first, second, _ = bytes(received).split(b"\n")
    return (first, second), False


def _why_it_ended(code: int, *, is_late: bool) -> str:
    known = {number.value: number.name for number in signal.Signals}
    name = known.get(-code, f"exit {code}")
    if is_late or name == "SIGXCPU" or resource is None:
        return TOO_LONG
    return TOO_LARGE if name == "SIGKILL" else f"the code can't be read: its reader ended ({name})"


class _Forked:
    """A copy of this process, in which nothing of it goes on but `main`."""

    def __init__(self) -> None:
        requests, answers = os.pipe(), os.pipe()
        with signals_held_back():
            self.pid = os.fork()
            if self.pid == 0:
                _serve(requests[0], answers[1])
        os.close(requests[0])
        os.close(answers[1])
        self.stdin: IO[bytes] | None = os.fdopen(requests[1], "wb")
        self.stdout: IO[bytes] | None = os.fdopen(answers[0], "rb")
        self.code: int | None = None

    def kill(self) -> None:
        if self.code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.code


def _serve(requests: int, answers: int) -> NoReturn:
    """The forked child: it holds nothing of its parent's open, and never returns to its code."""
    try:
        for name in SIGNALS:
            if signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
                signal.signal(getattr(signal, name), signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.dup2(requests, 0)
        os.dup2(answers, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.closerange(3, 65_536)
        main()
    finally:
        os._exit(1)


def forked() -> Process:
    """A child that is a copy of this process: soon there, but only where no thread runs.

    Where the system has none, or TensorFlow is loaded, which maps more than the child may have, it
    is a fresh one."""
    _load()  # once, and not anew in every child
    is_alone = threading.active_count() == 1 and "tensorflow" not in sys.modules
    return _Forked() if hasattr(os, "fork") and is_alone else launched()


def launched() -> Process:
    """A child that is a fresh process."""
    from rnnshape.measuring.launch import start

    return start([], None, "rnnshape.reading.child")


@cache
def reader_of_process(process: int) -> Reader:
    """Whoever reads for Python in the process of this number, in a child that is kept. TensorFlow
    may be loaded there, and threads run, so that it is never forked."""
    reader = Reader(launched)
    atexit.register(reader.close)
    return reader


# The child


def main() -> NoReturn:
    """Answers until the parent is gone."""
    try:
        _load()
        _bound()
        seconds = _limit("RLIMIT_CPU")
        with open(0, "rb", closefd=False) as requests:
            for line in requests:
                _allow(math.ceil(time.process_time() + SECONDS), seconds)
                answer = memoryview(_answered(line))
                while answer:
                    answer = answer[os.write(1, answer) :]
    finally:
        os._exit(0)


def _load() -> None:
    """Imports what reads. Within the child's bounds Python could not keep what it compiles."""
    import rnnshape.reading.notebook
    import rnnshape.reading.text  # noqa: F401


def _bound() -> None:
    """What the child may take in all; each no more than it may already."""
    for name, most in LIMITS.items():
        kind = getattr(resource, name, None)
        if kind is not None:
            least = min(most, _limit(name))
            with suppress(OSError, ValueError):  # not every system can
                resource.setrlimit(kind, (least, least))


def _limit(name: str) -> int:
    """What the process may use; very much where there is no limit."""
    if not hasattr(resource, name):
        return 2**62
    limits = resource.getrlimit(getattr(resource, name))
    return min(2**62 if limit == resource.RLIM_INFINITY else limit for limit in limits)


def _allow(seconds: int, at_most: int) -> None:
    """Sets at how many seconds of processor time the child ends."""
    if resource is None:  # there the parent can't wait for a pipe and a clock at once either
        faulthandler.dump_traceback_later(SECONDS, exit=True)
    else:
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (min(seconds, at_most), hard))


def _answered(line: bytes) -> bytes:
    from rnnshape.reading.python.limits import ExhaustedError

    try:
        try:
            what, let, dimensions = json.loads(line, object_hook=from_dict)
            return encoded(read(what, dict(tuples(let)), dimensions))
        except MemoryError:
            raise QueryError(TOO_LARGE) from None
        except ExhaustedError:
            raise QueryError(TOO_LONG) from None
        except (ArithmeticError, RecursionError, UnicodeError) as wrong:
            words = str(wrong)[:200]
            raise QueryError(f"the code can't be read: {type(wrong).__name__}: {words}") from None
    except QueryError as wrong:
        return encoded(wrong)
    except Exception as bug:
        words = traceback.format_exception_only(bug)[-1].strip()
        return b"[]\n" + json.dumps({"bug": words[:1_000]}).encode("ascii") + b"\n"
