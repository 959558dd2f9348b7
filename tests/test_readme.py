"""The README tells the truth: its examples are run and compared, and its pictures are made anew."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import environment, run
from tests.test_export import lines

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def examples() -> list[tuple[str, str]]:
    """The commands in ```console blocks, and what is printed under each."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def pictures() -> list[tuple[str, str]]:
    """The commands in the pictures' titles, and the files that show what they print."""
    return re.findall(r"!\[rnnshape (.*?)\]\((\.github/.*?\.svg)\)", README)


def without_versions(text: str) -> str:
    return re.sub(r"(Keras|TensorFlow) \d[\w.]*", r"\1 x.y.z", text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


@pytest.mark.parametrize(("command", "output"), examples(), ids=lambda text: text[:60])
def test_an_example_prints_what_it_says(command: str, output: str, folder: Path) -> None:
    if "jq " in command and not shutil.which("jq"):
        pytest.skip("jq is not installed here")
    ours = f"{shlex.quote(sys.executable)} -m rnnshape"
    env = environment(COLUMNS="80", PYTHONPATH=str(ROOT))
    finished = subprocess.run(
        ["bash", "-c", re.sub(r"^rnnshape", ours, command)],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert without_versions(finished.stdout) == without_versions(output)


def test_there_are_examples_of_every_kind() -> None:
    commands = " ".join(command for command, _ in examples())
    for word in (
        "| jq",
        "| awk",
        "| while read",
        "--compare",
        "-u 64 -u 32",
        "--code",
        "--weights",
    ):
        assert word in commands
    assert len(pictures()) == 3


@pytest.mark.parametrize(("arguments", "picture"), pictures())
def test_a_picture_shows_what_the_command_prints(
    arguments: str, picture: str, tmp_path: Path
) -> None:
    anew = tmp_path / "anew.svg"
    assert run(*arguments.split(), "--export", str(anew)).returncode == 0
    shown, made = lines(ROOT / picture), lines(anew)
    assert list(map(without_versions, shown)) == list(map(without_versions, made))


def test_the_python_examples_run() -> None:
    failed, tried = doctest.testfile(
        str(ROOT / "README.md"), module_relative=False, encoding="utf-8"
    )
    assert tried >= 5
    assert failed == 0


def test_the_options_are_those_of_the_help() -> None:
    options = re.findall(r"^│ \*?\s*(--[a-z-]+)", run("--help").stdout, flags=re.MULTILINE)
    assert len(options) > 15
    for option in options:
        assert option in README


def test_every_room_is_in_the_plan_of_the_house() -> None:
    for room in ROOT.glob("rnnshape/*.py"):
        if room.name != "__init__.py":
            assert f"`{room.name}`" in README


def test_the_two_commands_are_each_a_line_of_their_own() -> None:
    """`.ci/run` reads them from here."""
    commands = re.findall(r"^python3 -m venv .*$", README, flags=re.MULTILINE)
    assert [command.rpartition("/")[2] for command in commands] == [
        "rnnshape lstm --bidirectional --return-state",
        "python -m pytest",
    ]
