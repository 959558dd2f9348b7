"""How child processes are started, written to and ended."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO, BinaryIO, NoReturn, TypeAlias, cast

from rnnshape.interruption import SIGNALS, signals_held_back

TAIL_LINES = 5  # of the child's stderr, shown if it ends unexpectedly
TAIL_BYTES = 2**16
# What TensorFlow always writes: its information, warnings, and that there is no GPU, as we hide it.
USUAL_OUTPUT = re.compile(rb"\s*$|[IW]\d{4} |E\d{4} .*CUDA|WARNING: All log messages before absl")
PROGRAM = "import sys; sys.path[:] = {path!a}; from {module} import main; main()"


def start(
    arguments: Sequence[str], stderr: BinaryIO | None, module: str = "rnnshape.measuring.child"
) -> subprocess.Popen[bytes]:
    """Starts a child that runs the module's `main`; an `OSError` where no process can be."""
    # The path goes as text: PYTHONPATH can hold no ":", and an isolated Python does not read it.
    program = PROGRAM.format(path=search_path(), module=module)
    return subprocess.Popen(
        [*_interpreter(), "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr or subprocess.DEVNULL,
        env=_environment(),
        # Ctrl-C goes to the terminal's whole group; this child is ended by its parent.
        process_group=0 if os.name == "posix" else None,
    )


class Forked:
    """A copy of this process, in which nothing of it goes on but `main`."""

    def __init__(self, main: Callable[[], NoReturn]) -> None:
        requests, answers = os.pipe(), os.pipe()
        with signals_held_back():
            self.pid = os.fork()
            if self.pid == 0:
                _serve(main, requests[0], answers[1])
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


def _serve(main: Callable[[], NoReturn], requests: int, answers: int) -> NoReturn:
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
        sys.path[:] = search_path()
        main()
    finally:
        os._exit(1)


def search_path() -> list[str]:
    """Where a child finds modules: where this process does, but for the current folder, in which a
    `numpy.py` of others may stand beside what is read. It is left where this package is there."""
    here, own = "", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with suppress(OSError):  # it may be gone
        here = os.getcwd()
    paths = [path or here for path in map(str, sys.path)]
    kept = [path for path in paths if path == own or (os.path.isabs(path) and path != here)]
    return kept if own in kept else [*kept, own]


Process: TypeAlias = "subprocess.Popen[bytes] | Forked"


def send(process: Process, request: bytes) -> None:
    """Writes to a child, which may have ended: what it wrote before tells why."""
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.write(request)
        process.stdin.flush()


def is_readable(stream: int, seconds: float) -> bool:
    """Whether there is something to read from a child by then: an answer, or its end. Windows can't
    tell; `select` knows no stream of a number above 1023, and a notebook may hold many."""
    if os.name != "posix":
        return True
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def stop(process: Process, stderr: BinaryIO | None = None) -> None:
    """Ends a child, and closes what led to it."""
    process.kill()  # it does nothing to one that is gone
    process.wait()
    for stream in (process.stdin, process.stdout, stderr):
        if stream is not None:
            with suppress(OSError):  # of what is still in the buffer of a broken pipe
                stream.close()


def name_of_end(code: int) -> str:
    """What a negative exit code stands for: `"SIGKILL"`; `"exit 1"` of another."""
    known = {number.value: number.name for number in signal.Signals}
    if known.get(-code) == "SIGKILL" and _used_all_time():
        return "SIGXCPU"
    return known.get(-code, f"signal {-code}") if code < 0 else f"exit {code}"


def _used_all_time() -> bool:
    """Whether children have had all the processor time that any may have, which the system counts
    roughly; it then ends them as it does where memory runs out."""
    try:
        import resource
    except ImportError:  # Windows has none, and no limits
        return False
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return most != resource.RLIM_INFINITY and used.ru_utime + used.ru_stime > 0.8 * most


def processor_seconds(pid: int) -> float | None:
    """How long a process has computed so far; None where the system does not tell."""
    with suppress(IndexError, OSError, ValueError):
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    return None


def tail(stderr: BinaryIO | None) -> tuple[str, ...]:
    """The last lines that the child wrote, without what TensorFlow always writes."""
    if stderr is None:
        return ()
    size = stderr.seek(0, os.SEEK_END)
    stderr.seek(max(0, size - TAIL_BYTES))
    lines = [line for line in stderr.read().splitlines() if not USUAL_OUTPUT.match(line)]
    return tuple(line.decode(errors="replace").rstrip() for line in lines[-TAIL_LINES:])


def file_for_stderr() -> BinaryIO | None:
    """A file in memory: unlike a pipe it needs no thread to empty it. None if there can be none."""
    try:
        if hasattr(os, "memfd_create"):
            return os.fdopen(os.memfd_create("stderr"), "w+b")
        from tempfile import TemporaryFile  # not needed on Linux

        return cast(BinaryIO, TemporaryFile())
    except OSError:
        return None


def _interpreter() -> list[str]:
    """Python as it runs here: isolated, and without the user's folder, where this one is."""
    flags = {"-I": sys.flags.isolated, "-E": sys.flags.ignore_environment}
    flags |= {"-s": sys.flags.no_user_site, "-S": sys.flags.no_site}
    return [sys.executable, *(flag for flag, is_set in flags.items() if is_set), "-Wignore"]


def _environment() -> dict[str, str]:
    """The child's environment: the user's, less all that would steer Python, Keras or TensorFlow.

    Shapes depend on none of it, and a stray `KERAS_BACKEND` or `XLA_FLAGS` would only spoil them.
    """
    steering = ("PYTHON", "KERAS_", "TF_", "XLA_")
    places = ("PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "PYTHONNOUSERSITE")
    harmless = (*places, "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in harmless or not name.startswith(steering)
    }
    return kept | {
        "KERAS_BACKEND": "tensorflow",
        # A folder that can't exist: no keras.json is read, and none is written.
        "KERAS_HOME": os.path.join(os.devnull, "keras"),
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "-1",  # a GPU takes longer to wake than the answer takes
    }
