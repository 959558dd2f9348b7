"""The child process: load TensorFlow fast and quietly, then answer one request after another.

Requests come from its standard input, answers go to its standard output. It leaves when its
input ends, as the parent holds the other end. `rnnshape.measuring.process` is that parent.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from itertools import count
from queue import SimpleQueue
from typing import NoReturn

from rnnshape.measuring.copied import copied, measured_by_both
from rnnshape.measuring.fast_imports import fast_imports
from rnnshape.measuring.messages import MeasurementError, Message, Request, read, write

Send = Callable[[Message], None]

ENDS_WITH_PARENT = 1  # PR_SET_PDEATHSIG
PLAIN = "--plain"
INSTALL = "pip install tensorflow"
CLEAR_AFTER = 20  # requests; clearing takes as long as half a request


def main() -> NoReturn:
    """Loads TensorFlow, and answers until the parent is gone, or has asked all."""
    _end_with_parent()
    _serve(_load_and_answer)


def _end_with_parent() -> None:
    """Has Linux end this process with the thread that started it, which waits for its answers:
    while Python loads a large library, no thread of its own would see that the parent has gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(ENDS_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def _serve(answer: Callable[[SimpleQueue[Request], Send], None]) -> NoReturn:
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever TensorFlow prints joins its stderr, shown only if the run fails

    def send(message: Message) -> None:
        write(message, channel)

    try:
        requests: SimpleQueue[Request] = SimpleQueue()
        threading.Thread(target=_read_requests, args=(requests,), daemon=True).start()
        answer(requests, send)
    except BaseException as error:
        send(_failure(error))
    # Shutting TensorFlow down takes a third of a second, and leaves nothing that matters undone.
    os._exit(0)


def _read_requests(requests: SimpleQueue[Request]) -> NoReturn:
    """Hands requests over; a read ends when the parent has gone, however it went."""
    with open(0, "rb", closefd=False) as stdin:
        while (request := read(stdin)) is not None:
            requests.put(request)
    os._exit(1)


def _load_and_answer(requests: SimpleQueue[Request], send: Send) -> None:
    gc.disable()  # importing makes much, and little garbage; looking for it costs a fifth
    send("loading TensorFlow")
    with nullcontext() if PLAIN in sys.argv else fast_imports():
        import tensorflow

        # Every operation would pass through a wrapper that only shortens tracebacks.
        tensorflow.debugging.disable_traceback_filtering()
        import keras

        keras.config.disable_traceback_filtering()
        import rnnshape.measuring.keras_model  # noqa: F401
    gc.freeze()  # what was imported stays: looking through it would cost more than a question
    _answer(requests, send, may_copy=True)


def _answer(requests: SimpleQueue[Request], send: Send, *, may_copy: bool = False) -> None:
    import keras

    from rnnshape.measuring.keras_model import measure

    copy = None
    for number in count(1):
        request = requests.get()
        send("model.predict")
        if number == 1 and may_copy:  # later, threads are running, which no copy would have
            copy = copied(request, lambda: _serve(_answer))
        for answer in measured_by_both(request, copy, measure):
            send(answer)
        if request.is_last:  # it takes as long to go as the answer takes to be written
            return
        if number % CLEAR_AFTER == 0:  # of models that were measured it keeps names, graphs, seeds
            keras.backend.clear_session()
        gc.collect()
        if number == 1:
            gc.freeze()  # so does what the first was the first to import


def _failure(error: BaseException) -> MeasurementError:
    """Why TensorFlow can't be loaded; what comes later fails within `measure`."""
    words = f"{type(error).__name__}: {error}".strip(": ").splitlines()[0]
    if isinstance(error, ModuleNotFoundError) and error.name == "tensorflow":
        return MeasurementError(
            "TensorFlow is not installed", INSTALL, everything=True, certain=True
        )
    if "can't start new thread" in words:
        return MeasurementError("no thread can be started", everything=True, certain=True)
    if "failed to map segment" in words:  # of a library
        reason = "TensorFlow finds no room in this process' memory (ulimit -v)"
        return MeasurementError(reason, everything=True, certain=True)
    if isinstance(error, MemoryError):
        reason = f"there was not enough memory: {words}"
        return MeasurementError(reason, "try smaller dimensions", everything=True, certain=True)
    trace = traceback.extract_tb(error.__traceback__)  # it need not be TensorFlow's own file
    where = f" (in {trace[-1].filename})" if trace else ""
    reason = f"TensorFlow can't be imported: {words}{where}"
    return MeasurementError(reason, f"{INSTALL} --force-reinstall", everything=True)
