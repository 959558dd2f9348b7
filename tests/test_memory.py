"""Memory: what cannot fit is refused before it is tried, and running out is one line."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import pytest

from rnnshape.measuring import memory, process
from rnnshape.measuring.messages import Measurement, MeasurementError, Request
from rnnshape.measuring.process import KerasProcess
from tests.conftest import run
from tests.test_measuring import question, request

pytestmark = pytest.mark.process

MIB = 2**20


@pytest.mark.parametrize(
    ("text", "dimensions", "seen"),
    [  # by tests/tools/memory_estimate.py: what both processes held at their peak, in MiB
        ("LSTM(3)", {}, 475),
        ("LSTM(1)", {"batch": 100, "timesteps": 1000, "features": 400}, 1019),
        ("LSTM(3)", {"batch": 100_000, "timesteps": 100, "features": 10}, 1603),
        ("Bidirectional(LSTM(3))", {"batch": 32, "timesteps": 20_000, "features": 100}, 1822),
        ("GRU(100, return_sequences=True)", {"batch": 32, "timesteps": 5000}, 681),
        ("GRU(5000)", {}, 1876),
        ("Dense(10000)", {"features": 5000}, 991),
    ],
    ids=str,
)
def test_the_estimate_is_near_what_was_seen(
    text: str, dimensions: dict[str, int], seen: int
) -> None:
    estimate = memory.estimated_bytes(Request((question(text, **dimensions),)))
    assert 0.7 < estimate / MIB / seen < 1.4


def test_many_layers_hold_their_inputs_once() -> None:
    sizes = {"batch": 32, "timesteps": 5000, "features": 200}
    few, many = (Request((question("LSTM(1)", **sizes),) * count) for count in (8, 24))
    assert memory.estimated_bytes(many) < 1.1 * memory.estimated_bytes(few)


@pytest.mark.parametrize(
    "arguments",
    [
        ["-b", "1000000", "-t", "1000000"],
        ["-u", "100000"],
        ["-f", str(2**62)],
        ["-b", str(2**63 - 1)],
    ],
    ids=" ".join,
)
def test_what_cannot_fit_is_refused_before_anything_is_allocated(arguments: list[str]) -> None:
    finished = run("lstm", *arguments)
    assert finished.returncode == 1
    assert "by the rule, not measured" in finished.stdout
    [line] = finished.stderr.splitlines()
    assert line.startswith("error: not measured: this takes about ")
    assert " is there; try smaller dimensions" in line


def test_a_question_that_cannot_fit_leaves_the_others() -> None:
    with KerasProcess() as started:
        [refused] = started.answers(Request((question("LSTM(3)", batch=10**12),)))
        [answered] = started.answers(request("LSTM(3)"))
    assert isinstance(refused, MeasurementError)
    assert isinstance(answered, Measurement)


def test_where_the_answer_itself_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(stream: object) -> None:
        raise MemoryError

    monkeypatch.setattr(process, "read", read)
    with KerasProcess() as started:
        [failed] = started.answers(request("LSTM(3)"))
    assert "not enough memory" in str(failed)


def test_running_out_of_memory_is_one_line() -> None:
    """The rest of the machine is taken away: TensorFlow can't even be loaded."""
    limit = 700 * MIB
    finished = run("lstm", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit,) * 2))
    assert finished.returncode == 1
    assert "by the rule, not measured" in finished.stdout
    first, *more = finished.stderr.splitlines()
    assert first.startswith("error: not measured: ")
    assert all(line.startswith("  | ") for line in more)


# Control groups: a container has less than the machine

FILES = {
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    2: ("memory.max", "memory.current", "inactive_file"),
}


def group(folder: Path, version: int, limit: str, used: int, droppable: int = 0) -> None:
    most, current, inactive = FILES[version]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / most).write_text(f"{limit}\n")
    (folder / current).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 90\n{inactive} {droppable}\n")


def limits(tmp_path: Path, version: int, path: str = "/") -> list[int]:
    mine = tmp_path / "mine"
    mine.write_text({1: f"5:cpu:{path}\n4:memory:{path}\n", 2: f"0::{path}\n"}[version])
    return list(memory._limits_of_groups(tmp_path, mine))


@pytest.mark.parametrize("version", [1, 2])
def test_a_container_has_less_than_the_machine(version: int, tmp_path: Path) -> None:
    """What only caches files is not in the way."""
    top = tmp_path / ("memory" if version == 1 else "")
    group(top, version, "1000", 990, droppable=800)
    assert limits(tmp_path, version) == [810]
    assert limits(tmp_path, version, "/not/seen/from/within") == [810]
    group(top, version, "1000", 2000)
    assert limits(tmp_path, version) == [0]
    group(top / "inner" / "most", version, "100", 10)
    assert limits(tmp_path, version, "/inner/most") == [90, 0]


def test_without_a_limit_there_is_none(tmp_path: Path) -> None:
    assert limits(tmp_path, 2) == []
    group(tmp_path, 2, "max", 10)
    assert limits(tmp_path, 2) == []
    assert list(memory._limits_of_groups(tmp_path, tmp_path / "nowhere")) == []


def test_what_no_rule_foresees_is_refused_by_the_shapes_of_keras() -> None:
    began = time.monotonic()
    finished = run("Input((5, 5, 3)) -> Resizing(300000, 300000)", "--format", "plain")
    assert time.monotonic() - began < 30
    assert finished.returncode == 1
    [line] = finished.stderr.splitlines()
    assert line.startswith("error: not measured: this takes about ")


def test_a_child_that_outgrows_the_memory_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    large = question("LSTM(300)", batch=20_000, timesteps=100, features=50)
    with KerasProcess() as started:
        [answered] = started.answers(request("LSTM(3)"))
        assert isinstance(answered, Measurement)
        monkeypatch.setattr(memory, "most_for", lambda pid: 600 * MIB)
        [refused] = started.answers(Request((large,)))
        [again] = started.answers(request("LSTM(3)"))
    assert str(refused).startswith("this takes more than 629.1 MB of memory")
    assert isinstance(again, Measurement)


def test_a_child_that_computes_for_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    long = question("LSTM(3)", timesteps=2_000_000)
    with KerasProcess() as started:
        [answered] = started.answers(request("LSTM(3)"))
        assert isinstance(answered, Measurement)
        monkeypatch.setattr(process, "MOST_SECONDS", 1)
        began = time.monotonic()
        [refused] = started.answers(Request((long,)))
        assert time.monotonic() - began < 30
        monkeypatch.undo()
        [again] = started.answers(request("LSTM(3)"))
    assert str(refused).startswith("this takes more than 1 s of processor time to measure")
    assert isinstance(again, Measurement)


def test_of_several_questions_that_which_outgrows_the_memory_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = question("LSTM(3)")
    large = question("LSTM(300)", batch=20_000, timesteps=100, features=50)
    monkeypatch.setattr(memory, "most_for", lambda pid: 600 * MIB)
    with KerasProcess() as started:
        answers = list(started.answers(Request((small, large, small))))
    assert [type(answer) for answer in answers] == [Measurement, MeasurementError, Measurement]


def test_what_a_process_holds() -> None:
    held = memory.resident(os.getpid())
    assert held is not None
    assert 10 * MIB < held < 2**40
    assert memory.resident(2**30) is None
    assert memory.most_for(2**30) is None
    most = memory.most_for(os.getpid())
    assert most is not None
    assert most > held
