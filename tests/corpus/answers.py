"""Programs, what the command answers for them, and what Keras makes of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import command, environment, json_lines

WRITTEN = Path(__file__).parent / "written"

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the command writes for a program: a report for each model, its messages, its exit."""

    text: str
    reports: list[Json]
    messages: str
    code: int


def programs(paths: Iterable[Path]) -> dict[str, str]:
    """The programs in files, by their names.

    >>> len(programs(WRITTEN.glob("*.txt"))) > 100
    True
    """
    found: dict[str, str] = {}
    for path in paths:
        text = path.read_text()
        if path.suffix == ".py":
            found[str(path)] = text
            continue
        for part in re.split(r"^#### ", text, flags=re.MULTILINE)[1:]:
            name, _, body = part.partition("\n")
            assert name not in found, f"two programs are called {name}"
            found[name] = body
    return found


def read_all(texts: Mapping[str, str], folder: Path) -> dict[str, Answer]:
    """What the command says of each: by the rule, in this very process."""
    answers = {}
    for name, text in texts.items():
        word = re.sub(r"[^a-z0-9]", "_", name)[:80]
        path = folder / f"{word}.py"  # whichever other programs there are
        path.write_text(text)
        done = command(str(path), "--json", "--dry-run", "--weights")
        said = done.err.replace(f"{folder}/", "")  # which differs from run to run
        answers[name] = Answer(text, json_lines(done.out), said, done.code)
    return answers


def run_all(texts: Mapping[str, str], answers: Mapping[str, Answer]) -> dict[str, Json]:
    """What Keras makes of each, on inputs of the sizes that were answered."""
    asked = {}
    for name, text in texts.items():
        sizes = [[one["shape"] for one in report["inputs"]] for report in answers[name].reports]
        asked[name] = {"text": text, "sizes": sizes}
    done = subprocess.run(
        [sys.executable, "-m", "tests.corpus.run_by_keras"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        env=environment(PYTHONPATH=str(Path(__file__).parents[2])),
        cwd="/",  # some ask where they are
        check=True,
    )
    return {one["program"]: one for one in json_lines(done.stdout)}
