"""What the tests share: the command as a process, the grid of layers, and one import of Keras."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from rnnshape.measurement import Measurement, Request
from rnnshape.spec import Cell, LayerSpec, MergeMode

COMMAND = [sys.executable, "-m", "rnnshape"]
DIMENSIONS = [  # batch, timesteps, features, units
    (2, 5, 1, 3),
    (1, 1, 1, 1),
    (3, 1, 2, 5),
    (4, 7, 5, 1),
    (33, 2, 3, 4),
]


def combinations(**fields: Any) -> Iterator[LayerSpec]:
    """Every cell with every combination of the flags, and with every merge mode where it merges."""
    for cell, sequences, state in product(Cell, (False, True), (False, True)):
        flags: dict[str, Any] = {"return_sequences": sequences, "return_state": state}
        yield LayerSpec(cell, **flags, **fields)
        for mode in MergeMode:
            if mode is not MergeMode.NONE or isinstance(fields.get("units", 1), int):
                yield LayerSpec(cell, bidirectional=True, merge_mode=mode, **flags, **fields)


def grid(batch: int, timesteps: int, features: int, units: int) -> list[LayerSpec]:
    return list(combinations(batch=batch, timesteps=timesteps, features=features, units=units))


def environment(**changes: str | None) -> dict[str, str]:
    """This process' environment, without what steers colours, widths and Python, and `changes`."""
    steering = (
        "NO_COLOR",
        "FORCE_COLOR",
        "COLUMNS",
        "LINES",
        "TERM",
        "PYTHONPATH",
        "PYTHONDONTWRITEBYTECODE",  # hundreds of starts would each compile the package
    )
    merged = dict(os.environ) | dict.fromkeys(steering, None) | changes
    return {name: value for name, value in merged.items() if value is not None}


def run(
    *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, **more: Any
) -> subprocess.CompletedProcess[str]:
    """The command, run to its end with its output in pipes."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment() if env is None else env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        **more,
    )


@functools.cache
def answered(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What the command says in an ordinary environment, asked once for all tests."""
    return run(*arguments)


def json_lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="session")
def keras_measure() -> Callable[[Sequence[LayerSpec]], tuple[Measurement, ...]]:
    """`keras_model.measure` in this very process, where Keras is imported once for all tests."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from rnnshape.keras_model import measure

    return lambda specs: measure(Request(tuple(specs), seed=7)).measurements


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Makes modules that stand in for real ones on the path; returns an environment with it."""

    def make(**modules: str) -> dict[str, str]:
        folder = tmp_path / "stand-ins"
        for name, source in modules.items():
            package = folder / name
            package.mkdir(parents=True, exist_ok=True)
            (package / "__init__.py").write_text(source)
        return environment(PYTHONPATH=str(folder))

    return make
