"""How fast the command is, as ratios: `python tests/tools/benchmark.py`, on a quiet machine.

Each row times one of our commands against another command, in turn, and gives the median of either
and of the ratio between neighbours. The scripts below are what someone would write without us.
`--pytorch DIR` adds one for PyTorch, in an environment that is made in DIR if there is none yet;
`--tricks` tells instead what each trick of `fast_imports.py` is worth.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import pty
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rnnshape.measuring.fast_imports import TRICKS

NOTEBOOK = """
from tensorflow.keras.models import Model
from tensorflow.keras.layers import Input, LSTM, Bidirectional
import numpy as np

X = np.random.randn(2, 5, 1)
inp = Input(shape=(5, 1))
out = Bidirectional(LSTM(3, return_sequences=False, return_state=True))(inp)
model = Model(inputs=inp, outputs=out)
o, h1, c1, h2, c2 = model.predict(X)
print("o :", o.shape)
print("h1 :", h1.shape)
print("c1 :", c1.shape)
print("h2 :", h2.shape)
print("c2 :", c2.shape)
"""

FASTEST = """
import gc, os
gc.disable()
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras, numpy as np

inputs = keras.Input((5, 1))
layer = keras.layers.Bidirectional(keras.layers.LSTM(3, return_state=True))
model = keras.Model(inputs, layer(inputs))
model.run_eagerly = True
for array in model.predict(np.random.rand(2, 5, 1), verbose=0):
    print(array.shape, flush=True)
os._exit(0)
"""

PLAIN = """
import keras, numpy as np

inputs = keras.Input(({timesteps}, 1))
model = keras.Model(inputs, keras.layers.LSTM({units})(inputs))
print(model.predict(np.random.rand({batch}, {timesteps}, 1), verbose=0).shape)
"""

PYTORCH = """
import torch
from torchinfo import summary

layer = torch.nn.LSTM(1, 3, batch_first=True, bidirectional=True)
summary(layer, input_size=(2, 5, 1), verbose=1)
with torch.no_grad():
    o, (h, c) = layer(torch.randn(2, 5, 1))
print("o :", o.shape)
print("h :", h.shape)
print("c :", c.shape)
"""

TYPER = """
from typing import Annotated
import typer

app = typer.Typer()

@app.command()
def main(
    cells: list[str],
    batch: Annotated[int, typer.Option("-b", "--batch")] = 2,
    timesteps: Annotated[int, typer.Option("-t", "--timesteps")] = 5,
    features: Annotated[int, typer.Option("-f", "--features")] = 1,
    units: Annotated[list[int], typer.Option("-u", "--units")] = [3],
    return_sequences: bool = False,
    return_state: bool = False,
    bidirectional: bool = False,
    merge_mode: str = "concat",
    compare: Annotated[bool, typer.Option("--compare")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    seed: int = 0,
    values: Annotated[bool, typer.Option("--values")] = False,
    weights: Annotated[bool, typer.Option("--weights")] = False,
    code: Annotated[bool, typer.Option("--code")] = False,
    diagram: Annotated[bool, typer.Option("--diagram")] = False,
    format: str = "table",
    export: str = "",
    version: Annotated[bool, typer.Option("--version")] = False,
):
    from rich.console import Console
    from rich.table import Table

    table = Table("Output", "Shape", "Axes", "What it is")
    for name in ("o", "h1", "c1", "h2", "c2"):
        table.add_row(name, "(2, 3)", "(batch, units)", "a tensor that the layer returns")
    Console().print(table)

app()
"""

BI_LSTM = ("lstm", "--bidirectional", "--return-state")
EXPRESSION = "Bidirectional(LSTM(64, return_sequences=True)) -> LSTM(32) -> Dense(1)"
QUESTIONS = (
    "LSTM({n})",
    "Bidirectional(GRU({n}, return_sequences=True)) -> LSTM(3)",
    "SimpleRNN({n}, return_state=True)",
    "LSTM({n}, return_sequences=True) -> Dense(2)",
)
PAGE_CACHE = Path("/proc/sys/vm/drop_caches")


@dataclass(frozen=True)
class Command:
    """A command, the file that it reads, how it ends, and what it shows on a terminal, in order."""

    arguments: Sequence[str]
    stdin: Path = Path(os.devnull)
    exits: int = 0
    shows: Sequence[bytes] = (b"h2", b"(2, 3)")
    variables: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Runs it to its end, with its output in a pipe that is read."""
        with self.stdin.open("rb") as stdin:
            finished = subprocess.run(
                self.arguments,
                stdin=stdin,
                capture_output=True,
                check=False,
                env={**os.environ, **self.variables},
            )
        self.check(finished.returncode, finished.stderr.decode(errors="replace"))

    def check(self, code: int, stderr: str = "") -> None:
        if code != self.exits:
            sys.exit(f"{' '.join(self.arguments)}: exit {code}\n{stderr}")


Measure = Callable[[Command], float]


@dataclass(frozen=True)
class Row:
    """What is timed, the command, the command it is held against, and the ratio to stay under."""

    what: str
    command: Command
    against: str
    other: Command
    most: float
    measure: Measure
    unit: str = "s"
    measure_other: Measure | None = None


def whole(command: Command) -> float:
    """Seconds from start to exit."""
    began = time.perf_counter()
    command.run()
    return time.perf_counter() - began


def cold(command: Command) -> float:
    """Seconds from start to exit, with nothing of any file in memory at the start."""
    os.sync()
    PAGE_CACHE.write_text("3")
    return whole(command)


def first_shapes(command: Command) -> float:
    """Seconds from exec to the last of the shapes on a terminal."""
    began = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.execv(command.arguments[0], list(command.arguments))
    seen = b""
    while not _shown(seen, command.shows):
        seen += os.read(terminal, 4096)
    took = time.perf_counter() - began
    os.kill(child, 15)
    os.close(terminal)
    os.waitpid(child, 0)
    return took


def _shown(seen: bytes, parts: Sequence[bytes]) -> bool:
    for part in parts:
        _, found, seen = seen.partition(part)
        if not found:
            return False
    return True


def peak_memory(command: Command) -> float:
    """The most memory that the process, or one that it started, held at once, in MiB."""
    with command.stdin.open("rb") as stdin, open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command.arguments, stdin=stdin, stdout=nowhere, stderr=nowhere)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    command.check(process.returncode)
    return usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)


def rows(folder: Path, ours: str, pytorch: Path | None) -> Iterator[Row]:
    def script(
        name: str, text: str, *arguments: str, python: str = sys.executable, exits: int = 0
    ) -> Command:
        path = folder / f"{name}.py"
        path.write_text(text)
        return Command((python, str(path), *arguments), exits=exits)

    def plain(batch: int = 2, timesteps: int = 5, units: int = 3) -> Command:
        text = PLAIN.format(batch=batch, timesteps=timesteps, units=units)
        return script(f"plain-{batch}-{timesteps}-{units}", text)

    def us(*arguments: str, exits: int = 0) -> Command:
        return Command((ours, *arguments), exits=exits)

    def questions(number: int, *arguments: str) -> Command:
        return asked(f"{number}.txt", number, QUESTIONS, *arguments)

    def asked(name: str, number: int, texts: Sequence[str], *arguments: str) -> Command:
        path = folder / name
        lines = (texts[n % len(texts)].format(n=n % 50 + 1) for n in range(number))
        path.write_text("".join(f"{line}\n" for line in lines))
        return Command((ours, "-", *arguments), stdin=path)

    notebook, fastest = script("N", NOTEBOOK), script("F", FASTEST)
    bare, bare_help = script("T", TYPER, "lstm"), script("T", TYPER, "--help")
    bare_error = script("T", TYPER, "--ltsm", exits=2)
    one, dry = us(*BI_LSTM), us(*BI_LSTM, "--dry-run")
    expression = Command((ours, EXPRESSION), shows=(b"Dense(1)", b"(2, 1)"))
    piped, first = "measured, piped", "first shapes on a terminal"
    yield Row(first, one, "N", notebook, 0.035, first_shapes, measure_other=whole)
    yield Row(f"{first}, an expression", expression, "N", notebook, 0.035, first_shapes, "s", whole)
    yield Row(piped, one, "N", notebook, 0.27, whole)
    yield Row(piped, one, "F", fastest, 0.78, whole)
    if pytorch is not None:
        torch = script("L", PYTORCH, python=str(pytorch / "bin" / "python"))
        yield Row(piped, one, "PyTorch and torchinfo", torch, 1.00, whole)
    if os.access(PAGE_CACHE, os.W_OK):
        yield Row(f"{piped}, a cold start", one, "N, cold", notebook, 0.75, cold)
    yield Row("`--dry-run`", dry, "T", bare, 1.25, whole)
    yield Row(
        "`--dry-run`, an expression of three layers",
        us(EXPRESSION, "--dry-run"),
        "T",
        bare,
        1.25,
        whole,
    )
    yield Row("`--help`", us("--help"), "T `--help`", bare_help, 1.15, whole)
    yield Row("a usage error", us("ltsm", exits=2), "T, likewise", bare_error, 1.15, whole)
    yield Row("`--version`", us("--version"), "T", bare, 1.0, whole)
    yield Row("peak memory of `--dry-run`", dry, "T", bare, 1.1, peak_memory, "MiB")
    alike = "the same in a plain script"
    yield Row("`-t 2000`", us("lstm", "-t", "2000"), alike, plain(timesteps=2000), 1.0, whole)
    yield Row("`-b 20000`", us("lstm", "-b", "20000"), alike, plain(batch=20000), 1.0, whole)
    yield Row("`-u 2000`", us("lstm", "-u", "2000"), alike, plain(units=2000), 1.0, whole)
    compare = us("lstm", "gru", "simplernn", "--compare")
    yield Row("`lstm gru simplernn --compare`, 24 layers", compare, "one layer", one, 1.5, whole)
    yield Row(
        "`-`, 1000 questions with `--dry-run --json`",
        questions(1000, "--dry-run", "--json"),
        "one question",
        questions(1, "--dry-run", "--json"),
        6,
        whole,
    )
    yield Row("`-`, 100 questions", questions(100), "one question", questions(1), 6, whole)
    others = [f"Input(({{n}}, {features})) -> LSTM(4)" for features in (1, 3, 8)]
    different = asked("different.txt", 100, others)
    yield Row("the same, with different inputs", different, "one question", questions(1), 6, whole)
    yield Row(
        "peak memory of `-`, 400 questions",
        questions(400),
        "10 questions",
        questions(10),
        1.15,
        peak_memory,
        "MiB",
    )


def timed(row: Row, runs: int) -> tuple[float, float, float]:
    """Medians of ours, theirs and the ratio, the two run in turn after one run to warm up."""
    theirs = row.measure_other or row.measure
    pairs = [(row.measure(row.command), theirs(row.other)) for _ in range(runs + 1)][1:]
    return (
        statistics.median(one for one, _ in pairs),
        statistics.median(other for _, other in pairs),
        statistics.median(one / other for one, other in pairs),
    )


def pytorch_in(folder: Path) -> Path:
    """An environment with PyTorch and torchinfo in this folder, made if there is none."""
    if not (folder / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q"]
        subprocess.run([*install, "torch", "torchinfo", "numpy"], check=True)
    return folder


def tell_rows(rows: Iterator[Row], only: str, runs: int) -> None:
    print("| what | ours | against | theirs | ratio | at most |")
    print("| --- | ---: | --- | ---: | ---: | ---: |")
    for row in rows:
        if only in row.what:
            mine, other, ratio = timed(row, runs)
            print(
                f"| {row.what} | {mine:.3g} {row.unit} | {row.against} "
                f"| {other:.3g} {row.unit} | {ratio:.2f} | {row.most:.2f} |",
                flush=True,
            )
    if not os.access(PAGE_CACHE, os.W_OK):
        print(f"\nNo cold start: {PAGE_CACHE} can't be written here.")


def tell_tricks(ours: str, runs: int) -> None:
    """What the whole command takes without each trick, more than with all of them."""
    names = [trick.__name__ for trick in TRICKS]
    # Two of them rely on modules that this one leaves out.
    relied_on = {"names_when_used": "names_when_used,late_binding,without_optional_packages"}
    without = ["", *(relied_on.get(name, name) for name in names), ",".join(names)]
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in without}
    for _ in range(runs + 1):
        for name in without:
            command = Command((ours, *BI_LSTM), variables={"RNNSHAPE_WITHOUT": name})
            before = _cpu()
            taken[name].append((whole(command), _cpu() - before))
    medians = {
        name: [statistics.median(column) for column in zip(*runs[1:], strict=True)]
        for name, runs in taken.items()
    }
    print("| without | wall | more | CPU | more |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, (wall, cpu) in medians.items():
        what = "all of them" if name == without[-1] else f"`{name}`" if name else "nothing"
        more, more_cpu = wall / medians[""][0] - 1, cpu / medians[""][1] - 1
        print(f"| {what} | {wall:.2f} s | {more:.1%} | {cpu:.2f} s | {more_cpu:.1%} |")


def _cpu() -> float:
    """CPU seconds of all processes that were started and waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="of each command, in turn")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--pytorch", type=Path, metavar="DIR", help="an environment for PyTorch")
    parser.add_argument("--tricks", action="store_true", help="what each fast import is worth")
    options = parser.parse_args()
    beside = Path(sys.executable).with_name("rnnshape")
    ours = str(beside) if beside.exists() else shutil.which("rnnshape")
    if ours is None:
        sys.exit("rnnshape is not installed beside this Python")
    pytorch = pytorch_in(options.pytorch) if options.pytorch else None
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("tensorflow", "keras", "numpy", "typer", "rich", "rnnshape")
    )
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()},")
    print(f"{versions}; medians of {options.runs}, in turn")
    print()
    if options.tricks:
        tell_tricks(ours, options.runs)
        return
    with tempfile.TemporaryDirectory() as folder:
        tell_rows(rows(Path(folder), ours, pytorch), options.only, options.runs)


if __name__ == "__main__":
    main()
