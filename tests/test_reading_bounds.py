"""Whatever is read takes bounded time and memory, reaches nothing of ours, and harms no other."""

from __future__ import annotations

import ast
import enum
import importlib
import io
import itertools
import json
import os
import pkgutil
import resource
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rnnshape.api import inspect
from rnnshape.description import describe
from rnnshape.errors import QueryError
from rnnshape.fitting import problems_of_calls
from rnnshape.measuring import launch
from rnnshape.network import Input, Network, Question, Ref, Step
from rnnshape.reading import Reading, names, parse, read
from rnnshape.reading.child import encoded
from rnnshape.reading.code import follower
from rnnshape.reading.literal import is_literal, literal_network
from rnnshape.reading.names.session import MORE_CALLS
from rnnshape.reading.python import Evaluator, Module, Open, StandIn, follow_module
from rnnshape.reading.python.streams import Stream
from rnnshape.reading.reader import Reader, forked, launched, reader_of_process
from rnnshape.reading.sandbox import MACHINES
from rnnshape.reading.text import read_text
from rnnshape.report import Report
from rnnshape.signatures import ALIASES, LAYERS, REFUSED
from rnnshape.source import Source
from tests.conftest import InProcess, command, run
from tests.corpus.answers import programs
from tests.processes import child_of, left_behind, linux, start
from tests.tools.fuzz import HOSTILE

TABLES = Path(__file__).parent / "tables"
# A name, and a text of a few lines. Most take no time: what is too large is foreseen.
ATTACKS: dict[str, str] = {
    **{name: text.rstrip("\n") for name, text in programs([TABLES / "attacks.txt"]).items()},
    "digits_long": f"LSTM({'9' * 5000})",
    "digits_hex": f"LSTM(0x{'f' * 30_000})",
    "digits_printed": f"LSTM(len(str(0x{'f' * 30_000})))",
    "digits_open": f"LSTM(units + 0x{'f' * 30_000})",
    "loop_open": "\n".join(f"while c{n}: x = {n}" for n in range(2000)) + "\nLSTM(3)",
    "conditions": "\n".join(f"if c{n}: x = {n}" for n in range(3000)) + "\nLSTM(x)",
    "conditions_within": "".join(f"{' ' * n}if c{n}:\n" for n in range(90)) + " " * 90 + "x = 1",
    "conditions_of_expression": "x = " + "".join(f"{n} if c{n} else (" for n in range(90)) + "0"
    + ")" * 90,
    "matches": "match x:\n" + "".join(f"    case {n}: y = {n}\n" for n in range(2000)),
    "brackets": "LSTM(" + "[" * 5000,
    "brackets_called": "LSTM(" * 300 + "3" + ")" * 300,
    "minus": "LSTM(" + "-" * 5000 + "3)",
    "not_deep": "LSTM(" + "not " * 5000 + "3)",
    "sum_deep": "LSTM(" + "1+" * 20_000 + "1)",
    "attributes_deep": "LSTM(a" + ".b" * 20_000 + ")",
    "calls_deep": "f" + "()" * 20_000,
    "decorators": "\n".join(["@f"] * 5000) + "\ndef g(): pass\nLSTM(3)",
    "lambdas_deep": "LSTM(" + "lambda: " * 2000 + "3)",
    "fstrings_deep": "LSTM(name=" + "f'{" * 100 + "1" + "}'" * 100 + ")",
    "blocks_deep": "".join(f"{' ' * n}if 1:\n" for n in range(99)) + " " * 99 + "LSTM(3)",
    "functions_deep": "".join(f"{' ' * n}def f():\n" for n in range(99)) + " " * 99 + "LSTM(3)",
    "classes": "".join(
        f"class A{n}(Layer):\n    def call(self, x): return x\n" for n in range(2000)
    ) + "Sequential([A0(), LSTM(3)])",
    "statements": "x = 1\n" * 90_000 + "LSTM(x)",
    "one_line": "; ".join(["LSTM(units)"] * 1000),
    "names": "; ".join(f"LSTM(x{n})" for n in range(500)),
    "arguments": "LSTM(" + ", ".join(["units"] * 5000) + ")",
    "keywords": "LSTM(" + ", ".join(f"a{n}=1" for n in range(5000)) + ")",
    "misspelt": "LSTM(" + "a" * 50_000 + "=3)",
    "misspelt_layer": "L" + "S" * 50_000 + "TM(3)",
    "line_long": "LSTM(3, foo=3)  #" + " a" * 40_000,
    "newlines": "\n" * 90_000 + "LSTM(3, foo=3)",
    "surrogate_name": "LSTM(3, \ud800=4)",
    "null": "LSTM(3, name='\0')",
    "identifier": "LSTM(３, ﬁlters=4)",
    "path_longer": "a" * 4095 + ".ipynb",
    "path_null": "a\0.py",
    "networks_that_do_not_fit": "import numpy as np\n" + "".join(
        f"m{i} = Sequential([Input((5, 2)), *(GRU(3, return_sequences=True) for _ in range(50))])\n"
        f"m{i}.compile('adam', 'mse')\n"
        f"for j in range(4): m{i}.fit(np.zeros((9, 5, 3 + j)), np.zeros((9, {i} + j)))\n"
        for i in range(20)
    ),
    **{text[:30]: f"LSTM({text})" for text in HOSTILE},
}  # fmt: skip


def changed(change: str) -> launch.Process:
    """A child of which something is another: `c` is its module."""
    program = launch.PROGRAM.replace("from {module} import main", f"import {{module}} as c{change}")
    return subprocess.Popen(
        [sys.executable, "-c", program.replace("main()", "c.main()").format(
            path=list(map(str, sys.path)), module="rnnshape.reading.child")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def impatient() -> launch.Process:
    """A child that may use two seconds, in place of eight."""
    return changed("; c.LIMITS['RLIMIT_CPU'] = 2")


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(impatient) as started:
        yield started


@pytest.mark.process
@pytest.mark.parametrize("name", ATTACKS)
def test_no_text_takes_long_or_much_or_is_a_bug(name: str, reader: Reader) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    try:
        reading = reader.read(ATTACKS[name])
    except QueryError as wrong:
        reading = Reading((), (wrong,))
    assert len(reading.messages) <= 50
    assert len(reading.networks) <= 1_000
    for words in (message.message for message in reading.messages):
        assert 0 < len(words) < 1_000
        assert "rnnshape" not in words
        assert "reader ended" not in words
    for question in reading.questions:
        with suppress(QueryError):
            problems_of_calls(question, describe(question.network))
    assert time.process_time() - began < 4  # with the child's two within ten, on slow machines too
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


TABLE = TABLES / "escapes.txt"
HELD, TRIED, CLOSED = (
    [line.replace("\\n", "\n") for line in part.splitlines()[1:] if line and line[0] != "#"]
    for part in TABLE.read_text().split("# What code")
)
THINGS = [thing for line in HELD for thing in line.split("; ")]
BEFORE = """
import os, math, functools, operator, itertools, collections, enum, dataclasses
import types, copy, typing, argparse
import numpy as np, tensorflow as tf, keras
from keras import layers, regularizers
def f(a=1):
    return a
def g():
    yield 1
class E:
    a: int = 1
    def m(self):
        return self
class S(str):
    pass
try:
    raise ZeroDivisionError("x")
except Exception as wrong:
    err = wrong
try:
    raise StopIteration(1)
except Exception as wrong:
    err2 = wrong
try:
    f.missing
except Exception as wrong:
    err3 = wrong
t = LSTM(3)(Input((5, 2)))
model = Sequential([LSTM(3)])
"""
OF_THE_HOST = (
    ast.AST, io.IOBase, types.CellType, types.CodeType, types.CoroutineType, types.FrameType,
    types.GeneratorType, types.GetSetDescriptorType, types.MappingProxyType,
    types.MemberDescriptorType, types.ModuleType, types.TracebackType,
)  # fmt: skip
OURS = (
    StandIn,
    Open,
    Stream,
    enum.Enum,
    enum.EnumMeta,
)  # what code meets, and what `visible` bounds


def held(value: Any, depth: int = 0) -> Iterator[object]:
    """A value, and what is in it."""
    yield value
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset) and not isinstance(value, StandIn):
        for item in value if depth < 9 else ():
            yield from held(item, depth + 1)


def found_by(text: str, evaluator: Evaluator | None = None) -> Any:
    """What a text calls `found`, after all that was followed before it."""
    if evaluator is None:
        evaluator, text = follower({}), BEFORE + text
    evaluator.module.names.pop("found", None)
    source = Source(text)
    follow_module(evaluator, source, source.statements(), evaluator.module)
    return evaluator.module.names.get("found")


def check_reached(found: object) -> None:
    for value in held(found):
        assert not isinstance(value, OF_THE_HOST)
        assert value is not type
        is_ours = type(value).__module__.startswith("rnnshape")
        assert not is_ours or isinstance(value, OURS)


@pytest.mark.parametrize("thing", THINGS)
def test_no_attribute_leads_to_what_follows_code(thing: str) -> None:
    """Each that the object has in truth, and those that only some objects of Python have."""
    evaluator = follower({})
    found_by(BEFORE, evaluator)
    value = found_by(f"found = {thing}", evaluator)
    assert value is None or not isinstance(value, Open)
    for name in sorted({*dir(value), "__globals__", "__mro__", "__subclasses__", "gi_frame"}):
        check_reached(found_by(f"found = ({thing}).{name}", evaluator))


@pytest.mark.parametrize("text", TRIED)
def test_code_reaches_nothing_of_what_follows_it(text: str) -> None:
    check_reached(found_by(text))


@pytest.mark.parametrize("text", CLOSED)
def test_what_leads_out_of_what_follows_code_is_open(text: str) -> None:
    assert isinstance(found_by(text), Open)


@pytest.mark.process
def test_what_reads_code_writes_and_starts_nothing(tmp_path: Path) -> None:
    """Even where code reaches Python itself."""
    by_kernel = sys.platform == "linux" and os.uname().machine in MACHINES
    code = f"""
import _posixsubprocess, h5py, os, sys
from rnnshape.reading import sandbox

sandbox.confine()
past_python = [  # of which it tells no hook
    lambda: h5py.File("{tmp_path}/d", "w"),
    lambda: _posixsubprocess.fork_exec(
        [b"touch", b"{tmp_path}/e"], [b"/usr/bin/touch"], True, (), None, None, -1, -1, -1, -1, -1,
        -1, *os.pipe(), False, False, -1, None, None, None, -1, None, False,
    ),
]
for act in (
    lambda: os.system("mkdir {tmp_path}/a"), lambda: os.mkdir("{tmp_path}/b"), lambda: os.fork(),
    lambda: open("{tmp_path}/c", "w"), lambda: os.kill(os.getppid(), 0),
    *(past_python if {by_kernel} else ()),
):
    try:
        act()
    except (BlockingIOError, PermissionError):
        continue
    sys.exit("it was allowed")
import numpy, threading
threading.Thread(target=print).start()
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.process
@pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in MACHINES, reason="no filter of the kernel"
)
def test_the_kernel_refuses_what_reaches_files_and_processes(tmp_path: Path) -> None:
    """Whatever code may do to Python's own hook."""
    (tmp_path / "file").write_text("")
    code = f"""
import ctypes, errno, os, sys
from rnnshape.reading import sandbox

sys.addaudithook = lambda hook: None
sandbox.confine()
libc, parent, pipe = ctypes.CDLL(None, use_errno=True), os.getppid(), os.pipe()[0]
path, held = b"{tmp_path}/file", (ctypes.c_uint64 * 16)(9, 9)
file = os.open(path, os.O_RDONLY)
for name, *given in (
    ("utimes", path, None), ("futimens", file, None), ("lsetxattr", path, b"user.a", b"b", 1, 0),
    ("fsetxattr", file, b"user.a", b"b", 1, 0), ("lremovexattr", path, b"user.a"),
    ("sigqueue", parent, 0, None), ("setpriority", 0, parent, 9),
    ("prlimit", parent, 7, held, None), ("sched_setaffinity", parent, 8, held),
    ("process_vm_readv", parent, held, 0, held, 0, 0),
    ("fcntl", pipe, 8, parent), ("fcntl", file, 1024, 0), ("ioctl", 0, 0x5412, b"x"),
    ("ioctl", file, 0x40086602, held), ("shmget", 0, 9, 0o600), ("semget", 0, 1, 0o600),
    ("msgget", 0, 0o600), ("unshare", 0x10000000), ("mount", None, b"/", None, 0, None),
    ("chroot", b"/"), ("prctl", 1, 0, 0, 0, 0), ("syscall", 434, parent, 0),
    ("syscall", 425, 1, held),
    ("syscall", 452, -100, path, 0o600, 0), ("syscall", 0x40000000 + 85, path, 0o600),
):
    made = getattr(libc, name)(*given)
    if made != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        sys.exit(f"{{name}} was allowed")
if libc.prlimit(0, 7, None, held) or libc.fcntl(file, 1) < 0:
    sys.exit("what asks is not allowed")
"""
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (child.returncode, child.stderr) == (0, "")


@linux
@pytest.mark.process
def test_what_reads_code_sees_nothing_of_its_parent() -> None:
    """As its standard input, of which the next question would be lost."""
    code = """
import ctypes, os, sys
from rnnshape.reading import sandbox

libc = ctypes.CDLL(None)
if libc.syscall(sandbox.RULES, None, 0, 1) < 0:
    sys.exit()  # this Linux has none
sandbox._give_up_all_but(0, libc)  # a copy has no more of these than its parent
if os.fork() == 0:
    sandbox.confine()
    try:
        os.open(f"/proc/{os.getppid()}/fd/0", os.O_RDONLY)
    except OSError:
        os._exit(0)
    os._exit(1)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    assert subprocess.run([sys.executable, "-c", code], input=b"next").returncode == 0


@pytest.mark.process
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="its 32 bits are asked for otherwise")
def test_the_kernel_refuses_calls_of_32_bits(tmp_path: Path) -> None:
    code = f"""
import ctypes, sys
from rnnshape.reading import sandbox

sys.addaudithook = lambda hook: None
sandbox.confine()
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
below_32_bits = libc.mmap(None, 4096, 7, 0x62, -1, 0)
program = bytes.fromhex("5389f889f3b942000000ba80010000cd805bc3")  # int 0x80: open(.., O_RDWR...)
ctypes.memmove(below_32_bits, program, len(program))
ctypes.memmove(below_32_bits + 64, b"{tmp_path}/file", len(b"{tmp_path}/file") + 1)
call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_uint)(below_32_bits)
sys.exit(call(5, below_32_bits + 64) != -1)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) in ((0, ""), (-signal.SIGSEGV, ""))  # or knows none
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "size",
    [
        "len(str(f))",
        "len(repr([f]))",
        "len(f'{f}')",
        "len('%s' % f)",
        "len('{}'.format(f))",
        "len('{0.maker}'.format(t))",
        "len(str(LSTM(3)))",
        "len(str(LSTM))",
        "len(str(np))",
        "len(repr(E()))",
        "max(map(len, map(str, [f])))",
        "len(np.listed)",
        "len(np.path)",
        "len(tf.path)",
        "len(LSTM.visible)",
        "len(LSTM(3).visible)",
        "len(LSTM.keras_name)",
        "len(model.own_items)",
        "len(vars(LSTM(3)))",
        "len(vars(np))",
        "len(dir(f))",
        "len(t)",
        "t.output + 3",
        "LSTM(3).own_is_built + 3",
        "len(f.scope.names)",
        "len((x for x in [1]).items)",
        "(x for x in [1]).is_cut + 3",
        "len(argparse.ArgumentParser().own_held)",
        "len(argparse.ArgumentParser().held)",
        "len(Input.__module__)",
        "f.__code__.co_argcount + 3",
        "hash(f) % 9 + 1",
        "id(f) % 9 + 1",
    ],
)
def test_no_size_comes_from_what_stands_for_a_library(size: str) -> None:
    assert isinstance(found_by(f"found = {size}"), Open)


@pytest.mark.parametrize(
    "poison",
    [
        "LSTM.keras_name = 'GRU'",
        "layers.LSTM.visible = ('own_layer',)",
        "LSTM.call = f",
        "del LSTM.keras_name",
        "np.zeros = f",
        "np.listed = {}",
        "np._found = f",
        "tf.under = f",
        "keras.layers.LSTM = layers.GRU",
        "collections.Counter.update = f",
        "enum.Enum.x = f",
        "os.environ.get = f",
        "argparse.ArgumentParser.add_argument = f",
        "regularizers.l2.own_name = 'os'",
        "Sequential.add = f",
        "Model.own_open = 3",
        "tf.random = 5",
        "np.c_.units = 5",
        "@dataclasses.dataclass\nclass X:\n    own_keras_name: str\nX.__init__(layers.LSTM, 'GRU')",
    ],
)
def test_no_text_changes_what_the_next_one_means(poison: str) -> None:
    text = (
        "import numpy as np, collections, keras\nfrom keras import layers, regularizers\n"
        "n = np.zeros((2, collections.Counter('aab')['a'])).shape[1]\n"
        "m = keras.Sequential([keras.Input((n, 3)), layers.LSTM(n)])\n"
        "m.add(layers.Dense(getattr(np.c_, 'units', 1)))"
    )
    before = read(text)
    found_by(poison)
    assert read(text) == before


# The child


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LSTM(64)", True),
        ("keras.layers.LSTM(64, return_sequences=True) -> Dense(-1)", True),
        ("Sequential([LSTM(3), Dense(1)])", True),
        ("LSTM(3), GRU(2)", True),
        ("LSTM(units)", True),
        ("LSTM(name='a -> b')", True),
        ("LSTM(3) → GRU(2)", True),
        ("LSTM(2 ** 3)", False),
        ("LSTM(round(5, -100000000))", False),
        ("max([1, 2])", False),
        ("LSTM('a'.ljust(9))", False),
        ("def f() -> LSTM: pass", False),
        ("x = LSTM(3)", False),
        ("LSTM(lambda: 3)", False),
        ("LSTM(f'{3}')", False),
        ("LSTM(*a)", False),
        ("LSTM(3", False),
        ("LSTM(" + "[" * 50 + "]" * 50 + ")", True),
        ("LSTM(" + "1, " * 3000 + ")", False),
        (f"LSTM({2**64})", False),
        ("model.py", True),  # a name; whoever asks has looked for a file
        ("LSTM(3, name='\0')", False),
    ],
)
def test_what_is_literal(text: str, expected: bool) -> None:
    assert is_literal(text) == expected


OTHERS = ("Input", "Sequential", "Model", "Layer", "Lambda", "L2", "Zeros")
NAMES = [*LAYERS, *ALIASES, *REFUSED, *OTHERS]
FORMS = ("{}(3)", "{}()", "{}(LSTM(3))", "TimeDistributed({}(3))",
         "LSTM(3, kernel_initializer={}())", "Input((5, 3)) -> {}(3)", "{}(3) -> Dense(1)",
         "{}(3, name='a')")  # fmt: skip
SPELLINGS = [
    "[LSTM(3), [GRU(2), Dense(1)]] -> Dense(3)", "LSTM(3 -> 4), Dense(1)", "(LSTM(3) -> GRU(2))",
    "LSTM(name='a -> b'), Dense(1)", "LSTM(name='a) -> (b'), Dense(1)", "LSTM(3)\nDense(1)",
    "Sequential([\n LSTM(3, return_sequences=True),\n  LSTM(2),\n])", "LSTM(3) -> Input((3,))",
    "Input((3, 4), name='x') -> LSTM(2)", "Input((3, 4)) -> Input((3, 4)) -> LSTM(2)",
    "L2(0.1) -> LSTM(3)", "LSTM(3)→GRU(2)", " LSTM(3)", "LSTM(3) ", "LSTM(-3)", "LSTM(--3)",
    "LSTM(-True)", "LSTM(1e999)", "LSTM(3, name='é')", "LSTM(3, name='é') -> GRU(2)", "LSTM(3),",
    "Sequential([Sequential([LSTM(3)])])", "Sequential((LSTM(3),))", "()", "[]", "Sequential([])",
    "LSTM(3, 3, 3)", "Sequential([LSTM(2), Input((5, 3))])", "LSTM(3, units=4)",
    "Dense(3)(LSTM(2))", "Input((5, 3), dtype='int32') -> LSTM(3)", "(LSTM(3)) -> (GRU(2))",
    "LSTM(4, input_shape=(5, 3))", "LSTM(3, name='a', name='b')", "LSTM(units)", "LSTM(3, foo=2)",
    "LSTM(3, kernel_regularizer=L2)", f"LSTM({2**63})", "keras.LSTM(3)", "nn.LSTM(3)",
    "LSTM(3, activation=tf.nn.relu)", "Input((3,))",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("prefix", ["", "layers.", "keras.layers.", "keras.", "nn."])
def test_a_literal_text_is_bound_as_whoever_follows_code_reads_it(form: str, prefix: str) -> None:
    for text in (form.format(f"{prefix}{name}") for name in NAMES):
        check_literal(text)


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_spelling_is_bound_as_whoever_follows_code_reads_it(text: str) -> None:
    check_literal(text)


def check_literal(text: str) -> None:
    network = literal_network(text)
    if network is not None:
        reading = read_text(text)
        assert reading == Reading((Question(network, is_of_code=True),)), text
        [read_one] = reading.networks
        assert [one.places for one in network.layers] == [one.places for one in read_one.layers]
        assert network.kind == read_one.kind


def no_process() -> launch.Process:
    raise AssertionError("a process was started")


def test_literal_calls_start_no_process() -> None:
    with Reader(no_process) as reader:
        assert reader.read("LSTM(64) -> Dense(1)") == read("LSTM(64) -> Dense(1)")
        with pytest.raises(QueryError, match="LSTM takes no 'foo'"):
            reader.read("LSTM(3, foo=3)")
        with pytest.raises(AssertionError):
            reader.read("LSTM(2 ** 3)")


def said(reads: Any, text: str, let: Any) -> list[object]:
    """All that is answered, with what `==` does not compare."""
    try:
        reading = reads(text, let)
    except QueryError as wrong:
        return [type(wrong), wrong.message, wrong.place, *map(str, wrong.others)]
    messages = [(type(one), one.message, one.place) for one in reading.messages]
    places = [call.places for network in reading.networks for call in network.layers]
    return [str(reading.questions), reading.names_used, reading.names_open, messages, places]


@pytest.mark.process
@pytest.mark.parametrize(
    "text",
    [
        "LSTM(2 ** 3) -> Dense(1)",
        "LSTM(units * 2)",
        "m = Sequential([Input((5, 3)), LSTM(3, dropout=0.5)])\nm.add(Dense(n))\nm.add(Foo(3))",
        "x = Input((None, 4), name='\\ud800')\ny = LSTM(3, return_state=True)(x)\nModel(x, y)",
        "a = Sequential([LSTM(3)])\nb = Sequential([LSTM(3, foo=3)])\nc = Sequential([Dense(x)])",
        "LSTM(float('nan') if 0 else 3, kernel_regularizer=regularizers.L2(float('inf')))",
        "Bidirectional(LSTM(int('3')), backward_layer=GRU(3))",
        "model = Sequential([LSTM(3, batch_input_shape=(2, 3, 4))])",
        "x = Input((3,))\nModel(x, Foo(type=3)(x, type=x))",
        str(Path(__file__).parent / "no such file.py"),
        __file__,
    ],
)
def test_the_child_answers_what_would_be_answered_here(text: str) -> None:
    let = {"units": 4, "type": (1, 2), "other": 0.5}
    with Reader(launched) as reader:
        assert said(reader.read, text, let) == said(read, text, let)


LASTS = "def g():\n    while True: yield [1] * 9999\n" + "list(g())\n" * 60 + "LSTM(3)"


@pytest.mark.process
def test_a_child_that_was_ended_is_replaced() -> None:
    with Reader(lambda: changed("; c.LIMITS['RLIMIT_CPU'] = 1")) as reader:
        for _ in range(2):
            with pytest.raises(QueryError, match="the code takes too long to be read"):
                reader.read(LASTS)
            assert str(reader.read("LSTM(2 ** 3)").networks[0]) == "LSTM(8)"


@linux
@pytest.mark.process
@pytest.mark.parametrize("start", [launched, forked])
def test_a_child_that_others_ended_between_two_questions_is_replaced(
    start: Any,
) -> None:
    with Reader(start) as reader:
        for size in (2, 3):
            assert str(reader.read(f"LSTM(2 ** {size})").networks[0]) == f"LSTM({2**size})"
            assert reader._process is not None
            reader._process.kill()
            os.waitid(os.P_PID, reader._process.pid, os.WEXITED | os.WNOWAIT)


@linux
@pytest.mark.process
def test_a_child_is_given_its_time_for_each_question() -> None:
    """The limit of the system counts all that a process has used."""
    with Reader(impatient) as reader:
        used = 0.0
        while used < 3.5:
            with pytest.raises(QueryError, match="too many steps"):
                reader.read(ATTACKS["iterator_by_index"])
            assert isinstance(reader._process, subprocess.Popen)
            stat = Path(f"/proc/{reader._process.pid}/stat").read_text().split()
            used = sum(map(int, stat[13:17])) / os.sysconf("SC_CLK_TCK")  # with its copies


# What code could do that had reached what reads it.
HARMS = {
    "changes_what_reads": "setattr(c.QueryError, '__str__', None), setattr(c, 'read', None)",
    "changes_its_child": "setattr(c, '_answered', lambda line: b'null')",
    "answers_more_questions": "c.os.write(1, c.encoded(c.QueryError('first')) * 3)",
    "takes_the_next_question": "c.sys.stdin.readline()",
    "answers_half": "c.os.write(1, b'[')",
    "does_not_answer": "c.os._exit(0)",
    "says_that_it_has_numpy": "c.os._exit(3)",
    "answers_no_reading": "c.os.write(1, b'[[[5]]]\\n')",
    "answers_in_another_language": "c.os.write(1, b'\\xff' + b'[' * 10**6 + b'\\n')",
    "goes_on_after_the_answer": "c.os.closerange(0, 3) or c.os.fork()",
}


@linux
@pytest.mark.process
@pytest.mark.parametrize("harm", HARMS)
def test_what_code_has_changed_of_its_reader_reaches_no_other_answer(harm: str) -> None:
    change = f"; own = c.read; c.read = lambda *a: dict(n=1) in a and [{HARMS[harm]}] or own(*a)"
    with Reader(lambda: changed(change)) as reader:
        for size in range(3, 6):
            began = time.monotonic()
            with suppress(QueryError, RuntimeError):
                reader.read(f"LSTM({size} ** 3)", {"n": 1})
            assert time.monotonic() - began < 20
            assert str(reader.read(f"LSTM({size} ** 2)").networks[0]) == f"LSTM({size**2})"


@pytest.mark.parametrize(
    ("said", "forged"),
    [
        ('"step": 0', '"step": 7'),
        ('"step": 0', '"step": -1'),
        ('"step": 0', '"step": 0, "output": 1'),
        ('"type": "Step"', '"type": "Step", "same_as": 1'),
        ('"units"', "5"),
        ('["LSTM(2 ** 3)", 0, 4, "", 0]', "[]"),
        ('["LSTM(2 ** 3)", 0, 4, "", 0]', '{"type": "Call", "name": "LSTM"}'),  # it has no end
        ('"name": "LSTM"', '"name": ["LSTM"]'),
        ('"type": "Question"', '"type": "Question", "notes": [5]'),
        ('"type": "Question"', '"type": "Question", "calls": [{"type": "Ref", "step": 0}]'),
        ('"steps": [', '"inputs": [], "steps": ['),
    ],
)
def test_an_answer_that_is_forged_is_none(
    said: str, forged: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = encoded(read("LSTM(2 ** 3)")).decode()
    assert said in honest
    monkeypatch.setattr(Reader, "_answer", lambda *_: honest.replace(said, forged, 1).encode())
    with pytest.raises(QueryError, match="it has changed its reader"):
        Reader(launched).read("LSTM(2 ** 3)")


@linux
@pytest.mark.process
def test_a_copy_that_waits_is_left_behind_by_nobody() -> None:
    """Also where the parent is gone, which would have ended it."""
    change = "; import time; c.LONGEST_WAIT = 1; c.read = lambda *a: time.sleep(30)"
    with Reader(lambda: changed(change)) as reader, pytest.raises(QueryError, match="SIGALRM"):
        reader.read("LSTM(2 ** 3)")


@linux
@pytest.mark.process
def test_a_copy_whose_parent_was_gone_before_it_could_tell_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mark = f"MARK_{time.monotonic_ns()}"
    monkeypatch.setenv(mark, "1")
    change = "; import time; own = c.confine; c.read = lambda *a: time.sleep(30)\n"
    change += "c.confine = lambda: [c.os.kill(c.os.getppid(), 9), time.sleep(0.2), own()]"
    with Reader(lambda: changed(change)) as reader, suppress(QueryError):
        reader.read("LSTM(2 ** 3)")
    assert left_behind(mark, 1) == []


@pytest.mark.process
def test_what_takes_too_much_memory_is_said_and_a_second_time_ends_the_reading() -> None:
    for times, words in ((1, "too large to be read"), (2, "too much memory")):
        with Reader(impatient) as reader, pytest.raises(QueryError, match=words):
            reader.read(" -> ".join(["LSTM(len([0].__mul__(10 ** 10)))"] * times))


@pytest.mark.process
def test_a_child_writes_no_file_and_starts_no_process(tmp_path: Path) -> None:
    path = tmp_path / "file"
    source = (
        "import resource\n"
        "from rnnshape.reading import child\n"
        "child._bound()\n"
        "print([resource.getrlimit(getattr(resource, name)) for name in child.LIMITS])\n"
        f"try: print(open({str(path)!r}, 'w').write('a'))\n"
        "except OSError as wrong: print(wrong.strerror)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False
    )
    first = finished.stdout.splitlines()[0]
    assert first == f"[(8, 9), ({2**30}, {2**30 + 1}), (0, 1), (0, 1), (0, 1)]"
    assert not path.exists() or path.read_text() == ""


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_are_heard_while_a_text_is_read(number: int) -> None:
    mark = f"MARK_{time.monotonic_ns()}"
    process = start("-n", LASTS, mark=mark)
    assert child_of(process.pid)
    time.sleep(0.3)
    process.send_signal(number)
    began = time.monotonic()
    out, err = process.communicate(timeout=10)
    assert time.monotonic() - began < 1
    assert (process.returncode, out, err) == (128 + number, "", "")
    assert left_behind(mark) == []


@linux
@pytest.mark.process
@pytest.mark.parametrize("arguments", [("--nonsense",), ("--help",), ("-b", "0")], ids=str)
def test_whoever_reads_is_gone_where_nobody_wants_to_know(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    mark, path = f"MARK_{time.monotonic_ns()}", tmp_path / "lasts.py"
    path.write_text(LASTS)
    start("-n", str(path), *arguments, mark=mark).communicate(timeout=10)
    assert left_behind(mark, 0.5) == []


@linux
@pytest.mark.keras
@pytest.mark.process
def test_a_process_may_have_many_files_open() -> None:
    source = (
        "import os, resource, rnnshape\n"
        "_, most = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 2_000), most))\n"
        "held = [os.open('/dev/null', 0) for _ in range(1_100)]\n"
        "print(rnnshape.inspect('LSTM(2 ** 3)').measure().source)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False
    )
    assert finished.stdout == "predict\n", finished.stderr


@pytest.mark.parametrize(
    ("text", "models"),
    [
        ("LSTM(3);" * 1_001, 1_000),
        ("Sequential([LSTM(3, return_sequences=True) for _ in range(999)]);" * 6, 5),
    ],
    ids=["models", "layers"],
)
@pytest.mark.slow
def test_what_no_screen_could_show_is_not_answered_whole(text: str, models: int) -> None:
    reading = read(text.replace(";", "\n"))
    assert len(reading.networks) == models
    [note] = reading.messages
    assert note.message == "at most 1,000 models and 5,000 layers are answered: there are more"


def test_notes_keep_no_fault_from_being_told() -> None:
    notes = "".join(f"g{n} = lambda s: s(s)\ng{n}(g{n})\n" for n in range(60))
    *_, fault, more = read(f"{notes}LSTM(3, foo=1)\nLSTM(4)").messages
    assert (fault.message, "may be more" in more.message) == ("LSTM takes no 'foo'", True)


def calls_in(run: Callable[[], object]) -> int:
    """The calls of functions, in place of the time, as other tests run at the same time."""
    calls, before = itertools.count(), sys.getprofile()
    sys.setprofile(lambda *_: next(calls) and None)
    try:
        run()
    finally:
        sys.setprofile(before)
    return next(calls)


@pytest.mark.slow
def test_each_of_many_inputs_takes_no_longer_than_each_of_few() -> None:
    def calls_for(many: int) -> int:
        steps = tuple(
            Step(parse("Dense(2)"), (Ref(0, place),), names=(f"o{place}",)) for place in range(many)
        )
        inputs = tuple(Input((None, 3), f"i{place}") for place in range(many))
        network = Network(inputs, steps, tuple(map(Ref, range(1, many + 1))))

        def ask() -> None:
            report = Report(Question(network))
            assert [report.assumes_of(layer) for layer in report.layers] == [()] * many
            assert report.expression.count("Input(") == many

        return calls_in(ask)

    assert calls_for(800) < 12 * calls_for(100)  # and not 64 times


@pytest.mark.slow
def test_each_of_many_targets_takes_no_longer_than_each_of_few() -> None:
    def calls_for(many: int) -> int:
        report = inspect("LSTM(3)", input=(2, 5, 3), target=[(2, 3)] * many, loss="mse")
        return calls_in(lambda: str(report))

    assert calls_for(1_600) < 12 * calls_for(200)  # and not 64 times


@pytest.mark.parametrize("attack", [name for name in ATTACKS if name.endswith("s_that_do_not_fit")])
@pytest.mark.slow
def test_data_that_is_not_compared_is_told(attack: str) -> None:
    assert MORE_CALLS in [message.message for message in read(ATTACKS[attack]).messages]


@pytest.mark.slow
def test_what_does_not_depend_on_it_is_answered() -> None:
    assert all(str(*read(ATTACKS[a]).networks) == "LSTM(3)" for a in ("array_product", "set_item"))


@pytest.mark.process
def test_the_other_lines_of_a_stream_are_answered() -> None:
    bad = [text for text in ATTACKS.values() if "\n" not in text and text.isascii()]
    bad = [text for text in bad if "\0" not in text and len(text) < 90_000][::3]
    bad += ["a" * 300 + ".py", "LSTM(round(5, -10**8))", "LSTM(name='%c' % 9999999)"]
    lines = [line for text in bad for line in (text, "GRU(2 ** 2)")]
    finished = run("-", "-n", "--json", stdin="\n".join(lines))
    said = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [one.get("layer") for one in said].count("GRU(4)") == len(bad)
    assert "a bug in" not in finished.stdout + finished.stderr
    assert "Traceback" not in finished.stderr
    assert finished.returncode == 1


@pytest.mark.parametrize("form", [["--code"], ["--format", "csv"], ["--format", "markdown"], []])
def test_what_stands_for_a_value_moves_no_cursor(form: list[str]) -> None:
    text = "from enum import Enum\nK = Enum('\\x1b[2J', 'a b')\nLSTM(K.a)"
    finished = command(text, "-n", *form)
    assert "[2J" in finished.out
    assert finished.out.replace("\n", "").isprintable()


def test_what_no_view_shows_ends_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    def forged(*_: Any) -> Reading:
        [question] = read("LSTM(3)").questions
        return Reading((replace(question, notes=(5,)),))  # type: ignore[arg-type]

    monkeypatch.setattr(InProcess, "read", forged)
    finished = command("-", "-n", stdin="LSTM(2 ** 3)\n\nLSTM(2 ** 4)\n")
    assert [line[:8] for line in finished.err.splitlines() if line[0] != " "] == [
        "error: l", "error: l"
    ]  # fmt: skip


@pytest.mark.process
@pytest.mark.parametrize(
    "text",
    [
        "LSTM(3, name='" + r"\a" * 60 + " -> Dense(1)",
        "'" + r"\'" * 30_000 + "->",
        "LSTM(3)" + " " * 60_000 + "x",
    ],
)
def test_a_text_that_is_left_open_is_told_at_once(text: str) -> None:
    began, told = time.process_time(), "unterminated string|invalid syntax"
    with Reader(impatient) as reader, pytest.raises(QueryError, match=told):
        reader.read(text)
    assert time.process_time() - began < 1


@linux
@pytest.mark.process
def test_the_command_ends_what_takes_too_long(tmp_path: Path) -> None:
    """Also where the system allows less: it is not taken for a lack of memory."""
    (path := tmp_path / "lasts.py").write_text(LASTS)
    for what, name in ((LASTS, "the code"), (str(path), path.name)):
        limited = ["sh", "-c", 'ulimit -t 1; exec "$0" -m rnnshape -n "$1"', sys.executable, what]
        finished = subprocess.run(limited, capture_output=True, text=True, check=False)
        assert finished.stderr == f"error: {name} takes too long to be read\n"
        assert finished.returncode == 2


@pytest.mark.parametrize("newlines", ["\n", " ", "a", "\t", ", ", "a."])
def test_many_lines_of_a_notebook_are_read_at_once(newlines: str, tmp_path: Path) -> None:
    code = newlines * 90_000 + "!\nm = Sequential([LSTM(3)])\n%time\nx = %who\nm?\n"
    cells = [{"cell_type": "code", "source": code}]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    began = time.process_time()
    read(str(path))
    assert time.process_time() - began < 2


@pytest.mark.process
@pytest.mark.parametrize(
    "command",
    [
        ("-c", "import rnnshape, sys; print(rnnshape.inspect(sys.argv[1]))"),
        ("-m", "rnnshape", "-n"),
    ],
    ids=["api", "command"],
)
def test_nothing_of_the_current_folder_is_imported(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    """Python itself would: it looks there first for NumPy, which follows some code."""
    (tmp_path / "numpy.py").write_text("import os; os.mkdir('it was imported')")
    text = "import numpy as np\nLSTM(len(np.cumsum([1, 2])))"
    finished = subprocess.run(
        [sys.executable, *command, text],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["numpy.py"]
    assert "(2, 2)" in finished.stdout, finished.stderr


@pytest.mark.process
def test_one_reader_is_kept_for_a_process() -> None:
    kept = reader_of_process(os.getpid())
    assert reader_of_process(os.getpid()) is kept
    made: dict[int, str] = {}

    def ask(number: int) -> None:
        made[number] = str(kept.read(f"LSTM({number} + 1)").networks[0])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == {number: f"LSTM({number + 1})" for number in range(8)}


def test_what_has_parts_says_how_many() -> None:
    """Else Python asks a stand-in for [0], [1], ... for ever."""
    for module in pkgutil.iter_modules(names.__path__):
        importlib.import_module(f"{names.__name__}.{module.name}")
    kinds: list[type] = [StandIn, Module]
    for kind in kinds:
        kinds += {*kind.__subclasses__()} - {*kinds}
        assert hasattr(kind, "__iter__") or not hasattr(kind, "__getitem__"), kind
