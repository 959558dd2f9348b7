"""Whatever happens around it, the command ends as said: no traceback, no hang, no orphan."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rnnshape import memory
from tests.conftest import COMMAND, environment, json_lines, run
from tests.terminal import HIDE_CURSOR, Terminal

BI_LSTM = ("lstm", "--bidirectional", "--return-state")
SHAPES = [[2, 6], [2, 3], [2, 3], [2, 3], [2, 3]]
StandIn = Callable[..., dict[str, str]]

linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")


def start(*arguments: str, mark: str = "MARK") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**{mark: "1"}),
    )


def children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def child_of(pid: int, seconds: float = 5) -> int:
    """The measuring process, as soon as there is one."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for child in children(pid):
            return child
        time.sleep(0.005)
    raise AssertionError("no child")


def gone(pid: int, seconds: float = 2) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


def answers_by_the_rule(finished: subprocess.CompletedProcess[str], said: str) -> None:
    assert finished.returncode == 1
    assert "(2, 6)" in finished.stdout
    assert "by the rule, not measured" in finished.stdout
    assert "✓" not in finished.stdout
    first, *more = finished.stderr.splitlines()
    assert first.startswith("error: not measured: ")
    assert said in first
    assert all(line.startswith("  | ") for line in more)
    assert "Traceback" not in finished.stderr


# Ctrl-C and SIGTERM


def left_behind(mark: str) -> list[int]:
    """The processes that carry a mark in their environment, some time after all should be gone."""
    left: list[int] = []
    for _ in range(100):
        left = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark.encode() in environ.read_bytes():
                    left.append(int(environ.parent.name))
        if not left:
            break
        time.sleep(0.02)
    return left


@linux
@pytest.mark.parametrize("signals", [(2,), (15,), (2, 15), (15, 2)], ids=str)
@pytest.mark.parametrize("delay", [0.08, 0.6])
def test_a_signal_ends_it_within_a_second(signals: tuple[int, ...], delay: float) -> None:
    mark = f"MARK_{time.monotonic_ns()}"
    process = start("lstm", "-b", "100000", "-t", "200", mark=mark)
    time.sleep(delay)
    for number in signals:
        process.send_signal(number)
    began = time.monotonic()
    out, err = process.communicate(timeout=5)
    assert time.monotonic() - began < 1
    # Before Python has come to our first line, the signal itself ends it: the same to a shell.
    assert process.returncode in [128 + number for number in signals] + [-one for one in signals]
    assert (out, err) == ("", "")
    assert left_behind(mark) == []


def test_a_signal_that_python_swallows_ends_it_all_the_same(tmp_path: Path) -> None:
    """What a handler raises within a weakref's callback is dropped, whatever it is."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, weakref, threading, sys\n"
        "class Thing: pass\n"
        "def swallow(_): os.kill(os.getpid(), signal.SIGINT); [0 for _ in range(1000)]\n"
        "class Finder:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'rnnshape.worker':\n"
        "            thing = Thing(); self.ref = weakref.ref(thing, swallow); del thing\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    finished = run("lstm", "-b", "100000", "-t", "200", env=environment(PYTHONPATH=str(tmp_path)))
    assert (finished.returncode, finished.stdout, finished.stderr) == (130, "", "")


def test_a_signal_that_the_shell_ignores_is_ignored() -> None:
    finished = through(
        "trap '' INT; rnnshape lstm --format plain & sleep .5; kill -INT $!; wait $!"
    )
    assert (finished.returncode, finished.stdout) == (0, "o 2 3\n")


@linux
@pytest.mark.parametrize("waits_for", ["h2", "loading TensorFlow", "· model.predict", "━"])
def test_ctrl_c_on_a_terminal_leaves_it_as_it_was(waits_for: str) -> None:
    with Terminal(
        "lstm", "--bidirectional", "--return-state", "-b", "100000", "-t", "400", columns=60
    ) as terminal:
        terminal.read_until(lambda screen: waits_for in screen)
        child = child_of(terminal.process.pid)
        terminal.press("\x03")
        began = time.monotonic()
        seen = terminal.read_to_end(5)
        assert time.monotonic() - began < 1
        assert terminal.process.returncode == 130
        assert gone(child)
    assert "not yet measured" not in seen
    assert "Traceback" not in seen
    assert "· by the rule, not measured" in seen
    assert HIDE_CURSOR not in terminal.text  # so that not even kill -9 leaves it hidden
    assert re.findall(r"\x1b\[[0-9;]*m", terminal.text)[-1] == "\x1b[0m"


@linux
@pytest.mark.parametrize("gap", [0.0, 0.001, 0.02])
def test_a_second_signal_does_not_cut_the_leaving_short(gap: float) -> None:
    with Terminal("gru", "-b", "100000", "-t", "400") as terminal:
        terminal.read_until(lambda screen: "loading TensorFlow" in screen)
        terminal.press("\x03")
        time.sleep(gap)
        terminal.process.terminate()
        seen = terminal.read_to_end(5)
        assert terminal.process.returncode in (130, 143)
    assert "not yet measured" not in seen
    assert "· by the rule, not measured" in seen


@linux
def test_even_if_it_is_killed_no_child_is_left() -> None:
    process = start("lstm", "-b", "100000", "-t", "200")
    child = child_of(process.pid)
    process.kill()
    process.communicate()
    assert gone(child, 3)


# The child goes down

WRITE_ALL = """import os
for fd in range(3, 20):
    try: os.write(fd, {!r})
    except OSError: pass
"""


@linux
@pytest.mark.parametrize("delay", [0.0, 0.5])
def test_a_killed_child_leaves_the_rule(delay: float) -> None:
    process = start(*BI_LSTM, "-b", "100000", "-t", "200")
    child = child_of(process.pid)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    out, err = process.communicate(timeout=5)
    assert process.returncode == 1
    assert "(100000, 6)" in out
    assert err == (
        "error: not measured: the measuring process was ended by SIGKILL, "
        "as the system does when memory runs out\n"
    )


@pytest.mark.parametrize(
    ("tensorflow", "said"),
    [
        ("import os; os.abort()", "ended by SIGABRT"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "ended by SIGSEGV"),
        ("import os; os._exit(7)", "ended without an answer (exit 7)"),
        (WRITE_ALL.format(b"nonsense\n"), "nonsense"),
        (WRITE_ALL.format(b"[1, 2]\n"), "nonsense"),
        (WRITE_ALL.format(b'{"type": "Answer", "measurements": [{}]}\n'), "nonsense"),
        ("import os, time; os.closerange(1, 20); time.sleep(60)", "fell silent"),
        ("raise SystemExit('out')", "TensorFlow can't be imported: SystemExit: out"),
        ("raise KeyboardInterrupt", "TensorFlow can't be imported: KeyboardInterrupt"),
        ("raise MemoryError", "there was not enough memory: MemoryError; try smaller"),
        ("raise RuntimeError('mine')", "RuntimeError: mine (in "),
        ("def f(: pass", "TensorFlow can't be imported: SyntaxError"),
        ("import no_such_module", "TensorFlow can't be imported: ModuleNotFoundError"),
        ("", "TensorFlow can't be imported: AttributeError"),
        ("__version__ = '2.15.1'", "TensorFlow 2.15.1 is too old for Keras 3; pip install"),
        ("__version__ = '1.9'", "TensorFlow 1.9 is too old for Keras 3; pip install"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_tensorflow_that_goes_wrong(tensorflow: str, said: str, stand_in: StandIn) -> None:
    answers_by_the_rule(run(*BI_LSTM, env=stand_in(tensorflow=tensorflow)), said)
    assert run(*BI_LSTM, "--dry-run", env=stand_in(tensorflow=tensorflow)).returncode == 0


def test_a_child_that_goes_down_in_the_middle_of_a_word_is_not_nonsense(stand_in: StandIn) -> None:
    source = WRITE_ALL.format(b'{"type": "Answer", "in') + "os.kill(os.getpid(), 9)"
    answers_by_the_rule(run(*BI_LSTM, env=stand_in(tensorflow=source)), "ended by SIGKILL")


@pytest.mark.parametrize(
    ("source", "times"),
    [("raise MemoryError", 1), ("raise RuntimeError", 2)],
    ids=["memory", "other"],
)
def test_only_what_the_trick_may_have_caused_is_tried_without_it(
    source: str, times: int, stand_in: StandIn, tmp_path: Path
) -> None:
    tried = tmp_path / "tried"
    run("lstm", env=stand_in(tensorflow=f"open({str(tried)!r}, 'a').write('x')\n{source}"))
    assert tried.read_text() == "x" * times


def test_its_last_words_are_shown_under_one_clear_line(stand_in: StandIn) -> None:
    source = "import os\nfor n in range(9): os.write(2, b'word %d\\n' % n)\nos.abort()"
    finished = run("lstm", env=stand_in(tensorflow=source))
    assert finished.stderr.splitlines() == [
        "error: not measured: the measuring process was ended by SIGABRT",
        *(f"  | word {number}" for number in range(4, 9)),
    ]


def test_a_missing_tensorflow_is_named_with_the_remedy(tmp_path: Path) -> None:
    """A finder that hides it stands in for an environment without it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'tensorflow':\n"
        "            raise ModuleNotFoundError('No module named tensorflow', name=name)\n"
        "sys.meta_path.insert(0, Hide())\n"
    )
    env = environment(PYTHONPATH=str(tmp_path))
    answers_by_the_rule(
        run(*BI_LSTM, env=env), "TensorFlow is not installed; pip install 'tensorflow>=2.16'"
    )
    assert run(*BI_LSTM, "--dry-run", env=env).returncode == 0


def test_a_keras_that_goes_wrong(stand_in: StandIn) -> None:
    old = stand_in(tensorflow="__version__ = '2.16.1'", keras="__version__ = '2.15.0'")
    answers_by_the_rule(run(*BI_LSTM, env=old), "Keras 2.15.0 is too old; pip install 'keras>=3'")


def test_a_trick_that_fails_is_done_without(tmp_path: Path) -> None:
    """With `LazyLoader` broken TensorFlow is loaded as it always is, to the same answer."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util\n"
        "def broken(loader): raise RuntimeError('no lazy loading today')\n"
        "importlib.util.LazyLoader = broken\n"
    )
    finished = run("lstm", env=environment(PYTHONPATH=str(tmp_path)))
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "✓ measured" in finished.stdout


# Memory


@pytest.mark.parametrize(
    "arguments",
    [
        ["-b", "1000000", "-t", "1000000"],
        ["-u", "100000"],
        ["-f", str(2**62)],
        ["-b", str(2**63 - 1)],
    ],
    ids=" ".join,
)
def test_what_cannot_fit_is_refused_before_anything_is_allocated(
    arguments: list[str], stand_in: StandIn
) -> None:
    env = stand_in(tensorflow="import os\nos._exit(99)")
    finished = run("lstm", *arguments, env=env)
    assert finished.returncode == 1
    assert "by the rule, not measured" in finished.stdout
    [line] = finished.stderr.splitlines()
    assert line.startswith("error: not measured: this takes about ")
    assert line.endswith(" is there; --dry-run answers without it")
    assert "exit 99" not in line


def test_a_container_has_less_than_the_machine(tmp_path: Path) -> None:
    """With the files of a cgroup as a container has them; what can be dropped is not in the way."""
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("990\n")
    (tmp_path / "memory.stat").write_text("anon 90\ninactive_file 800\n")
    assert memory._cgroup(tmp_path) == 810
    (tmp_path / "memory.current").write_text("2000\n")
    assert memory._cgroup(tmp_path) == 0
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._cgroup(tmp_path) is None
    assert memory._cgroup(tmp_path / "nowhere") is None


def test_more_layers_than_a_process_can_be_asked_for_are_refused() -> None:
    finished = run(*["lstm"] * 200, "--compare", "--format", "plain")
    assert finished.returncode == 1
    assert finished.stderr == ("error: not measured: too many layers for one run; ask for fewer\n")


def test_running_out_of_memory_is_one_line() -> None:
    """The rest of the machine is taken away: TensorFlow can't even be loaded."""
    limit = 700 * 2**20
    finished = run(
        *BI_LSTM, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    )
    answers_by_the_rule(finished, "")


# The other end goes away


def through(shell: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = " ".join(COMMAND)
    return subprocess.run(
        ["bash", "-c", shell.replace("rnnshape", command)],
        env=env or environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("arguments", ["lstm --dry-run", "lstm --format json", "--help"])
def test_a_reader_that_leaves_is_no_error(arguments: str) -> None:
    finished = through(f"rnnshape {arguments} | true; echo ${{PIPESTATUS[0]}}")
    assert (finished.stdout, finished.stderr) == ("0\n", "")


def test_a_reader_of_one_line_gets_it() -> None:
    finished = through("rnnshape lstm --dry-run | head -1")
    assert (finished.stdout, finished.stderr) == ("LSTM(3)\n", "")


def test_a_reader_that_leaves_changes_neither_verdict_nor_export(
    stand_in: StandIn, tmp_path: Path
) -> None:
    env = stand_in(tensorflow="raise MemoryError")
    finished = through("rnnshape lstm --format plain | true; echo ${PIPESTATUS[0]}", env)
    assert finished.stdout == "1\n"
    assert finished.stderr.startswith("error: not measured: ")
    path = tmp_path / "layer.svg"
    finished = through(f"rnnshape lstm --dry-run --export {path} | true; echo ${{PIPESTATUS[0]}}")
    assert (finished.stdout, finished.stderr) == ("0\n", f"note: wrote {path}\n")
    assert path.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(
    "arguments", ["lstm --dry-run", "lstm --format json", "--help", "--version"]
)
def test_a_full_device_is_one_line(arguments: str) -> None:
    finished = through(f"rnnshape {arguments} > /dev/full")
    assert finished.returncode == 1
    assert finished.stderr == "error: the answer can't be written: No space left on device\n"


@pytest.mark.parametrize("arguments", ["lstm --dry-run", "--help"])
def test_a_closed_output_is_one_line(arguments: str) -> None:
    finished = through(f"rnnshape {arguments} >&-")
    assert finished.returncode == 1
    assert finished.stderr == "error: standard output is closed: there is nowhere to answer\n"


def test_a_closed_stderr_and_stdin_are_no_error() -> None:
    finished = through("rnnshape lstm --format plain 2>&- <&-")
    assert (finished.returncode, finished.stdout) == (0, "o 2 3\n")
    assert through("rnnshape ltsm 2>&-").returncode == 2
    assert through("rnnshape 2>&-").returncode == 2


# Hostile surroundings


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[Path]:
    """A home with a `keras.json` that would spoil the answer, which must be left as it is."""
    settings = {"floatx": "float16", "backend": "jax", "epsilon": 1e-3}
    folder = tmp_path / ".keras"
    folder.mkdir()
    (folder / "keras.json").write_text(json.dumps(settings))
    yield tmp_path
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == ["keras.json"]
    assert json.loads((folder / "keras.json").read_text()) == settings


HOSTILE: list[dict[str, str | None]] = [
    {"KERAS_BACKEND": "jax"},
    {"TF_USE_LEGACY_KERAS": "1", "KERAS_HOME": "/nowhere", "KERAS_MAX_EPOCHS": "many"},
    {"TF_XLA_FLAGS": "--no_such_flag", "XLA_FLAGS": "--no_such_flag", "TF_CPP_MIN_LOG_LEVEL": "0"},
    {"PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "2"},
    {"PYTHONWARNINGS": "always", "PYTHONDEVMODE": "1"},
    {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "HOME": None},
    {"LC_ALL": "ko_KR.EUC-KR", "PYTHONIOENCODING": "euc_kr", "HOME": "/nowhere/at/all"},
    {"TERM": "dumb", "COLUMNS": "20"},
    {"COLUMNS": "nonsense", "LINES": "-1"},
]


@pytest.mark.parametrize("changes", HOSTILE, ids=str)
def test_the_answer_is_the_same_everywhere(
    changes: dict[str, str | None], surroundings: Path
) -> None:
    env = environment(**{"HOME": str(surroundings), **changes})
    finished = run(*BI_LSTM, "--format", "json", env=env, cwd=surroundings)
    assert (finished.returncode, finished.stderr) == (0, "")
    [layer] = json_lines(finished.stdout)
    assert layer["source"] == "predict"
    assert [one["shape"] for one in layer["outputs"]] == SHAPES
    assert {one["dtype"] for one in layer["outputs"]} == {"float32"}


@pytest.mark.parametrize("form", ["table", "plain", "json", "csv", "markdown"])
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "euc_kr", "cp1252"])
def test_an_answer_can_be_written_in_any_encoding(encoding: str, form: str) -> None:
    env = environment(PYTHONIOENCODING=encoding)
    views = ("--weights", "--code", "--diagram") if form in ("table", "markdown") else ()
    text = run(*BI_LSTM, "-u", "2", "-u", "2", "--dry-run", *views, "--format", form, env=env)
    assert (text.returncode, text.stderr) == (0, "")
    assert "4" in text.stdout
    assert text.stdout.isascii()


def test_a_folder_full_of_surprising_names_surprises_no_one(tmp_path: Path) -> None:
    for name in (
        "tensorflow",
        "keras",
        "numpy",
        "json",
        "typing",
        "signal",
        "rich",
        "typer",
        "rnnshape",
    ):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('surprise')")
    (tmp_path / "-u").write_text("")
    command = Path(sys.executable).with_name("rnnshape")
    finished = subprocess.run(
        [command, "lstm", "--format", "plain"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "o 2 3\n", "")


def test_nothing_of_tensorflow_is_heard() -> None:
    finished = run(*BI_LSTM, "-t", "100", "--weights", "--values")
    assert finished.stderr == ""
    assert "cpu_feature_guard" not in finished.stdout
