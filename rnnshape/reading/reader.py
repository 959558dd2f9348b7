"""Reads in a child process, of bounded time and memory, whatever is more than literal calls.

The child is asked a line of JSON, and answers with another. It is kept for the next question, and
replaced when it was ended.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cache
from typing import TYPE_CHECKING

from rnnshape.errors import QueryError
from rnnshape.expression import NO_LET, Let
from rnnshape.network import UNSAID, Dimensions, Network, Question
from rnnshape.reading import is_file, read
from rnnshape.reading.found import NamedValue, Reading
from rnnshape.reading.literal import is_literal

if TYPE_CHECKING:
    from rnnshape.measuring.launch import Process

SECONDS_OF_WALL = 40  # others may take their part of the processor


class Reader(AbstractContextManager["Reader"]):
    """Reads as `rnnshape.reading.read` does, but in a child process where it may take long. The
    child is gone when the `with` block ends:

    with Reader(launched) as reader:
        reading = reader.read("Sequential([LSTM(2 ** n) for n in range(3)])")
    """

    def __init__(self, start: Callable[[], Process]) -> None:
        self._start, self._process = start, None  # type: tuple[Callable[[], Process], Process | None]
        self._owner, self._lock = os.getpid(), threading.Lock()

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(
        self,
        what: str,
        let: Let = NO_LET,
        dimensions: Dimensions = UNSAID,
        begins: Sequence[NamedValue] = (),
    ) -> Reading:
        """What a text or a file asks for.

        Raises:
            QueryError: it makes no sense, or takes too long or too much memory to be read.
        """
        if not is_file(what) and is_literal(what):
            return read(what, let, dimensions, begins)
        from rnnshape.reading.child import decoded
        from rnnshape.wire import of_fields

        line = _request(what, let, dimensions, begins)
        with self._lock:
            try:
                answer = self._answer(line)
            except QueryError as wrong:
                raise _of_file(wrong, what) from None
            except BaseException:  # a signal, perhaps: the next answer would be this one's
                self.close()
                raise
        try:
            made: Reading | QueryError | str = decoded(answer)
            if not isinstance(made, QueryError | str):
                made = Reading(*of_fields(Reading, made))
                if not all(map(_is_sound, made.questions)):
                    raise ValueError("a network takes what is not there")
        except Exception:  # by our own `encoded` it is always one of these
            raise QueryError("the code can't be read: it has changed its reader") from None
        if isinstance(made, QueryError):
            raise _of_file(made, what)
        if isinstance(made, str):  # it was a bug
            raise RuntimeError(made)
        return made

    def knows(self, name: str) -> bool:
        """Whether a name alone stands for something: here none does."""
        return False

    def close(self) -> None:
        """Ends the child, if this very process has started it."""
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            from rnnshape.measuring.launch import stop

            stop(process)

    def _answer(self, line: bytes) -> bytes:
        from rnnshape.measuring.launch import is_readable, send

        stream = self._process and self._process.stdout
        if stream and os.name == "posix" and is_readable(stream.fileno(), 0):
            self.close()  # somebody else ended it since its last answer: that says nothing of this
        try:
            self._process = process = self._process or self._start()
        except OSError as problem:
            raise QueryError(f"no process can be started to read it: {problem.strerror}") from None
        send(process, line)
        assert process.stdout is not None
        answer, is_late = _received(process.stdout.fileno())
        if answer is not None:
            return answer
        process.kill()  # it does nothing to one that is gone
        code = process.wait()
        self.close()
        raise QueryError(_why_it_ended(code, is_late=is_late))


def _of_file(wrong: QueryError, what: str) -> QueryError:
    """The same, with the name of the file in which the code is: there may be several."""
    if wrong.place is not None or not wrong.message.startswith("the code ") or not is_file(what):
        return wrong
    return QueryError(wrong.message.replace("the code", os.path.basename(what), 1))


def _request(
    what: str, let: Let, dimensions: Dimensions, begins: Sequence[NamedValue] = ()
) -> bytes:
    from rnnshape.reading.child import encoded

    folder = ""
    with suppress(OSError):  # it may be gone
        folder = os.getcwd()  # which a notebook may have changed since the child was started
    try:
        return encoded([folder, what, [*let.items()], dimensions, begins])
    except ValueError:  # Python writes no number of so many digits
        raise QueryError("a number that it uses is too large to be read") from None


def _is_sound(question: Question) -> bool:
    networks = question.network, *(call.network for call in question.calls)
    return all(
        isinstance(network, Network) and network.is_sound
        for network in networks
        if network is not None
    )


def _received(stream: int) -> tuple[bytes | None, bool]:
    """The line of an answer, or None; and whether the time is over."""
    from rnnshape.measuring.launch import is_readable
    from rnnshape.reading.child import LONGEST_ANSWER

    end, received = time.monotonic() + SECONDS_OF_WALL, bytearray()
    while not received.endswith(b"\n"):
        if not is_readable(stream, max(0.0, end - time.monotonic())):
            return None, True
        block = os.read(stream, 2**16)
        received += block
        if not block or len(received) > LONGEST_ANSWER:
            return None, False
    return bytes(received), False


def _why_it_ended(code: int, *, is_late: bool) -> str:
    from rnnshape.measuring.launch import name_of_end
    from rnnshape.reading.child import HAS_LIMITS, TOO_LARGE, TOO_LONG

    name = name_of_end(code)
    if is_late or name == "SIGXCPU" or not HAS_LIMITS:
        return TOO_LONG
    return TOO_LARGE if name == "SIGKILL" else f"the code can't be read: its reader ended ({name})"


def forked() -> Process:
    """A child that is a copy of this process: soon there, but only where no thread runs.

    Where the system has none, or TensorFlow is loaded, which maps more than the child may have, it
    is a fresh one."""
    from rnnshape.measuring.launch import Forked
    from rnnshape.reading import child

    is_alone = threading.active_count() == 1 and "tensorflow" not in sys.modules
    return Forked(child.main) if hasattr(os, "fork") and is_alone else launched()


def launched() -> Process:
    """A child that is a fresh process."""
    from rnnshape.measuring.launch import start

    return start([], None, "rnnshape.reading.child")


@cache
def reader_of_process(process: int) -> Reader:
    """Whoever reads for Python in the process of this number, in a child that is kept. TensorFlow
    may be loaded there, and threads run, so that it is never forked."""
    import atexit

    reader = Reader(launched)
    atexit.register(reader.close)
    return reader
