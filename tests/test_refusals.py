"""What Keras refuses is refused by the rule, with the reason, and what Keras takes is not."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rnnshape
from rnnshape import inspect
from rnnshape.errors import QueryError
from rnnshape.expression import Call
from rnnshape.rules.facts import Axis, Facts, Nested, Tensor
from rnnshape.rules.inputs import Given, called_with
from rnnshape.rules.kinds import CONSTRAINTS, INITIALIZERS, REGULARIZERS, kind_of
from rnnshape.rules.passes import with_initial_state
from rnnshape.rules.registry import facts_of, has_rule
from rnnshape.signatures import LAYERS
from tests.calls import called, parse
from tests.conftest import KerasInProcess, command, sections
from tests.test_rules_against_keras import Keras, Shape, described, facts_along, random_numbers

THREE: Shape = (2, 5, 4)


@pytest.fixture(scope="module")
def keras(keras_measurer: KerasInProcess) -> Keras:
    return Keras(keras_measurer)


def layers_of(text: str) -> list[Call]:
    return [parse(part) for part in text.split(" -> ")]


def refusal_of(text: str, shape: Shape) -> QueryError:
    with pytest.raises(QueryError) as refused:
        facts_along(layers_of(text), described(shape))
    return refused.value


TABLE = Path(__file__).parent / "tables" / "refusals.txt"
BETWEEN = '", "'  # several quotes


def asked(question: str) -> tuple[str, Shape]:
    """A chain, and the shape of what it is given."""
    text, _, written = question.rpartition(" of ")
    return text, ast.literal_eval(written)


def said(question: str) -> str:
    """A chain with the shape of what it is given, in which the place that is shown stands between
    « and », and under it what is said."""
    text, shape = asked(question)
    wrong = refusal_of(text, shape)
    if place := wrong.place:
        start = text.rindex(place.line)
        begins, ends = start + place.start, start + place.end
        text = f"{text[:begins]}«{text[begins:ends]}»{text[ends:]}"
    return f"{text} of {shape}\n=> {wrong.message}"


def questions() -> list[str]:
    """Each is `LAYER of SHAPE`, a line of its own after a blank one; what is said stands below."""
    blocks = [block.splitlines() for block in TABLE.read_text().strip().split("\n\n")]
    for first, *said_of in blocks:
        is_one = " of " in first and all(line.startswith("=>") for line in said_of)
        assert is_one, f"{TABLE.name} has no blank line before a question, or no shape in: {first}"
    return [re.sub("[«»]", "", first) for first, *_ in blocks]


@pytest.mark.parametrize("question", questions())
def test_what_is_said_of_what_is_refused(question: str) -> None:
    assert f"\n\n{said(question)}\n\n" in f"\n\n{TABLE.read_text()}\n\n"


@pytest.mark.parametrize("question", questions())
def test_what_is_refused_is_refused_by_keras(question: str, keras: Keras) -> None:
    text, shape = asked(question)
    fixed = shape if "stateful=True, return" in text else (None, *shape[1:])
    message = refusal_of(text, shape).message
    of_arguments = "QueryAttention(" in text or "HeadAttention(" in text
    times = 2 if of_arguments and "takes two tensors" not in message else 1
    with pytest.raises(Exception) as raised:  # noqa: PT011  # Keras raises whatever it stumbles over
        keras.chained(layers_of(text), fixed, random_numbers(shape, zeros=False), times=times)
    assert is_quoted(message, raised.value)


# What layers are made with: the first that Keras takes, with an input of the first rank that
# it takes.
MADE_WITH = [
    "",
    "2",
    "2, 2",
    "9, 2",
    "0.1",
    "LSTM(2)",
    "Dense(2)",
    "(-1,)",
    "(2, 1)",
    "LSTMCell(2)",
]
SHAPES: list[Shape] = [(2, 3), (2, 5, 3), (2, 5, 4, 3), (2, 5, 4, 4, 3), (2, 5, 4, 4, 4, 3)]


def refuses(make: Callable[[], object]) -> bool:
    try:
        make()
    except Exception:  # the same
        return True
    return False


def made_of_one_tensor(name: str, keras: Keras) -> Iterator[tuple[Call, Shape, Facts]]:
    """A layer of some arguments, and an input that Keras and the rule take."""
    for arguments, shape in product(MADE_WITH, SHAPES):
        with suppress(Exception):  # Keras raises whatever it stumbles over
            call = parse(f"{name}({arguments})")
            keras.build(call)(keras.keras.Input(shape[1:]))
            if facts := facts_of(call, [described(shape)]):
                yield call, shape, facts


@pytest.mark.parametrize("name", [name for name in LAYERS if has_rule(name)])
def test_a_list_of_one_tensor_is_refused_where_keras_refuses_it(name: str, keras: Keras) -> None:
    found = next(made_of_one_tensor(name, keras), None)
    if found is None:
        pytest.skip("it takes no tensor alone, or the rule does not say what it makes")
    call, shape, facts = found
    listed = called_with(call, [(described(shape),)], {})
    is_refused = refuses(lambda: facts_of(call, listed))
    assert is_refused != runs_on_a_list(call, shape, facts.outputs[0].shape, keras)


def runs_on_a_list(call: Call, shape: Shape, made: Shape, keras: Keras) -> bool:
    """Whether a layer makes of a list of one what it makes of the tensor, where it predicts."""
    tensor, given = keras.keras.Input(shape[1:]), random_numbers(shape, zeros=False)
    with suppress(Exception):
        model = keras.keras.Model(tensor, keras.build(call)([tensor]))
        return {one.shape for one in keras.keras.tree.flatten(model(given))} == {made}
    return False


def is_quoted(message: str, raised: BaseException) -> bool:
    """Whether Keras says what is quoted of it; of several quotes, one."""
    said = " ".join(str(raised).replace('"', "").split())
    quoted = message.partition("(Keras: ")[2].removesuffix(")").strip('"')
    return any(words.replace('"', "") in said for words in quoted.split(BETWEEN))


def several_quotes() -> set[str]:
    """Keras' words in the messages that quote several; which one it says depends on the call."""
    trees = (ast.parse(file.read_text()) for file in Path(rnnshape.__file__).parent.rglob("*.py"))
    texts = {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    found = (re.findall(r'\(Keras: "(.+", ".+)"\)', text) for text in texts)
    return {
        f"{number} of {quoted}"
        for [quoted] in filter(None, found)
        for number, _ in enumerate(quoted.split(BETWEEN))
    }


# Programs that Keras refuses with each: h is (2, 4), k is (2, 3), X is (2, 5, 4), x is its Input.
QUOTED = dict(
    line.rpartition(" <= ")[::2]
    for line in TABLE.with_name("quoted.txt").read_text(encoding="utf-8").splitlines()
)


def test_there_is_a_program_for_each_of_several_quotes() -> None:
    assert set(QUOTED) == several_quotes()


@pytest.mark.keras
@pytest.mark.parametrize("quoted", QUOTED)
def test_each_of_several_quotes_is_said_by_keras(quoted: str, keras: Keras) -> None:
    number, _, words = quoted.partition(" of ")
    names = vars(keras.keras) | vars(keras.keras.layers)
    sizes = {"h": (2, 4), "k": (2, 3), "X": (2, 5, 4)}
    arrays = {name: np.zeros(shape, "float32") for name, shape in sizes.items()}
    with pytest.raises(Exception) as raised:  # noqa: PT011  # Keras raises what it likes
        exec(QUOTED[quoted], {**names, **arrays, "x": keras.keras.Input((5, 4))})
    assert is_quoted(f'(Keras: "{words.split(BETWEEN)[int(number)]}")', raised.value)


@pytest.mark.process  # where TensorFlow is loaded, what reads code is a fresh process
@pytest.mark.parametrize(
    "code",
    [
        "m = Sequential([Input((5, 3)), LSTM(4)]); m(Input((4, 3)))",
        "d = Dense(2); i, j = Input((3,)), Input((4,)); m = Model([i, j], [d(i), d(j)])",
        "m = Sequential([Input((3,)), Dense(2, name='a'), Dense(2, name='a')])",
        "i = Input((3,)); m = Model(i, Dense(2, name='a')(Dense(2, name='a')(i)))",
        "i = Input(5); m = Model(i, Dense(2)(i))",
        "i = Input((5, 3)); m = Model(i, LSTM(4)(LSTM(4)(i)))",
        "i = Input((5, 3)); m = Model(i, LSTM(4, stateful=True)(i))",
    ],
)
def test_what_is_quoted_of_code_is_said_by_keras(code: str, keras: Keras) -> None:
    said = " ".join(command(code, "-n").err.partition("  |")[0].split())
    quoted = "(Keras: " + said.partition("(Keras: ")[2].partition(")")[0] + ")"
    with pytest.raises(Exception) as raised:  # noqa: PT011  # Keras raises what it likes
        exec(code, vars(keras.keras) | vars(keras.keras.layers))
    assert is_quoted(quoted, raised.value), said


@pytest.mark.keras
@pytest.mark.parametrize(
    "name", ["one_1", "-one", "a.b", "a>b", "a\\b", "my layer", "a:b", "레이어", "é"]
)
def test_a_name_that_tensorflow_does_not_take_is_told_beside_data(name: str, keras: Keras) -> None:
    text, data, labels = f"LSTM(3, name={name!r})", np.zeros((2, 5, 1)), np.zeros((2, 3))
    model = keras.keras.Sequential([keras.keras.layers.LSTM(3, name=name)])
    model.compile("sgd", "mse")
    refused_by_keras = refuses(lambda: model.fit(data, labels, verbose=0))
    told = inspect(text, input=data, target=labels, loss="mse").problems
    assert bool(told) == refused_by_keras


OWN_CELL = """
class Cell(Layer):
    def __init__(self, state_size, more=0):
        super().__init__(); self.state_size, self.dense = state_size, Dense(state_size + more)
    def call(self, x, states):
        h = self.dense(ops.concatenate([x, states[0]], -1))
        return h, [h]
x, h = Input((8, 3)), Input((5,))
"""


@pytest.mark.process
@pytest.mark.parametrize(
    ("layer", "is_taken"),
    [
        ("RNN(Cell(4))(x)", True),
        ("RNN(Cell(4, 1))(x)", False),
        ("RNN(Cell(4), unroll=True)(x)", True),
        ("RNN([Cell(4), Cell(2)])(x)", True),
        ("RNN([Cell(4), Cell(2, 1)])(x)", False),
        ("RNN(Cell(5))(x, initial_state=[h])", True),
        ("RNN(Cell(4))(x, initial_state=[h])", False),
        ("RNN([Cell(4), Cell(2)])(x, initial_state=[h[:, :4], h[:, :2]])", True),
        ("RNN([Cell(4), Cell(2)])(x, initial_state=[h[:, :4], h[:, :4]])", False),
    ],
)
def test_a_cell_of_the_code_keeps_the_sizes_of_its_states(
    layer: str, is_taken: bool, keras: Keras
) -> None:
    made = vars(keras.keras) | vars(keras.keras.layers)
    exec(f"{OWN_CELL}m = Model([x, h], {layer})", made)
    given = [np.zeros((2, 8, 3)), np.zeros((2, 5))]
    said = command(f"{OWN_CELL}m = Model([x, h], {layer})", "-n").err
    if is_taken:
        made["m"].predict(given, verbose=0)
        assert "error" not in said
    else:
        with pytest.raises(ValueError, match="enters the loop with shape"):
            made["m"].predict(given, verbose=0)
        assert "enters the loop with shape" in " ".join(said.split())


MENDED, TAKEN, TAKEN_CALLS = sections("taken.txt")


@pytest.mark.parametrize("line", MENDED)
def test_keras_takes_what_is_mended(line: str, keras: Keras) -> None:
    refused, remedy, mended = line.split(" | ")
    assert remedy in refusal_of(*asked(refused)).message
    text, taken = asked(mended)
    batch = taken[0] if "stateful" in text else None
    facts_along(layers_of(text), described(taken))
    keras.chained(layers_of(text), (batch, *taken[1:]), random_numbers(taken, zeros=False))


@pytest.mark.parametrize("question", TAKEN)
def test_what_keras_takes_is_not_refused(question: str, keras: Keras) -> None:
    text, shape = asked(question)
    layers = layers_of(text)
    found = facts_along(layers, described(shape))
    numbers = random_numbers(shape, zeros=True)
    answers = keras.chained(layers, (None, *shape[1:]), numbers)
    for facts, answer in zip(found, answers, strict=True):
        assert facts is not None
        given = [tuple(size for size in one.shape[1:]) for one in answer.arrays]
        assert [one.shape[1:] for one in facts.outputs] == given
        assert [(one.shape, one.itemsize) for one in facts.weights] == answer.weights


@pytest.mark.parametrize("masked", [(2,), (2, 1), (2, 2), (2, 3), (2, 5)])
@pytest.mark.parametrize("sizes", [(1, 4), (2, 1), (2, 3), (3, 5), (5, 2), (1, 1), (1, 2)])
@pytest.mark.parametrize(
    "text",
    [
        "GlobalAveragePooling1D()",
        "GlobalAveragePooling1D(data_format='channels_first')",
        "Softmax()",
        "Softmax(axis=1)",
    ],
)
def test_a_mask_is_taken_where_keras_can_use_it(
    text: str, sizes: tuple[int, int], masked: tuple[int, ...], keras: Keras
) -> None:
    call, given = parse(text), described((2, *sizes))
    mask = tuple(Axis(f"axis {number}", size) for number, size in enumerate(masked))
    numbers, flags = random_numbers((2, *sizes), zeros=False), np.ones(masked, bool)
    try:
        made = keras.build(call)(numbers, mask=flags).shape
    except Exception:  # whatever Keras stumbles over
        made = None
    try:
        facts = facts_of(call, [replace(given, mask=mask)])
        taken = facts.outputs[0].shape if facts else None
    except QueryError:
        taken = None
    assert taken == made


@pytest.mark.parametrize("masked", [(2,), (2, 5), (2, 5, 1), (2, 5, 3), (2, 5, 4), (2, 5, 1, 1)])
@pytest.mark.parametrize(
    "text", ["LSTM(3)", "GRU(3, unroll=True)", "SimpleRNN(1)", "RNN([LSTMCell(3), GRUCell(4)])"]
)
def test_a_recurrent_layer_takes_a_mask_where_keras_can_use_it(
    text: str, masked: tuple[int, ...], keras: Keras
) -> None:
    call, given = parse(text), described(THREE)
    mask = tuple(Axis(f"axis {number}", size) for number, size in enumerate(masked))
    numbers, flags = random_numbers(THREE, zeros=False), np.ones(masked, bool)
    takes = not refuses(lambda: keras.build(call)(numbers, mask=flags))
    try:
        taken = facts_of(call, [replace(given, mask=mask)]) is not None
    except QueryError:
        taken = False
    assert taken == takes


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("initializers", INITIALIZERS),
        ("regularizers", REGULARIZERS),
        ("constraints", CONSTRAINTS),
    ],
)
def test_words_that_stand_for_objects_are_those_of_keras(
    module: str, words: tuple[str, ...], keras: Keras
) -> None:
    get = getattr(keras.keras, module).get

    def takes(word: str) -> bool:
        try:
            return get(word) is not None
        except Exception:  # whatever Keras stumbles over: some need SciPy, others a value
            return False

    assert [word for word in words if not takes(word)] == []
    classes = [name for name in dir(getattr(keras.keras, module)) if name[:1].isupper()]
    every = {*classes, *(name.lower() for name in classes), *INITIALIZERS, *REGULARIZERS}
    every |= {*CONSTRAINTS, "l1_l2", "orthogonal", "max_norm", "random", "ones_", "nonneg", "unit"}
    kind = kind_of("Dense", f"kernel_{module.removesuffix('s')}")
    assert kind is not None
    abstract = {"constant", "initializer", "regularizer", "constraint"}
    abstract |= {"stft", "stftinitializer"}  # which need SciPy
    refused = {word for word in every if takes(word) and not kind.takes(word)}
    assert {word.lower() for word in refused} <= abstract


BEYOND = [
    "Dense(4, activation='glu')",
    "Dense(3, dtype='int8_from_float32')",
    "Dense(3, activation=PReLU())",
]


@pytest.mark.parametrize(
    "dtype", ["int8_from_float32", "uint16", "float8_from_float32", "bool", "string", "complex64"]
)
def test_types_that_are_no_floats_are_left_to_keras(dtype: str) -> None:
    assert facts_of(parse(f"Dense(3, dtype='{dtype}')"), [described(THREE)]) is None


@pytest.mark.parametrize(
    "text",
    [
        *BEYOND,
        "TimeDistributed(Dense(4, activation='glu'))",
        "RNN([StackedRNNCells([GRUCell(3)]), GRUCell(2)])",
        "AutoContrast()",
    ],
)
def test_of_some_things_keras_alone_can_tell(text: str, keras: Keras) -> None:
    layers = layers_of(text)
    assert facts_along(layers, described(THREE)) == [None]
    assert keras.chained(layers, (None, 5, 4), random_numbers(THREE, zeros=False))


# Several tensors.


def named(name: str, *sizes: int | None) -> Tensor:
    tensor = described((2, *sizes))
    return Tensor(name, tensor.axes, "", "output")


def test_one_tensor_is_what_most_layers_take() -> None:
    with pytest.raises(QueryError, match=r"^Dense\(3\) takes one tensor, and is called with 2$"):
        facts_of(parse("Dense(3)"), [described(THREE), described(THREE)])


SIZES = {"x": (5, 4), "m": (5,), "v": (3, 4), "w": (5, 3), "u": (5, 3, 4)}
SIZES |= {"h": (3,), "c": (3,), "s": (4,)}
WRONG_CALLS = TABLE.with_name("wrong_calls.txt").read_text(encoding="utf-8")
WRONGLY_CALLED = [tuple(one.split("\n    ")) for one in WRONG_CALLS.strip().split("\n\n")]


@pytest.mark.parametrize(("text", "words"), WRONGLY_CALLED)
def test_what_is_said_of_a_wrong_call(text: str, words: str) -> None:
    call, positional, keywords = called(text, SIZES)
    with pytest.raises(QueryError) as refused:
        facts_of(call, called_with(call, positional, keywords))
    assert refused.value.message == words


@pytest.mark.keras
@pytest.mark.parametrize(("text", "words"), WRONGLY_CALLED)
def test_a_wrong_call_of_a_layer_is_refused_by_keras(text: str, words: str, keras: Keras) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011  # Keras raises whatever it stumbles over
        run(text, keras)
    # Over states that do not fit it stumbles in many ways.
    assert is_quoted(words, raised.value) or "as initial_state" in words


def run(text: str, keras: Keras) -> None:
    call, positional, keywords = called(text, SIZES)

    def made(given: Given, of: Callable[[Tensor], Any]) -> Any:
        if isinstance(given, Tensor):
            return of(given)
        return [made(one, of) for one in given] if isinstance(given, tuple) else given

    layer = keras.build(call)
    for of in (  # some of it is refused before it runs, some when it runs
        lambda one: keras.keras.Input(one.shape[1:]),
        lambda one: np.ones(one.shape, np.float32),
    ):
        named = {name: made(one, of) for name, one in keywords.items()}
        layer(*(made(one, of) for one in positional), **named)


@pytest.mark.keras
@pytest.mark.parametrize("text", TAKEN_CALLS)
def test_a_call_that_keras_takes_is_not_refused(text: str, keras: Keras) -> None:
    call, positional, keywords = called(text, SIZES)
    assert facts_of(call, called_with(call, positional, keywords))
    run(text, keras)


# States to start from.


def states_of(text: str) -> tuple[Tensor, ...]:
    call = parse(text)
    facts = facts_of(call, [described(THREE)])
    assert facts is not None
    return tuple(replace(state, source=call) for state in facts.outputs[1:])


def start(text: str, given: Nested) -> Facts:
    call = parse(text)
    facts = facts_of(call, [described(THREE)])
    assert facts is not None
    return with_initial_state(call, facts, given)


BOTH = "Bidirectional(LSTM(64, return_state=True))"
H, C = named("h", 3), named("c", 3)


# What is taken, and what is given.
def test_the_states_of_both_directions_fit_a_decoder_of_twice_the_units() -> None:
    with pytest.raises(QueryError) as refused:
        start("LSTM(64)", states_of(BOTH))
    assert refused.value.message == (
        "LSTM(64) takes h and c of (batch, 64) as initial_state; "
        "Bidirectional(LSTM(64, return_state=True)) gives h1, c1, h2, c2: "
        "give Concatenate()([h1, h2]) and Concatenate()([c1, c2]) to LSTM(128) "
        '(Keras: "list index out of range", "Matrix size-incompatible")'
    )


def test_one_state_for_a_layer_of_two() -> None:
    with pytest.raises(QueryError) as refused:
        start("LSTM(3)", states_of("GRU(3, return_state=True)"))
    assert refused.value.message == (
        "LSTM(3) takes h and c of (batch, 3) as initial_state; GRU(3, return_state=True) gives h "
        '(Keras: "list index out of range", "Matrix size-incompatible")'
    )


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("flags", "where_masked"),
    [
        ("", True),
        (", stateful=True", False),
        (", return_sequences=True", True),
        (", zero_output_for_mask=True", False),
    ],
)
@pytest.mark.parametrize("layer", ["LSTM", "GRU", "SimpleRNN"])
def test_what_holds_of_masked_sequences(
    layer: str, flags: str, where_masked: bool, masked: bool
) -> None:
    call = parse(f"{layer}(3, return_state=True{flags})")
    given = described((2, 5, 4), masked=masked)
    facts = facts_of(call, [given])
    assert facts is not None
    assert bool(facts.relations) is (where_masked or not masked)


@pytest.mark.parametrize("argument", ["activation", "recurrent_activation"])
@pytest.mark.parametrize("value", ["'glu'", "PReLU()"])
def test_activations_that_change_shapes_or_have_weights_are_left_to_keras(
    argument: str, value: str
) -> None:
    assert facts_of(parse(f"LSTM(3, {argument}={value})"), [described(THREE)]) is None


def test_states_of_another_width_ask_for_as_many_units() -> None:
    with pytest.raises(QueryError, match=r"gives h, c of 4 units: give it as many"):
        start("LSTM(3)", states_of("LSTM(4, return_state=True)"))


SO = "of the same shape, Keras takes it so"


@pytest.mark.parametrize(
    ("text", "given", "notes"),
    [
        ("LSTM(3)", "h1 c1", []),
        ("LSTM(3)", "c1 h1", [f"initial_state gives LSTM c1 as h, h1 as c: {SO}"]),
        ("LSTM(3)", "h1 h2", [f"initial_state gives LSTM h2 as c: {SO}"]),
        ("GRU(3)", "h1", []),
        ("GRU(3)", "h1 c1", ["GRU passes over c1"]),
        (
            "GRU(3)",
            "c1 h1 h2",
            [f"initial_state gives GRU c1 as h: {SO}", "GRU passes over h1, h2"],
        ),
        ("Bidirectional(LSTM(3))", "h1 c1 h2 c2", []),
        (
            "Bidirectional(LSTM(3))",
            "h1 h2 c1 c2",
            [f"initial_state gives Bidirectional h2 as c1, c1 as h2: {SO}"],
        ),
        ("Bidirectional(GRU(3))", "h1 h2", []),
        ("Bidirectional(GRU(3))", "h1 c1 h2 c2", ["Bidirectional passes over c1, c2"]),
        (
            "Bidirectional(GRU(3))",
            "h1 c1 h2",
            [f"initial_state gives Bidirectional c1 as h2: {SO}", "Bidirectional passes over h2"],
        ),
    ],
)
def test_states_that_are_taken_for_others_or_not_at_all_have_a_note(
    text: str, given: str, notes: list[str]
) -> None:
    known = states_of("Bidirectional(LSTM(3, return_state=True))")
    states = {state.name: state for state in known}
    assert start(text, tuple(states[name] for name in given.split())).warnings == tuple(notes)


def test_where_a_mask_comes_in_and_states_too_no_relation_is_claimed() -> None:
    call = parse("LSTM(3, return_state=True)")
    for masked in (False, True):
        facts = facts_of(call, [described(THREE, masked=masked)])
        assert facts is not None
        assert len(with_initial_state(call, facts, (H, C), masked=masked).relations) == (not masked)


if __name__ == "__main__":  # makes the table anew
    TABLE.write_text("\n\n".join(map(said, questions())) + "\n")
