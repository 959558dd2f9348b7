"""Runs the measurement in a child process, and brings what it says back.

TensorFlow floods stderr, may abort or be killed for memory, and is slow to shut down. Behind a
process boundary none of that can spoil the answer or the terminal.
"""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Self

from rnnshape import memory
from rnnshape.measurement import (
    Answer,
    Failure,
    Measurement,
    MeasurementError,
    Progress,
    Request,
    decode,
    encode,
)
from rnnshape.spec import LayerSpec, seed_number

__all__ = ["Worker", "measure"]

LAST_WORDS = 5  # lines of the child's stderr that are kept
# What TensorFlow always says: its news, its warnings, and that there is no GPU, as we hide it.
CHATTER = re.compile(rb"\s*$|[IW]\d{4} |E\d{4} .*CUDA|WARNING: All log messages before absl")


class Worker:
    """A child process that measures. It starts at once, and is gone when the `with` block ends:

    with Worker(Request((spec,))) as worker:
        measurements = worker.answer()
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._stderr: deque[bytes] = deque(maxlen=LAST_WORDS)

    def __enter__(self) -> Self:
        """Starts the child, if what it is asked can fit; else raises a `MeasurementError`."""
        memory.refuse_what_cannot_fit(self._request.specs, values=self._request.values)
        command = [sys.executable, "-P", "-W", "ignore", "-m", "rnnshape.child"]
        try:
            self._process = subprocess.Popen(
                [*command, encode(self._request).decode()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(),
                # Ctrl-C goes to the terminal's whole group: this child is ours to end, not its.
                process_group=0 if os.name == "posix" else None,
            )
        except OSError as problem:
            if problem.errno == errno.E2BIG:
                raise MeasurementError("too many layers for one run", "ask for fewer") from None
            raise MeasurementError(f"no process can be started: {problem.strerror}") from None
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join(timeout=1)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe and not (pipe is self._process.stderr and self._listener.is_alive()):
                pipe.close()

    def answer(self, watch: Callable[[Progress], None] | None = None) -> tuple[Measurement, ...]:
        """Waits for the measurements, one for each spec of the request, in its order.

        Args:
            watch: is told of the progress as it comes.

        Raises:
            MeasurementError: there will be none.
        """
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if not line.endswith(b"\n"):  # it went down in the middle of a word
                break
            try:
                message = decode(line)
            except ValueError:
                raise MeasurementError(
                    "the measuring process answered nonsense", last_words=self._last_words()
                ) from None
            match message:
                case Answer():
                    return message.measurements
                case Failure(reason, remedy):
                    raise MeasurementError(reason, remedy)
                case Progress() if watch:
                    watch(message)
        raise MeasurementError(self._how_it_ended(), last_words=self._last_words())

    def _listen(self) -> None:
        assert self._process.stderr is not None
        self._stderr.extend(line for line in self._process.stderr if not CHATTER.match(line))

    def _last_words(self) -> tuple[str, ...]:
        self._process.kill()
        self._listener.join(timeout=1)
        return tuple(line.decode(errors="replace").rstrip() for line in self._stderr.copy())

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "the measuring process fell silent"
        if code >= 0:
            return f"the measuring process ended without an answer (exit {code})"
        known = {number.value: number.name for number in signal.Signals}
        name = known.get(-code, f"signal {-code}")
        hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
        return f"the measuring process was ended by {name}{hint}"


def measure(spec: LayerSpec, *, seed: int | None = None, values: bool = False) -> Measurement:
    """What Keras returns for a layer or stack, measured in a child process that comes and goes.

    Args:
        spec: the layer and its input.
        seed: makes input and weights repeatable, and so the values; from 0 to 2**32 - 1.
        values: whether to bring the numbers back, beside shapes and dtypes.

    Returns:
        Each layer's outputs in Keras' order: `measurement.layers[-1].outputs[0].shape`.

    Raises:
        SpecError: the seed is out of range.
        MeasurementError: TensorFlow is missing or broken, the machine is too small, or the run
            did not end well.

    >>> from rnnshape import Cell, LayerSpec, measure
    >>> [layer] = measure(LayerSpec(Cell.LSTM, return_state=True)).layers
    >>> [output.shape for output in layer.outputs]
    [(2, 3), (2, 3), (2, 3)]
    """
    if seed is not None:
        seed = seed_number(seed)
    with Worker(Request((spec,), seed, text=values, values=values)) as worker:
        return worker.answer()[0]


def _environment() -> dict[str, str]:
    """The child's environment: the user's, less all that would steer Python, Keras or TensorFlow.

    Shapes depend on none of it, and a stray `KERAS_BACKEND` or `XLA_FLAGS` would only spoil them.
    """
    steering = ("PYTHON", "KERAS_", "TF_", "XLA_")
    harmless = ("PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in harmless or not name.startswith(steering)
    }
    return kept | {
        "PYTHONPATH": os.pathsep.join(map(str, sys.path)),
        "KERAS_BACKEND": "tensorflow",
        # A folder that can't exist: no keras.json is read, and none is written.
        "KERAS_HOME": os.path.join(os.devnull, "keras"),
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "-1",  # a GPU takes longer to wake than the answer takes
    }
