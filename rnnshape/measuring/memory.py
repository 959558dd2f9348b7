"""Whether a measurement fits into this machine's memory, before anything is allocated."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from rich.filesize import decimal

from rnnshape.description import describe
from rnnshape.expression import LARGEST
from rnnshape.measuring.messages import MeasurementError, Request
from rnnshape.training.data import USUAL_BATCH

REMEDY = "try smaller dimensions"
BATCHES_AT_MOST = 100  # fewer and larger batches are faster

# What both processes take at their peak, as `tests/tools/memory_estimate.py` has seen it.
LOADED = 450 * 2**20  # bytes once TensorFlow is loaded, its libraries among them
COPIES = 4  # of each number: NumPy's, TensorFlow's, what is worked on, and what it is made from
FLOAT32 = 4  # bytes
# By the controllers of a group, of version 2 and 1: its limit, what it holds, and may drop of it.
FILES_OF_GROUPS = {
    "": ("memory.max", "memory.current", "inactive_file"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}
SHARE_OF_FREE = 0.9  # the rest is left to others


def check(needed: int) -> None:
    """Raises a `MeasurementError` where a measurement takes more memory than there is."""
    available = _available()
    if available is not None and needed > available:
        taken, there = _in_bytes(needed), _in_bytes(available)
        reason = f"this takes about {taken} of memory, and {there} is there"
        raise MeasurementError(reason, REMEDY, certain=True)


def has_room_for_another() -> bool:
    """Whether another process with TensorFlow is of no weight, so that none has to be watched."""
    available = _available()
    return available is not None and available > 4 * LOADED


def bytes_of_outputs(shapes: Iterable[Sequence[int | None]], batch: int) -> int:
    """About how many bytes a model takes that Keras has built, by the shapes of its outputs; what
    is open in one is the batch or counts as 1. It tells where there is no rule for a layer."""
    sizes = (math.prod(size or 1 for size in shape[1:]) for shape in shapes)
    return LOADED + FLOAT32 * COPIES * batch * sum(sizes)


def estimated_bytes(request: Request) -> int:
    """About how many bytes both processes take at once to answer a request."""
    described = [describe(question.network, question.dimensions) for question in request.questions]
    layers = [layer for description in described for layer in description.layers]
    given = {description.inputs for description in described}  # those that are alike are shared
    tensors = [tensor for inputs in given for tensor in inputs]
    tensors += [tensor for layer in layers for tensor in (*layer.outputs, *layer.weights)]
    return LOADED + FLOAT32 * COPIES * sum(tensor.size for tensor in tensors)


def most_for(pid: int) -> int | None:
    """How many bytes a process may hold in memory: what it holds, and most of what is free."""
    held, free = resident(pid), _available()
    return None if held is None or free is None else held + int(SHARE_OF_FREE * free)


def resident(pid: int) -> int | None:
    """How many bytes a process and its copy hold in memory; None where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        with suppress(FileNotFoundError):  # not every Linux tells of children
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                pages += int(Path(f"/proc/{child}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (IndexError, OSError, ValueError):
        return None


def outgrown(most: int) -> MeasurementError:
    """What is said where a measurement took more than it may, which could not be foreseen."""
    reason = f"this takes more than {_in_bytes(most)} of memory, which is all that is there"
    return MeasurementError(reason, REMEDY)


def batch_size(batch: int, *, stateful: bool = False) -> int:
    """How many sequences are computed at once; stateful layers must be given all."""
    return batch if stateful else max(USUAL_BATCH, -(-batch // BATCHES_AT_MOST))


def _available() -> int | None:
    """How many bytes this process may still take, as far as the system tells; else None."""
    limits = [limit for limit in (_free(), *_limits_of_groups()) if limit is not None]
    return min(limits, default=None)


def _in_bytes(size: int) -> str:
    """`14.2 GB`"""
    return decimal(min(size, LARGEST))


def _free() -> int | None:
    with suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows has neither
        return None


def _limits_of_groups(
    mounted: Path = Path("/sys/fs/cgroup"), mine: Path = Path("/proc/self/cgroup")
) -> Iterator[int]:
    """What each control group that this process is in may still take: a container has one.

    A group's folder is found below the mounted one, or is the mounted one where a container sees
    no more. Version 1 of control groups has a folder for memory alone.
    """
    try:
        lines = mine.read_text().splitlines()
    except OSError:  # not on Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        folder = mounted / controllers / path.strip("/")
        for group in (folder, *folder.parents) if controllers in FILES_OF_GROUPS else ():
            if group.is_relative_to(mounted / controllers):
                yield from _rest_of_group(group, *FILES_OF_GROUPS[controllers])


def _rest_of_group(group: Path, most: str, used: str, droppable: str) -> Iterator[int]:
    """What a group may still take. Files that were read are kept in memory only as long as
    nothing else wants it."""
    with suppress(KeyError, OSError, ValueError):  # no such file, or the limit is "max"
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        rest = int((group / most).read_text()) - int((group / used).read_text())
        yield max(0, rest + int(stat[droppable]))
