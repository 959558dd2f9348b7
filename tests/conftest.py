"""What the tests share: the command, with or without a process, and one import of Keras."""

from __future__ import annotations

import functools
import gc
import io
import json
import os
import signal
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from rnnshape.cli.run import run as run_in_process
from rnnshape.measuring.messages import Answer, Request
from rnnshape.reading import read
from rnnshape.terminal.environment import Environment, Measurer

ROOT = Path(__file__).parents[1]
settings.register_profile("derandomized", derandomize=True)  # what fails there, fails anywhere
if "CI" in os.environ:
    settings.load_profile("derandomized")
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background
# ignores it, and so would every command that is tested.
# Else whether a convolution takes channels_first depends on the processor.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
COMMAND = [sys.executable, "-m", "rnnshape"]


@dataclass(frozen=True)
class Finished:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """The objects of JSON that it wrote, one a line."""
        return json_lines(self.out)


class NoMeasurer:
    """Where a test must not come to a measurement."""

    def answers(self, request: Request, tell: object = None) -> Iterator[Answer]:
        raise AssertionError("a measurement was asked for")


class InProcess:
    """Reads here, where a test wants no child of it."""

    read = staticmethod(read)

    def knows(self, name: str) -> bool:
        return False


def command(
    *arguments: str,
    stdin: str = "",
    variables: Mapping[str, str] | None = None,
    measurer: Measurer | None = None,
) -> Finished:
    """The command in this very process, with nothing of it on the real streams."""

    @contextmanager
    def measuring() -> Iterator[Measurer]:
        yield measurer or NoMeasurer()

    out, err = io.StringIO(), io.StringIO()
    environment = Environment(
        io.StringIO(stdin),
        out,
        err,
        variables or {"COLUMNS": "80"},
        measuring,
        lambda: nullcontext(InProcess()),
    )
    code = run_in_process(arguments, environment)
    return Finished(code, out.getvalue(), err.getvalue())


def environment(**changes: str | None) -> dict[str, str]:
    """This process' variables, without what steers colours, widths and Python, and `changes`."""
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
    *arguments: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    **more: Any,
) -> subprocess.CompletedProcess[str]:
    """The command as a process, run to its end with its output in pipes."""
    source = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment() if env is None else env,
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        **source,
        **more,
    )


@functools.cache
def answered(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What the command says in an ordinary environment, asked once for all tests."""
    return run(*arguments)


def sections(table: str) -> list[list[str]]:
    """The lines of each part of a table, under its title."""
    return [text.splitlines() for text in titled(table).values()]


def titled(table: str) -> dict[str, str]:
    """Each part of a table, by its title."""
    text = (Path(__file__).parent / "tables" / table).read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in text.split("### ")[1:])
    return {title: part.strip("\n") for title, _, part in parts}


def json_lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


class KerasInProcess:
    """Keras in this very process, imported once for all tests."""

    def __init__(self) -> None:
        os.environ["KERAS_BACKEND"] = "tensorflow"
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        from rnnshape.measuring.keras_model import measure

        self._measure = measure

    def answers(
        self, request: Request, tell: Callable[[str], None] | None = None
    ) -> Iterator[Answer]:
        yield from self._measure(request)


@pytest.fixture(scope="session")
def keras_measurer() -> KerasInProcess:
    return KerasInProcess()


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Makes modules that stand in for real ones on the path; returns variables with it."""

    def make(**modules: str) -> dict[str, str]:
        folder = tmp_path / "stand-ins"
        for name, source in modules.items():
            package = folder / name
            package.mkdir(parents=True, exist_ok=True)
            (package / "__init__.py").write_text(source)
        return environment(PYTHONPATH=str(folder))

    return make


# The quick tier: `pytest -m "not keras and not process and not slow and not further"`.


MOST, SOME = 60, 40  # cases of one test: those with more have about as many as the other says


_marks: set[str] | None = None  # of the test that runs now; none at all while they are collected


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    global _marks
    _marks = set()
    try:
        return (yield)
    finally:
        _marks = None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks whatever has Keras measure, and most cases of a test that has very many; what starts
    processes is marked where it stands."""
    cases = Counter(map(_test_of, items))
    for item in items:
        among = cases[_test_of(item)]
        # By its name, so that a case stays where it is as others come to it.
        if among > MOST and zlib.crc32(item.nodeid.encode()) % round(among / SOME):
            item.add_marker("further")
        # Tests can only run in parallel if every process calls them the same.
        assert " at 0x" not in item.nodeid, f"{item.nodeid}: give this test an id by text"
        examples = item.dtest.examples if isinstance(item, pytest.DoctestItem) else ()
        measures = any("measure(" in example.source for example in examples)
        if measures or "keras_measurer" in getattr(item, "fixturenames", ()):
            item.add_marker("keras")


def _test_of(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def pytest_collection_finish() -> None:
    gc.freeze()  # thousands of tests stay: to look through them for garbage costs more than a test


@functools.cache
def _freeze_keras() -> None:
    gc.freeze()  # `clear_session` looks for garbage: in all of TensorFlow it takes 0.2 s


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    global _marks
    _marks = {mark.name for mark in item.iter_markers()} & {"keras", "process"}
    try:
        return (yield)
    finally:
        _marks = None
        if "keras" in sys.modules:
            _freeze_keras()


def _hold_to_the_marks(event: str, arguments: tuple[object, ...]) -> None:
    """Without this, a quick test would become slow some day, and nobody would notice."""
    if _marks is None:
        return
    if event == "subprocess.Popen" and not _marks:  # TensorFlow starts one too, as it is imported
        raise AssertionError("this test starts a process: mark it, @pytest.mark.process")
    if event == "import" and arguments[0] == "tensorflow" and "keras" not in _marks:
        raise AssertionError("TensorFlow is imported: mark the test, @pytest.mark.keras")


sys.addaudithook(_hold_to_the_marks)
