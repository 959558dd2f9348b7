"""The child process that reads: what it is asked, what it answers, and what it may take."""

from __future__ import annotations

import faulthandler
import json
import math
import os
import time
import traceback
from contextlib import suppress
from typing import Any, NoReturn

from rnnshape.errors import QueryError
from rnnshape.reading import read
from rnnshape.reading.sandbox import confine
from rnnshape.wire import as_dict, from_dict, tuples

try:
    import resource
except ImportError:  # Windows has none: there the wall clock is all there is
    resource = None  # type: ignore[assignment]

SECONDS = 8  # of the processor
MEMORY = 2**30  # bytes
HAS_LIMITS = resource is not None
LIMITS = {"RLIMIT_AS": MEMORY, "RLIMIT_FSIZE": 0, "RLIMIT_NPROC": 0, "RLIMIT_CORE": 0}
TOO_LONG = "the code takes too long to be read"
TOO_LARGE = "the code takes too much memory to be read"


def main() -> NoReturn:
    """Answers until the parent is gone."""
    try:
        load()
        _bound()
        confine()
        seconds = _limit("RLIMIT_CPU")
        with open(0, "rb", closefd=False) as requests:
            for line in requests:
                _allow(math.ceil(time.process_time() + SECONDS), seconds)
                answer = memoryview(_answered(line))
                while answer:
                    answer = answer[os.write(1, answer) :]
    finally:
        os._exit(0)


def load() -> None:
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
        folder, what, let, dimensions = decoded(line)
        with suppress(OSError):
            os.chdir(folder)
        return encoded(read(what, dict(let), dimensions))
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
