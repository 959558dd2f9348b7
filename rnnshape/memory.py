"""Whether a measurement fits into this machine's memory, before anything is allocated."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rnnshape.measurement import MeasurementError
from rnnshape.rules import layers
from rnnshape.spec import LayerSpec

__all__ = ["refuse_what_cannot_fit"]

FLOAT32 = 4
TENSORFLOW = 600 * 2**20  # what TensorFlow takes before it has done anything
COPIES = 3  # seen at the peak: of the input what TensorFlow slices, of the outputs their joining
INITIALISING = 4  # an orthogonal recurrent kernel is made from a few matrices of its own size
NUMBER_IN_A_LIST = 150  # bytes of a number as a Python object and as JSON, on both sides


def refuse_what_cannot_fit(specs: Sequence[LayerSpec], *, values: bool) -> None:
    """Raises a `MeasurementError` if measuring `specs` takes more than there is."""
    needed, available = _needed(specs, values), _available()
    if available is not None and needed > available:
        raise MeasurementError(
            f"this takes about {_readable(needed)} of memory, and {_readable(available)} are free",
            "--dry-run answers without it",
        )


def _needed(specs: Sequence[LayerSpec], values: bool) -> int:
    """About how many bytes measuring `specs` together takes; a lower bound rather than an upper."""
    stacks = [layers(spec) for spec in specs]
    inputs = stacks[0][0].input.size
    outputs = sum(tensor.size for stack in stacks for one in stack for tensor in one.outputs)
    parameters = sum(layer.parameters for stack in stacks for layer in stack)
    numbers = COPIES * (inputs + outputs) + INITIALISING * parameters
    listed = (inputs + outputs) * NUMBER_IN_A_LIST if values else 0
    return TENSORFLOW + numbers * FLOAT32 + listed


def _available() -> int | None:
    """How many bytes this process may still take, as far as the system tells; else None."""
    limits = [limit for limit in (_free(), _cgroup()) if limit is not None]
    return min(limits, default=None)


def _readable(size: int) -> str:
    """A size in bytes, to be read.

    >>> _readable(4_000_000_000_000)
    '3.64 TiB'
    """
    number, units = float(size), ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while number >= 1000 and len(units) > 1:
        number, units = number / 1024, units[1:]
    return f"{number:.3g} {units[0]}" if number < 1e6 else f"{number:.1e} {units[0]}"


def _free() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows has neither
        return None


def _cgroup() -> int | None:
    """What the container may still take: version 2 names the files so, a bare machine has none."""
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text()
        used = (group / "memory.current").read_text()
        return int(limit) - int(used)
    except (OSError, ValueError):  # no such file, or the limit is "max"
        return None
