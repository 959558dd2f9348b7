"""On a real terminal: the rule's answer at once, Keras' confirmation in place, and nothing left."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import COMMAND, answered, environment, run
from tests.terminal import HIDE_CURSOR, Terminal

pytestmark = pytest.mark.process

BI_LSTM = ("lstm", "--bidirectional", "--return-state")
PENDING = "not yet measured"
MEASURED = "✓ measured by model.predict"


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_table_is_there_before_it_is_measured_and_is_completed_in_place(columns: int) -> None:
    with Terminal(*BI_LSTM, columns=columns) as terminal:
        early = terminal.read_until(lambda screen: PENDING in screen)
        assert "o, h1, c1, h2, c2 = layer(inputs)" in early
        assert "✓" not in early
        if columns == 120:  # it says what is going on
            terminal.read_until(lambda screen: "loading TensorFlow" in screen)
            terminal.read_until(lambda screen: "· model.predict" in screen)
        late = terminal.read_to_end()
        assert terminal.process.returncode == 0
    assert PENDING not in late
    assert MEASURED in late
    assert late.startswith(early[: early.index("layer(inputs)")])
    assert "\n\n\n" not in late
    assert HIDE_CURSOR not in terminal.text
    if columns == 80:  # as a pipe has
        assert late == answered(*BI_LSTM).stdout.rstrip("\n")


def test_an_answer_higher_than_the_screen_is_whole_and_written_once() -> None:
    with Terminal("lstm", "gru", "simplernn", "--compare", lines=12) as terminal:
        terminal.read_to_end()
    assert terminal.text.count("SimpleRNN(3)") == 1
    assert MEASURED in terminal.screen


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_a_format_for_programs_is_not_painted_early(form: str) -> None:
    with Terminal("lstm", "--format", form, columns=900) as terminal:
        pending = terminal.read_until(lambda screen: PENDING in screen)
        assert "(2, 3)" not in pending
        assert "LSTM" not in pending
        done = terminal.read_to_end()
    assert PENDING not in done
    assert done == answered("lstm", "--format", form).stdout.rstrip("\n")


def test_code_is_highlighted_on_a_terminal_beside_the_table() -> None:
    with Terminal("gru", "--dry-run", "--code") as terminal:
        seen = terminal.read_to_end()
    assert "o = layer(inputs)" in seen
    assert "o = GRU(3)(inputs)" in seen
    assert re.search(r"\x1b\[[0-9;]*mfrom", terminal.text)


def coloured(text: str) -> bool:
    """Whether any SGR sequence sets a colour, and not just a weight."""
    codes = [code for part in re.findall(r"\x1b\[([0-9;]*)m", text) for code in part.split(";")]
    return any(code.isdigit() and 30 <= int(code) < 110 and code != "39" for code in codes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
    ids=str,
)
def test_colours_are_for_those_who_want_them(changes: dict[str, str], expected: bool) -> None:
    env = environment(**{"TERM": "xterm-256color", **changes})
    with Terminal(*BI_LSTM, "--dry-run", "--code", env=env) as terminal:
        terminal.read_to_end()
    assert coloured(terminal.text) is expected


def test_colours_can_be_forced_into_a_pipe() -> None:
    assert not coloured(answered("lstm", "--dry-run").stdout)
    assert coloured(run("lstm", "--dry-run", env=environment(FORCE_COLOR="1")).stdout)
    assert "\x1b[1;31merror:" in run("ltsm", env=environment(FORCE_COLOR="1")).stderr
    assert "\x1b" not in run("ltsm", env=environment(FORCE_COLOR="1", NO_COLOR="1")).stderr


def test_columns_are_honoured() -> None:
    for columns in (20, 60, 120):
        text = run("lstm", "--dry-run", "--weights", env=environment(COLUMNS=str(columns))).stdout
        assert max(map(len, text.splitlines())) <= columns
        assert "(2, 3)" in text


@pytest.mark.parametrize("columns", ["0", "1", "5"])
def test_no_width_is_too_narrow_for_the_shapes(columns: str) -> None:
    text = run("lstm", "--dry-run", env=environment(COLUMNS=columns)).stdout
    assert "(2, 3)" in text


def test_a_pipe_beside_a_terminal_has_its_progress_there(tmp_path: Path) -> None:
    piped = tmp_path / "answer.json"
    shell = f"{shlex.join(COMMAND)} lstm --format json > {shlex.quote(str(piped))}"
    with Terminal(command=["sh", "-c", shell]) as terminal:
        seen = terminal.read_until(lambda screen: PENDING in screen)
        assert "by the rule" not in seen
        assert terminal.read_to_end() == ""
    assert piped.read_text() == answered("lstm", "--format", "json").stdout


@pytest.mark.parametrize(("columns", "said"), [(12, ""), (30, "100")])
def test_nothing_is_drawn_over_on_a_terminal_narrower_than_the_page(
    columns: int, said: str
) -> None:
    env = environment(TERM="xterm-256color", COLUMNS=said)
    with Terminal("lstm", columns=columns, lines=60, env=env) as terminal:
        terminal.read_to_end()
    assert PENDING not in terminal.text
    assert terminal.text.count("LSTM(3)") == 1


def test_a_dumb_terminal_gets_one_plain_answer() -> None:
    with Terminal("lstm", env=environment(TERM="dumb")) as terminal:
        done = terminal.read_to_end()
    assert "\x1b" not in terminal.text
    assert done == answered("lstm").stdout.rstrip("\n")


def test_a_failure_completes_the_table_too(stand_in: Callable[..., dict[str, str]]) -> None:
    env = stand_in(tensorflow="import os\nos.abort()") | {"TERM": "xterm-256color"}
    with Terminal(*BI_LSTM, env=env) as terminal:
        done = terminal.read_to_end()
        assert terminal.process.returncode == 1
    assert PENDING not in done
    assert "· by the rule, not measured" in done
    assert "error: not measured: the measuring process was ended by SIGABRT" in done
    assert done.count("o       (2, 6)") == 1
    assert HIDE_CURSOR not in terminal.text


# Jobs of a shell


@pytest.fixture
def bash() -> Iterator[Terminal]:
    """A shell with job control."""
    with Terminal(command=["bash", "--norc", "--noprofile", "-i"]) as terminal:
        terminal.press("PS1='$ '; clear\n")
        terminal.read_until(lambda screen: screen == "$")
        yield terminal


def test_a_job_that_was_stopped_writes_its_answer_anew_below_what_others_wrote(
    bash: Terminal,
) -> None:
    bash.press(f"{shlex.join(COMMAND)} lstm\n")
    bash.read_until(lambda screen: "o = layer(inputs)" in screen)
    bash.press("\x1a")
    bash.read_until(lambda screen: "Stopped" in screen)
    bash.press("echo me''anwhile\n")
    bash.read_until(lambda screen: "\nmeanwhile\n" in screen)
    bash.press("fg\n")
    screen = bash.read_until(lambda screen: MEASURED in screen)
    assert "Stopped" in screen
    assert "\nmeanwhile\n" in screen
    assert screen.index("meanwhile") < screen.rindex("o = layer(inputs)")
    assert screen.count("o = layer(inputs)") == 2


def test_a_job_in_the_background_draws_over_nothing(bash: Terminal) -> None:
    bash.press(f"{shlex.join(COMMAND)} lstm &\n")
    bash.press("echo ty''ped\n")
    screen = bash.read_until(lambda screen: MEASURED in screen)
    assert "\ntyped\n" in screen
    assert PENDING not in bash.text
    assert "\x1b[K" not in bash.text.partition("typed")[2]
