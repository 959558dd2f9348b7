"""`--export`: the views as a picture or a page, all of it or nothing."""

from __future__ import annotations

import os
import resource
import signal
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import environment, run

EVERYTHING = (
    "lstm",
    "--bidirectional",
    "--return-sequences",
    "--return-state",
    "--weights",
    "--diagram",
    "--code",
)
CHARACTER = 12.2  # how wide Rich draws one
SVG = "{http://www.w3.org/2000/svg}"


class Text(HTMLParser):
    """The text of a page, as a browser has it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.text += data


def lines(path: Path) -> list[str]:
    """The lines of text in an exported file, read by a parser for its kind."""
    text = path.read_text(encoding="utf-8")
    match path.suffix.lower():
        case ".svg":
            rows: dict[float, str] = {}
            for element in ElementTree.fromstring(text).iter(f"{SVG}text"):
                if element.get("clip-path"):
                    x, y = float(element.get("x", 0)), float(element.get("y", 0))
                    rows[y] = rows.get(y, "").ljust(round(x / CHARACTER)) + (element.text or "")
            read = list(rows.values())
        case ".html":
            read = Text(text).text.partition("}\n\n")[2].splitlines()
        case _:
            read = text.splitlines()
    cleaned = (line.replace("\xa0", " ").strip() for line in read)
    return [line for line in cleaned if line]


@pytest.mark.parametrize("name", ["layer.svg", "layer.HTML", "layer.txt"])
def test_it_holds_what_the_screen_shows(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    env = environment(COLUMNS="90")
    finished = run(*EVERYTHING, "--dry-run", "--export", str(path), env=env)
    assert (finished.returncode, finished.stderr) == (0, f"note: wrote {path}\n")
    shown = [line.strip() for line in finished.stdout.splitlines() if line.strip()]
    exported = lines(path)
    for part in ("o (2, 5, 6)", "h1, c1", "model = Model(inputs, [o, h1, c1, h2, c2])", "in total"):
        assert any(part in line for line in exported)
    drawing = [line for line in shown if any(mark in line for mark in "┌└│▲◀▶")]
    assert [line for line in exported if any(mark in line for mark in "┌└│▲◀▶")] == drawing
    assert list(tmp_path.iterdir()) == [path]


def test_a_measured_one_has_values_and_relations(tmp_path: Path) -> None:
    path = tmp_path / "layer.svg"
    finished = run("gru", "--return-state", "--values", "--format", "json", "--export", str(path))
    assert finished.returncode == 0
    text = "\n".join(lines(path))
    assert "✓ o == h" in text
    assert "measured by model.predict" in text
    assert text.count("[[") >= 3


def test_a_picture_asks_nothing_of_the_web(tmp_path: Path) -> None:
    for name in ("layer.svg", "layer.html"):
        run("gru", "--dry-run", "--export", str(tmp_path / name))
        text = (tmp_path / name).read_text()
        assert "http" not in text.replace("http://www.w3.org", "").replace(
            "https://www.textualize.io", ""
        )
        assert "@font-face" not in text


def test_an_older_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "layer.txt"
    path.write_text("old" * 10000)
    run("gru", "--dry-run", "--export", str(path))
    assert path.read_text().startswith("GRU(3)\n")
    assert "old" not in path.read_text()


@pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="looks for a folder that no one can write"
)
def test_what_cannot_be_written_leaves_nothing_behind() -> None:
    path = Path("/proc/layer.svg")
    finished = run("gru", "--dry-run", "--export", str(path))
    assert finished.returncode == 1
    assert finished.stderr.startswith(f"error: --export {path}: ")
    assert finished.stderr.count("\n") == 1
    assert "(2, 3)" in finished.stdout
    assert not path.exists()


def test_a_failed_write_leaves_the_older_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "layer.svg"
    path.write_text("old")
    limit = 100  # bytes that any file may have

    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    finished = run("gru", "--dry-run", "--export", str(path), preexec_fn=no_room)
    assert finished.returncode == 1
    assert finished.stderr == f"error: --export {path}: File too large\n"
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_measurement_leaves_the_older_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "layer.svg"
    path.write_text("old")
    finished = run("gru", "-b", str(10**12), "--export", str(path))
    assert finished.returncode == 1
    assert "wrote" not in finished.stderr
    assert path.read_text() == "old"


def test_a_link_that_leads_nowhere_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "loop.txt"
    path.symlink_to("loop.txt")
    assert run("gru", "--dry-run", "--export", str(path)).returncode == 0
    assert path.read_text().startswith("GRU(3)")


def test_what_the_format_leaves_out_may_be_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "gru\x1b[31m.txt"
    finished = run("gru", "--diagram", "--dry-run", "--format", "csv", "--export", str(path))
    shown = str(path).replace("\x1b", "\\x1b")
    assert finished.stderr == (
        f"note: --diagram has no place in csv, and is in {shown} alone\nnote: wrote {shown}\n"
    )
    assert "▶" in path.read_text()


def test_its_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "layer.txt"
    path.write_text("old")
    path.chmod(0o600)
    assert run("gru", "--dry-run", "--export", str(path)).returncode == 0
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_locked_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    finished = run("gru", "--dry-run", "--export", str(tmp_path / "layer.svg"))
    assert finished.returncode == 1
    assert "Permission denied" in finished.stderr


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "layer.svg").mkdir()
    finished = run("gru", "--dry-run", "--export", str(tmp_path / "layer.svg"))
    assert finished.returncode == 2
    assert finished.stderr.endswith("layer.svg: it is a folder\n")
