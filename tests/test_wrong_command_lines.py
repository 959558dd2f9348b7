"""A wrong command line: one kind line on stderr and the place, nothing on stdout, exit 2."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len, set_cell_size

from rnnshape.cli.run import run as run_in_process
from rnnshape.terminal.environment import Environment
from tests.conftest import command, environment, run
from tests.reports import Tty

ALLOWED = "give a whole number, 1 or more"
WRONG: list[tuple[list[str], str]] = [
    *(
        (["lstm", option, value], f"{name} {value}: {ALLOWED}")
        for option, name in [
            ("-b", "--batch"),
            ("--timesteps", "--timesteps"),
            ("-f", "--features"),
            ("-u", "--units"),
        ]
        for value in ["0", "-1", "2.5", "1e3", "three", "10**30", "nan"]
    ),
    (["lstm", "-b", "9" * 5000], f"--batch {'9' * 97}...: {ALLOWED}"),
    (  # Python writes no number of so many digits
        ["lstm", "--let", f"n=[0x1{'0' * 9_000}]"],
        "--let n: no text asks for it",
    ),
    (
        ["lstm", "--let", 'n={"units": true}'],
        '--let n={"units": true}: a dictionary is written as in Python: '
        "{'units': 64, 'unroll': True}",
    ),
    (["lstm", *["-u", "3"] * 2_001], "these are too many layers: at most 2,000 are read"),
    (
        ["lstm", "--compare", *["-u", "3"] * 251],
        "these are too many layers: at most 2,000 are read",
    ),
    (["lstm", "-o", "a\0b.svg"], "--export a\\x00b.svg: no file can have this name"),
    (
        ["LSTM(3,\tname='語\x1b[2J', unit=2)"],
        "LSTM takes no 'unit'; did you mean units?\n"
        f"  | LSTM(3, name='語\\x1b[2J', unit=2)\n  | {' ' * 26}^^^^",
    ),
]
TABLE = Path(__file__).parent / "tables" / "wrong_command_lines.txt"
for block in TABLE.read_text(encoding="utf-8").strip().split("\n\n"):
    line, _, told = block.partition("\nerror: ")
    WRONG.append((shlex.split(line)[1:], told))


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_one_line_says_what_is_wrong_and_its_place_is_shown(
    arguments: list[str], message: str
) -> None:
    finished = command(*arguments)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err == f"error: {message}\n"


def test_what_keras_refuses_in_a_file_is_said_and_the_rest_is_answered(tmp_path: Path) -> None:
    file = tmp_path / "three.py"
    file.write_text(
        "m = Sequential([Lambda(f)])\nn = Sequential([LSTM(k)])\no = Sequential([GRU(3, foo=1)])"
    )
    finished = command(str(file), "--dry-run", "--json")
    assert finished.code == 2
    assert [(one["model"], one["open"][0]["reason"]) for one in finished.lines] == [
        ("m", "it runs code, which is not measured"),
        ("n", "it comes from data"),
        ("o", "GRU takes no 'foo'"),
    ]
    assert finished.err.splitlines() == [
        "error: GRU takes no 'foo'",
        "  | three.py, line 3:",
        "  | o = Sequential([GRU(3, foo=1)])",
        "  |                        ^^^",
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["vocab=9"], "--let vocab: no text asks for it"),
        (["n_units=9"], "--let n_units; did you mean n_unit?"),
        (["n_unit=9", "unused=1"], "--let unused: no text asks for it"),
        (["raise ValueError=9"], "--let raise ValueError: no text asks for it"),
    ],
)
def test_a_name_that_no_text_asks_for_is_not_given(given: list[str], told: str) -> None:
    words = [part for one in given for part in ("--let", one)]
    finished = command("LSTM(n_unit)", *words, "--dry-run")
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.splitlines()[0] == f"error: {told}"


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("Input((5, 2)) -> LSTM(3)", "-t"),
        ("Input((5, 2)) -> LSTM(3)", "-f"),
        ("LSTM(3, batch_input_shape=(4, 5, 2))", "-b"),
        ("m = Sequential([LSTM(3)]); m.build((8, 7, 20))", "-b"),
        ("m = Sequential([LSTM(3)]); m.build((None, 7, 20))", "-t"),
    ],
)
def test_a_size_that_the_text_says_itself_is_not_given_by_an_option(text: str, option: str) -> None:
    finished = command(text, option, "9", "--dry-run")
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith("error: ")
    assert option in finished.err


def test_control_characters_of_a_word_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in command("ls\ntm\x1b[2J").err


HOSTILE = [
    "LSTM(__import__('os').system('touch {}'))",
    "LSTM(open('{}', 'w'))",
    "[LSTM(3) for _ in open('{}', 'w')]",
    "[LSTM(n) for n in (lambda: open('{}', 'w'))()]",
    "TFSMLayer('{}')",
    "exec('open({!r}, 1)')",
    "(" * 20_000,
    "LSTM(" * 3_000 + "3" + ")" * 3_000,
    "[" * 3_000,
    "-" * 50_000 + "1",
    "LSTM(" + "-" * 50_000 + "1)",
    "LSTM(" + "1+" * 20_000 + "1)",
    "RNN([LSTMCell(3)] * 10**9)",
    "RNN([LSTMCell(3) for _ in range(10**9)])",
    "LSTM(10**10**10)",
    "LSTM(9**9**9**9)",
    "LSTM('a' * 10**9)",
    "LSTM(3)\0",
    "LSTM(\ud800)",
    "LSTM(3, name='\\x1b[2J\\x07', units=3)",
    "LSTM(" + "9" * 5_000 + ")",
    "LSTM(3) -> " * 100_000 + "LSTM(3)",
    "x" * 5_000_000,
    "LSTM(3, activation=" + "x." * 20_000 + "relu)",
    "RNN([[[LSTMCell(3)] * 1000] * 1000] * 1000)",
    "RNN([[LSTMCell(1) for _ in range(1000)] for _ in range(1000)])",
    "Dense(9**9**9 % 7)",
    "Dense(1e999)",
    "Dense(1/0)",
    "LSTM(\x1b[31m3)",
    "\udcff\udcfe",
    "Dense(" + "[" * 150 + "]" * 150 + ")",
    "Sequential(" * 100 + ")" * 100,
    "Sequential([" * 60 + "])" * 60,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:30])
@pytest.mark.slow
def test_text_that_tries_something_is_refused_and_not_executed(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    finished = command(text.replace("{}", str(tmp_path / "touched")), "--dry-run")
    assert (finished.code, finished.out) == (2, "")
    first, *more = finished.err.splitlines()
    assert first.startswith("error: ")
    assert "a bug in rnnshape" not in first
    assert len(first) < 300
    assert len(more) <= 3
    assert all(line.startswith("  | ") and len(line) < 150 for line in more)
    assert list(tmp_path.iterdir()) == []
    assert "tensorflow" not in sys.modules or "keras" in sys.modules


def test_what_a_lambda_does_is_not_executed(tmp_path: Path) -> None:
    finished = command(f"Lambda(lambda x: open('{tmp_path / 'touched'}', 'w'))", "-n", "--json")
    assert finished.code == 1
    assert finished.lines[0]["outputs"][0]["shape"] is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_hostile_lines_fail_alone_among_questions() -> None:
    lines = [one for one in HOSTILE if "\0" not in one and one.isascii()]
    text = "".join(f"{line}\nGRU(4)\n" for line in lines)
    finished = command("-", "--dry-run", "--json", stdin=text)
    assert finished.code == 1
    assert len(finished.lines) == 2 * len(lines)
    assert all("error" in one for one in finished.lines[::2])
    assert all(one["layer"] == "GRU(4)" for one in finished.lines[1::2])


@pytest.mark.parametrize(
    ("files", "asks"),
    [
        ((), "train.py"),
        (("a.weights.h5",), "train.py"),
        (("notes.txt", "b.keras", "a.ipynb"), "a.ipynb"),
        (("my model.h5",), "'my model.h5'"),
        (("a.keras/b.h5", "c\x1b.keras", "d.keras"), "d.keras"),  # a folder, and no name to type
    ],
    ids=str,
)
def test_no_words_at_all_show_how_to_begin_with_what_is_there(
    files: tuple[str, ...], asks: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    finished = command()
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.count("\n  rnnshape ") == 3
    assert f"\n  rnnshape {asks}\n" in finished.err
    assert "rnnshape --help" in finished.err


def test_the_first_screen_of_the_help_has_an_example_of_each_spelling() -> None:
    first_screen = command("--help", variables={"COLUMNS": "80"}).out.splitlines()[:24]
    assert sum(line.strip().startswith("rnnshape ") for line in first_screen) == 6


@pytest.mark.parametrize("redirection", ["2>&1 >/dev/null | true", "2>/dev/full"])
@pytest.mark.process
def test_an_empty_command_line_is_wrong_whoever_reads_it(redirection: str) -> None:
    shell = f"{sys.executable} -m rnnshape {redirection}; echo ${{PIPESTATUS[0]}}"
    finished = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert finished.stdout == "2\n"


@pytest.mark.parametrize("columns", [*range(60, 90), 100, 120])
def test_help_never_cuts_a_name_that_must_be_typed(columns: int) -> None:
    finished = command("--help", variables={"COLUMNS": str(columns)})
    for name in ("--return-sequences", "--no-return-sequences", "--bidirectional", "--merge-mode"):
        assert name in finished.out
    assert "…" not in finished.out
    assert max(map(len, finished.out.splitlines())) <= columns


@pytest.mark.parametrize("columns", ["0", "²", "9" * 5_000, "1000000000", "-5", ""])
def test_help_bears_any_width(columns: str) -> None:
    variables = {"COLUMNS": columns, "TERMINAL_WIDTH": "abc"}
    finished = command("--help", variables=variables)
    assert finished.code == 0
    assert "--return-state" in finished.out
    assert max(map(len, finished.out.splitlines())) <= 400


@pytest.mark.process
@pytest.mark.parametrize("columns", ["²", "9" * 5_000, "0", "1000000000"])
def test_an_answer_bears_any_width(columns: str) -> None:
    finished = run("lstm", "--dry-run", env=environment(COLUMNS=columns, TERMINAL_WIDTH="abc"))
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "(2, 3)" in finished.stdout


def test_what_steers_a_measurement_is_said_to_have_none_to_steer() -> None:
    for option in (["--values"], ["--seed", "3"]):
        finished = command("lstm", "--dry-run", *option)
        assert (finished.code, finished.err.split(":")[0]) == (0, "note")
        assert f"{option[0]} is for model.predict" in finished.err


def test_of_a_file_with_many_models_a_line_lists_them(tmp_path: Path) -> None:
    file = tmp_path / "many.py"
    for names in ("abc", "abcd"):
        models = "".join(f"{name} = Sequential([LSTM(3)])\n" for name in names)
        file.write_text(f"from keras import Sequential\nfrom keras.layers import LSTM\n{models}")
        finished = command(str(file), "--dry-run", "--format", "plain")
        listed = [line for line in finished.err.splitlines() if "a, b, c, d" in line]
        assert len(listed) == (names == "abcd")
        assert all(line.startswith("note: 4 models, ") for line in listed)
        assert all("many.py:a" in line for line in listed)


# On a terminal

TYPO = 'LSTM(64, return_sequences=True, kernel_initializer="glorot_uniform", retrun_state=True)'


def on_terminal(*arguments: str, columns: int) -> list[str]:
    """The lines on stderr where that is a terminal."""
    err = Tty()
    variables = {"COLUMNS": str(columns), "NO_COLOR": "1"}
    assert run_in_process(arguments, Environment(None, io.StringIO(), err, variables)) == 2
    return err.getvalue().splitlines()


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_message_is_folded_between_words_and_its_caret_stays_under_its_place(
    columns: int,
) -> None:
    of_two_columns = f"LSTM(3, name='{'日' * 22}', unit=1, dropout=0.123456789) -> Dense(1)"
    questions = (TYPO, "retrun_state"), ("LSTM(64) -> LSTM(32)", "LSTM"), (of_two_columns, "unit")
    for question, wrong in questions:
        *message, line, carets = on_terminal(question, "-n", columns=columns)
        assert max(map(cell_len, [*message, line, carets])) <= columns
        before = carets.index("^")
        assert line.rpartition(wrong)[0] == set_cell_size(line, before)
        in_a_pipe = command(question, "-n").err.splitlines()[0]
        assert " ".join(part.strip() for part in message) == in_a_pipe


@pytest.mark.process
def test_a_pipe_that_does_not_wait_loses_nothing_of_either_end() -> None:
    """Of questions that come late, and of messages that are read late."""
    source = (
        "import os, subprocess, sys, threading, time\n"
        "asks, answers = os.pipe(), os.pipe()\n"
        "for end in (asks[0], answers[1]): os.set_blocking(end, False)\n"
        "command = [sys.executable, '-m', 'rnnshape', '-', '-n', '--format', 'plain']\n"
        "child = subprocess.Popen(command, stdin=asks[0], stdout=-1, stderr=answers[1])\n"
        "os.close(asks[0]); os.close(answers[1])\n"
        "time.sleep(0.5)\n"
        "line = b'LSTM(x ' + b'x' * 100 + b')\\n'\n"
        "os.write(asks[1], line * 250 + b'GRU(3)\\n'); os.close(asks[1])\n"
        "time.sleep(1)\n"
        "print(open(answers[0]).read().count('error: line'), child.stdout.read())\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=60
    )
    assert finished.stdout == "250 b'# GRU(3)\\no 2 3\\n'\n"


# Completion by the shell


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", {"lstm", "gru", "simplernn", "train.py", "models/", "a.ipynb", "my\\ model.h5"}),
        ("ls", {"lstm"}),
        ("tr", {"train.py"}),
        ("models/", {"models/m.keras"}),
        ("my", {"my\\ model.h5"}),
        ("'my", {"my model.h5"}),
        ("--mer", {"--merge-mode"}),
        ("--merge-mode s", {"sum"}),
        ("--format ma", {"markdown"}),
        ("--loss ms", {"mse", "msle"}),
        ("--x ", {"X.npy", "models/"}),
    ],
)
def test_a_shell_is_offered_words_options_losses_and_files(
    typed: str, offered: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    for name in (
        "train.py",
        "a.ipynb",
        "notes.md",
        "X.npy",
        "models/m.keras",
        "models/.x.py",
        "my model.h5",
    ):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    asking = {
        "COMP_WORDS": f"rnnshape {typed}",
        "COMP_CWORD": str(len(f"x {typed}".split(" ")) - 1),
    }
    for name, value in ({"_RNNSHAPE_COMPLETE": "complete_bash"} | asking).items():
        monkeypatch.setenv(name, value)
    assert set(command(variables=os.environ).out.splitlines()) == offered


NAMES = (r"a\$(touch x).py", 'a\\");touch x;#.py', "a';touch x;'.py", "a`touch x`.py", "a\n.py")


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell", "bash"])
def test_a_shell_that_evaluates_what_it_is_offered_runs_no_name_of_a_file(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*NAMES, "a (1).py"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    asking = {
        "COMP_WORDS": 'rnnshape "a',
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "rnnshape a",
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": "a",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_RNNSHAPE_COMPLETE": f"complete_{shell}",
    }
    for name, value in asking.items():
        monkeypatch.setenv(name, value)
    told = command(variables=os.environ).out
    assert "a (1).py" in told
    assert "touch" not in told
    assert "a\n" not in told


@pytest.mark.parametrize("asking", [{}, {"COMP_WORDS": "rnnshape", "COMP_CWORD": "x"}], ids=str)
def test_a_shell_that_does_not_ask_is_told_so(
    asking: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ({"_RNNSHAPE_COMPLETE": "complete_bash"} | asking).items():
        monkeypatch.setenv(name, value)
    finished = command(variables=os.environ)
    assert finished.code == 2
    assert finished.err == (
        "error: _RNNSHAPE_COMPLETE: the shell does not say what is to be completed\n"
    )


def test_weights_in_csv_are_a_column_of_parameters() -> None:
    finished = command("lstm", "--weights", "--format", "csv", "--dry-run")
    assert finished.out.splitlines()[1].endswith(",rule,60")
    assert finished.err == ""


@pytest.mark.process
def test_a_process_says_the_same() -> None:
    finished = run("lstm", "--units", "0")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr == f"error: --units 0: {ALLOWED}\n"


@pytest.mark.parametrize("size", [10**6, 2**63 - 1])
def test_what_the_machine_cannot_hold_the_rule_still_answers(size: int) -> None:
    finished = command("lstm", "-b", str(size), "-u", str(size), "--dry-run", "--format", "plain")
    assert (finished.code, finished.out) == (0, f"o {size} {size}\n")


def test_a_model_of_a_file_is_written_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text("m = Sequential([LSTM(3)])\n")
    assert command("a.py", "m").err == "error: WHAT m: a model of a file is a.py:m\n"
    assert command("a.py:", "-n").out == command("a.py", "-n").out


@pytest.mark.parametrize("depth", [150, 196, 199])
def test_what_is_nested_deeply_is_no_bug(depth: int) -> None:
    text = "TimeDistributed(" * depth + "Dense(3)" + ")" * depth
    for said in (command("-n", text), command("-n", "-", stdin=f"{text}\nlstm\n")):
        assert "a bug" not in said.err
    assert "(2, 3)" in said.out
