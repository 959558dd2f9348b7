"""Functions of `keras.ops`, slices included: the rule says what Keras makes of them, and refuses
what Keras refuses, over a grid of arguments and shapes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnshape.description import describe
from rnnshape.errors import QueryError, did_you_mean
from rnnshape.expression import Call, Value
from rnnshape.measuring.messages import Measurement, Request
from rnnshape.network import Argument, Input, Network, Question, Ref, Step
from rnnshape.program import program
from rnnshape.reading import read
from rnnshape.rules.facts import Facts, Tensor
from rnnshape.rules.indexing import key_of
from rnnshape.rules.inputs import called_with
from rnnshape.rules.operations import OF_EACH_NUMBER, OF_MANY, OF_PAIRS
from rnnshape.rules.registry import facts_of, has_rule
from rnnshape.signatures import OPERATIONS, OTHER_FUNCTIONS, signature
from tests.calls import parse
from tests.conftest import KerasInProcess, command, sections
from tests.on_record import Record, words_of
from tests.test_rules_against_keras import described, nesting, nesting_of

Sizes = tuple[int, ...]
Case = tuple[Call, tuple[Sizes, ...]]
LINE, CUBE, ONE = (5, 4), (2, 5, 4), (5, 1)
AXES: list[Value] = [None, 0, 1, -1, -3, 2, 3, -4, (1, 2), (0, -1), (1, 1), (), (0, 1, 2)]
PAIRS: list[tuple[Sizes, ...]] = [
    *((LINE, LINE), (LINE, ONE), (ONE, (1, 4)), (LINE, (5, 3)), (LINE, (4,)), (LINE, CUBE)),
    *(((4,), (1,)), ((1,), LINE)),
]
# What every function needs, of those that need something and are tried with nothing else.
NEEDED: dict[str, dict[str, Value]] = {
    "cast": {"dtype": "int32"},
    "clip": {"x_min": 0, "x_max": 1.5},
    "full_like": {"fill_value": 2},
    "saturate_cast": {"dtype": "uint8"},
    "threshold": {"threshold": 0.5, "default_value": 0},
}
KEYS = """
[:, -1, :] [:, -1] [-1] [:, ::2] [:, ::-1] [..., 0] [..., None] [:, None] [None] [:, 7] [:, -6] [:]
[:, :, :, 0] [:, 1:3, 2] [:, 3:1] [:, 9:] [...,0,...] [()] [:, [0, 2]] [:, :2, ..., 1] [:, 1:-1]
[:, ::0] [:, 0.5] ['a'] [::2, 1] [..., -1:] [:, -3:-1:2, None] [...] [0, ..., 0] [:,:,1,...]
""".replace(", ", ",").split()


def calls(name: str, **choices: list[Value]) -> Iterator[Call]:
    """A function with every combination of its arguments; what is "out" is left out."""
    order = {word: place for place, word in enumerate(signature(name).names)}
    for values in product(*choices.values()):
        given = dict(zip(choices, values, strict=True))
        chosen = [(word, value) for word, value in given.items() if value != "out"]
        yield Call(name, tuple(sorted(chosen, key=lambda one: order[one[0]])))


def on(made: Iterator[Call], *shapes: tuple[Sizes, ...]) -> list[Case]:
    return [(call, sizes) for call in made for sizes in shapes]


def grid() -> dict[str, list[Case]]:
    """By the function's name, every case that is tried."""
    found: dict[str, list[Case]] = {}
    for name in OF_EACH_NUMBER:
        needed = {word: [value] for word, value in NEEDED.get(name, {}).items()}
        found[name] = on(calls(name, **needed), (LINE,), ((4,),))
    for name in OF_PAIRS:
        found[name] = [*on(calls(name), *PAIRS), *on(calls(name, x2=[1, 0.5]), (LINE,))]
        found[name] += on(calls(name, x1=[2]), (LINE,))
    for name in OF_MANY:
        keeps: dict[str, list[Value]] = {"keepdims": ["out", True]}
        more = keeps if "keepdims" in signature(name).defaults else {}
        found[name] = on(calls(name, axis=AXES, **more), (LINE,), ((4,),))
    for name in ("argmax", "argmin"):
        found[name] = on(calls(name, axis=AXES, keepdims=["out", True]), (LINE,))
    found["norm"] = on(calls("norm", axis=AXES, keepdims=["out", True]), (LINE,), ((4,),))
    for name in ("tril", "triu"):
        found[name] = on(calls(name, k=["out", 1]), (LINE,), ((4,),), (CUBE,))
    found["moments"] = on(calls("moments", axes=[1, (0, 1), (2,), 3], keepdims=[True]), (LINE,))
    for name in ("softmax", "log_softmax", "flip"):
        found[name] = on(calls(name, axis=["out", *AXES]), (LINE,))
    found["roll"] = on(calls("roll", shift=[1], axis=[None, 1, -1, 3]), (LINE,))
    for name in ("normalize", "sort", "cumsum", "cumprod", "argsort"):
        axes: list[Value] = ["out", 0, 1, -1, 3, -4]
        found[name] = on(calls(name, axis=axes), (LINE,))
    found["one_hot"] = on(calls("one_hot", num_classes=[3], axis=["out", 0, 1, 3, -2, 4]), (LINE,))
    repeats: list[Value] = [3, 0, -1, (1, 2, 1, 0, 3), (1, 2)]
    found["repeat"] = on(calls("repeat", repeats=repeats, axis=["out", 1, -2, 3]), (LINE,))
    tiles: list[Value] = [2, (1, 2, 1), (2, 3), (2, 1, 1, 3), 0]
    found["tile"] = on(calls("tile", repeats=tiles), (LINE,))
    shapes: list[Value] = [(-1, 20), (2, 20), (-1, 5, 2, 2), (-1,), -1, (-1, 3), (-1, -1), (4, 10)]
    found["reshape"] = on(calls("reshape", newshape=[*shapes, (2, 5, 5), (-1, 5), ()]), (LINE,))
    orders: list[Value] = ["out", (0, 2, 1), (2, 1, 0), (0, -1, 1), (0, 1), (0, 1, 1), (0, 1, 3)]
    found["transpose"] = on(calls("transpose", axes=orders), (LINE,))
    found["swapaxes"] = on(calls("swapaxes", axis1=[1, 0, 3], axis2=[2, -1, -4]), (LINE,))
    ends: list[Value] = [0, -1, 3, (1, 2), (2, 0)]
    found["moveaxis"] = on(calls("moveaxis", source=ends, destination=ends), (LINE,))
    found["ravel"] = on(calls("ravel"), (LINE,))
    found["expand_dims"] = on(calls("expand_dims", axis=[0, 1, -1, 3, 4, (1, -1), -4, -5]), (LINE,))
    ones: list[tuple[Sizes, ...]] = [((1, 4),), ((4,),), ((1, 1),)]
    found["squeeze"] = on(calls("squeeze", axis=["out", 1, 2, -2, (1, 2), 3]), *ones)
    targets: list[Value] = [(2, 5, 4), (3, 2, 5, 4), (2, 5, 3), (5, 4)]
    found["broadcast_to"] = on(calls("broadcast_to", shape=targets), (LINE,), (ONE,), ((1, 4),))
    lists: list[tuple[Sizes, ...]] = [(LINE, LINE), (LINE, (5, 3)), (LINE, (3, 4)), (LINE,)]
    lists += [(LINE, (4,)), (LINE, LINE, LINE)]
    for name in ("concatenate", "stack"):
        found[name] = on(calls(name, axis=["out", 1, -1, 2, 3, -4]), *lists)
    products: list[tuple[Sizes, ...]] = [(LINE, (4, 3)), (LINE, (5, 3)), ((3, 5, 4), (3, 4, 2))]
    products += [((4,), (2,)), (LINE, (4,)), (CUBE, (4, 3)), (CUBE, (5, 4))]
    for name in ("matmul", "dot"):
        found[name] = on(calls(name), *products)
    sums: list[Value] = ["out", 1, ((2,), (1,)), ((1, 2), (1, 2)), ((2,), (2,)), (2, 1)]
    found["tensordot"] = on(calls("tensordot", axes=sums), (LINE, (4, 3)), (LINE, LINE))
    words = ["btf,bsf->bts", "...tf,...sf->...ts", "btf,bsf->", "btf,bsf->tsb", "btf,bsf"]
    words += ["btf,bfs->bts", "bt,bsf->bts", "btf->bft", "b...,b...->b...", "bij,bij->bz"]
    equations: list[Value] = [*words]
    found["einsum"] = on(calls("einsum", subscripts=equations), (LINE, (3, 4)), (LINE, LINE))
    keys: list[Value] = [*KEYS]
    found["get_item"] = on(calls("get_item", key=keys), (LINE,))
    picks: list[Value] = [0, -1, 4, 9, (0, 2), (1, 1, 3), (0, 7)]
    found["take"] = on(calls("take", indices=picks, axis=["out", 1, -1, 3]), (LINE,))
    found["take_along_axis"] = on(calls("take_along_axis", axis=["out", 1, -1, 3]), *PAIRS)
    widths: list[Value] = [1, (1,), (1, 2), (2, 1, 1), ((1, 2),), ((0, 0), (1, 1))]
    widths.append(((0, 0), (3, 1), (0, 2)))
    modes: list[Value] = ["out", "reflect", "SYMMETRIC", "edge"]
    found["pad"] = on(calls("pad", pad_width=[*widths, 4, -1, "a"], mode=modes), (LINE,))
    cuts: list[Value] = [1, 2, 3, 4, (1, 3), (2,), (3, 9), (3, 2), (-1,), 0]
    for name in ("split", "array_split"):
        found[name] = on(calls(name, indices_or_sections=cuts, axis=[1, -1, 3]), (LINE,))
    found["unstack"] = on(calls("unstack", axis=[1, -1, 3], num=["out", 5]), (LINE,))
    found["top_k"] = on(calls("top_k", k=[0, 1, 4, 5]), (LINE,), ((4,),))
    found["where"] = on(calls("where"), *((LINE, *pair) for pair in PAIRS), (LINE,))
    found["where"] += on(calls("where", x2=[0]), (LINE, LINE), (LINE, (1, 4)))
    return found


GRID = grid()


def said(call: Call, tensors: list[Tensor]) -> Facts | QueryError | None:
    given = [tuple(tensors)] if call.name in ("concatenate", "stack") else tensors
    try:
        return facts_of(call, called_with(call, given, {}))
    except QueryError as refused:
        return refused


def made_by_keras(call: Call, shapes: tuple[Sizes, ...]) -> dict[str, Any]:
    """How what Keras returns is nested, its shapes, and those of a graph; or its refusal."""
    import keras

    from rnnshape.measuring.keras_model import operation

    numbers = np.random.default_rng(7)
    arrays = [numbers.random((2, *sizes), dtype=np.float32) for sizes in shapes]
    inputs = [keras.Input(sizes) for sizes in shapes]
    try:
        listed = call.name in ("concatenate", "stack")
        returned = operation(call)(inputs) if listed else operation(call)(*inputs)
        model = keras.Model(inputs, returned)
        made = keras.tree.flatten(model(arrays if len(arrays) > 1 else arrays[0]))
    except Exception as problem:
        return {"refused": words_of(problem)}
    shown = [one.shape for one in keras.tree.flatten(returned)]
    return {"nesting": nesting(returned), "shapes": [[*one.shape] for one in made], "shown": shown}


MADE = Record("operations", made_by_keras, compared=lambda answer: answer.get("shapes"))


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", GRID)
def test_an_operation_makes_what_keras_makes(name: str) -> None:
    taken = 0
    for call, shapes in GRID[name]:
        facts = said(call, [described((None, *sizes)) for sizes in shapes])
        text = f"{call} of {shapes}"
        made = MADE.answer(text, partial(made_by_keras, call, shapes))
        if not made.get("shapes"):
            assert facts is None or isinstance(facts, QueryError), f"{text}: Keras: {made}"
            continue
        assert not isinstance(facts, QueryError), f"{text}: Keras makes {made}: {facts}"
        if facts is not None:
            taken += 1
            assert [[*one.shape] for one in facts.outputs] == made["shapes"], text
            assert nesting_of(facts) == made["nesting"], text
            assert not any(one.masked for one in facts.outputs)
            for tensor, shown in zip(facts.outputs, made["shown"], strict=True):
                known = zip(tensor.axes, shown, strict=True)
                assert all(size is None or size == axis.length for axis, size in known), text
    assert taken


STEPS = [
    "get_item('[:, -1, :]')",
    "get_item('[1:]')",
    "get_item('[None]')",
    "get_item('[...]')",
    "sum(axis=1, keepdims=True)",
    "add(x2=1)",
    "subtract(x1=1)",
    "power(x2=2)",
    "equal(x2=0)",
    "take(axis=1, indices=(0, 2))",
    "expand_dims(1)",
    "where(x1=1, x2=0)",
    "split(2, axis=-1)",
]
OF_TWO = ["multiply()", "matmul()", "einsum('btf,bsf->bts')", "where(x2=0)", "greater()"]
LISTED = ["concatenate(axis=-1)", "stack(axis=1)"]
X = Ref(1)
NETWORKS = [
    *((text, (X,)) for text in STEPS),
    *((text, (X, X)) for text in OF_TWO if text != "matmul()"),
    *((text, ((X, X),)) for text in LISTED),
]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("text", "arguments"), NETWORKS)
def test_an_operation_in_a_network_is_measured_and_written_as_a_program(
    text: str, arguments: tuple[Argument, ...], keras_measurer: KerasInProcess
) -> None:
    lstm = Step(parse("LSTM(4, return_sequences=True)"), (Ref(0),))
    network = Network((Input((None, 5, 3)),), (lstm, Step(parse(text), arguments)))
    description = describe(network)
    outputs = [one.shape for one in description.layers[1].outputs]
    written: dict[str, Any] = {}
    exec(program(network, description), written)
    model = written["model"]
    model.run_eagerly = True  # tracing takes longer than these arrays
    arrays = model.predict(np.zeros((2, 5, 3)), verbose=0)
    arrays = arrays if isinstance(arrays, list) else [arrays]
    assert [one.shape for one in arrays] == outputs
    [measured] = keras_measurer.answers(Request((Question(network),), seed=1))
    assert isinstance(measured, Measurement), measured
    assert [one.shape for one in measured.layers[1].outputs] == outputs
    assert measured.layers[1].weights == ()


@pytest.mark.keras
def test_an_argument_that_is_not_known_and_changes_no_shape_is_measured(
    keras_measurer: KerasInProcess,
) -> None:
    text = "x = Input((5, 3)); h = LSTM(4)(x) * 2; m = Model(x, ops.cast(h > 0, h.dtype) * 18)"
    [question] = read(text).questions
    assert "ops.cast(o, h.dtype)" in program(question.network, describe(question.network))
    [measured] = keras_measurer.answers(Request((question,), seed=1))
    assert isinstance(measured, Measurement), measured


def test_every_operation_that_has_a_rule_is_in_the_grid() -> None:
    assert [name for name in OPERATIONS if has_rule(name) and name not in GRID] == []


@pytest.mark.parametrize(
    "text", ["[print()]", "[x]", "[:, 'a']", "[True]", "[0](1)", ".shape", "["]
)
def test_a_key_that_is_no_slice_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="can't be read"):
        key_of(Call("get_item", (("key", text),)))


def test_an_operation_loses_the_mask() -> None:
    tensor = described((None, 5, 4), masked=True)
    facts = said(Call("add"), [tensor, tensor])
    assert isinstance(facts, Facts)
    assert not facts.outputs[0].masked


@pytest.mark.keras
def test_no_function_of_keras_is_taken_for_a_misspelt_one() -> None:
    import keras

    names = {name for name in dir(keras.ops) if name[:1] != "_"} - {*OPERATIONS}
    assert {name for name in names if did_you_mean(name, OPERATIONS)} <= {*OTHER_FUNCTIONS}


(OF_THE_BATCH,) = sections("of_the_batch.txt")
WHERE = {
    "a graph": "b = ops.shape(x)[0]\ny = {}",
    "a layer": "class Own(layers.Layer):\n    def call(self, x):\n        b = ops.shape(x)[0]\n"
    "        return {}\ny = Own()(x)",
    "a Lambda": "def own(x):\n    b = ops.shape(x)[0]\n    return {}\ny = layers.Lambda(own)(x)",
}  # fmt: skip


def shape_made_by(program: str) -> list[int] | None:
    """The shape that a program's model makes of two samples; None where Keras refuses it."""
    names: dict[str, Any] = {}
    try:
        exec(program, names)
        made: Any = names["m"].predict(np.zeros((2, 5, 3)), verbose=0)
    except (ValueError, TypeError, NotImplementedError):
        return None
    return [*made.shape]


AT_RUN_TIME = Record("run_time", shape_made_by)


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "then", ["y", "layers.Dense(4)(y)", "layers.Dense(4)(layers.Flatten()(y))"]
)
@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("made", OF_THE_BATCH)
def test_a_size_that_is_known_when_it_runs_is_taken_where_keras_takes_it(
    made: str, where: str, then: str, tmp_path: Path
) -> None:
    program = (
        "import keras\nfrom keras import Input, Model, layers, ops\nx = Input((5, 3))\n"
        f"{WHERE[where].format(made)}\nm = Model(x, {then})\n"
    )
    real = AT_RUN_TIME.answer(program, lambda: shape_made_by(program))
    path = tmp_path / "program.py"
    path.write_text(program)
    said = command(str(path), "-n", "--json")
    if said.code == 0:
        assert [one["outputs"][-1]["shape"] for one in said.lines] == [real]
    assert said.code != 2 or real is None
