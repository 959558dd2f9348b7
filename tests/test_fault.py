"""A deliberate fault: the rule is bent in one place, and the command must not believe it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import rnnshape
from tests.conftest import environment, json_lines, run
from tests.terminal import Terminal

Bend = Callable[[str, str], dict[str, str]]


@pytest.fixture
def bent(tmp_path: Path) -> Bend:
    """A copy of the package whose rule says something else; returns the environment to run it."""

    def bend(right: str, wrong: str) -> dict[str, str]:
        copy = tmp_path / "rnnshape"
        shutil.copytree(Path(rnnshape.__file__).parent, copy)
        rules = copy / "rules.py"
        text = rules.read_text()
        assert text.count(right) == 1, "the rule is stated once"
        rules.write_text(text.replace(right, wrong))
        return environment(PYTHONPATH=str(tmp_path))

    return bend


CONCAT = ("width = 2 * units if", "width = 3 * units if")


def test_both_answers_are_shown_and_the_command_fails(bent: Bend, tmp_path: Path) -> None:
    finished = run("lstm", "--bidirectional", env=bent(*CONCAT), cwd=tmp_path)
    assert finished.returncode == 1
    assert "Keras (2, 6)" in finished.stdout
    assert "rule  (2, 9)" in finished.stdout
    assert "✗ Keras and the rule disagree" in finished.stdout
    assert "measured by model.predict" not in finished.stdout
    assert finished.stderr.splitlines() == [
        "error: Keras and the rule disagree",
        "  | Bidirectional(LSTM(3)): o: the rule says (2, 9), Keras (2, 6)",
    ]


def test_in_json_too(bent: Bend, tmp_path: Path) -> None:
    finished = run("lstm", "--bidirectional", "--format", "json", env=bent(*CONCAT), cwd=tmp_path)
    assert finished.returncode == 1
    difference = "Bidirectional(LSTM(3)): o: the rule says (2, 9), Keras (2, 6)"
    assert difference in finished.stderr
    [layer] = json_lines(finished.stdout)
    assert layer["outputs"][0]["shape"] == [2, 6]
    assert layer["differences"] == [difference]


@pytest.mark.parametrize(
    ("cell", "right", "wrong", "said"),
    [
        ("lstm", '("h", "c")', '("h",)', "?: the rule says None, Keras (2, 3)"),
        ("gru", 'GRU: ("h",)', 'GRU: ("h", "c")', "c: the rule says (2, 3), Keras None"),
        ("gru", "{at_end}", "{at_end} + 1", "o + 1 == h: does not hold"),
        ("lstm", "len(gates) * units", "2 * units", "parameters: the rule says 30, Keras 60"),
    ],
    ids=["one output too few", "one too many", "a false claim", "a false weight"],
)
def test_other_faults(
    cell: str, right: str, wrong: str, said: str, bent: Bend, tmp_path: Path
) -> None:
    finished = run(cell, "--return-state", env=bent(right, wrong), cwd=tmp_path)
    assert finished.returncode == 1
    assert said in finished.stderr
    assert "Traceback" not in finished.stderr


def test_on_a_terminal_the_painted_answer_is_taken_back(bent: Bend) -> None:
    env = bent(*CONCAT) | {"TERM": "xterm-256color"}
    arguments = ("lstm", "--bidirectional", "--return-state")
    # -P: not the package in this folder, but the one on the path.
    command = [sys.executable, "-P", "-m", "rnnshape"]
    with Terminal(*arguments, env=env, lines=60, command=command) as terminal:
        terminal.read_until(lambda screen: "(2, 9)" in screen)
        seen = terminal.read_to_end()
        assert terminal.process.returncode == 1
    assert "Keras (2, 6)" in seen
    assert "rule  (2, 9)" in seen
    assert "✗ Keras and the rule disagree" in seen


def test_even_a_bug_of_our_own_is_one_line(bent: Bend, tmp_path: Path) -> None:
    env = bent("def layers(spec: LayerSpec)", "def layers(spec: LayerSpec, more: int)")
    finished = run("lstm", env=env, cwd=tmp_path)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr.startswith("error: a bug in rnnshape, please report it: TypeError: ")
    assert finished.stderr.count("\n") == 1
