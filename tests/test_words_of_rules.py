"""What the rule says of each layer, word for word: names, axes, meanings, relations, notes.

No word of it decides a shape, so that nothing but this table would notice a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rnnshape.errors import QueryError
from rnnshape.expression import Call, calls_within
from rnnshape.rules import registry
from rnnshape.rules.arguments import check
from rnnshape.rules.facts import Axis, Facts, Tensor
from rnnshape.rules.inputs import called_with
from rnnshape.rules.kinds import KINDS, kind_of
from rnnshape.rules.registry import axes_of_input, facts_of, has_rule
from rnnshape.signatures import LAYERS, OPERATIONS, signature
from tests.calls import called, parse
from tests.conftest import sections
from tests.test_rules_against_keras import described

SIZES = {
    "batch": 2,
    "timesteps": 5,
    "features": 4,
    "rows": 4,
    "columns": 6,
    "depth": 3,
    "channels": 2,
}

# A line for each output and weight: name, axes, role, meaning; then the relations; then the notes.
# In the second table q, v and k differ in their timesteps or features. A mask comes with q.
TABLES = Path(__file__).parent / "tables"
SAID, SEVERAL = ((TABLES / name).read_text() for name in ("words.txt", "words_of_several.txt"))


def entries(text: str) -> dict[str, list[str]]:
    """What is said of each; `weights of` another, or of a direction, were spelled out before."""
    found: dict[str, list[str]] = {}
    for block in text.strip().split("\n\n"):
        name, *lines = map(str.strip, block.splitlines())
        found[name] = []
        for line in lines:
            direction, is_other, other = line.rpartition("weights of ")
            weights = [one for one in found.get(other, ()) if " weight: " in one]
            prefix = direction.replace(" ", "_")
            found[name] += [prefix + one for one in weights] if is_other else [line]
    return found


TABLE = entries(SAID)


def facts_from_the_start(text: str) -> Facts:
    """What is said of the last layer of a chain whose input has the axes that the first takes."""
    layers = [parse(part) for part in text.split(" -> ")]
    axes = tuple(Axis(name, SIZES[name]) for name in axes_of_input(layers[0]))
    tensor = Tensor("inputs", axes, "the input", "input")
    for layer in layers:
        facts = facts_of(layer, [tensor])
        assert facts is not None
        tensor, last = facts.outputs[0], facts
    return last


def said(facts: Facts) -> Iterator[str]:
    for one in (*facts.outputs, *facts.weights):
        masked = " masked" if one.masked else ""
        yield f"{one.name} {one.labels} {one.role}{masked}: {one.meaning}"
    yield from (relation.claim for relation in facts.relations)
    yield from (f"!! {warning}" for warning in facts.warnings)
    yield from (f"! {note}" for note in facts.notes)
    if facts.whole_numbers_below:
        yield f"below {facts.whole_numbers_below}"


OF_SEVERAL = entries(SEVERAL)
SHAPES: dict[str, Any] = dict.fromkeys("qxy", (5, 4)) | dict.fromkeys("vk", (3, 4))
SHAPES |= {"w": (4, 3), "m": (1, 3), "z": (7,), "p": (3, 5, 4), "u": (2, 5, 4), "n": (1, 4)}
SHAPES |= {"s": (), "h": (3,), "t": (2, 5), "b": (5,), "a": (5, 5)}


@pytest.mark.parametrize("text", OF_SEVERAL)
def test_every_word_of_the_rule_of_several_tensors(text: str) -> None:
    call, positional, keywords = called(text, SHAPES)
    facts = facts_of(call, called_with(call, positional, keywords))
    assert facts is not None
    assert list(said(facts)) == OF_SEVERAL[text]


@pytest.mark.parametrize("text", TABLE)
def test_every_word_of_the_rule(text: str) -> None:
    assert list(said(facts_from_the_start(text))) == TABLE[text]


LENGTHS, LEFT_TO_KERAS = sections("lengths.txt")


@pytest.mark.parametrize("line", LENGTHS)
def test_what_becomes_of_lengths(line: str) -> None:
    text, _, shapes = line.partition(" -> ")
    facts = facts_of(parse(text), [described((2, 5, 4))])
    assert facts is not None
    assert ", ".join(str(tensor.shape) for tensor in facts.outputs) == shapes


@pytest.mark.parametrize("text", LEFT_TO_KERAS)
def test_of_some_calls_keras_alone_can_tell(text: str) -> None:
    call, positional, keywords = called(text, SHAPES)
    assert facts_of(call, called_with(call, positional, keywords)) is None


def test_every_rule_has_words_in_the_table() -> None:
    spoken = {
        call.name
        for text in TABLE
        for part in text.split(" -> ")
        for call in calls_within(parse(part))
    }
    spoken |= {call.name for call, *_ in (called(text, SHAPES) for text in OF_SEVERAL)}
    rules: dict[object, set[str]] = {}
    for name, function in registry._RULES.items():
        rules.setdefault(function, set()).add(name)
    without = [names for names in rules.values() if not names & spoken]
    assert not without, "what these say has an entry in tests/tables/words.txt"


def test_every_rule_is_of_a_layer_or_an_operation_that_can_be_asked_about() -> None:
    assert set(registry._RULES) <= {*LAYERS, *OPERATIONS, "Sequential"}


assert not has_rule("no such layer")  # for it, all rules were looked for
RULES_OF_LAYERS = [name for name in registry._RULES if name in LAYERS]


WHERE_KINDS_ARE = "what is more has a line in KINDS of rules/kinds.py, or stands in WITHOUT_KIND"
CELLS = ("LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells")

# What takes any value at all, and what the rule of the layer checks itself.
WITHOUT_KIND = """
    use_bias unit_forget_bias return_sequences return_state go_backwards stateful unroll
    implementation zero_output_for_mask autocast reset_after mask_zero keepdims center scale renorm
    synchronized rms_scaling lora_alpha quantization_config mask_value renorm_clipping
    mode fill_mode fill_value value_range factor height_factor width_factor bounding_box_format
    renorm_momentum cell layer weights backward_layer use_gate use_scale flash_attention invert
    normalize gptq_unpacked_column_size
"""


def test_every_argument_of_a_layer_with_a_rule_is_checked() -> None:
    taken = {
        (name, argument)
        for name in RULES_OF_LAYERS
        for argument in signature(name).names
        if kind_of(name, argument) is None
    }
    found = {argument for _, argument in taken}
    assert found == set(WITHOUT_KIND.split()), WHERE_KINDS_ARE


def test_every_kind_is_of_an_argument_that_a_layer_has() -> None:
    known = [*RULES_OF_LAYERS, *CELLS]
    names = {name for one in known for name in signature(one).names}
    assert {key.rpartition(".")[2] for key in KINDS} <= names


@pytest.mark.parametrize("name", RULES_OF_LAYERS)
def test_an_argument_of_no_possible_kind_is_refused(name: str) -> None:
    taken = []
    for argument in signature(name).names:
        try:
            check(Call(name, ((argument, ("no", "such")),)))
            taken.append(argument)
        except QueryError as wrong:
            assert wrong.message.startswith(f"{name} takes {argument} as ")  # noqa: PT017
    passed_over = {"activity_regularizer"} if name == "SimpleRNN" else set()
    assert set(taken) <= {*WITHOUT_KIND.split(), *passed_over}, WHERE_KINDS_ARE


@pytest.mark.parametrize("value", ["auto", True, False])
def test_cudnn_is_asked_for_as_keras_has_it(value: object) -> None:
    assert facts_from_the_start(f"LSTM(3, use_cudnn={value!r})").outputs


PLAIN = ["Activation('relu')", "ELU()", "LeakyReLU()", "ReLU()", "Softmax()"]


@pytest.mark.parametrize(
    ("activation", "known"), [*((one, True) for one in PLAIN), ("PReLU()", False)]
)
def test_a_layer_can_be_an_activation_where_it_brings_no_weights(
    activation: str, known: bool
) -> None:
    inputs = Tensor("inputs", (Axis("batch", 2), Axis("features", 4)))
    facts = facts_of(parse(f"Dense(3, activation={activation})"), [inputs])
    assert (facts is not None) is known


@pytest.mark.parametrize(
    ("own", "around"),
    [
        ("dtype='float16'", ""),
        ("", "dtype='float16'"),
        ("dtype='float16'", "backward_layer=LSTM(3, return_state=True, go_backwards=True)"),
        ("", "backward_layer=LSTM(3, return_state=True, go_backwards=True, dtype='float16')"),
    ],
)
def test_outputs_that_are_rounded_have_no_relations(own: str, around: str) -> None:
    text = f"Bidirectional(LSTM(3, return_state=True, {own}), {around})"
    assert not facts_from_the_start(text).relations
    assert facts_from_the_start("Bidirectional(LSTM(3, return_state=True))").relations


@pytest.mark.parametrize("word", ["U", "concat", "not a name"])
def test_outputs_are_not_renamed_to_what_relations_mean(word: str) -> None:
    facts = facts_from_the_start("Bidirectional(LSTM(3, return_state=True))")
    assert facts.renamed((word,)) == facts
    renamed = facts.renamed(("out", "state_h"))
    assert [one.name for one in renamed.outputs] == ["out", "state_h", "c1", "h2", "c2"]
    assert [one.claim for one in renamed.relations] == ["out == concat(state_h, h2)"]


def test_a_tensor_shows_its_shape_and_its_axes() -> None:
    axes = (Axis("batch", 2), 2 * Axis("units", 3))
    assert repr(Tensor("o", axes)) == "<Tensor o (2, 6) = (batch, 2*units)>"


@pytest.mark.parametrize(
    ("one", "other", "label", "length"),
    [
        (Axis("units", 3), Axis("units", 3), "2*units", 6),
        (2 * Axis("units", 3), Axis("units", 3), "3*units", 9),
        (Axis("units", 3), Axis("units", 4), "units", 7),
        (Axis("units", 3), Axis("features", 4), "units + features", 7),
    ],
)
def test_two_axes_joined(one: Axis, other: Axis, label: str, length: int) -> None:
    joined = one + other
    assert (joined.label, joined.length) == (label, length)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("TimeDistributed(Conv2D(3, 2))", "batch timesteps rows columns channels"),
        ("TimeDistributed(LSTM(3))", "batch timesteps timesteps features"),
        ("TimeDistributed(Bidirectional(GRU(3)))", "batch timesteps timesteps features"),
        ("TimeDistributed(Conv1D(3, 2))", "batch timesteps timesteps features"),
        ("TimeDistributed(GlobalMaxPooling1D())", "batch timesteps timesteps features"),
        ("TimeDistributed(Dropout(0.5))", "batch timesteps features"),
        ("TimeDistributed(Embedding(9, 3))", "batch timesteps timesteps"),
        ("TimeDistributed(Dense(3))", "batch timesteps features"),
    ],
)
def test_what_a_layer_of_every_step_takes_where_nobody_says_it(text: str, names: str) -> None:
    assert axes_of_input(parse(text)) == tuple(names.split())


@pytest.mark.parametrize(
    "names",
    [
        "batch",
        "batch, features",
        "batch, timesteps, features",
        "batch, rows, columns, channels",
        "batch, depth, rows, columns, channels",
        "batch, axis 1, axis 2, axis 3, axis 4, axis 5",
    ],
)
def test_the_axes_of_a_tensor_of_which_only_the_rank_is_known(names: str) -> None:
    named = tuple(names.split(", "))
    assert axes_of_input(parse("Dense(3)"), len(named)) == named
