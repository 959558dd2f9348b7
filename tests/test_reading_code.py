"""Keras code and notebooks are read as the networks that they make, and nothing of them is run."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from contextlib import redirect_stderr, suppress
from io import StringIO
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnshape.description import describe, describe_what_fits
from rnnshape.errors import QueryError
from rnnshape.expression import Call, Value, printed
from rnnshape.layer import NOT_KEPT
from rnnshape.network import Network, Question
from rnnshape.program import program
from rnnshape.reading import Reading, let_value, read
from rnnshape.reading.child import decoded, encoded
from rnnshape.reading.code import read_code
from rnnshape.report import Report
from rnnshape.rules.rearranging import sizes_of_sample
from tests.corpus.answers import WRITTEN, Answer, Json, programs, read_all
from tests.corpus.building import shapes_by_rule
from tests.corpus.compare import FAILED, OPEN, RIGHT, Verdict, compare, compare_on_record
from tests.readings import lines_of

PROGRAMS = programs(sorted(WRITTEN.glob("*.txt")))


def let_of(text: str) -> Mapping[str, Value]:
    """What the first line of a program says of the values that it takes from data."""
    first = text.partition("\n")[0]
    if not first.startswith("# let:"):
        return {}
    pairs = (one.rpartition("=") for one in first.removeprefix("# let:").split())
    return {name: let_value(value) for name, _, value in pairs}


def reading_of(text: str, **more: Any) -> Reading:
    return read_code(text, let_of(text), "program.py", **more)


def one(text: str, **let: Value) -> Network:
    reading = read_code(text, let, "program.py")
    assert not reading.messages, reading.messages
    [network] = reading.networks
    return network


def layers(text: str, **let: Value) -> list[str]:
    return [str(layer) for layer in one(text, **let).layers]


def messages(text: str, **let: Value) -> list[str]:
    return [wrong.message for wrong in read_code(text, let, "program.py").messages]


PRINTED = {name: text for name, text in PROGRAMS.items() if not name.startswith("open_")}
del PRINTED["inner_models_with_layers_of_one_name"]  # a flat model may not have two of one name
del PRINTED["models_of_dictionaries_of_which_one_output_is_used"]  # the other is not printed


@pytest.mark.parametrize("name", PRINTED)
def test_what_code_prints_is_read_as_the_same_network(name: str) -> None:
    for network in reading_of(PRINTED[name]).networks:
        description, fitting = describe_what_fits(Question(network))
        is_kept = all(NOT_KEPT not in layer.warnings for layer in description.layers)
        if not (description.is_complete and is_kept):  # what is printed keeps them all
            continue
        [in_one_line] = read(Report(Question(network)).expression).networks
        assert shapes_by_rule(in_one_line, sizes := fitting.dimensions) == shapes_by_rule(
            network, sizes
        )
        again = one(program(network, description))
        known = [as_printed(call.without_left_open()) for call in network.layers]
        assert [str(call) for call in again.layers] == known
        assert shapes_by_rule(again, sizes) == shapes_by_rule(network, sizes)
        assert [step.same_as for step in again.steps] == [step.same_as for step in network.steps]
        assert [step.keywords for step in again.steps] == [step.keywords for step in network.steps]


def test_a_script_may_end_by_system_exit() -> None:
    text = "def main():\n    model = Sequential([Input((5, 2)), LSTM(3)])\n    return 0\n"
    read_whole = reading_of(f"{text}if __name__ == '__main__':\n    raise SystemExit(main())")
    assert (len(read_whole.networks), read_whole.messages) == (1, ())
    inside = text.replace("return 0", "raise SystemExit(0)")
    read_whole = reading_of(f"{inside}main()\nLSTM(4, unknown=3)")  # which it does not come to
    assert (len(read_whole.networks), read_whole.messages) == (1, ())


def as_printed(call: Call) -> str:
    """What keeps the batch is printed as the layer that does."""
    sizes = sizes_of_sample(call)
    return str(call) if sizes is None else f"Reshape({printed(sizes)})"


def test_names_are_those_of_the_code() -> None:
    network = one(
        "source = Input((5, 2))\n"
        "out, state_h, state_c = LSTM(3, return_state=True)(source)\n"
        "x = Dense(1)(out)\n"
        "x = Dense(2)(x)\n"
        "net = Model(source, [x, state_h, state_c])\n"
    )
    assert network.name == "net"
    assert [source.name for source in network.inputs] == ["source"]
    assert [step.names for step in network.steps] == [("out", "state_h", "state_c"), (), ()]


def notebook(*cells: str) -> str:
    words = {"cell_type": "markdown", "source": "# Words"}
    held = [{"cell_type": "code", "source": text, "outputs": []} for text in cells]
    return json.dumps({"nbformat": 4, "cells": [words, *held]})


@pytest.mark.parametrize(
    ("text", "told", "where"),
    [
        ("class Net(keras.Model):\n    pass\nnet = Net()", "net is not read: net", "line 3"),
        ("m = Sequential([LSTM(3, retrun_state=1)])\n", "did you mean return_state?", "line 1"),
        ("x, y = Input((3, 2)), Input((2,))\nm = Model(x, Dense(3)(y))", "not name: y", "line 2"),
        ("x = Input((3, 2))\na, b = GRU(3)(x)\nm = Model(x, a)", "returns one tensor", "line 2"),
        ("x = Input((3, 2))\na, b, c = GRU(3, return_state=True)(x)", "write o, h =", "line 2"),
        ("m = Sequential([GRU(3)])\nif x y:\n    pass\n", "can't be read", "line 2"),
        ("m = keras.models.load_model('a.h5')\nm = Model(m.input, m.layers[0])", "a.h5", "line 1"),
        ("m = Sequential(some)", "some (program.py, line 1) comes from data: --let", "line 1"),
        ("n = k\nm = Sequential([GRU(i) for i in n[1:]])", "comes from data", "line 1"),
    ],
)  # fmt: skip
def test_what_is_not_read_or_refused_is_said_and_the_others_are_answered(
    text: str, told: str, where: str
) -> None:
    before, after = "before = Sequential([GRU(1)])\n", "\nafter = Sequential([GRU(2)])\n"
    reading = read_code(f"{text}{after}{before}", {}, "program.py")
    assert [one.name for one in reading.networks][-2:] == ["after", "before"]
    [wrong] = reading.messages
    assert told in wrong.message
    assert wrong.place is not None
    assert wrong.place.where.startswith("program.py, line ")
    assert wrong.place.where.endswith(where)


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("m = Sequential([LTSM(3)])", "Keras has no layer LTSM; did you mean LSTM?", 1),
        ("\nm = Sequential([keras.layers.Mine(3)])", "Keras has no layer Mine", 2),
        ("m = Sequential([Lambda(f)])", "it runs code, which is not measured", 1),
        ("m = Sequential([LSTM(3, retrun_state=1)])",
         "LSTM takes no 'retrun_state'; did you mean return_state?", 1),
        ("from torch.nn import LSTM\nm = Sequential([LSTM(3)])",
         "what it is, is not in this code", 2),
        ("m = Sequential([LSTM(**options)])", "", 1),
        ("x = Input((3, 2))\nm = Model(x, mystery(x))",
         "what mystery makes of a tensor is not known", 2),
        ("x = Input((3, 2))\nf = tf.some_function\nm = Model(x, f([x, x]))",
         "what f makes of a tensor is not known", 3),
        ("m = Sequential()\nif flag:\n    m.add(GRU(2))\n", "", 2),
        ("m = Sequential([GRU(1)])\nwhile more:\n    m.add(GRU(2))\n", "", 2),
        ("def f():\n    raise ValueError('no')\nm = Sequential([f()])", "ValueError: no", 3),
    ],
)  # fmt: skip
def test_a_layer_that_is_not_read_keeps_its_row_and_says_why(
    text: str, reason: str, line: int
) -> None:
    reading = read_code(f"{text}\nafter = Sequential([GRU(2)])", {}, "program.py")
    network, after = reading.networks
    assert (network.name, after.name) == ("m", "after")
    [unread] = [step.unread for step in network.steps if step.unread]
    assert (unread.reason, unread.file, unread.line) == (reason, "program.py", line)


@pytest.mark.parametrize(
    ("text", "file", "where"),
    [
        ("m = Sequential([LSTM(3, foo=1)])", "", ""),
        ("\nm = Sequential([LSTM(3, foo=1)])\n", "", ""),
        ("x = 3\nm = Sequential([LSTM(3, foo=1)])", "", "line 2"),
        ("m = Sequential([LSTM(3, foo=1)])", "x.py", "x.py, line 1"),
    ],
)
def test_a_place_has_its_file_and_line_where_there_are_some(
    text: str, file: str, where: str
) -> None:
    [wrong] = read_code(text, {}, file).messages
    assert wrong.place is not None
    assert wrong.place.where == where


def test_values_that_come_from_data_are_open_and_can_be_given() -> None:
    text = (
        "vocab_size = len(tokenizer.word_index) + 1\n"
        "model = Sequential()\n"
        "model.add(Embedding(vocab_size, units))\n"
        "model.add(LSTM(units * 2, dropout=rate, kernel_initializer=start))\n"
        "model.add(Dense(X_train.shape[2]))\n"
    )
    reading = read_code(text, {}, "program.py")
    assert not reading.messages
    [network] = reading.networks
    assert [str(call) for call in network.layers] == [
        "Embedding(vocab_size, units)",
        "LSTM(units * 2, dropout=rate, kernel_initializer=start)",
        "Dense(X_train.shape[2])",
    ]
    assert {"vocab_size", "units", "X_train.shape[2]"} <= set(reading.names_open)
    let: dict[str, Value] = {"vocab_size": 9, "units": 4, "X_train.shape[2]": 2, "unused": 1}
    reading = read_code(text, let, "program.py")
    assert [str(call) for call in reading.networks[0].layers] == [
        "Embedding(9, 4)",
        "LSTM(8, dropout=rate, kernel_initializer=start)",
        "Dense(2)",
    ]
    assert reading.names_used == ("X_train.shape[2]", "units", "vocab_size")


def test_what_depends_on_a_condition_that_is_not_known_is_one_open_row() -> None:
    text = "m = Sequential()\nif flag:\n    m.add(GRU(2))\nm.add(Dense(1))\n"
    assert layers(text) == ["depends on flag", "Dense(1)"]
    assert layers(text, flag=True) == ["GRU(2)", "Dense(1)"]
    assert layers(text, flag=False) == ["Dense(1)"]


def test_a_class_that_nobody_calls_may_derive_from_a_layer_that_takes_more() -> None:
    text = "class Ternary(Conv2D):\n    def __init__(self, filters, **more):\n"
    [said] = messages(f"{text}        super().__init__(filters, **more)")
    assert said.startswith("this code defines Ternary, and calls none")
    assert messages(f"{text}        super().__init__(filters, 3)\nlayer = Conv2D(4)") != []


@pytest.mark.parametrize(
    "set_it", ["os.environ['{}'] = 'jax'", "os.environ.setdefault('{}', 'jax')"]
)
@pytest.mark.parametrize(
    "ask", ["keras.config.backend()", "keras.backend.backend()", "K.backend()"]
)
def test_the_backend_is_that_which_the_code_sets_and_else_tensorflow(set_it: str, ask: str) -> None:
    model = f"m = Sequential([Input((5, 2)), LSTM({{'tensorflow': 3, 'jax': 8}}[{ask}])])"
    for name, units in ("KERAS_BACKEND", 8), ("OTHER", 3):
        network = one(f"import os\n{set_it.format(name)}\n{model}")
        assert str(network) == f"Input((5, 2)) -> LSTM({units})"


def test_the_same_layer_twice_is_shared() -> None:
    network = one(
        "a = Input((4, 2)); b = Input((4, 2)); l = LSTM(3)\nm = Model([a, b], Add()([l(a), l(b)]))"
    )
    assert [step.same_as for step in network.steps] == [None, 1, None]


TRIES = [
    "__import__('os').system('touch {0}')",
    "import os\nos.system('touch {0}')\nopen('{0}', 'w')",
    "m = Sequential([LSTM(__import__('pathlib').Path('{0}').touch())])",
    "[open('{0}', 'w') for _ in range(3)]\nm = Sequential([LSTM(3)])",
    "@print\ndef f(x=open('{0}', 'w')): pass\nm = Sequential([LSTM(3)])",
    "class A(metaclass=open('{0}', 'w')): pass",
    "f'{{open(\"{0}\", \"w\")}}'; '{{0.__class__}}'.format(open('{0}', 'w'))",
    "eval(\"open('{0}', 'w')\"); exec(\"open('{0}', 'w')\")",
]


@pytest.mark.parametrize("text", TRIES)
def test_nothing_is_run(text: str, tmp_path: Path) -> None:
    path = tmp_path / "made"
    read_code(text.format(path), {}, "program.py")
    assert not path.exists()


LARGE = {
    "deep": "x = " + "(" * 20_000,
    "nested calls": "x = " + "f(" * 3_000 + ")" * 3_000,
    "long sum": "x = 1" + " + 1" * 5_000,
    "power": "x = 10 ** 10 ** 10\ny = 2 ** 63 ** 2\nm = Sequential([LSTM(x)])",
    "long list": "x = [1] * 10 ** 9\ny = 'a' * 10 ** 9\nz = [x] * 10",
    "laughs": "a = [1]\n" + "a = [a, a]\n" * 60 + "LSTM(a)\nprint(a == a, f'{a}')",
    "itself": "a = []\na.append(a)\nm = Sequential(a)\nb = {}\nb['b'] = b\nLSTM(**b)\nx = a == [a]",
    "doubling": "a = [1]\nfor i in range(100):\n    a += a\n    a.extend(a)\n",
    "loops": "for a in range(10**9):\n for b in range(10**9):\n  m = Sequential([LSTM(3)])\n",
    "recursion": "def f(n):\n    return f(n - 1) + f(n - 1)\nf(50)\nm = Sequential([LSTM(3)])",
    "doubling models": "x = Input((3, 2)); m = Model(x, Dense(2)(x))\n"
    + "".join("y = Input((3, 2)); m = Model(y, m(m(y)))\n" for _ in range(40)),
    "many models": "m = [Sequential([LSTM(3)]) for _ in range(9000)]",
    "format": "x = '{:1000000000}'.format(1), '%1000000000d' % 1, f'{1:>1000000000}'",
    "wrong lines": "x y\n" * 5_000,
    "too long": "x = 1\n" * 2_000_000,
    "names": "".join(f"m = Sequential([LSTM(a{i})])\n" for i in range(1_000)),
    "nul": "x = 1\0",
    "surrogate": "x = '\udcff'",
    "models in themselves": "a = Sequential([GRU(1)])\na.add(a)\na.add(a)\nb = Sequential([a, a])",
    "doubling sequentials": "a = Sequential([GRU(1)])\n" + "a = Sequential([a, a])\n" * 60,
    "while": "while True:\n" + " x = 1\n" * 20_000,
    "elses": "if a:\n pass\n" + "elif a:\n pass\n" * 3_000,
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.slow
def test_large_texts_end(name: str) -> None:
    reading = read_code(LARGE[name], {}, "program.py")
    assert len(reading.messages) <= 60
    assert all(len(wrong.message) < 2_000 for wrong in reading.messages)


def test_as_many_messages_are_given_as_is_said() -> None:
    text = "".join(f"m = Sequential([GRU(3, odd{number}=1)])\n" for number in range(51))
    assert messages(text)[50:] == ["at most 50 messages of a kind are told: there may be more"]


@pytest.mark.parametrize("call", ["f()", ""])
@pytest.mark.slow
def test_code_that_takes_too_many_steps_is_said(call: str) -> None:
    body = " x = 1\n" * 1_000 + " m = Sequential([GRU(3)])\n"
    calls = " g()\n" * 300
    assert messages(f"def g():\n{body}def f():\n{calls}{call}") == [
        "this code takes too many steps to be read"
    ]


ARGUMENTS = """
"--u", type=int, default=3 | "--u", type=int | "--u", action="append", type=int | "u", type=int
"--u", type=int, action="append", default=[8] | "-v", "--u", action="count", default=4
"--u", nargs="+", type=int | "--u", nargs="?", const=7, type=int, default=2 | "--w", default=1
"--u", type=int, choices=[3, 5, 9], default=3 | "u", nargs="*", type=int | "--u", action="count"
"--small", dest="u", action="store_const", const=2, default=5 | "--u", type=int, default="4"
"--large", dest="u", action="store_const", const=50, default=6 | "-u", type=int, default=3
"--on", dest="u", action="store_true" | "--off", dest="u", action="store_false"
"""
WORDS = "--u 5|--u 9|--u=9|--w 1|--small|--large|--on|--off|-v|-vv|--un 7|-u 3|-5|x"


@pytest.mark.slow
def test_words_that_code_gives_a_parser_mean_what_python_makes_of_them() -> None:
    drawn, known, arguments = random.Random(5), 0, re.split(r" \| |\n", ARGUMENTS.strip())
    for _ in range(300):
        first, *others = drawn.sample(arguments, 3)  # of two that set the same the first counts
        conflicts = '"--u"' in first or '"u"' in first
        chosen = [first, *(one for one in others if not (conflicts and "u" in one))]
        words = " ".join(drawn.choices(WORDS.split("|"), k=drawn.randint(0, 3))).split()
        code = "import argparse\np = argparse.ArgumentParser()\n"
        code += "".join(f"p.add_argument({one})\n" for one in chosen)
        code += f"u = p.parse_args({words}).u\n"
        code += "n = 99 if u is None else sum(u) if isinstance(u, list) else u\n"
        names: dict[str, Any] = {}
        with suppress(Exception, SystemExit), redirect_stderr(StringIO()):
            exec(code, names)
        for network in read_code(f"{code}m = Sequential([Dense(100 + n)])", {}).networks:
            units = network.steps[0].layer["units"]
            if isinstance(units, int) and "n" in names:
                assert units == 100 + names["n"], code
                known += 1
    assert known > 30


TOO_MANY_LAYERS = "these are too many layers: at most 2,000 are read"
NESTED = "this is nested too deeply to be read"
STACKED = "x = y = Input((3,))\nfor i in range({0}):\n    x = Dense(3)(x)\n"


@pytest.mark.parametrize(
    ("text", "most", "told"),
    [
        (
            "m = [Sequential([GRU(3)]) for _ in range({0})]",
            1_000,
            "this makes too many models: at most 1,000 are read",
        ),
        ("m = Sequential([Dense(3) for _ in range({0})])", 2_000, TOO_MANY_LAYERS),
        (STACKED, 2_000, TOO_MANY_LAYERS),
        (f"{STACKED}m = Model(y, x)", 2_000, TOO_MANY_LAYERS),
        (
            "m = Sequential([GRU(3)])\nfor n in [0] * {0}:\n    m.add(Dense(n))",
            1_999,
            TOO_MANY_LAYERS,
        ),
    ],
)
@pytest.mark.slow
def test_there_are_limits(text: str, most: int, told: str) -> None:
    few, many = (messages(text.format(number)) for number in (most, most + 1))
    assert told not in " ".join(few)
    assert many[0] == told


@pytest.mark.parametrize(
    ("text", "told", "where"),
    [
        (f"m = Sequential([GRU(3)])\nx = {'-' * 900}n", NESTED, "program.py, line 2"),
        (
            "m = Sequential([GRU(3)])\na = Sequential([GRU(1)])\na.add(a)",
            f"a {NESTED[5:]}",
            "program.py, line 2",
        ),
        (
            "m = Sequential([GRU(3)])\n[one.add(one) for one in [Sequential([GRU(1)])]]",
            f"one {NESTED[5:]}",
            "program.py, line 2",
        ),
        (
            "m = Sequential([GRU(3)])\nall = [Sequential([GRU(1)])]\nall[0].add(all[0])",
            f"a model {NESTED[5:]}",
            "program.py, line 2",
        ),
        ("m = Sequential([GRU(3)])\nx = 1" + " + 1" * 30_000, NESTED, None),
        ("m = Sequential([GRU(3)])\nwhile x:\n" + " n = 1\n" * 40_000, None, None),
        ("m = Sequential([GRU(3)])\n" + "x = foo(y)\n" * 30_000, None, None),
    ],
    ids=range(7),
)
@pytest.mark.slow
def test_what_takes_too_long_is_said_and_the_rest_is_read(
    text: str, told: str | None, where: str | None
) -> None:
    reading = read_code(text, {}, "program.py")
    if told is None:
        assert [str(network) for network in reading.networks] == ["GRU(3)"]
        assert not reading.messages
    else:
        wrong = reading.messages[0]
        assert wrong.message == told
        assert (wrong.place and wrong.place.where) == where


@pytest.mark.parametrize(
    "statement",
    [
        "f(30_000)\n",  # rounds
        "f(3_000, x)\n",  # conditions that are not known: each goes through all that there is
    ],
)
@pytest.mark.slow
def test_a_model_is_read_after_many_statements_that_take_too_long(statement: str) -> None:
    function = "def f(n, x=0):\n [k for i in range(n)]\n for i in range(n):\n  if x == i: k = i\n"
    things = "a = [[i] for i in range(3_000)]\n"
    text = f"{function}{things}{statement * 12}m = Sequential([GRU(3)])"
    start = process_time()
    assert [str(network) for network in read_code(text, {}).networks] == ["GRU(3)"]
    assert process_time() - start < 8  # of the child that reads files


@pytest.mark.slow
def test_what_a_loop_of_too_many_steps_adds_is_open() -> None:
    loops = "for i in range(10_000):\n for j in range(10):\n  m.add(x)"
    [network] = read_code(f"m = Sequential([GRU(3)])\n{loops}", {}, "program.py").networks
    assert str(network.steps[0].layer) == "GRU(3)"
    [unread] = [step.unread for step in network.steps if step.unread]
    assert unread.reason == "this loop takes too many steps to be read"
    assert unread.line == 2


def test_a_long_call_is_shortened_in_the_name_of_its_model() -> None:
    for length in (60, 61):
        call = f"f('{'x' * (length - 5)}')"
        reading = read_code(f"def f(n):\n    return Sequential([GRU(3)])\n{call}", {})
        [network] = reading.networks
        assert network.name == (call if length == 60 else f"{call[:57]}...")


def test_an_expression_may_be_as_deep_as_python_goes() -> None:
    for depth, said in ((200, []), (900, [NESTED])):
        reading = read_code(f"m = Sequential([GRU(3)])\nx = {'-' * depth}1", {})
        assert [wrong.message for wrong in reading.messages] == said
        assert [str(one) for one in reading.networks] == ["GRU(3)"]


def test_a_long_condition_is_passed_over_and_the_rest_is_read() -> None:
    text = "if 0:\n pass\n" + "elif 0:\n x = 2\n" * 500 + "m = Sequential([GRU(3)])"
    reading = read_code(text, {}, "program.py")
    assert [str(one) for one in reading.networks] == ["GRU(3)"]
    [wrong] = reading.messages
    assert wrong.message == NESTED
    assert wrong.place is not None


def test_an_input_is_found_in_models_within_models() -> None:
    text = "GRU(3, input_shape=(5, 2))"
    for _ in range(21):
        text = f"Sequential([{text}])"
    shapes = [network.inputs[0].shape for network in read_code(text, {}).networks]
    assert shapes == [(None, 5, 2)] * 21


def test_code_may_be_as_long_as_is_said() -> None:
    text = "m = Sequential([GRU(3)])\n#"
    assert layers(text.ljust(400_000)) == ["GRU(3)"]
    assert messages(text.ljust(400_001)) == ["this is too long to be read: 400,001 characters"]


def test_as_many_broken_lines_are_left_out_as_is_said() -> None:
    for count in (20, 21):
        text = "print 'x'\n" * count + "m = Sequential([GRU(3)])"
        reading = read_code(text, {})
        assert [str(one) for one in reading.networks] == (["GRU(3)"] if count == 20 else [])
        assert len(reading.messages) == (count == 21)


def test_a_space_of_web_pages_is_a_space() -> None:
    assert layers("m\xa0=\xa0Sequential([GRU(3)])") == ["GRU(3)"]


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([*PROGRAMS.values()]), st.integers(0, 10**6))
@pytest.mark.slow
def test_a_damaged_program_is_read_or_explained(text: str, seed: int) -> None:
    chance = random.Random(seed)
    pieces = ["(", ")", "\n", " ", "0", "[", "]", "**", "None", "x", ":", "lambda: ", "-", "{", '"']
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(text))
        end = place + chance.choice([0, 1, 1, 5, 30])
        other = chance.randrange(len(text))
        text = text[:place] + chance.choice([*pieces, text[other : other + 20]]) + text[end:]
    reading = reading_of(text)
    for network in reading.networks:
        with suppress(QueryError):
            describe(network)


TABLE = Path(__file__).parent / "tables" / "code.txt"


def cases(text: str) -> list[str]:
    """The pieces of code in a table of them: each is a paragraph, without what follows it."""
    paragraphs = re.split(r"\n{2,}", text.strip())
    code = ("\n".join(line for line in one.splitlines() if line[:2] != "=>") for one in paragraphs)
    return [one for one in code if one]


def said(text: str) -> str:
    """A piece of code, and under it what is read of it, as the child that reads answers it."""
    reading = Reading(*decoded(encoded(reading_of(text))))
    return "\n".join([text, *lines_of(reading)])


@pytest.mark.parametrize("text", cases(TABLE.read_text()))
def test_what_code_means(text: str) -> None:
    assert f"\n\n{said(text)}\n\n" in f"\n\n{TABLE.read_text()}\n\n"


IMPORTS = (
    "import keras, math, numpy, numpy as np, tensorflow, tensorflow as tf; from keras import *;"
    " from keras import initializers, layers, models, ops, regularizers;"
    " from keras.layers import *; from keras.models import *; from keras.regularizers import *\n"
)
NO_RULE = "there is no rule for"
# A size of 0, which Keras takes; no rule, which a dry run does not say yet; a finished model of
# Keras, which is one row.
NOT_COMPARED = ("Input((0, 2))", "tf.int32", "VGG16", "add(60)", "self.unused")  # that is noted


def judged(text: str, answer: Answer, truth: Json) -> Verdict:
    """The verdict; of what Keras makes nothing of that has a shape, there is none."""
    models = [model for model in truth.get("models", ()) if model["runs"] and model["layers"]]
    if models or truth.get("loose"):
        return compare(text, answer, truth)
    return Verdict(text, [(FAILED, "nothing has a shape")])


@pytest.mark.keras
def test_what_code_means_is_what_keras_makes_of_it(tmp_path: Path) -> None:
    """Every case of the table that Keras can run. Keras ends with an error in the others: they
    name what they do not define, or show what Keras refuses."""
    texts = {
        text: IMPORTS + text
        for text in cases(TABLE.read_text())
        if not any(words in text for words in NOT_COMPARED)
    }
    answers = read_all(texts, tmp_path)
    verdicts, _ = compare_on_record("code", answers, judge=judged)
    compared = [
        verdicts[text]
        for text, answer in answers.items()
        if verdicts[text].verdict != FAILED and NO_RULE not in answer.messages
    ]
    wrong = [str(one) for one in compared if one.verdict not in (RIGHT, OPEN)]
    assert not wrong, "\n".join(wrong)
    assert len(compared) > len(texts) / 5


if __name__ == "__main__":  # makes the table anew
    TABLE.write_text("\n\n".join(map(said, cases(TABLE.read_text()))) + "\n")
