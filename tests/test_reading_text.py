"""Keras text that was pasted: what it means, and how what is wrong with it is shown."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnshape.chains import chain
from rnnshape.errors import QueryError
from rnnshape.expression import Call, bind
from rnnshape.reading import parse, read
from rnnshape.reading.text import read_text
from tests.conftest import command

NO_LAYER = "there is no Keras layer in this: give one, such as LSTM(64)"
NO_QUOTE = "this can't be read: unterminated string literal (detected at line 1)"
CLOSES = "this can't be read: closing parenthesis '{}' does not match opening parenthesis '{}'"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("LSTM(64)", "LSTM(64)"),
        ("  tf.keras.layers.LSTM(units=64,)  ", "LSTM(64)"),
        ("layers.LSTM(4, return_sequences=True)->keras.layers.Dense(1)", None),
        ("LSTM(4, name='a->b') -> Dense(1)  # -> nothing", "LSTM(4, name='a->b') -> Dense(1)"),
        ("LSTM(\n  4,\n)\n  -> Dense(\n  1)\n", "LSTM(4) -> Dense(1)"),
        ("Input((100, 16), batch_size=32) -> GRU(3)", "Input((100, 16), batch_size=32) -> GRU(3)"),
        ("InputLayer(input_shape=(100, 16)) -> GRU(3)", "Input((100, 16)) -> GRU(3)"),
        ("LSTM(3, input_shape=(7, 2)) -> Dense(1)", "Input((7, 2)) -> LSTM(3) -> Dense(1)"),
        ("LSTM(3, input_dim=2, input_length=7)", "Input((7, 2)) -> LSTM(3)"),
        ("Dense(3, input_dim=2)", "Input((2,)) -> Dense(3)"),
        ("Bidirectional(LSTM(3), batch_input_shape=(4, 7, 2))", None),
        ("Sequential([LSTM(4), Dense(1)])", "LSTM(4) -> Dense(1)"),
        ("Sequential([Sequential([LSTM(4)]), Dense(1)], name='m')", "LSTM(4) -> Dense(1)"),
        ("LSTM(4),\nDense(1),", "LSTM(4) -> Dense(1)"),
        (r"LSTM(4, name='a\\') -> Dense(1)", r"LSTM(4, name='a\\') -> Dense(1)"),
        (r"LSTM(4, name='\'->') -> Dense(1)", r"""LSTM(4, name="'->") -> Dense(1)"""),
        ("LSTM(4, name='''a->'b''') -> Dense(1)", """LSTM(4, name="a->'b") -> Dense(1)"""),
        ("\n    LSTM(4) -> Dense(1)\n", "LSTM(4) -> Dense(1)"),
        ("  LSTM(4)\n  -> Dense(1)", "LSTM(4) -> Dense(1)"),
        ("\r\n  LSTM(4),\r\n  Dense(1)\r\n", "LSTM(4) -> Dense(1)"),
        (" LSTM(4)", "LSTM(4)"),
        (
            ">>> m = Sequential()\n>>> m.add(\n...   LSTM(4))\n<Layer>\n>>> m.add(Dense(1))",
            "LSTM(4) -> Dense(1)",
        ),
        (
            "In [3]: x = [\n   ...:   LSTM(4), Dense(1)]\n   ...: Sequential(x)\nOut[3]: ...",
            "LSTM(4) -> Dense(1)",
        ),
        ("return Sequential([LSTM(4), Dense(1)])", "LSTM(4) -> Dense(1)"),
        ("Sequential(layers=[LSTM(4)], trainable=False)", "LSTM(4)"),
        ("Sequential([LSTM(4)], 'a')", "LSTM(4)"),
        ("model.add(LSTM(4))", "LSTM(4)"),
        ("LSTM(4) -> Dense(1)  # a, (b", "LSTM(4) -> Dense(1)"),
        ("LSTM(4)  # one, (\n-> Dense(1)", "LSTM(4) -> Dense(1)"),
        ("#\nLSTM(4) -> Dense(1)", "LSTM(4) -> Dense(1)"),
        ("LSTM(4) ->[Dense(1)]", "LSTM(4) -> Dense(1)"),
        ("MaxPooling1D(2) -> LSTM(3)", "MaxPooling1D() -> LSTM(3)"),
        ("LSTM(**{'units': 4}) -> Dense(1)", "LSTM(4) -> Dense(1)"),
        ("LSTM(*[4], **dict(go_backwards=True))", "LSTM(4, go_backwards=True)"),
        ("LSTM(4) → Dense(1)", "LSTM(4) -> Dense(1)"),
        ("LSTM(2 ** 3 // 2) -> Dense(len('ab'))", "LSTM(4) -> Dense(2)"),
        ("[LSTM(n, return_sequences=True) for n in (4, 3)] -> GRU(2)", None),
        ("[GRU(4)] * 2 -> Dense(1)", "GRU(4) -> GRU(4) -> Dense(1)"),
        ("RNN([LSTMCell(4)] * 2)", "RNN([LSTMCell(4), LSTMCell(4)])"),
        ("RNN([LSTMCell(4) for _ in range(2)])", "RNN([LSTMCell(4), LSTMCell(4)])"),
        ("model.add(LSTM(4))\nmodel.add(Dense(1))", "LSTM(4) -> Dense(1)"),
        ("model = Sequential(); model.add(LSTM(4)); model.add(Dense(1))", "LSTM(4) -> Dense(1)"),
        ("GRU(3, return_state=True)(x)", "GRU(3, return_state=True)"),
        ("x = Input((7, 2)); o = GRU(3)(x); m = Model(x, o)", "Input((7, 2)) -> GRU(3)"),
    ],
)
def test_what_a_text_means(text: str, meant: str | None) -> None:
    [network] = read_text(text).networks
    assert network.is_chain or network.inputs[0].name == "x"
    if meant is not None and network.is_chain:
        assert str(network) == meant
    if network.is_chain:
        [again] = read_text(str(network)).networks
        assert again.steps == network.steps


@pytest.mark.parametrize(
    ("text", "printed", "open_names"),
    [
        ("LSTM(units)", "LSTM(units)", ["units"]),
        ("LSTM(n * 2, go_backwards=True)", "LSTM(n * 2, go_backwards=True)", ["n"]),
        ("LSTM(3) -> Dense(units) -> GRU(n)", None, ["units", "n"]),
        ("Sequential([GRU(3)]) -> Dense(n)", "GRU(3) -> Dense(n)", ["n"]),
        ("LSTM(3, return_sequences=flag)", None, ["flag"]),
        ("LSTM(3, dropout=rate, name=word)", None, []),  # they change no shape
        ("Dense(3, relu)", "Dense(3, activation=relu)", []),
        ("LSTM(n, activation=lambda x: x)", "LSTM(n, activation=...)", ["n"]),
        ("Input((time, 2)) -> GRU(3)", "Input((time, 2)) -> GRU(3)", ["time"]),
        ("GRU(3 if flag else 4)", "GRU(3 if flag else 4)", ["flag"]),
        ("RNN([LSTMCell(n), GRUCell(k)])", None, ["n", "k"]),
        ("Bidirectional(LSTM(config['units']))", None, ["config['units']"]),
    ],
)
def test_a_name_that_is_not_known_is_open_in_an_expression_that_is_read(
    text: str, printed: str | None, open_names: list[str]
) -> None:
    [network] = read_text(text).networks
    assert str(network) == (printed or text)
    assert [name for one in network.unknowns for name in one.asked] == open_names
    assert [str(again) for again in read_text(str(network)).networks] == [str(network)]
    given = dict.fromkeys(open_names, 5)
    [network] = read_text(text, given).networks
    assert not network.unknowns


def test_what_a_lambda_does_is_open_and_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for text in ("Lambda(3) -> Dense(1)", "Lambda(lambda x: open('made', 'w')) -> Dense(1)"):
        [network] = read_text(text).networks
        assert [step.unread is not None for step in network.steps] == [True, False]
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("marked", "told"),
    [
        (
            "LSTM(64, «retrun_state»=True)",
            "LSTM takes no 'retrun_state'; did you mean return_state?",
        ),
        ("Dense(1) -> LSTM(4, «foo»=1)", "LSTM takes no 'foo'"),
        (
            "Bidirectional(LSTM(4), «return_sequences»=True)",
            "Bidirectional takes no 'return_sequences', but the layer inside does: "
            "LSTM(4, return_sequences=True)",
        ),
        (
            "TimeDistributed(Dense(4), «activation»=f)",
            "TimeDistributed takes no 'activation', but the layer inside does: "
            "Dense(4, activation=f)",
        ),
        (
            "RNN([LSTMCell(4)], «dropout»=0.2)",
            "RNN takes no 'dropout', but the layer inside does: LSTMCell(4, dropout=0.2)",
        ),
        ("GRU(1)\n->\nDense(1) -> «LTSM»(4)", "Keras has no layer LTSM; did you mean LSTM?"),
        ("GRU(1, name='é') -> LSTM('é', «fo»=1)", "LSTM takes no 'fo'"),
        ("LSTM«(»4 -> Dense(1)", "this can't be read: '(' was never closed"),
        ("LSTM(4)«]» -> Dense(1)", "this can't be read: unmatched ']'"),
        ("LSTM(4) -> Dense(«'»a)", NO_QUOTE),
        ("LSTM(4) «->» -> Dense(1)", "a layer is missing beside this ->"),
        ("LSTM(4)«,» -> Dense(1)", "the layers of a chain are joined by ->"),
        ("LSTM(4) -> «Input»((3,))", "Input says what the network is given: put it first"),
        ("LSTM(4) -> «dense»", "dense is not known; did you mean Dense?"),
        ("LSTM(4) -> «GRU»", "GRU is a layer's class: make one of it, GRU(...)"),
        ("«L2(0.1)»", "L2 is not a Keras layer"),
        ("«ltsm»", "ltsm is not known; did you mean LSTM?"),
        ("LSTM(4)\r«Foo»(3)(x)", "Keras has no layer Foo"),
        ("LSTM(4, «unroll»=true)", "Python has no true: write True"),
        ("y = «LTSM»(3)(x)", "Keras has no layer LTSM; did you mean LSTM?"),
        ("x = Input(«(»3,", "this can't be read: '(' was never closed"),
        ("Input((3, 2))", NO_LAYER),
        ("", NO_LAYER),
        ("# nothing", NO_LAYER),
        ("«print('hello')»", "this is not a Keras layer"),
        ("nowhere.keras", "there is no file nowhere.keras"),
        ("some/where", "there is no file some/where"),
        ("«LSTM»", "LSTM is a layer's class: make one of it, LSTM(...)"),
        ("«keras.layers.GRU»", "GRU is a layer's class: make one of it, GRU(...)"),
        ("«Lambda»", "Lambda is a layer's class: make one of it, Lambda(...)"),
        (
            "«some.thing» -> LSTM(3)",
            "thing is not known: give a Keras layer, such as LSTM(64), or a file",
        ),
        ("«x[0]»", "x[0] is not known: give a Keras layer, such as LSTM(64), or a file"),
        ("«3»", "this is not a Keras layer"),
        ("«'LSTM' '(3)'»", "this is not a Keras layer"),
        ("«BiLSTM»(3)", "Keras has no layer BiLSTM; did you mean Bidirectional(LSTM(...))?"),
        ("Sequential([«3»])", "this is not a Keras layer"),
        ("[LSTM(3), «4»]", "this is not a Keras layer"),
        (
            "Sequential([LSTM(3)], «input_shape»=(3, 2))",
            "Sequential takes layers, name and trainable",
        ),
        ("Sequential([LSTM(3)], «[GRU(3)]»)", "Sequential takes its layers in one list"),
        ("Sequential(LSTM(3), «Dense(1)»)", "Sequential takes its layers in one list"),
        ("Sequential(«LSTM(3)»)", "Sequential takes its layers in one list"),
        (
            "GRU(3) -> Bidirectional(LSTM(4, «return_sequences»))",
            "return_sequences is an argument of LSTM: write return_sequences=...",
        ),
        ("Sequential([])", NO_LAYER),
        ("[]", NO_LAYER),
        ("«L2(0.1)» -> Dense(1)", "L2 is not a Keras layer"),
        (
            "Sequential([Input((3, 2)), «Input»((3, 2)), LSTM(3)])",
            "Input says what the network is given: put it first",
        ),
        ("LSTM(3) -> Dense(1) «->»", "a layer is missing beside this ->"),
        ("«->» LSTM(3)", "a layer is missing beside this ->"),
        ("LSTM(3)\n-> Dense«(»1\n", "this can't be read: '(' was never closed"),
        ("LSTM(3) -> Dense(1«}»", CLOSES.format("}", "(")),
        ("LSTM(3)\r\n-> Dense(units=[«)»", CLOSES.format(")", "[")),
        ('LSTM(3) -> «"»Dense', NO_QUOTE),
        ("LSTM(3) -> «'»''Dense'", NO_QUOTE.replace("string", "triple-quoted string", 1)),
        ("LSTM(3) -> Dense(«foo(3)»)", "foo(3) is not known here: write its value"),
        ("LSTM(«lambda: 3»)", "a function of the code as an argument is not read"),
        ("LSTM(«object()»)", "an object as an argument is not read"),
        ("«LSTM(3).units»", "this is not a Keras layer"),
        ("«LSTM(3)»(5)", "layers are called with tensors, not with 5"),
        (
            "«Dense(3)»(LSTM(2))",
            "layers are called with tensors, not with a layer: call it with one first; a chain has "
            "-> between two",
        ),
        ("Dense(«1 / 0»)", "ZeroDivisionError: division by zero"),
        (
            "LSTM(4) -> [GRU(3), «foo.bar»]",
            "bar is not known: give a Keras layer, such as LSTM(64), or a file",
        ),
        ("«[LSTM(3)] + 2»", 'TypeError: can only concatenate list (not "int") to list'),
        ("«GRU(3)(x)»(y)", "this stops: TypeError: 'Tensor' object is not callable"),
        (
            "LSTM(3)->«X»->Dense(1)",
            "X is not known: give a Keras layer, such as LSTM(64), or a file",
        ),
        ("LSTM({3«)» -> Dense(1)", CLOSES.format(")", "{")),
        ("LSTM(3) -> " * 9_091 + "LSTM(3)", "this is too long to be read: 100,008 characters"),
        ("«Model»(3)", "what this model's inputs are is not known"),
        ("Sequential([LSTM(4)], «[Dense(1)]»)", "Sequential takes its layers in one list"),
        ("«[3] * 2»", "this is not a Keras layer"),
        ("«[3 for _ in range(2)]»", "this is not a Keras layer"),
        ("«[L2(1)] * 2»", "L2 is not a Keras layer"),
        ("x = 3", NO_LAYER),
        ("x = LSTM(3); «break»", "this stops: SyntaxError: 'break' or 'continue' outside loop"),
        ("x = LSTM(3); «raise»", "this stops: RuntimeError: No active exception to reraise"),
        ("import os", NO_LAYER),
        ("def f():\n    pass", NO_LAYER),
        ("LSTM(3) «D»ense(1)", "the layers of a chain are joined by ->"),
        ("LSTM(3)«)» ", "this can't be read: unmatched ')'"),
        ("LSTM(3, «3 4»)", "this can't be read: invalid syntax. Perhaps you forgot a comma?"),
        ("LSTM(\n  3,\n  «foo»=2)", "LSTM takes no 'foo'"),
        ("LSTM(3) -> Dense(1)«,» GRU(2)", "the layers of a chain are joined by ->"),
        ("[LSTM(3)] * 3000", "these are too many layers: at most 2,000 are read"),
        ("LSTM(3) -> LSTM('a\\'b', «'»c)", NO_QUOTE),
        ("Input(«(-1, 2)») -> LSTM(3)", "shape=(-1, 2): give whole numbers, 1 or more, or None"),
        ("LSTM(3,\n  «units»=3)", "LSTM is given units twice"),
        ("LSTM(3, «units»=4)", "LSTM is given units twice"),
        ("LSTM(units=3, **«{'units': 4}»)", "LSTM is given units twice"),
        ("LSTM(3, seed=1, «seed»=2)", "LSTM is given seed twice"),
        ("«LSTM»()", "LSTM needs units: LSTM(units)"),
    ],
)
def test_what_is_wrong_is_shown(marked: str, told: str) -> None:
    """The message has a place where a part of the text stands between « and »."""
    before, mark, rest = marked.partition("«")
    wrong, _, after = rest.partition("»")
    text = before + wrong + after
    with pytest.raises(QueryError) as caught:
        read(text)
    assert caught.value.message == told
    place = caught.value.place
    if mark:
        line = before.count("\n") + 1
        assert place is not None
        assert place.line[place.start : place.end] == wrong
        assert place.where == (f"line {line}" if line > 1 else "")
        assert place.line in text.splitlines()
    else:
        assert place is None


@pytest.mark.parametrize(
    "line", ["y = own_function(4)", "Patches(4)(x)", "print('%.3f' % np.zeros(3))", "(", "%%time"]
)
def test_what_is_not_read_of_several_lines_hides_nothing_else(line: str, tmp_path: Path) -> None:
    text = f"{line}\nmodel = Sequential([LSTM(4), Dense(2)])"
    file = tmp_path / "program.py"
    file.write_text(text)
    of_text, of_file = command(text, "-n", "--json"), command(str(file), "-n", "--json")
    assert of_text.out == of_file.out != ""
    assert of_text.code == of_file.code


def test_a_chain_may_be_as_long_as_is_said() -> None:
    half = "[Dense(1)] * 1000"
    assert len(read_text(f"{half} -> {half}").networks[0].steps) == 2_000
    with pytest.raises(QueryError, match=r"^these are too many layers: at most 2,000 are read$"):
        read_text(f"{half} -> {half} -> Dense(1)")
    text = "LSTM(3) -> Dense(1)  #"
    assert read_text(text.ljust(100_000))
    with pytest.raises(QueryError, match=r"^this is too long to be read: 100,001 characters$"):
        read_text(text.ljust(100_001))


def test_sequentials_may_be_as_deep_as_other_code() -> None:
    for depth in (30, 90):
        text = "Sequential([" * depth + "LSTM(3)" + "])" * depth
        if depth == 30:
            assert [str(one) for one in read_text(text).networks] == ["LSTM(3)"]
        else:
            with pytest.raises(QueryError, match=r"^this is nested too deeply to be read$"):
                read_text(text)


def calls() -> st.SearchStrategy[Call]:
    flags = st.fixed_dictionaries(
        {},
        optional={
            "return_sequences": st.booleans(),
            "go_backwards": st.booleans(),
            "use_bias": st.booleans(),
            "activation": st.sampled_from(["tanh", "relu", None]),
            "dropout": st.floats(0, 1),
            "name": st.text(max_size=5),
            "kernel_regularizer": st.sampled_from([bind("L2", (), {"l2": 0.5}), "l1"]),
        },
    )
    recurrent = st.builds(
        lambda name, units, given: bind(name, (units,), given),
        st.sampled_from(["LSTM", "GRU", "SimpleRNN"]),
        st.integers(1, 10**6),
        flags,
    )
    cells = st.lists(st.integers(1, 9), min_size=1, max_size=3).map(
        lambda sizes: bind("RNN", (tuple(bind("LSTMCell", (one,), {}) for one in sizes),), {})
    )
    around = st.builds(
        lambda layer, mode: bind("Bidirectional", (layer,), {"merge_mode": mode}),
        recurrent,
        st.sampled_from(["concat", "sum", None]),
    )
    others = st.sampled_from(
        ["Conv1D(3, (2,))", "Dropout(0.5)", "Reshape((-1, 2))", "ReLU()", "Permute((2, 1))"]
    ).map(parse)
    return recurrent | cells | around | others | recurrent.map(lambda one: parse(f"RNN({one})"))


@settings(max_examples=200, deadline=None)
@given(st.lists(calls(), min_size=1, max_size=5))
@pytest.mark.slow
def test_what_is_printed_is_read_as_the_same(layers: list[Call]) -> None:
    for call in layers:
        assert parse(str(call)) == call
    network = chain(layers)
    assert read_text(str(network)).networks == (network,)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9))
@pytest.mark.slow
def test_a_damaged_text_is_read_or_explained(seed: int) -> None:
    chance = random.Random(seed)
    text = chance.choice(
        [
            "Bidirectional(LSTM(64, return_sequences=True)) -> LSTM(32) -> Dense(1, name='a')",
            "Sequential([Input((3, 2)), RNN([LSTMCell(4)] * 2), Dense(1)])",
            "x = Input((3, 2)); o, *s = LSTM(3, return_state=True)(x); m = Model(x, [o, s[0]])",
            "model = Sequential()\nmodel.add(GRU(3))\nfor n in (3, 2):\n    model.add(Dense(n))\n",
        ]
    )
    pieces = [
        "(",
        ")",
        "\n",
        " ",
        "0",
        "[",
        "]",
        "**",
        "->",
        ",",
        "'",
        "é",
        "\\",
        "=",
        "None",
        "\t",
    ]
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(text))
        text = text[:place] + chance.choice(pieces) + text[place + chance.choice([0, 1, 1, 4]) :]
    with suppress(QueryError):
        read(text)


@pytest.mark.parametrize("mark", ["'", '"', "`"])
def test_quotes_around_all_of_a_text_are_left_out(mark: str) -> None:
    assert read_text(f"{mark}LSTM(3) -> Dense(1){mark}") == read_text("LSTM(3) -> Dense(1)")
