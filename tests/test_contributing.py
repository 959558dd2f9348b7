"""CONTRIBUTING.md tells the truth: its worked examples are applied to a copy of the package."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, environment

PATH = ROOT / ".github" / "CONTRIBUTING.md"
GUIDE = PATH.read_text(encoding="utf-8")
EXAMPLES = GUIDE.partition("## Worked examples")[2].partition("## A pull request")[0]
BLOCKS: list[tuple[str, str]] = re.findall(
    r"^```(python|diff|console)\n(.*?)^```", EXAMPLES, flags=re.DOTALL | re.MULTILINE
)

process = pytest.mark.process


def commands() -> Iterator[tuple[str, str]]:
    """Each command of the examples, and what it prints."""
    for kind, text in BLOCKS:
        for part in text.split("$ ")[1:] if kind == "console" else []:
            line, _, printed = part.partition("\n")
            yield line, printed


def path(text: str) -> str:
    """The file that an example is about: its first line is `# rnnshape/...`."""
    return text.partition("\n")[0].removeprefix("# ")


def apply(folder: Path, text: str) -> None:
    """Changes a file as a diff says, whose lines without a mark stand in it exactly once; one that
    is changed already, by who follows the guide, stays as it is."""
    file, lines = folder / path(text), text.splitlines()[1:]
    before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
    after = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
    whole = file.read_text(encoding="utf-8")
    left, adds = iter(whole.splitlines()), any(line.startswith("+") for line in lines)
    if after in whole or (adds and all(line in left for line in after.splitlines())):
        return  # perhaps with lines of a later example between
    place = f"{path(text)}: the place that {PATH.name} changes is not there, or there twice"
    assert whole.count(before) == 1, f"{place}:\n{before}"
    file.write_text(whole.replace(before, after), encoding="utf-8")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and its tests, with every example applied."""
    folder = tmp_path_factory.mktemp("contributed")
    for name in ("rnnshape", "tests", ".mypy_cache"):
        if (ROOT / name).exists():
            kept = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=kept)
    shutil.copy2(ROOT / "pyproject.toml", folder)
    for kind, text in BLOCKS:
        if kind == "diff":
            apply(folder, text)
        elif kind == "python":
            (folder / path(text)).write_text(text.partition("\n")[2], encoding="utf-8")
    return folder


def run_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment(COLUMNS="80"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_examples_change_what_is_there(package: Path) -> None:
    assert package.exists()  # `apply` found each place once


@process
@pytest.mark.keras
@pytest.mark.parametrize(("line", "printed"), list(commands()), ids=lambda text: text[:60])
def test_a_command_of_an_example_prints_what_is_said(
    line: str, printed: str, package: Path
) -> None:
    words = re.findall(r"'[^']*'|\S+", line.removeprefix("rnnshape "))
    assert run_in(package, "rnnshape", *(word.strip("'") for word in words)).stdout == printed


@process
def test_the_examples_pass_the_checks(package: Path) -> None:
    changed = sorted({path(text) for kind, text in BLOCKS if path(text).endswith(".py")})
    for tool in (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)):
        checked = run_in(package, *tool, *changed)
        assert checked.returncode == 0, checked.stdout


@process
def test_the_tests_that_the_examples_change_pass(package: Path) -> None:
    changed = {path(text) for _, text in BLOCKS if re.match(r"# tests/\w+\.py\n", text)}
    of_tables = ["tests/test_explaining.py", "tests/test_wrong_command_lines.py"]
    marks = "not keras and not process and not slow"
    tested = run_in(package, "pytest", "-n", "0", *sorted(changed), *of_tables, "-m", marks)
    assert tested.returncode == 0, tested.stdout


def test_there_is_an_example_for_each_thing_that_people_add() -> None:
    titles = re.findall(r"^### (?:Add|Explain|Follow) an? (.*)$", EXAMPLES, flags=re.MULTILINE)
    assert titles == ["layer", "argument", "view", "format", "message", "function of arrays",
                      "loss or a metric"]  # fmt: skip


@process
@pytest.mark.keras
def test_the_question_that_is_followed_is_answered_as_is_said() -> None:
    tried = doctest.testfile(str(PATH), module_relative=False, encoding="utf-8")
    assert tried.attempted > 10
    assert tried.failed == 0


def test_what_the_guide_names_is_there() -> None:
    for path in re.findall(r"`((?:\.ci|\.github|tests|rnnshape)/[\w./]+)`", GUIDE):
        assert (ROOT / path).exists(), path
    for name in re.findall(r"`(\w+\.py|\w+/)`", GUIDE):
        assert any((ROOT / folder / name).exists() for folder in ("", "rnnshape", "tests")), name


@process
@pytest.mark.parametrize("name", ["quick", "run", "package"])
def test_scripts_of_the_checks_can_be_run(name: str) -> None:
    script = ROOT / ".ci" / name
    assert os.access(script, os.X_OK)
    checked = subprocess.run(["bash", "-n", str(script)], check=False, capture_output=True)
    assert checked.returncode == 0, checked.stderr
