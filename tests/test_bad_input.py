"""A wrong command line: one kind line on stderr, nothing on stdout, exit 2, and no TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import run

ALLOWED = "give a whole number, 1 or more"
LARGEST = "the largest is 9223372036854775807"
WRONG: list[tuple[list[str], str]] = [
    *(
        (["lstm", option, value], f"error: {name} {value}: {ALLOWED}")
        for option, name in [
            ("-b", "--batch"),
            ("--timesteps", "--timesteps"),
            ("-f", "--features"),
            ("-u", "--units"),
        ]
        for value in ["0", "-1", "2.5", "1e3", "three", "10**30", "nan", "64,32"]
    ),
    (["lstm", "-b", str(10**30)], f"error: --batch {10**30}: {LARGEST}"),
    (["lstm", "-f", str(2**63)], f"error: --features {2**63}: {LARGEST}"),
    (["lstm", "-b", "9" * 5000], f"error: --batch {'9' * 97}...: {ALLOWED}"),
    (["lstm", "-u", "3", "-u", "0"], f"error: --units 0: {ALLOWED}"),
    (["ltsm"], "error: CELL ltsm: choose lstm, gru or simplernn; did you mean lstm?"),
    (["lstm", "gruu"], "error: CELL gruu: choose lstm, gru or simplernn; did you mean gru?"),
    (
        ["ls\ntm\x1b[2J"],
        r"error: CELL ls\ntm\x1b[2J: choose lstm, gru or simplernn; did you mean lstm?",
    ),
    (["transformer"], "error: CELL transformer: choose lstm, gru or simplernn"),
    (
        ["lstm", "--bidirectional", "--merge-mode", "summ"],
        "error: --merge-mode summ: choose concat, sum, mul, ave or none; did you mean sum?",
    ),
    (
        ["lstm", "--merge-mode", "concat"],
        "error: --merge-mode concat: only with --bidirectional is anything merged",
    ),
    (
        ["lstm", "--compare", "--no-bidirectional", "--merge-mode", "sum"],
        "error: --merge-mode sum: only with --bidirectional is anything merged",
    ),
    (
        ["lstm", "--bidirectional", "--merge-mode", "none", "-u", "2", "-u", "2"],
        "error: --merge-mode none: it returns two tensors, and the next layer of a stack takes "
        "one: concat, sum, mul or ave",
    ),
    (
        ["lstm", "--format", "jsonn"],
        "error: --format jsonn: choose table, plain, json, csv or markdown; did you mean json?",
    ),
    (["lstm", "--seed", "-1"], "error: --seed -1: give a whole number, 0 or more"),
    (["lstm", "--seed", "x"], "error: --seed x: give a whole number, 0 or more"),
    (["lstm", "--seed", str(2**32)], f"error: --seed {2**32}: the largest is {2**32 - 1}"),
    (["--dry-run"], "error: CELL: name at least one: lstm, gru, simplernn"),
    (["lstm", "-b"], "error: -b: a value is missing"),
    (
        ["lstm", "--retrun-state"],
        "error: --retrun-state: no such option; did you mean --return-state?",
    ),
    (
        ["lstm", "--ret"],
        "error: --ret: no such option; did you mean --return-sequences or --return-state?",
    ),
    (["lstm", "--json"], "error: --json: no such option; see rnnshape --help"),
    (["lstm", "--dry-run=1"], "error: --dry-run: it takes no value"),
    (["lstm", "--zzz"], "error: --zzz: no such option; see rnnshape --help"),
    (
        ["lstm", "--export", "layer.pdf"],
        "error: --export layer.pdf: the name must end in .svg, .html or .txt",
    ),
    (["lstm", "--export", ""], "error: --export: the name must end in .svg, .html or .txt"),
    (
        ["lstm", "--export", f"{'n' * 300}.svg"],
        f"error: --export {'n' * 97}...: File name too long",
    ),
    (
        ["lstm", "--export", "nowhere/layer.svg"],
        "error: --export nowhere/layer.svg: there is no folder nowhere",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_one_line_says_what_is_wrong(
    arguments: list[str], message: str, tmp_path: Path, stand_in: Callable[..., dict[str, str]]
) -> None:
    finished = run(*arguments, cwd=tmp_path, env=stand_in(tensorflow="raise SystemExit('touched')"))
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr == f"{message}\n"


def test_no_words_at_all_show_the_help() -> None:
    finished = run()
    assert (finished.returncode, finished.stdout) == (2, "")
    assert "Usage: rnnshape [OPTIONS] CELL..." in finished.stderr
    assert finished.stderr.strip() == run("--help").stdout.strip()


@pytest.mark.parametrize("size", [10**6, 2**63 - 1])
def test_what_the_machine_cannot_hold_the_rule_still_answers(size: int) -> None:
    finished = run("lstm", "-b", str(size), "-u", str(size), "--dry-run", "--format", "plain")
    assert (finished.returncode, finished.stdout) == (0, f"o {size} {size}\n")
