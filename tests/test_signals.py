"""Whatever ends the command, it ends at once, quietly, and takes its child with it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rnnshape import interruption
from tests.conftest import COMMAND, environment, run
from tests.processes import LARGE, child_of, is_gone, left_behind, linux, shell, start
from tests.terminal import HIDE_CURSOR, Terminal

pytestmark = pytest.mark.process

SECONDS = 1  # within which it has to end


@linux
@pytest.mark.parametrize("signals", [(1,), (2,), (2, 15), (15, 2)], ids=str)
@pytest.mark.parametrize("delay", [0.2, 0.4, 0.6])
def test_signals_end_it_within_a_second(signals: tuple[int, ...], delay: float) -> None:
    mark = f"MARK_{time.monotonic_ns()}"
    process = start(*LARGE, mark=mark)
    time.sleep(delay)
    for number in signals:
        process.send_signal(number)
    began = time.monotonic()
    out, err = process.communicate(timeout=10)
    assert time.monotonic() - began < SECONDS
    # Before Python has come to our first line, the signal itself ends it: the same to a shell.
    assert process.returncode in [128 + number for number in signals] + [-one for one in signals]
    assert (out, err) == ("", "")
    assert left_behind(mark) == []


def test_a_thread_takes_no_signal_from_the_main_thread() -> None:
    """It would be handled only when the main thread wakes for another reason."""
    source = (
        "import os, signal, threading, time\n"
        "from rnnshape.interruption import Interrupted, handle_signals, signals_held_back\n"
        "handle_signals()\n"
        "with signals_held_back():\n"
        "    threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
        "held = []\n"
        "for task in os.listdir('/proc/self/task'):\n"
        "    status = open(f'/proc/self/task/{task}/status').read()\n"
        "    held.append(int(status.partition('SigBlk:')[2].split()[0], 16) >> 14 & 1)\n"
        "print(sorted(held))\n"
        "try:\n"
        "    with signals_held_back():\n"
        "        os.kill(os.getpid(), 15)\n"
        "        print('held back')\n"
        "    time.sleep(9)\n"
        "except Interrupted:\n"
        "    print('raised')\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert finished.stdout.splitlines() == ["[0, 1]", "held back", "raised"]


def finder(body: str, module: str = "rnnshape.measuring.process") -> str:
    """A `sitecustomize.py` in which `body` runs when the command imports a module."""
    return (
        "import os, signal, sys, weakref\n"
        "class Finder:\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}:\n"
        f"            {body}\n"
        "sys.meta_path.insert(0, Finder())\n"
        "class Thing: pass\n"
        "def interrupt(*_): os.kill(os.getpid(), signal.SIGINT); [0 for _ in range(1000)]\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        # What a handler raises within a weakref's callback is dropped, whatever it is.
        "thing = Thing(); self.ref = weakref.ref(thing, interrupt); del thing",
        # And what it raises while a class is made becomes a RuntimeError, in Python 3.11.
        "type('Made', (), {'x': type('X', (), {'__set_name__': interrupt})()})",
        "\n            try: interrupt()\n            except BaseException: raise ValueError",
    ],
    ids=["dropped", "turned into a RuntimeError", "replaced"],
)
def test_a_signal_decides_the_exit_code_whatever_becomes_of_it(body: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(finder(body))
    finished = run(*LARGE, env=environment(PYTHONPATH=str(tmp_path)))
    assert (finished.returncode, finished.stdout, finished.stderr) == (130, "", "")


def test_ctrl_c_while_the_command_is_loaded_ends_it_quietly(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(finder("interrupt()", "rnnshape.interruption"))
    finished = run("lstm", "-n", env=environment(PYTHONPATH=str(tmp_path)))
    assert (finished.returncode, finished.stdout, finished.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.parametrize("name", ["INT", "HUP"])
def test_a_signal_that_the_shell_ignores_is_ignored(name: str) -> None:
    finished = shell(
        f"trap '' {name}; rnnshape lstm --format plain & sleep .4; kill -{name} $!; wait $!"
    )
    assert (finished.returncode, finished.stdout) == (0, "o 2 3\n")


@linux
def test_code_is_read_where_the_end_of_children_is_ignored() -> None:
    question = "Sequential([LSTM(2 ** 2)])"
    finished = shell(f"trap '' CHLD; rnnshape -n '{question}' --format plain")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "o 2 4\n", "")
    program = "import signal, rnnshape; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
    program += f"print(rnnshape.inspect('{question}').parameters)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment())
    assert (told.stdout, told.stderr) == (b"96\n", b"")


@linux
@pytest.mark.parametrize("waits_for", ["h2", "loading TensorFlow", "model.predict"])
def test_ctrl_c_on_a_terminal_leaves_it_as_it_was(waits_for: str) -> None:
    with Terminal(*LARGE, "--bidirectional", "--return-state", columns=60) as terminal:
        terminal.read_until(lambda screen: waits_for in screen)
        child = child_of(terminal.process.pid)
        terminal.press("\x03")
        began = time.monotonic()
        seen = terminal.read_to_end(5)
        assert time.monotonic() - began < SECONDS
        assert terminal.process.returncode == 130
        assert is_gone(child)
    assert "not yet measured" not in seen
    assert "Traceback" not in seen
    assert "· by the rule, not measured" in seen
    assert HIDE_CURSOR not in terminal.text  # so that not even kill -9 leaves it hidden
    assert re.findall(r"\x1b\[[0-9;]*m", terminal.text)[-1] == "\x1b[0m"


@linux
@pytest.mark.parametrize("gap", [0.0, 0.02])
def test_a_second_signal_does_not_cut_the_leaving_short(gap: float) -> None:
    with Terminal(*LARGE) as terminal:
        terminal.read_until(lambda screen: "loading TensorFlow" in screen)
        terminal.press("\x03")
        time.sleep(gap)
        terminal.process.terminate()
        seen = terminal.read_to_end(5)
        assert terminal.process.returncode in (130, 143)
    assert "not yet measured" not in seen
    assert "· by the rule, not measured" in seen


VALUES = ("lstm", "-b", "2000", "-t", "1000", "-f", "10", "--values", "--format", "json")
READS = ("-n", "def g():\n    while True: yield [1] * 9999\n" + "list(g())\n" * 60 + "LSTM(3)")


@linux
@pytest.mark.parametrize("delay", [0.5, 1.2])
@pytest.mark.parametrize(
    "arguments", [LARGE, VALUES, READS], ids=["predicting", "sending", "reading"]
)
def test_no_child_is_left_even_if_it_is_killed(arguments: tuple[str, ...], delay: float) -> None:
    mark = f"MARK_{time.monotonic_ns()}"
    process = start(*arguments, mark=mark)
    child = child_of(process.pid)
    time.sleep(delay)
    process.kill()
    assert is_gone(child, SECONDS)
    process.communicate()
    assert left_behind(mark, 0.5) == []


@linux
def test_it_hears_a_signal_while_it_writes() -> None:
    process = start("lstm", "-t", "9000", "--values", "--return-sequences", "--json")
    assert process.stdout is not None
    process.stdout.read(1000)  # it is at it
    process.terminate()
    began = time.monotonic()
    process.communicate(timeout=20)
    assert time.monotonic() - began < SECONDS
    assert process.returncode == 143


def test_outside_of_the_command_nothing_is_received() -> None:
    assert interruption.received_signal() is None
    with interruption.signals_held_back():
        assert signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@linux
def test_under_nohup_a_terminal_that_hangs_up_ends_nothing() -> None:
    finished = shell("nohup bash -c 'kill -HUP $$; exec rnnshape lstm -n --format plain' 2>&1")
    assert finished.stdout.endswith("o 2 3\n")
    process = subprocess.Popen(
        ["nohup", *COMMAND, "lstm", "--format", "plain"],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    time.sleep(0.4)
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(timeout=120)
    assert (process.returncode, out) == (0, "o 2 3\n")
