"""The README tells the truth: its examples are run and compared, its pictures are made anew.

With RNNSHAPE_UPDATE=1 the examples' outputs and the pictures are rewritten instead.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, command, environment, run
from tests.test_export import lines

pytestmark = pytest.mark.process

PATH = ROOT / "README.md"
README = PATH.read_text(encoding="utf-8")
UPDATE = bool(os.environ.get("RNNSHAPE_UPDATE"))


def examples(text: str) -> Iterator[tuple[str, str]]:
    """The commands in ```console blocks, and what is printed under each."""
    for block in re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            shell, _, output = part.partition("\n")
            yield shell, output


def pictures() -> list[tuple[str, str]]:
    """The commands in the pictures' titles, and the files that show what they print."""
    return re.findall(r"!\[rnnshape (.*?)\]\((\.github/.*?\.svg)\)", README)


def without_versions(text: str) -> str:
    return re.sub(r"(Keras|TensorFlow) \d[\w.]*", r"\1 x.y.z", text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the README shows."""
    made = tmp_path_factory.mktemp("readme")
    for name, code in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", README, flags=re.DOTALL):
        (made / name).write_text(code, encoding="utf-8")
    return made


def printed(shell: str, folder: Path) -> str:
    ours = f"{shlex.quote(sys.executable)} -m rnnshape"
    finished = subprocess.run(
        ["bash", "-c", re.sub(r"(^|\| )rnnshape", rf"\1{ours}", shell)],
        cwd=folder,
        env=environment(COLUMNS="80", PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return finished.stdout


@pytest.mark.parametrize(("shell", "output"), list(examples(README)), ids=lambda text: text[:60])
def test_an_example_prints_what_the_readme_says(shell: str, output: str, folder: Path) -> None:
    if "jq " in shell and not shutil.which("jq"):
        pytest.skip("jq is not installed here")
    seen = printed(shell, folder)
    if UPDATE:
        text = PATH.read_text(encoding="utf-8")
        PATH.write_text(text.replace(f"$ {shell}\n{output}", f"$ {shell}\n{seen}", 1), "utf-8")
        return
    assert without_versions(seen) == without_versions(output)


@pytest.mark.parametrize(("arguments", "picture"), pictures())
def test_a_picture_shows_what_the_command_prints(
    arguments: str, picture: str, tmp_path: Path
) -> None:
    anew = tmp_path / "anew.svg"
    code = run(*shlex.split(arguments), "--export", str(anew)).returncode
    assert code == (2 if "✗" in anew.read_text() else 0)
    if UPDATE:
        shutil.copy(anew, ROOT / picture)
        return
    shown, made = lines(ROOT / picture), lines(anew)
    assert list(map(without_versions, shown)) == list(map(without_versions, made))


def test_the_readme_has_examples_of_every_way_to_ask() -> None:
    commands = [shell for shell, _ in examples(README)]
    for start in ("rnnshape gru", "rnnshape 'Bidirectional", "rnnshape seq2seq.py", "printf"):
        assert any(one.startswith(start) for one in commands)
    for word in ("| jq", "| while read", "--weights", "--code", "--format csv", "rnnshape -"):
        assert any(word in one for one in commands)
    assert len(pictures()) == 3


def test_the_python_examples_of_the_readme_run() -> None:
    failed, tried = doctest.testfile(str(PATH), module_relative=False, encoding="utf-8")
    assert tried >= 4
    assert failed == 0


def test_the_readme_names_every_option_of_the_help() -> None:
    options = re.findall(r"(--[a-z][a-z-]+)", command("--help").out)
    assert len(set(options)) > 20
    for option in options:
        assert option in README or option.replace("--no-", "--") in README


def test_the_readme_says_what_every_module_holds() -> None:
    for module in (ROOT / "rnnshape").iterdir():
        name = f"{module.name}/" if module.is_dir() else module.name
        if not name.startswith("__") and name not in (
            "py.typed",
            "errors.py",
            "interruption.py",
            "version.py",
        ):
            assert f"`{name}`" in README


def test_the_two_commands_are_each_a_line_of_their_own() -> None:
    """`.ci/run` reads them from here."""
    commands = re.findall(r"^python3 -m venv .*$", README, flags=re.MULTILINE)
    assert [one.rpartition("/")[2] for one in commands] == [
        "rnnshape lstm --bidirectional --return-state",
        "python -m pytest",
    ]
