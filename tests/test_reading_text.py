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
from tests.conftest import command, sections

MEANT, WRONG = sections("texts.txt")


@pytest.mark.parametrize("line", MEANT)
def test_what_a_text_means(line: str) -> None:
    text, _, meant = line.partition(" => ")
    [network] = read_text(text.replace("\\n", "\n").replace("\\r", "\r")).networks
    assert str(network) == meant
    [again] = read_text(meant).networks
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


TOO_LONG = "LSTM(3) -> " * 36_364 + "LSTM(3) => this is too long to be read: 400,011 characters"


@pytest.mark.parametrize("row", [*WRONG, TOO_LONG], ids=lambda row: row[-99:])
def test_what_is_wrong_is_shown(row: str) -> None:
    marked, _, told = row.replace("\\n", "\n").replace("\\r", "\r").partition(" => ")
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
    assert read_text(text.ljust(400_000))
    with pytest.raises(QueryError, match=r"^this is too long to be read: 400,001 characters$"):
        read_text(text.ljust(400_001))


def test_sequentials_may_be_as_deep_as_other_code() -> None:
    text = "Sequential([" * 90 + "LSTM(3)" + "])" * 90
    assert [str(one) for one in read_text(text).networks] == ["LSTM(3)"]
    with pytest.raises(QueryError, match=r"^this is nested too deeply to be read$"):
        read_text(f"LSTM({'-' * 900}3)")


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
