"""Runs the measurement in a child process, and brings its answers back.

TensorFlow floods stderr, may abort or be killed for memory, and is slow to shut down. Behind a
process boundary none of that can spoil the answer or the terminal.
"""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from operator import index
from typing import Any, Self, cast

from rnnshape.columns import open_in
from rnnshape.errors import FLAGS, QueryError, flag, written
from rnnshape.expression import reasons
from rnnshape.measuring import launch, memory
from rnnshape.measuring.messages import (
    Answer,
    Measurement,
    MeasurementError,
    Message,
    Request,
    read,
)
from rnnshape.network import Question

Tell = Callable[[str], None]
POLL_SECONDS = 0.05
MOST_SECONDS = 120  # of processor time for one answer: what people ask takes some seconds


class KerasProcess:
    """A child process with Keras in it. It starts at once, and is gone when the `with` block ends:

    with KerasProcess() as process:
        [answer] = process.answers(Request((question,)))
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._plain = False  # whether the child imports TensorFlow as it always is imported
        self._final: MeasurementError | None = None  # what every other question would fail for
        self._most: int | None = None  # bytes that the child may hold in memory
        self._until: float | None = None  # seconds of processor time that it may take
        self._tell: Tell | None = None
        self._doing = "starting"

    def __enter__(self) -> Self:
        """Starts the child; if none can be started, `answers` tells what stood in the way."""
        with suppress(MeasurementError):
            self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def answers(self, request: Request, tell: Tell | None = None) -> Iterator[Answer]:
        """An answer for each question of the request, in order, each as soon as it is known.

        Of questions that fail together, each is asked alone. It may be called again, whatever the
        answers were: a child that has ended is started anew.

        Args:
            request: the questions.
            tell: is called with what is being done, and again while nothing else is told.
        """
        left, together, self._tell = list(request.questions), True, tell
        try:
            while left:
                part = tuple(left if together else left[:1])
                is_last = request.is_last and len(part) == len(left)
                asked = replace(request, questions=part, is_last=is_last)
                try:
                    for answer in self._answers_of_one_child(asked):
                        del left[0]  # before it is given: who has the last answer may ask no more
                        yield answer
                except MeasurementError as problem:
                    if self._final is None and len(asked.questions) > 1:
                        together = False
                        continue
                    del left[0]
                    yield problem.with_traceback(None)
        finally:
            if left:  # whoever reads on would read what is left of this request
                self._stop()

    def _answers_of_one_child(self, request: Request) -> Iterator[Answer]:
        """Answers until all are given, or until the child should be started again without what
        makes its imports fast. A `MeasurementError` is of the whole request."""
        if self._final is not None:
            raise self._final
        memory.check(memory.estimated_bytes(request))
        if self._process is None:
            self._start()
        assert self._process is not None
        self._most = memory.most_for(self._process.pid)
        launch.send(self._process, pickle.dumps(request))
        for _ in request.questions:
            answer = self._next_answer()
            if answer is None:
                return
            if isinstance(answer, MeasurementError) and answer.everything:
                self._final = answer
                raise answer
            yield answer

    def _next_answer(self) -> Answer | None:
        """The next answer; None where the child was ended, to be started again."""
        used = launch.processor_seconds(self._process.pid) if self._process else None
        self._until = None if used is None else used + MOST_SECONDS
        while True:
            try:
                message: Message | None = read(self._stdout)
            except ValueError:
                raise self._error("the measuring process answered nonsense") from None
            except MemoryError:
                self._stop()
                raise MeasurementError(
                    "there was not enough memory to receive the answer", "try smaller dimensions"
                ) from None
            if isinstance(message, str):
                self._doing = message
                self._tell_again()
                continue
            if message is None:
                why = self._how_it_ended()
                if self._plain or "SIGKILL" in why:
                    raise self._error(why)
            elif self._plain or not isinstance(message, MeasurementError) or message.certain:
                return message
            else:
                why = message.reason
            self._do_without_fast_imports(why)
            return None

    def _do_without_fast_imports(self, why: str) -> None:
        """Ends the child. The next one imports TensorFlow as it always is imported."""
        if os.environ.get("RNNSHAPE_TRACEBACK"):
            lines = [f"note: tried again without fast imports: {why}", *launch.tail(self._stderr)]
            print("\n  | ".join(lines), file=sys.stderr)
        self._stop()
        self._plain = True

    def _start(self) -> None:
        self._stderr = launch.file_for_stderr()
        try:
            self._process = launch.start(["--plain"] if self._plain else [], self._stderr)
        except OSError as problem:
            raise MeasurementError(f"no process can be started: {problem.strerror}") from None
        assert self._process.stdout is not None
        written = cast(io.RawIOBase, cast(io.BufferedReader, self._process.stdout).raw)
        self._stdout = io.BufferedReader(_Watched(written, self._while_it_computes))

    def _tell_again(self) -> None:
        if self._tell is not None:
            self._tell(self._doing)

    def _while_it_computes(self) -> None:
        """Ends a child that takes more memory than there is, before the system ends another, or
        that computes without end."""
        self._tell_again()
        if self._process is None:
            return
        held = memory.resident(self._process.pid)
        used = launch.processor_seconds(self._process.pid)
        if held is not None and self._most is not None and held > self._most:
            self._stop()
            raise memory.outgrown(self._most)
        if used is not None and self._until is not None and used > self._until:
            self._stop()
            reason = f"this takes more than {MOST_SECONDS} s of processor time to measure"
            raise MeasurementError(reason, memory.REMEDY)

    def _stop(self) -> None:
        if self._process is not None:
            launch.stop(self._process, self._stderr)
            self._process = None

    def _error(self, reason: str) -> MeasurementError:
        """An error with the last lines that the child wrote, which is ended."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        tail = launch.tail(self._stderr)
        self._stop()
        return MeasurementError(reason, stderr_tail=tail)

    def _how_it_ended(self) -> str:
        assert self._process is not None
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "the measuring process closed its output"
        name = launch.name_of_end(code)
        if code >= 0:
            return f"the measuring process ended without an answer ({name})"
        causes = {
            "SIGKILL": ", as the system does when memory runs out",
            "SIGXCPU": ": its processor time is limited (ulimit -t)",
        }
        return f"the measuring process was ended by {name}{causes.get(name, '')}"


class _Watched(io.RawIOBase):
    """What a child writes. While nothing comes, `check` is called again and again."""

    def __init__(self, stream: io.RawIOBase, check: Callable[[], None]) -> None:
        self._stream, self._check = stream, check

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        while not launch.is_readable(self._stream.fileno(), POLL_SECONDS):
            self._check()
        return self._stream.readinto(buffer)


def measure(
    questions: Sequence[Question], *, seed: int | None = None, values: bool = False
) -> list[Measurement]:
    """What Keras returns for each question, measured in a child process that comes and goes.

    Raises:
        QueryError: the seed is out of range.
        MeasurementError: TensorFlow is missing or broken, the machine is too small, or the run
            did not end well.

    >>> from rnnshape.chains import chain
    >>> from rnnshape.network import Question
    >>> from rnnshape.reading import parse
    >>> [measured] = measure([Question(chain([parse("LSTM(3, return_state=True)")]))])
    >>> [output.shape for output in measured.layers[0].outputs]
    [(2, 3), (2, 3), (2, 3)]
    """
    values = flag("values", values)
    with suppress(TypeError):  # a whole number of NumPy is one
        seed = seed if type(seed).__name__ in FLAGS or seed is None else index(seed)
    if seed is not None and not (type(seed) is int and 0 <= seed < 2**32):
        raise QueryError(f"seed={written(seed)}: give a whole number from 0 to 2**32 - 1")
    for question in questions:
        found = [*open_in(question.network)]
        rows = [step.unread for step in question.network.steps if step.unread]
        names = [name for unknown in found if not unknown.reason for name in unknown.asked]
        if not names and (found or len(rows) == len(question.network.steps)):
            raise MeasurementError(f"not measured: {'; '.join(reasons(found or rows))}")
        if names:
            let = ", ".join(f"{name!r}: ..." for name in dict.fromkeys(names))
            raise MeasurementError(f"it depends on data: {', '.join(names)}", f"give let={{{let}}}")
    measured = []
    with KerasProcess() as process:
        request = Request(tuple(questions), seed, values, is_last=True)
        for question, answer in zip(questions, process.answers(request), strict=True):
            if isinstance(answer, MeasurementError):
                which = f"{question.network}: " if len(questions) > 1 else ""
                reason = f"{which}{answer.reason}"
                raise MeasurementError(reason, answer.remedy, answer.stderr_tail)
            measured.append(answer)
    return measured
