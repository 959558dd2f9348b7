"""Runs the measurement in a child process, and brings what it says back.

TensorFlow floods stderr, may abort or be killed for memory, and is slow to shut down. Behind a
process boundary none of that can spoil the answer or the terminal.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from typing import Self

from rnnshape.measurement import (
    Answer,
    Failure,
    Measurement,
    Progress,
    Request,
    decode,
    encode,
)
from rnnshape.spec import LayerSpec

__all__ = ["MeasurementError", "Worker", "measure"]

LAST_WORDS = 5  # lines of the child's stderr that are kept


class MeasurementError(Exception):
    """No measurement could be made.

    Attributes:
        reason: what happened, in a line.
        remedy: a command or a word on what to do; may be empty.
        last_words: the last lines that TensorFlow wrote, if it went down.
    """

    def __init__(self, reason: str, remedy: str = "", last_words: tuple[str, ...] = ()) -> None:
        self.reason, self.remedy, self.last_words = reason, remedy, last_words
        super().__init__(f"{reason}: {remedy}" if remedy else reason)


class Worker:
    """A child process that measures. It starts at once, and is gone when the `with` block ends.

    with Worker(Request((spec,))) as worker:
        for message in worker.messages():
            ...
    """

    def __init__(self, request: Request) -> None:
        command = [sys.executable, "-P", "-W", "ignore", "-m", "rnnshape.child"]
        self._process = subprocess.Popen(
            [*command, encode(request).decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            # Ctrl-C goes to the terminal's whole group: the child is ours to end, not the key's.
            process_group=0 if os.name == "posix" else None,
        )
        self._stderr: deque[bytes] = deque(maxlen=LAST_WORDS)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def messages(self) -> Iterator[Progress | Answer]:
        """Progress as it comes, and at last the answer; a `MeasurementError` if none comes."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                message = decode(line)
            except ValueError:
                raise MeasurementError(
                    "the measuring process answered nonsense", last_words=self._last_words()
                ) from None
            if isinstance(message, Failure):
                raise MeasurementError(message.reason, message.remedy)
            yield message
            if isinstance(message, Answer):
                return
        raise MeasurementError(self._how_it_ended(), last_words=self._last_words())

    def _listen(self) -> None:
        assert self._process.stderr is not None
        self._stderr.extend(line for line in self._process.stderr if line.strip())

    def _last_words(self) -> tuple[str, ...]:
        self._process.kill()
        self._listener.join(timeout=1)
        return tuple(line.decode(errors="replace").rstrip() for line in self._stderr)

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "the measuring process fell silent"
        if code >= 0:
            return f"the measuring process ended without an answer (exit {code})"
        name = signal.Signals(-code).name
        hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
        return f"the measuring process was ended by {name}{hint}"


def measure(spec: LayerSpec, *, seed: int | None = None, values: bool = False) -> Measurement:
    """What Keras returns for a layer or stack, measured in a child process that comes and goes.

    Args:
        spec: the layer and its input.
        seed: makes input and weights repeatable, and so the values.
        values: whether to bring the numbers back, beside shapes and dtypes.

    Returns:
        Each layer's outputs in Keras' order: `measurement.layers[-1].outputs[0].shape`.

    Raises:
        MeasurementError: TensorFlow is missing or broken, or the run did not end well.

    >>> from rnnshape import Cell, LayerSpec, measure
    >>> [layer] = measure(LayerSpec(Cell.LSTM, return_state=True)).layers
    >>> [output.shape for output in layer.outputs]
    [(2, 3), (2, 3), (2, 3)]
    """
    with Worker(Request((spec,), seed, text=values, values=values)) as worker:
        for message in worker.messages():
            if isinstance(message, Answer):
                return message.measurements[0]
    raise AssertionError("messages() ends with an answer or an error")


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
        "PYTHONPATH": os.pathsep.join(sys.path),
        "KERAS_BACKEND": "tensorflow",
        # A folder that can't exist: no keras.json is read, and none is written.
        "KERAS_HOME": os.path.join(os.devnull, "keras"),
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "-1",  # a GPU takes longer to wake than the answer takes
    }
