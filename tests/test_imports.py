"""What answers at once must not import TensorFlow, Keras or NumPy, which take a second."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import rnnshape
from tests.conftest import COMMAND, environment, run

pytestmark = pytest.mark.process

HEAVY = ("tensorflow", "keras", "numpy")

AT_ONCE: list[tuple[list[str], int]] = [
    (["--help"], 0),
    (["-h"], 0),
    (["--version"], 0),
    ([], 2),
    (["ltsm"], 2),
    (["lstm", "-b", "0"], 2),
    (["lstm", "--nonsense"], 2),
    (["lstm", "--dry-run"], 0),
    (["lstm", "gru", "simplernn", "--compare", "--dry-run"], 0),
    *(
        (["lstm", "--dry-run", "--weights", "--code", "--diagram", "--format", form], 0)
        for form in ("table", "plain", "json", "csv", "markdown")
    ),
    (["lstm", "--dry-run", "--diagram", "--export", "layer.svg"], 0),
]


@pytest.fixture
def heavy_modules_tell(stand_in: Callable[..., dict[str, str]]) -> dict[str, str]:
    """An environment in which importing a heavy module is the end of the process, exit 99."""
    return stand_in(**dict.fromkeys(HEAVY, "import os\nos._exit(99)"))


@pytest.mark.parametrize(("arguments", "code"), AT_ONCE, ids=str)
def test_it_answers_without_them(
    arguments: list[str], code: int, heavy_modules_tell: dict[str, str], tmp_path: Path
) -> None:
    assert run(*arguments, env=heavy_modules_tell, cwd=tmp_path).returncode == code


def test_the_version_is_the_package_s() -> None:
    assert run("--version").stdout == f"rnnshape {rnnshape.__version__}\n"


def test_completion_answers_without_them(heavy_modules_tell: dict[str, str]) -> None:
    asking = {"_RNNSHAPE_COMPLETE": "complete_bash", "COMP_WORDS": "rnnshape ls", "COMP_CWORD": "1"}
    finished = run(env=heavy_modules_tell | asking)
    assert (finished.returncode, finished.stdout.split()) == (0, ["lstm"])


def test_the_stand_ins_would_tell(heavy_modules_tell: dict[str, str]) -> None:
    finished = run("lstm", env=heavy_modules_tell)
    assert finished.returncode == 1
    assert "exit 99" in finished.stderr


def test_the_package_and_its_rule_import_none_of_them() -> None:
    program = (
        "import rnnshape, sys\n"
        "from rnnshape import *\n"
        "print(inspect('LSTM(3) -> Dense(1)').outputs, MeasurementError)\n"
        f"sys.exit(bool({{*{HEAVY}}} & {{*sys.modules}}))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_version_imports_nothing_but_the_command_line() -> None:
    program = (
        "import sys\n"
        "from rnnshape.cli.run import run\n"
        "run(['--version'])\n"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] in ('rich', 'rnnshape')))"
    )
    done = subprocess.run(
        [*COMMAND[:1], "-c", program], capture_output=True, text=True, env=environment(), check=True
    )
    for module in ("rich", "rnnshape.rules", "rnnshape.report", "rnnshape.measuring"):
        assert module not in done.stdout
