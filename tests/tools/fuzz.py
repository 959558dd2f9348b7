"""Attacks the command with random command lines, files and signals, and counts what goes wrong.

    python tests/tools/fuzz.py --lines 5000 --files 5000 --processes 100 --signals 200

Random command lines and damaged files are answered in this process, some of the lines in processes
of their own; signals go to processes in pipes and on terminals, at random moments. What breaks a
promise is printed with the seed that makes it again. Not part of the suite: the counts above take
about ten minutes.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import string
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from rnnshape.signatures import LAYERS, signature
from tests.conftest import command, environment, run
from tests.processes import start
from tests.terminal import Terminal

WORDS = ["lstm", "gru", "simplernn", "LSTM", "Simple-RNN", "ltsm", "transformer", "", "-", "--"]
FLAGS = ["--bidirectional", "--no-bidirectional", "--return-state", "--return-sequences"]
FLAGS += ["--no-return-sequences", "--compare", "--weights", "--code", "--diagram"]
FLAGS += ["--values", "--json", "--retrun-state", "--x"]
VALUED = ["-b", "-t", "-f", "-u", "--merge-mode", "--seed", "--format", "--let", "-o"]
VALUES = ["0", "1", "3", "64", "-1", "2.5", "9" * 30, "sum", "none", "json", "csv", "plain"]
VALUES += ["markdown", "a=1", "x.svg", "x.pdf", "", "é", "\x1b[2J", "²", "1e3", "NaN"]
# What Python answers with an `OverflowError`, `RecursionError`, `MemoryError` or `UnicodeError`.
HOSTILE = ["10**10**10", "round(5, -10**8)", "'%c' % 9999999", "float(10**999)", "chr(-1)"]
HOSTILE += ["[" * 3000 + "]" * 3000, "-" * 9000 + "1", "(lambda f: f(f))(lambda f: f(f))"]
HOSTILE += ["[1] * 10**9", "'a' * 10**12", "'%s' * 500 % ('a' * 9**9,)", "list(range(10**9))"]
HOSTILE += ["'\\ud800'", "'\ud800'", "b'\\xff'.decode()", "'a' * 300 + '.py'", "int('9' * 9999)"]
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
SECONDS_TO_END = 1.5


def random_value(chosen: random.Random, depth: int = 0) -> str:
    """A literal, a layer, or something that is neither."""
    kind = chosen.randrange(12)
    if kind == 0 and depth < 3:
        return random_layer(chosen, depth + 1)
    if kind == 1:
        second = chosen.choice(["2", "None", "2.5", "'a'"])
        return f"({chosen.randint(-1, 9)}, {second})"
    if kind == 2:
        return repr("".join(chosen.choices(string.printable, k=chosen.randrange(8))))
    if kind == 3:
        return chosen.choice(["x", "open('f')", "lambda: 0", "*a", *HOSTILE])
    plain = ["True", "False", "None", "1", "2", "3", "7", "0", "-1", "0.5", "'same'", "'relu'"]
    return chosen.choice(plain)


def random_layer(chosen: random.Random, depth: int = 0) -> str:
    """A call of a layer with arguments that may or may not go together."""
    name = chosen.choice(list(LAYERS))
    known = signature(name)
    arguments = [random_value(chosen, depth) for _ in known.required]
    for _ in range(chosen.randrange(3)):
        argument = chosen.choice([*known.names, "unit", "retrun_state"])
        arguments.append(f"{argument}={random_value(chosen, depth)}")
    prefix = chosen.choice(["", "", "layers.", "tf.keras.layers."])
    return f"{prefix}{name}({', '.join(arguments)})"


def random_text(chosen: random.Random) -> str:
    """A chain of layers, sometimes with a piece cut out, doubled or replaced."""
    text = " -> ".join(random_layer(chosen) for _ in range(chosen.randint(1, 4)))
    for _ in range(chosen.choice([0, 0, 0, 1, 3])):
        at, end = sorted((chosen.randrange(len(text) + 1), chosen.randrange(len(text) + 1)))
        piece = "".join(chosen.choices(string.printable + "é²\0\x1b", k=chosen.randrange(4)))
        text = chosen.choice([text[:at] + text[end:], text[:end] + text[at:], text[:at] + piece])
        text = text or "LSTM(3)"
    return text


def random_arguments(chosen: random.Random) -> list[str]:
    arguments = [
        random_text(chosen) if chosen.random() < 0.6 else chosen.choice(WORDS)
        for _ in range(chosen.choice([1, 1, 1, 2, 3]))
    ]
    for _ in range(chosen.randrange(4)):
        if chosen.random() < 0.6:
            arguments.append(chosen.choice(FLAGS))
        else:
            option = chosen.choice(VALUED)
            value = chosen.choice(VALUES)
            if option in ("-o", "--export"):
                value = "x.pdf"  # nothing is to be written
            arguments += [option, value]
    chosen.shuffle(arguments)
    return arguments


def broken_promises(code: int, out: str, err: str, *, of_file: bool = False) -> list[str]:
    """What an ending breaks of what was promised. Of a file what can be answered is, with its
    problems."""
    broken = []
    if code not in (0, 1, 2):
        broken.append(f"exit {code}")
    if "Traceback" in err or "a bug in rnnshape" in err:
        broken.append("a bug")
    if code == 2 and out and not of_file:
        broken.append("an answer beside exit 2")
    if code == 2 and not (err or (of_file and out)):
        broken.append("exit 2 without a word")
    if len(err) > 5_000 and "Usage" not in err:
        broken.append("a long message")
    if "\x1b" in err:
        broken.append("a control character")
    return broken


def attack_lines(count: int, seed: int, tally: Counter[str]) -> None:
    """Command lines in this process, answered by the rule."""
    for number in range(seed, seed + count):
        arguments = random_arguments(random.Random(number))
        began = time.monotonic()
        finished = command(*arguments, "--dry-run", stdin="LSTM(3)\n")
        took = time.monotonic() - began
        broken = broken_promises(finished.code, finished.out, finished.err)
        if took > 2:
            broken.append(f"{took:.1f} s")
        note(tally, "lines", number, arguments, broken, finished.err)


def attack_files(count: int, seed: int, tally: Counter[str]) -> None:
    """Damaged code and configs in files, answered by the rule."""
    from tests.test_reading_code import TABLE, cases
    from tests.test_reading_saved_model import all_configs

    programs = [("x.py", text) for text in cases(TABLE.read_text())]
    configs = [("x.json", text) for _, text in all_configs() if len(text) < 50_000]
    with tempfile.TemporaryDirectory() as folder:
        for number in range(seed, seed + count):
            chosen = random.Random(number)
            name, text = chosen.choice(chosen.choice([programs, configs]))
            file = Path(folder, name)
            file.write_text(damaged(text, chosen), encoding="utf-8", errors="replace")
            began = time.monotonic()
            finished = command(str(file), "--dry-run")
            broken = broken_promises(finished.code, finished.out, finished.err, of_file=True)
            if time.monotonic() - began > 5:
                broken.append(f"{time.monotonic() - began:.1f} s")
            note(tally, "files", number, [file.read_text()], broken, finished.err)


def damaged(text: str, chosen: random.Random) -> str:
    """A text with some of its words doubled, cut out, moved or taken for each other."""
    words = re.findall(r"\w+|\s+|[^\w\s]", text) or ["x"]
    for _ in range(chosen.randint(1, 5)):
        at, other = chosen.randrange(len(words)), chosen.randrange(len(words))
        match chosen.randrange(4):
            case 0:
                words[at] = words[other]
            case 1:
                words[at:at] = words[other : other + chosen.randint(1, 12)]
            case 2:
                words[at], words[other] = words[other], words[at]
            case _:
                words[at] = ""
    return "".join(words)


def attack_processes(count: int, seed: int, tally: Counter[str]) -> None:
    """Command lines in processes, measured."""
    for number in range(seed, seed + count):
        arguments = random_arguments(random.Random(number))
        arguments = [one.replace("\0", "") for one in arguments]
        finished = run(*arguments, stdin="LSTM(3)\n")
        broken = broken_promises(finished.returncode, finished.stdout, finished.stderr)
        if "Keras and the rule disagree" in finished.stderr:
            broken.append("Keras and the rule disagree")
        note(tally, "processes", number, arguments, broken, finished.stderr)


def attack_signals(count: int, seed: int, tally: Counter[str]) -> None:
    """Signals at random moments, one or two, in a pipe or on a terminal."""
    for number in range(seed, seed + count):
        chosen = random.Random(number)
        numbers = chosen.choices(list(SIGNALS), k=chosen.choice([1, 1, 2]))
        delay, gap = chosen.uniform(0, 2), chosen.choice([0, 0.0001, 0.01])
        arguments = ["lstm", "-b", chosen.choice(["2", "100000"]), "-t", "200", "--return-state"]
        mark = f"FUZZ_{os.getpid()}_{number}"
        on_terminal = chosen.random() < 0.5
        began, code, seen = ended(arguments, numbers, delay, gap, mark, on_terminal)
        broken = []
        expected = {0, *(SIGNALS[one] for one in numbers), *(-one for one in numbers)}
        if code not in expected:
            broken.append(f"exit {code}")
        if began > SECONDS_TO_END:
            broken.append(f"{began:.1f} s until the end")
        if "Traceback" in seen or "a bug in" in seen or "not yet measured" in seen:
            broken.append("something is left")
        if left_behind(mark):
            broken.append("a process is left")
        what = [*map(str, map(int, numbers)), f"{delay:.3f}", f"{gap}", str(on_terminal)]
        note(tally, "signals", number, what, broken, seen)


def ended(
    arguments: list[str],
    numbers: list[signal.Signals],
    delay: float,
    gap: float,
    mark: str,
    on_terminal: bool,
) -> tuple[float, int, str]:
    """How long it took to end after the first signal, the exit code, and what was written."""
    if on_terminal:
        with Terminal(*arguments, env=environment(TERM="xterm-256color", **{mark: "1"})) as shown:
            time.sleep(delay)
            began = time.monotonic()
            send(shown.process, numbers, gap)
            seen = shown.read_to_end(10)
            return time.monotonic() - began, int(shown.process.returncode), seen
    process = start(*arguments, mark=mark)
    time.sleep(delay)
    began = time.monotonic()
    send(process, numbers, gap)
    out, err = process.communicate(timeout=30)
    return time.monotonic() - began, process.returncode, out[:1000] + err


def send(process: subprocess.Popen[Any], numbers: list[signal.Signals], gap: float) -> None:
    for number in numbers:
        process.send_signal(number)
        time.sleep(gap)


def left_behind(mark: str) -> bool:
    """Whether a process with a mark in its environment is there some time later."""
    for _ in range(50):
        found = False
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                found = found or mark.encode() in environ.read_bytes()
            except OSError:
                continue
        if not found:
            return False
        time.sleep(0.02)
    return True


def note(
    tally: Counter[str], kind: str, number: int, what: list[str], broken: list[str], seen: str
) -> None:
    tally[kind] += 1
    if broken:
        tally[f"{kind}, broken"] += 1
        print(f"{kind} {number}: {', '.join(broken)}: {what!r}\n    {seen[:300]!r}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=2000)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=50)
    parser.add_argument("--signals", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` has it ignored
    tally: Counter[str] = Counter()
    attack_lines(options.lines, options.seed, tally)
    attack_files(options.files, options.seed, tally)
    attack_processes(options.processes, options.seed, tally)
    attack_signals(options.signals, options.seed, tally)
    print(", ".join(f"{name}: {number}" for name, number in sorted(tally.items())))


if __name__ == "__main__":
    main()
