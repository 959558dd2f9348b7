"""Where the command writes: readers that leave, devices that are full, streams that are closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import command, environment, run
from tests.processes import shell

pytestmark = pytest.mark.process


@pytest.mark.parametrize("arguments", ["lstm --dry-run", "lstm --format json", "--help"])
def test_a_reader_that_leaves_is_no_error(arguments: str) -> None:
    finished = shell(f"rnnshape {arguments} | true; echo ${{PIPESTATUS[0]}}")
    assert (finished.stdout, finished.stderr) == ("0\n", "")


def test_a_reader_of_one_line_gets_it() -> None:
    finished = shell("rnnshape lstm --dry-run | head -1")
    assert (finished.stdout, finished.stderr) == ("LSTM(3)\n", "")


def test_a_reader_that_leaves_changes_neither_verdict_nor_export(tmp_path: Path) -> None:
    finished = shell("rnnshape lstm -u 100000 --format plain | true; echo ${PIPESTATUS[0]}")
    assert finished.stdout == "1\n"
    assert finished.stderr.startswith("error: not measured: ")
    path = tmp_path / "layer.svg"
    finished = shell(f"rnnshape lstm --dry-run --export {path} | true; echo ${{PIPESTATUS[0]}}")
    assert (finished.stdout, finished.stderr) == ("0\n", f"note: wrote {path}\n")
    assert path.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("arguments", ["lstm --dry-run", "--help", "--version"])
def test_a_full_device_is_one_line(arguments: str) -> None:
    finished = shell(f"rnnshape {arguments} > /dev/full")
    assert finished.returncode == 1
    assert finished.stderr == "error: the answer can't be written: No space left on device\n"


@pytest.mark.parametrize("arguments", ["lstm --dry-run", "--help"])
def test_a_closed_output_is_one_line(arguments: str) -> None:
    finished = shell(f"rnnshape {arguments} >&-")
    assert finished.returncode == 1
    assert finished.stderr == "error: standard output is closed: there is nowhere to answer\n"


def test_a_closed_stderr_and_stdin_are_no_error() -> None:
    finished = shell("rnnshape lstm --format plain 2>&- <&-")
    assert (finished.returncode, finished.stdout) == (0, "o 2 3\n")
    assert shell("rnnshape ltsm 2>&-").returncode == 2
    assert shell("rnnshape 2>&-").returncode == 2


@pytest.mark.parametrize("form", ["table", "plain", "json", "csv", "markdown"])
@pytest.mark.parametrize("encoding", ["ascii", "euc_kr"])
def test_an_answer_can_be_written_in_any_encoding(encoding: str, form: str) -> None:
    env = environment(PYTHONIOENCODING=encoding)
    views = ("--weights", "--code", "--diagram") if form in ("table", "markdown") else ()
    stack = ("lstm", "--bidirectional", "--return-state", "-u", "2", "-u", "2")
    text = run(*stack, "--dry-run", *views, "--format", form, env=env)
    assert (text.returncode, text.stderr) == (0, "")
    assert "4" in text.stdout
    assert text.stdout.isascii()


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])  # Python's own choices
def test_letters_that_the_encoding_lacks_are_escaped(errors: str) -> None:
    env = environment(PYTHONIOENCODING=f"ascii:{errors}")
    answer = run("LSTM(3, name='\u6a21')", "-n", env=env)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("LSTM(3, name='\\u6a21')\n")
    told = run("LSTM(3, \u6a21=3)", "-n", env=env)
    assert told.stderr.startswith("error: LSTM takes no '\\u6a21'")


def test_nothing_of_tensorflow_is_seen() -> None:
    finished = run("lstm", "-t", "100", "--weights", "--values")
    assert finished.stderr == ""
    assert "cpu_feature_guard" not in finished.stdout


def test_where_nothing_more_can_be_opened_that_is_one_line() -> None:
    finished = shell("ulimit -n 5; rnnshape 'LSTM(2 ** 3)' --dry-run")
    told = "error: no process can be started to read it: Too many open files\n"
    assert (finished.returncode, finished.stdout, finished.stderr) == (2, "", told)


def test_too_little_memory_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_memory(*_: object) -> int:
        raise MemoryError

    monkeypatch.setattr("rnnshape.cli.run._answered", without_memory)
    assert command("lstm").err == "error: there is too little memory to answer\n"
