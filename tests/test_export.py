"""`--export`: the views as a picture or a page, all of it or nothing."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rnnshape.formats import SUFFIXES
from rnnshape.query import Query
from rnnshape.shown import Report
from rnnshape.terminal.answer_writer import AnswerWriter
from rnnshape.terminal.environment import Environment
from tests.conftest import command
from tests.reports import answer, asked, compared, measured
from tests.test_formats import Tree
from tests.test_views import BI_LSTM_SEQUENCES, MODEL

VIEWS = frozenset({"weights", "diagram", "code", "values"})
CHARACTER = 12.2  # how wide Rich draws one
SVG = "{http://www.w3.org/2000/svg}"


def exported(path: Path, report: Report | None = None, query: Query | None = None) -> str:
    environment = Environment(None, io.StringIO(), io.StringIO(), {})
    shown = AnswerWriter(query or Query(views=VIEWS), environment)
    return shown.export([report or measured(asked(BI_LSTM_SEQUENCES), values=True)], path)


def lines(path: Path) -> list[str]:
    """The lines of text in an SVG, as an XML parser has it."""
    text = path.read_text(encoding="utf-8")
    rows: dict[float, str] = {}
    for element in ElementTree.fromstring(text).iter(f"{SVG}text"):
        if element.get("clip-path"):
            x, y = float(element.get("x", 0)), float(element.get("y", 0))
            rows[y] = rows.get(y, "").ljust(round(x / CHARACTER)) + (element.text or "")
    return [line.replace("\xa0", " ").rstrip() for _, line in sorted(rows.items())]


@pytest.mark.parametrize("layers", [(BI_LSTM_SEQUENCES,), MODEL])
def test_a_picture_holds_what_the_screen_shows(layers: tuple[str, ...], tmp_path: Path) -> None:
    report = measured(asked(*layers), values=True)
    path = tmp_path / "layer.SVG"
    assert exported(path, report) == f"wrote {path}"
    shown = answer(report, VIEWS, columns=80).splitlines()
    picture = lines(path)
    assert [line for line in picture if line] == [line for line in shown if line]
    assert list(tmp_path.iterdir()) == [path]
    text = path.read_text(encoding="utf-8").lower()
    assert ">rnnshape</text>" in text
    assert "#d78fe6" in text  # the colour of names


def test_a_text_holds_what_the_screen_shows(tmp_path: Path) -> None:
    report = measured(asked(BI_LSTM_SEQUENCES), values=True)
    exported(tmp_path / "layer.txt", report)
    text = (tmp_path / "layer.txt").read_text(encoding="utf-8")
    assert text == answer(report, VIEWS, columns=80)


def test_a_page_holds_a_comparison(tmp_path: Path) -> None:
    query, reports = compared("LSTM", units=(3, 4))
    environment = Environment(None, io.StringIO(), io.StringIO(), {})
    AnswerWriter(query, environment).export(reports, tmp_path / "compare.html")
    rows = Tree((tmp_path / "compare.html").read_text(encoding="utf-8")).rows
    flags = ["bidirectional", "return_sequences", "return_state"]
    assert rows[0] == ["layer", *flags, "outputs"]


@pytest.mark.parametrize("name", ["layer.svg", "layer.html"])
def test_a_picture_asks_nothing_of_the_web(name: str, tmp_path: Path) -> None:
    exported(tmp_path / name)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "@font-face" not in text


# The file


def test_an_older_file_is_replaced_whole_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "layer.txt"
    path.write_text("old" * 10000)
    path.chmod(0o640)
    assert exported(path) == f"replaced {path}"
    assert "old" not in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_read_only_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "layer.txt"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="it is read-only"):
        exported(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_to_a_file_leads_to_it(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to("real.txt")
    assert exported(link) == f"replaced {link}"
    assert link.is_symlink()
    assert "inputs" in (tmp_path / "real.txt").read_text(encoding="utf-8")


def test_a_link_that_leads_nowhere_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "loop.txt"
    path.symlink_to("loop.txt")
    exported(path)
    assert not path.is_symlink()
    assert "inputs" in path.read_text(encoding="utf-8")


def test_what_is_no_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "pipe.txt"
    os.mkfifo(path)
    with pytest.raises(OSError, match="no ordinary file"):
        exported(path)
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_the_file_that_is_written_first_is_new_and_its_name_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a shared folder its name could else be someone's link to someone's file."""
    opened: list[tuple[str, int]] = []
    real = os.open

    def watched(path: str, flags: int, *more: int) -> int:
        opened.append((Path(path).name, flags))
        return real(path, flags, *more)

    monkeypatch.setattr(os, "open", watched)
    exported(tmp_path / "one.txt")
    exported(tmp_path / "two.txt")
    names = [name for name, _ in opened]
    assert len(set(names)) == 2
    assert all(str(os.getpid()) not in name for name in names)
    for _, flags in opened:
        assert flags & os.O_EXCL
        assert flags & os.O_CREAT
        assert flags & os.O_NOFOLLOW


def test_a_neighbour_of_that_name_is_not_written_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    monkeypatch.setattr("secrets.token_hex", lambda _: "known")
    (tmp_path / ".rnnshape-known.part").symlink_to(victim)
    with pytest.raises(FileExistsError):
        exported(tmp_path / "layer.txt")
    assert victim.read_text() == "precious"


@pytest.mark.process
def test_a_failed_write_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "layer.svg"
    path.write_text("old")
    limit = 100  # bytes that any file may have

    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    script = (
        "from pathlib import Path; from tests.test_export import exported; "
        f"exported(Path({str(path)!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script],
        preexec_fn=no_room,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    assert "File too large" in done.stderr
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupted_write_leaves_nothing_behind(
    error: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(error):
        exported(tmp_path / "layer.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_is_too_large_is_not_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = ", ".join(["LSTMCell(3)"] * 30)
    report = asked(f"Bidirectional(RNN([{cells}], return_sequences=True))")
    exported(tmp_path / "cells.svg", report)
    monkeypatch.setattr("rnnshape.formats.export.LARGEST_PICTURE", 20_000)
    with pytest.raises(OSError, match=r"too large for a picture: choose \.html or \.txt"):
        exported(tmp_path / "more.svg", report)
    assert [path.name for path in tmp_path.iterdir()] == ["cells.svg"]
    exported(tmp_path / "more.html", report)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_locked_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        exported(tmp_path / "layer.svg")


def test_a_folder_that_is_missing_is_an_error_about_the_file(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "layer.svg"
    with pytest.raises(FileNotFoundError) as wrong:
        exported(path)
    assert wrong.value.filename == str(path)


# What others have written

EVIL = "e\x1b[31mv\x1b]0;t\x07i\x9b2J\u202el<b>"
CODE = f"""\
import os
import numpy as np
from keras import Input, Model, Sequential
from keras.layers import LSTM, Dense
n = int(os.environ.get('{EVIL}', 3))
m = Sequential([LSTM(3, name='{EVIL}'), Dense(2)], name='{EVIL}')
x = Input((5, 3), name='{EVIL}')
z = Model(x, LSTM(n)(x), name='{EVIL}')
z.predict(np.zeros((8, 5, 2)), '{EVIL}')
"""
CONFIG = {
    "class_name": "Sequential",
    "config": {
        "name": EVIL,
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, 5, 3], "name": EVIL}},
            {"class_name": "LSTM", "config": {"units": 3, "name": EVIL}},
            {"class_name": f"Mine{EVIL}", "config": {"name": EVIL}},
        ],
    },
}
ERROR = (
    f'ValueError: Input 0 of layer "{EVIL}" is incompatible with the layer: expected ndim=3, found '
    "ndim=2. Full shape received: (None, 8)\n"
)
TRACEBACK = f"""\
Traceback (most recent call last):
  File "code.py", line 9, in <module>
{ERROR}"""
WRITTEN_BY_OTHERS = {
    "code.py": CODE,
    "cells.ipynb": json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": CODE}]}),
    "model.json": json.dumps(CONFIG),
    "error.txt": ERROR,
    "traceback.txt": TRACEBACK,
}


@pytest.mark.parametrize("file", WRITTEN_BY_OTHERS)
def test_no_escape_sequence_of_a_file_reaches_any_output(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (file, "code.py"):
        Path(name).write_text(WRITTEN_BY_OTHERS[name])
    written = []
    for option in ("table", "plain", "csv", "markdown", "json", "--check"):
        options = [option] if option == "--check" else ["--format", option, "-n"]
        finished = command(file, *options)
        written += [finished.out, finished.err]
    for suffix in () if file.endswith(".txt") else SUFFIXES:
        command(file, "-n", "--code", "--diagram", "-o", f"exported{suffix}")
        written.append(Path(f"exported{suffix}").read_text())
    assert any("LSTM" in text or "Input" in text for text in written)
    for text in written:
        assert all(one.isprintable() or one in "\n\xa0" for one in text)
