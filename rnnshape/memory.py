"""Whether a measurement fits into this machine's memory, before anything is allocated."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rnnshape.measurement import MeasurementError
from rnnshape.rules import layers
from rnnshape.spec import LayerSpec

__all__ = ["refuse_what_cannot_fit"]

CGROUP = Path("/sys/fs/cgroup")
FLOAT32 = 4
TENSORFLOW = 200 * 2**20  # what it takes before it has done anything, beside its libraries
COPIES = 3  # seen at the peak: of the input what TensorFlow slices, of the outputs their joining
INITIALISING = 4  # an orthogonal recurrent kernel is made from a few matrices of its own size
NUMBER_IN_A_LIST = 150  # bytes of a number as a Python object and as JSON, on both sides


def refuse_what_cannot_fit(specs: Sequence[LayerSpec], *, values: bool) -> None:
    """Raises a `MeasurementError` if measuring `specs` takes more than there is.

    `values` is whether all numbers are to be brought back, as lists.
    """
    needed, available = _needed(specs, values), _available()
    if available is not None and needed > available:
        raise MeasurementError(
            f"this takes about {_readable(needed)} of memory, and {_readable(available)} is there",
            "--dry-run answers without it",
        )


def _needed(specs: Sequence[LayerSpec], values: bool) -> int:
    """About how many bytes it takes to measure `specs` together."""
    stacks = [layers(spec) for spec in specs]
    inputs = stacks[0][0].input.size
    outputs = sum(tensor.size for stack in stacks for one in stack for tensor in one.outputs)
    parameters = sum(layer.parameters for stack in stacks for layer in stack)
    numbers = COPIES * (inputs + outputs) + INITIALISING * parameters
    listed = (inputs + outputs) * NUMBER_IN_A_LIST if values else 0
    return TENSORFLOW + numbers * FLOAT32 + listed


def _available() -> int | None:
    """How many bytes this process may still take, as far as the system tells; else None."""
    limits = [limit for limit in (_free(), _cgroup(CGROUP)) if limit is not None]
    return min(limits, default=None)


def _readable(size: int) -> str:
    """A size in bytes, to be read.

    >>> _readable(4_000_000_000_000), _readable(2**20)
    ('3.6 TiB', '1.0 MiB')
    """
    number, units = float(size), ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    while number >= 1000 and len(units) > 1:
        number, units = number / 1024, units[1:]
    return f"{number:.1f} {units[0]}" if number < 1e6 else f"{number:.0e} {units[0]}"


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


def _cgroup(group: Path) -> int | None:
    """What a container may still take; a bare machine has no such files.

    Files that were read are kept in memory only as long as nothing else wants it.
    """
    try:
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return max(0, limit - used + int(stat["inactive_file"]))
    except (KeyError, OSError, ValueError):  # no such file, or the limit is "max"
        return None
