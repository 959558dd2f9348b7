"""The child process: load TensorFlow as fast and as quietly as it can be, measure, and leave.

`python -m rnnshape.child REQUEST` takes a request, a line of JSON, and writes messages, a line
each, to its standard output. It leaves when its standard input ends, as the parent holds the other
end. `rnnshape.worker` is that parent.
"""

from __future__ import annotations

import gc
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType
from typing import NoReturn

from rnnshape.measurement import (
    Failure,
    Message,
    Progress,
    Request,
    decode_request,
    encode,
)

Send = Callable[[Message], None]

PLAIN = "--plain"
OLDEST = (2, 16)  # the first TensorFlow whose Keras is Keras 3
INSTALL = f"pip install 'tensorflow>={OLDEST[0]}.{OLDEST[1]}'"
PROGRESS_SECONDS = 0.1


def main(arguments: Sequence[str]) -> NoReturn:
    channel = os.dup(1)
    os.dup2(2, 1)  # whatever TensorFlow prints joins its stderr, shown only if the run fails
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()
    gc.disable()  # importing makes many objects and little garbage; looking for it costs a fifth

    def send(message: Message) -> None:
        line = encode(message)
        while line:
            line = line[os.write(channel, line) :]

    try:
        send(_answer(decode_request(arguments[0]), send, lazily=PLAIN not in arguments))
    except BaseException as error:
        if PLAIN not in arguments and not _is_certain(error):
            # Perhaps it was our own trick: once more in a fresh process, without it.
            os.dup2(channel, 1)
            os.execv(sys.executable, [*sys.orig_argv, PLAIN])
        send(_failure(error))
    # Shutting TensorFlow down takes a third of a second, and leaves nothing that matters undone.
    os._exit(0)


def _answer(request: Request, send: Send, *, lazily: bool) -> Message:
    send(Progress("loading TensorFlow"))
    if lazily:
        sys.meta_path.insert(0, _LazyReexports())
    import tensorflow

    if _numbers(tensorflow.__version__) < OLDEST:
        return Failure(f"TensorFlow {tensorflow.__version__} is too old for Keras 3", INSTALL)
    import keras

    if _numbers(keras.__version__) < (3,):
        return Failure(f"Keras {keras.__version__} is too old", "pip install 'keras>=3'")
    from rnnshape.keras_model import measure

    send(Progress("model.predict"))
    last_sent = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal last_sent
        if time.monotonic() - last_sent > PROGRESS_SECONDS:
            last_sent = time.monotonic()
            send(Progress("model.predict", done, total))

    return measure(request, progress)


def _numbers(version: str) -> tuple[int, ...]:
    """`2.17rc1` is (2, 17)."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _is_certain(error: BaseException) -> bool:
    """Whether it would go wrong just so without the trick."""
    return _is_missing(error) or _is_memory(error)


def _is_missing(error: BaseException) -> bool:
    return isinstance(error, ModuleNotFoundError) and error.name == "tensorflow"


def _is_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"


def _failure(error: BaseException) -> Failure:
    words = f"{type(error).__name__}: {error}".strip(": ").splitlines()[0]
    if _is_missing(error):
        return Failure("TensorFlow is not installed", INSTALL)
    if _is_memory(error):
        return Failure(f"there was not enough memory: {words}", "try smaller dimensions")
    if "rnnshape.keras_model" in sys.modules:
        return Failure(f"Keras could not run this: {words}")
    where = f" (in {_origin(error)})" if error.__traceback__ else ""
    return Failure(f"TensorFlow can't be imported: {words}{where}", f"{INSTALL} --force-reinstall")


def _origin(error: BaseException) -> str:
    """The file that raised it: it need not be TensorFlow's own."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename if trace else ""


class _LazyReexports(MetaPathFinder):
    """Loads the 550 modules of `tensorflow._api`, which only re-export, when first looked into.

    None of them is needed here, and they take a tenth of TensorFlow's import. A wider prefix
    breaks it: the modules that do the work register themselves as they are imported.
    """

    PREFIX = "tensorflow._api."

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith(self.PREFIX):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def _leave_with_the_parent() -> None:
    """The parent never writes: a read ends when the parent has gone, however it went."""
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
