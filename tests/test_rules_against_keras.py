"""The rule says what Keras does: shapes, nesting, weights, masks and relations, over the whole grid
of the recurrent family, and over random chains of all layers that have a rule."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rnnshape.errors import QueryError
from rnnshape.expression import Call, bind, calls_within
from rnnshape.rules.facts import NOTHING, WHEN_RUN, Axis, Facts, Nested, Tensor
from rnnshape.rules.inputs import called_with
from rnnshape.rules.registry import facts_of
from rnnshape.signatures import is_operation
from tests.calls import parse
from tests.conftest import KerasInProcess
from tests.on_record import Record

RECORD = Record("rules", sys.modules[__name__])  # of what the rule says, that Keras does so
BATCH, TIMESTEPS = 3, 3
OPEN = 9  # what is given where a shape has None


@dataclass(frozen=True)
class Answer:
    """What Keras does with a layer, in the terms of `Facts`."""

    nesting: Any
    arrays: list[NDArray[Any]]
    weights: list[tuple[tuple[int, ...], int]]  # their shapes, and the bytes of each number
    parameters: int
    masked: list[bool]


Layers = Sequence[Call]
Shape = tuple[int | None, ...]


class Keras:
    """Keras' own answers. Models run eagerly: tracing would take the most of the time."""

    def __init__(self, measurer: KerasInProcess) -> None:
        import keras

        from rnnshape.measuring.keras_model import build, operation

        self.keras, self.build, self.operation = keras, build, operation

    def side_by_side(self, layers: Layers, given: NDArray[Any], *, masked: bool) -> list[Answer]:
        """Each layer called with the same input, in one model."""
        inputs = self.keras.Input(batch_shape=given.shape)
        start = self.keras.layers.Masking()(inputs) if masked else inputs
        built = [(layer := self.build(call), layer(start)) for call in layers]
        return self.answers(inputs, built, given)

    def chained(
        self, layers: Layers, shape: Shape, given: NDArray[Any], *, times: int = 1
    ) -> list[Answer]:
        inputs = tensor = self.keras.Input(batch_shape=shape)
        built = []
        for call in layers:
            layer = self.operation(call) if is_operation(call.name) else self.build(call)
            tensor = layer(*[tensor] * times)
            built.append((layer, tensor))
        return self.answers(inputs, built, given)

    def answers(self, inputs: Any, built: Sequence[Any], given: Any) -> list[Answer]:
        flat = self.keras.tree.flatten
        tensors = [tensor for _, returned in built for tensor in flat(returned)]
        made = self.keras.Model(inputs, tensors)(given)  # when it runs, Keras knows all masks
        rest = iter(made if isinstance(made, list) else [made])
        ran = [[next(rest) for _ in flat(returned)] for _, returned in built]
        return [
            Answer(
                nesting(returned),
                [np.asarray(one) for one in run],
                [(tuple(one.shape), np.dtype(one.dtype).itemsize) for one in layer.weights],
                layer.count_params(),
                [getattr(one, "_keras_mask", None) is not None for one in run],
            )
            for (layer, returned), run in zip(built, ran, strict=True)
        ]


@pytest.fixture(scope="session")
def keras(keras_measurer: KerasInProcess) -> Keras:
    return Keras(keras_measurer)


def nesting(returned: Any) -> Any:
    if isinstance(returned, list | tuple):
        return [nesting(one) for one in returned]
    return "tensor"


def nesting_of(facts: Facts) -> Any:
    def nested(one: Nested) -> Any:
        return "tensor" if isinstance(one, Tensor) else [nested(part) for part in one]

    places = [nested(one) for one in facts.returns]
    return places[0] if len(places) == 1 else places


def described(shape: Shape, *, masked: bool = False) -> Tensor:
    names = {2: "batch features", 3: "batch timesteps features"}.get(len(shape), "")
    words = names.split() or ["batch", *(f"axis {number}" for number in range(1, len(shape)))]
    axes = tuple(
        Axis(
            word,
            size or (2 if word == "batch" else OPEN),
            follows_from=NOTHING if size else WHEN_RUN,
        )
        for word, size in zip(words, shape, strict=True)
    )
    return Tensor("inputs", axes, "the input", "input", mask=axes[:-1] if masked else None)


def random_numbers(shape: Shape, *, zeros: bool, seed: int = 7) -> NDArray[Any]:
    """With `zeros`, all of the first sequence and the end of the second are masked."""
    generator = np.random.default_rng(seed)
    sizes = tuple(size or OPEN for size in shape)
    numbers = generator.standard_normal(sizes).astype(np.float32)
    if zeros and len(sizes) > 2:
        numbers *= generator.random((*sizes[:-1], 1)) > 0.5
        numbers[0] = 0
        numbers[1 % sizes[0], -1] = 0
    return numbers


def compared(facts: Facts) -> tuple[Any, ...]:
    """All that `assert_agree` looks at."""
    outputs = [(one.name, one.shape, one.masked) for one in facts.outputs]
    units = facts.recurrence and facts.recurrence.passes[0].output[-1].length
    relations = [(one.left, one.right) for one in facts.relations]
    return nesting_of(facts), outputs, [one.shape for one in facts.weights], units, relations


def assert_agree(call: Call, facts: Facts, answer: Answer) -> None:
    assert [one.shape for one in facts.outputs] == [one.shape for one in answer.arrays], call
    assert nesting_of(facts) == answer.nesting, call
    assert [(one.shape, one.itemsize) for one in facts.weights] == answer.weights, call
    assert sum(one.size for one in facts.weights) == answer.parameters, call
    assert [one.masked for one in facts.outputs] == answer.masked, call
    names: dict[str, Any] = {
        one.name: array for one, array in zip(facts.outputs, answer.arrays, strict=True)
    }
    names["concat"] = lambda *parts: np.concatenate(parts, axis=-1)
    if facts.recurrence:
        names["U"] = facts.recurrence.passes[0].output[-1].length
    for relation in facts.relations:
        left, right = (eval(side, {}, names) for side in (relation.left, relation.right))
        assert np.array_equal(left, right), f"{call}: {relation.claim}"


CELLS = [
    "LSTM(3)",
    "LSTM(2, use_bias=False)",
    "GRU(3)",
    "GRU(2, use_bias=False)",
    "GRU(3, reset_after=False)",
    "SimpleRNN(3)",
    "SimpleRNN(1, use_bias=False)",
]
STACKS = [
    "RNN(LSTMCell(3))",
    "RNN([LSTMCell(3)])",
    "RNN([GRUCell(2, reset_after=False)])",
    "RNN([LSTMCell(3), LSTMCell(4, use_bias=False)])",
    "RNN([GRUCell(3), GRUCell(2)])",
    "RNN(StackedRNNCells([SimpleRNNCell(2), LSTMCell(3), GRUCell(4)]))",
]
CONVOLUTIONS = [
    "ConvLSTM1D(2, 2)",
    "ConvLSTM1D(3, 3, padding='same', strides=2, use_bias=False)",
    "ConvLSTM1D(2, 2, dilation_rate=2)",
    "ConvLSTM1D(2, 2, data_format='channels_first')",
    "ConvLSTM2D(2, (2, 3), strides=(1, 2))",
    "ConvLSTM2D(3, 2, padding='same', data_format='channels_first')",
    "ConvLSTM2D(3, 2, dilation_rate=(1, 2))",
    "ConvLSTM3D(2, 2)",
]
SPACE = {"1": (5, 4), "2": (4, 5, 3), "3": (3, 2, 3, 2)}
OPTIONS = ["go_backwards", "stateful", "unroll", "zero_output_for_mask"]
MERGE_MODES: list[str | None] = ["concat", "sum", "mul", "ave", None]
OTHERS: list[tuple[str, str, list[str | None]]] = [
    ("GRU(3)", "SimpleRNN(3)", MERGE_MODES),
    ("LSTM(3)", "RNN(LSTMCell(3))", MERGE_MODES),
]


def flagged(text: str) -> Iterator[Call]:
    for sequences, state in product((False, True), repeat=2):
        yield parse(text).having(return_sequences=sequences, return_state=state)


def one_direction(text: str, options: Sequence[str] = OPTIONS) -> Iterator[Call]:
    for call in flagged(text):
        yield call
        for option in options:
            yield call.having(**{option: True})


def both_directions(text: str) -> Iterator[Call]:
    for inner, mode in product(flagged(text), MERGE_MODES):
        yield bind("Bidirectional", (inner,), {"merge_mode": mode})


def agree_or_are_refused(keras: Keras, calls: Sequence[Call], shape: Shape, *, masked: bool) -> int:
    """Compares what the rule takes; the number of layers that it refuses is returned."""
    taken, refused = [], 0
    for call in calls:
        try:
            facts = facts_of(call, [described(shape, masked=masked)])
        except QueryError:
            refused += 1
            continue
        assert facts is not None, call
        taken.append((call, facts))

    def agree() -> bool:
        numbers = random_numbers(shape, zeros=masked)
        answers = keras.side_by_side([call for call, _ in taken], numbers, masked=masked)
        for (call, facts), answer in zip(taken, answers, strict=True):
            assert_agree(call, facts, answer)
        return True

    said = [(repr(call), *compared(facts)) for call, facts in taken]
    assert RECORD.answer([said, shape, masked], agree)
    return refused


@pytest.mark.parametrize("masked", [False, True], ids=["", "masked"])
@pytest.mark.parametrize("text", CELLS)
def test_every_layer_of_one_direction(text: str, masked: bool, keras: Keras) -> None:
    calls = list(one_direction(text))
    assert not agree_or_are_refused(keras, calls, (BATCH, TIMESTEPS, 2), masked=masked)


@pytest.mark.parametrize("masked", [False, True], ids=["", "masked"])
@pytest.mark.parametrize("text", STACKS)
def test_every_stack_of_cells(text: str, masked: bool, keras: Keras) -> None:
    calls = list(one_direction(text, ["go_backwards", "unroll"]))
    refused = agree_or_are_refused(keras, calls, (BATCH, TIMESTEPS, 2), masked=masked)
    lone = text.count("Cell(") == 1 and "[" in text
    lone_lstm = lone and "LSTM" in text
    # Where a mask comes in Keras can't run a lone cell in a list, but unrolled; without one, the
    # other way round for an LSTM's.
    assert refused == (8 if lone and masked else 4 if lone_lstm else 0)


@pytest.mark.parametrize("masked", [False, True], ids=["", "masked"])
@pytest.mark.parametrize("text", ["LSTM(3)", "GRU(2)", "SimpleRNN(3)", STACKS[-1]])
def test_every_bidirectional_layer(text: str, masked: bool, keras: Keras) -> None:
    calls = list(both_directions(text))
    assert not agree_or_are_refused(keras, calls, (BATCH, TIMESTEPS, 2), masked=masked)


@pytest.mark.parametrize(("forward", "backward", "modes"), OTHERS)
def test_a_backward_layer_of_its_own(
    forward: str, backward: str, modes: Sequence[str | None], keras: Keras
) -> None:
    pairs = zip(flagged(forward), flagged(backward), strict=True)
    calls = [
        bind("Bidirectional", (one, mode, None, other.having(go_backwards=True)), {})
        for (one, other), mode in product(pairs, modes)
    ]
    assert not agree_or_are_refused(keras, calls, (BATCH, TIMESTEPS, 2), masked=False)


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("LSTM(3)", "LSTM(2)"),
        ("GRU(3, return_state=True)", "LSTM(3, return_state=True)"),
    ],
)
def test_a_backward_layer_that_returns_other_sizes_is_left_to_keras(
    forward: str, backward: str
) -> None:
    other = parse(backward).having(go_backwards=True)
    call = bind("Bidirectional", (parse(forward), "concat", None, other), {})
    assert facts_of(call, [described((BATCH, TIMESTEPS, 2))]) is None


@pytest.mark.parametrize("text", CONVOLUTIONS)
def test_every_convolutional_lstm(text: str, keras: Keras) -> None:
    *space, channels = SPACE[text[len("ConvLSTM")]]
    first = "channels_first" in text
    shape = (2, 2, channels, *space) if first else (2, 2, *space, channels)
    calls = [*one_direction(text, ["go_backwards"])]
    calls += [bind("Bidirectional", (one,), {}) for one in flagged(text)]
    calls += [bind("Bidirectional", (calls[-1]["layer"],), {"merge_mode": "sum"})]
    assert not agree_or_are_refused(keras, calls, shape, masked=False)


# Random chains. A wrong value comes now and then, so that refusals are compared too.


def mostly(good: Any, *wrong: Any) -> st.SearchStrategy[Any]:
    often = good if isinstance(good, st.SearchStrategy) else st.sampled_from(good)
    return st.integers(0, 14).flatmap(lambda n: often if n else st.sampled_from(wrong))


def layer(name: str, optional: Any = None, **required: Any) -> st.SearchStrategy[Call]:
    return st.fixed_dictionaries(required, optional=optional or {}).map(
        lambda arguments: bind(name, (), arguments)
    )


def sizes(count: int) -> st.SearchStrategy[Any]:
    one = st.integers(1, 3)
    return mostly(one | st.tuples(*[one] * count), 0, -1, "a", 1.5, (1,) * (count + 1))


SIZE = mostly(st.integers(1, 5), 0, -1, 2.0, "a", None, (3,))
FLAG = st.booleans()
RATE = mostly([0.0, 0.3, 1.0], 2, -1, "a", None)
NUMBER = mostly([0.5, 2], "a", None)
AXIS = mostly([-1, 1, 2], 0, 3, -4, None, (1, 2), "a")
FORMAT = mostly(["channels_last", "channels_first"], "foo", 3)
PADDING = mostly(["valid", "same"], "causal", "SAME", "foo", 1)
ACTIVATION = mostly(["relu", "softmax", None], "foo", "Relu", 3)
INITIALIZER = mostly(
    ["zeros", "HeNormal", None, parse("Constant(1)")], "foo", "identity", "constant"
)
REGULARIZER = mostly(["l2", None, parse("L1L2(0.1, 0.1)")], "foo", 0.1)
CONSTRAINT = mostly(["non_neg", None, parse("MaxNorm(2)")], "foo")
TRAINED = {
    "use_bias": FLAG,
    "kernel_initializer": INITIALIZER,
    "bias_initializer": INITIALIZER,
    "kernel_regularizer": REGULARIZER,
    "kernel_constraint": CONSTRAINT,
}
TRAINED_EINSUM = {
    "kernel_initializer": INITIALIZER,
    "bias_initializer": INITIALIZER,
    "activation": ACTIVATION,
    "bias_axes": mostly(["d", "b", "de", "c", None], "z"),
}
RECURRENT = {
    **TRAINED,
    "activation": ACTIVATION,
    "recurrent_initializer": INITIALIZER,
    "dropout": NUMBER,
    "recurrent_dropout": NUMBER,
    "seed": mostly([1, None], 1.5, "a"),
}
RUN = {
    "return_sequences": FLAG,
    "return_state": FLAG,
    "go_backwards": FLAG,
    "unroll": FLAG,
    "zero_output_for_mask": FLAG,
    "name": mostly([None], "a/b"),
}
RESET = {"reset_after": FLAG}
SPATIAL = {"padding": PADDING, "data_format": FORMAT}


def cells() -> st.SearchStrategy[Any]:
    one = st.one_of(
        layer("LSTMCell", RECURRENT, units=SIZE),
        layer("GRUCell", RECURRENT | RESET, units=SIZE),
        layer("SimpleRNNCell", RECURRENT, units=SIZE),
    )
    several = st.lists(one, min_size=1, max_size=3).map(tuple)
    return one | several | several.map(lambda cells: bind("StackedRNNCells", (cells,), {}))


def recurrent(run: Any) -> st.SearchStrategy[Call]:
    return st.one_of(
        layer("LSTM", RECURRENT | run, units=SIZE),
        layer("GRU", RECURRENT | RESET | run, units=SIZE),
        layer("SimpleRNN", RECURRENT | run, units=SIZE),
        layer("RNN", run, cell=cells()),
    )


def conv_lstm(count: int, run: Any) -> st.SearchStrategy[Call]:
    more = SPATIAL | {"strides": sizes(count), "dilation_rate": sizes(count)} | RECURRENT | run
    return layer(f"ConvLSTM{count}D", more, filters=SIZE, kernel_size=sizes(count))


def bidirectional(inner: Callable[[Any], st.SearchStrategy[Call]]) -> st.SearchStrategy[Call]:
    shared = {"return_sequences": FLAG, "return_state": FLAG, "unroll": FLAG}
    run = st.fixed_dictionaries({}, optional=shared)
    modes = {"merge_mode": mostly(MERGE_MODES, "foo")}
    alone = run.flatmap(lambda flags: layer("Bidirectional", modes, layer=inner(constants(flags))))
    pair = run.flatmap(
        lambda flags: layer(
            "Bidirectional",
            modes,
            layer=inner(constants(flags)),
            backward_layer=inner(constants(flags | {"go_backwards": True})),
        )
    )
    return alone | alone | pair


def constants(flags: dict[str, Any]) -> Any:
    """Flags that are given as they are: `fixed_dictionaries` draws optional ones now and then."""
    return {name: st.just(value) for name, value in flags.items()}


ELEMENTWISE = [
    layer("Dropout", {"noise_shape": mostly([None, (None, 1)], 3, (0,))}, rate=RATE),
    layer("GaussianDropout", rate=RATE),
    layer("GaussianNoise", stddev=RATE),
    layer("AlphaDropout", rate=RATE),
    layer("ActivityRegularization", {"l1": RATE}),
    layer("Activation", activation=ACTIVATION),
    layer("ReLU", {"max_value": RATE, "threshold": RATE}),
    layer("LeakyReLU", {"negative_slope": RATE}),
    layer("ELU", {"alpha": NUMBER}),
    layer("Softmax", {"axis": AXIS}),
    layer("PReLU", {"shared_axes": AXIS, "alpha_initializer": INITIALIZER}),
    layer("Masking"),
    layer("Masking"),
    layer("Dense", TRAINED | {"activation": ACTIVATION}, units=SIZE),
    layer("Dense", units=SIZE),
    layer("BatchNormalization", {"axis": AXIS, "center": FLAG, "scale": FLAG, "renorm": FLAG}),
    layer("LayerNormalization", {"axis": AXIS, "center": FLAG, "scale": FLAG}),
    layer(
        "GroupNormalization",
        {
            "groups": mostly([1, 2, -1], 0, 3, "a"),
            "axis": mostly([-1], 1, 2, 0, -4, (1,)),
            "center": FLAG,
            "scale": FLAG,
        },
    ),
    layer("RMSNormalization", {"axis": mostly([-1, (1, 2)], 0, 1, 2, 3, (-1, 1), (2, 2), "a")}),
    layer("UnitNormalization", {"axis": AXIS}),
    layer(
        "Normalization",
        {"axis": mostly([-1, (1, 2), (2, 1), None], 1, 0, 3, (1, 1), "a"), "invert": FLAG},
    ),
    layer("Normalization", {"mean": mostly([0.5, 1], None), "variance": mostly([0.5, 1], None)}),
    layer("Rescaling", {"offset": mostly([0.5, 1], "a")}, scale=mostly([0.5, 2], "a", None)),
    layer("Identity"),
    layer(
        "EinsumDense",
        TRAINED_EINSUM,
        equation=mostly(
            ["...a,ab->...b", "abc,cd->abd", "ab,bc->ac", "abc,cde->abde", "abc,bcd->ad"],
            *("a,b->c", "foo", "ab...,bc->ac...", "abc,cd->ab", 3),
        ),
        output_shape=mostly([3, (None, 3), (None, 3, 2), (3,)], (4, 3), "a", (None, "a")),
    ),
    layer(
        "SpectralNormalization",
        {"power_iterations": mostly([1, 2], 0)},
        layer=mostly(
            [
                parse("Dense(3)"),
                parse("Dense(2, use_bias=False)"),
                parse("Conv1D(3, 2)"),
                parse("DepthwiseConv1D(2)"),
            ],
            *(parse("LSTM(3)"), parse("Dropout(0.5)"), parse("SeparableConv1D(3, 2)")),
        ),
    ),
    layer("Flatten", {"data_format": FORMAT}),
    layer(
        "Reshape", target_shape=mostly([(-1,), (2, -1), (-1, 2), (4, 5), (2, -1, 1)], (-1, -1), 4)
    ),
    layer("Permute", dims=mostly([(2, 1), (2, 3, 1), (1,)], (1, 1), 2)),
]
FACTOR = mostly([0.0, 0.2, 1, (0.1, 0.2), (-0.2, 0.2)], -0.2, 2, (0.1,), "a", True)
CHANGED_IMAGES = [
    layer("RandomFlip", {"mode": mostly(["horizontal", "vertical"], "x", None), "seed": SIZE}),
    layer("RandomRotation", factor=FACTOR),
    layer("RandomContrast", factor=FACTOR),
    layer("RandomBrightness", {"seed": SIZE}, factor=FACTOR),
    layer("RandomZoom", {"width_factor": FACTOR, "data_format": FORMAT}, height_factor=FACTOR),
    layer("RandomTranslation", height_factor=FACTOR, width_factor=FACTOR),
]
EMBEDDING = layer(
    "Embedding",
    {"mask_zero": FLAG, "embeddings_initializer": INITIALIZER},
    input_dim=mostly(st.integers(2, 9), 0, 2.0),
    output_dim=SIZE,
)


def convolution(count: int) -> st.SearchStrategy[Call]:
    steps = SPATIAL | {"strides": sizes(count), "dilation_rate": sizes(count)}
    more = steps | TRAINED | {"groups": SIZE}
    padded = {"output_padding": mostly([None, 0, 1], -1, "a")}
    kernel = sizes(count)
    plain = layer(f"Conv{count}D", more, filters=SIZE, kernel_size=kernel)
    back = layer(
        f"Conv{count}DTranspose", steps | TRAINED | padded, filters=SIZE, kernel_size=kernel
    )
    if count == 3:
        return plain | back
    deep = steps | {
        "depth_multiplier": SIZE,
        "use_bias": FLAG,
        "depthwise_initializer": INITIALIZER,
        "bias_initializer": INITIALIZER,
        "bias_constraint": CONSTRAINT,
    }
    pointwise = {"pointwise_initializer": INITIALIZER, "pointwise_regularizer": REGULARIZER}
    depthwise = layer(f"DepthwiseConv{count}D", deep, kernel_size=kernel)
    separable = layer(f"SeparableConv{count}D", deep | pointwise, filters=SIZE, kernel_size=kernel)
    return plain | back | depthwise | separable


def ends(count: int) -> st.SearchStrategy[Any]:
    one = st.integers(0, 2)
    each = one | st.tuples(one, one)
    return mostly(one | st.tuples(*[each] * count), -1, "a", 1.5, (1,) * (count + 1))


def space(count: int) -> st.SearchStrategy[Call]:
    """What changes the axes over space, and no channels."""
    name = f"{count}D"
    kinds = ["Max", "Average"]
    adaptive = mostly(st.tuples(*[st.integers(2, 4)] * count), 0, "a", (2,) * (count + 1), True)
    return st.one_of(
        layer(f"ZeroPadding{name}", {"padding": ends(count), "data_format": FORMAT}),
        layer(f"Cropping{name}", {"cropping": ends(count), "data_format": FORMAT}),
        layer(f"UpSampling{name}", {"size": sizes(count), "data_format": FORMAT}),
        *(
            layer(f"Global{kind}Pooling{name}", {"data_format": FORMAT, "keepdims": FLAG})
            for kind in kinds
        ),
        *(
            layer(f"Adaptive{kind}Pooling{name}", {"data_format": FORMAT}, output_size=adaptive)
            for kind in kinds
        ),
    )


def pooling(count: int) -> st.SearchStrategy[Call]:
    more = SPATIAL | {"strides": sizes(count)}
    largest = layer(f"MaxPooling{count}D", more, pool_size=sizes(count))
    return largest | layer(f"AveragePooling{count}D", more, pool_size=sizes(count))


def layers_of_rank(rank: int) -> st.SearchStrategy[Call]:
    """Layers that take a tensor of so many axes, and some that take any."""
    inside = [layer("TimeDistributed", layer=layers_of_rank(rank - 1))] if rank > 2 else []
    fitting = {
        2: [layer("RepeatVector", n=SIZE)],
        3: [
            *[recurrent(RUN)] * 5,
            *[bidirectional(recurrent)] * 5,
            convolution(1),
            pooling(1),
            layer("GlobalMaxPooling1D", {"data_format": FORMAT, "keepdims": FLAG}),
            layer("GlobalAveragePooling1D", {"data_format": FORMAT, "keepdims": FLAG}),
            layer(
                "ZeroPadding1D", {"padding": mostly([1, (0, 2)], -1, "a"), "data_format": FORMAT}
            ),
            layer("Cropping1D", {"cropping": mostly([1, (0, 2)], -1, 3)}),
            layer("UpSampling1D", {"size": SIZE}),
            *(
                layer(
                    f"Adaptive{kind}Pooling1D",
                    {"data_format": FORMAT},
                    output_size=mostly([2, 3, (2,)], 0, "a", (2, 2)),
                )
                for kind in ("Max", "Average")
            ),
        ],
        4: [
            convolution(2),
            pooling(2),
            *[space(2)] * 2,
            *CHANGED_IMAGES,
            *[conv_lstm(1, RUN), bidirectional(lambda run: conv_lstm(1, run))] * 3,
        ],
        5: [convolution(3), pooling(3), *[space(3)] * 2, conv_lstm(2, RUN)],
    }
    return st.one_of(*fitting.get(rank, []) * 2, *inside, *ELEMENTWISE)


LAYERS = {rank: layers_of_rank(rank) for rank in (2, 3, 4, 5)}


def facts_along(layers: Layers, start: Tensor) -> list[Facts | None]:
    """What the rule says of each layer of a chain, or a `QueryError`."""
    found: list[Facts | None] = []
    tensor = start
    for call in layers:
        facts = facts_of(call, [tensor])
        found.append(facts)
        if facts is None:
            break
        tensor = replace(facts.outputs[0], source=call)
    return found


@st.composite
def chains(draw: st.DrawFn) -> tuple[tuple[Call, ...], Shape]:
    """Layers, each for the rank of what comes before, and the shape of what the first is given."""
    rank = draw(st.sampled_from([2, 3, 3, 3, 4, 5]))
    shape: Shape = (2, *(draw(st.integers(2, 6)) for _ in range(rank - 1)))
    layers: list[Call] = []
    if rank == 2 and draw(FLAG):
        layers.append(draw(EMBEDDING))
    elif rank == 3 and draw(st.integers(0, 3)) == 0:
        shape = (2, None, shape[2])
    for _ in range(draw(st.integers(1, 3))):
        try:
            facts = facts_along(layers, described(shape))
        except QueryError:
            break
        if facts and (facts[-1] is None or len(facts[-1].outputs) > 1):
            break
        rank = len(facts[-1].outputs[0].axes) if facts and facts[-1] else rank
        layers.append(draw(LAYERS.get(rank, LAYERS[2])))
    return tuple(layers), shape


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(chains(), st.booleans(), st.integers(0, 99))
def test_a_random_chain(
    keras: Keras, chain: tuple[tuple[Call, ...], Shape], zeros: bool, seed: int
) -> None:
    layers, shape = chain
    facts, refusal = None, None
    try:
        facts = facts_along(layers, described((None, *shape[1:])))
    except QueryError as wrong:
        refusal = wrong
    below = next((one["input_dim"] for one in calls_within(layers) if one.name == "Embedding"), 0)
    numbers = random_numbers(shape, zeros=zeros, seed=seed)
    if isinstance(below, int) and below and len(shape) == 2:
        numbers = np.abs(numbers * 100).astype(np.int32) % below
    text = f"{' -> '.join(map(str, layers))} of {shape}"
    answers, problem = None, None
    try:
        answers = keras.chained(layers, (None, *shape[1:]), numbers)
    except Exception as wrong:
        problem = wrong
    if answers is None:
        event("refused")
        assert refusal or (facts and None in facts), f"{text}: Keras refuses it: {problem}"
        return
    event("taken")
    assert facts is not None, f"{text}: Keras takes it: {refusal}"
    for call, one, answer in zip(layers, facts, answers, strict=False):
        if one is not None:
            assert_agree(call, one, answer)


# Random calls with several tensors.


def attention() -> st.SearchStrategy[Call]:
    biased = {"use_bias": FLAG, "kernel_initializer": INITIALIZER, "use_gate": FLAG}
    scored = {"use_scale": FLAG, "score_mode": mostly(["dot", "concat"], "foo"), "dropout": RATE}
    return st.one_of(
        layer("Attention", scored),
        layer("AdditiveAttention", scored),
        layer(
            "MultiHeadAttention",
            biased
            | {
                "value_dim": SIZE,
                "dropout": RATE,
                "output_shape": mostly([None, 3, (2, 3)], 0, -1, "a"),
                "attention_axes": mostly([None, 1, (1,), (2,), (1, 2), -2], 0, 5),
                "sliding_window": mostly([None, 2], 0, "a"),
            },
            num_heads=SIZE,
            key_dim=SIZE,
        ),
        layer(
            "GroupQueryAttention",
            biased | {"dropout": RATE},
            head_dim=SIZE,
            num_query_heads=mostly([2, 4, 3], "a"),
            num_key_value_heads=mostly([1, 2], 3, 0),
        ),
    )


def merging() -> st.SearchStrategy[Call]:
    names = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]
    return st.one_of(
        *(layer(name) for name in names),
        layer("Concatenate", {"axis": AXIS}),
        layer("Dot", axes=mostly([1, 2, -1, (1, 2), (2, 1), (-1, 1)], 0, 3, (1,), "a")),
    )


@st.composite
def shapes(draw: st.DrawFn) -> tuple[tuple[int, ...], ...]:
    """Of two or three tensors, mostly such as fit each other."""
    rank = draw(st.sampled_from([2, 3, 3, 3, 4]))
    first = tuple(draw(st.integers(1, 4)) for _ in range(rank - 1))
    found = [first]
    for _ in range(draw(st.integers(0, 2))):
        other = draw(st.sampled_from([first, found[-1]]))
        place = draw(st.integers(0, rank))
        changed = [draw(st.integers(1, 4)) if n == place else size for n, size in enumerate(other)]
        found.append(tuple(changed))
    if draw(st.integers(0, 9)) == 0:
        found[-1] = found[-1][1:] or (2,)
    return tuple(found)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(attention() | merging(), shapes(), st.tuples(FLAG, FLAG, FLAG))
@example(parse("Attention()"), ((2, 1, 1), (2, 1, 1), (1, 1, 1)), (False, False, False))
@example(parse("Attention(use_scale=True)"), ((4, 3), (3,)), (False, True, False))
def test_a_random_call_with_several_tensors(
    keras: Keras, call: Call, sizes: tuple[tuple[int, ...], ...], flags: tuple[bool, bool, bool]
) -> None:
    masked, scores, causal = flags
    masked = masked and all(len(one) > 1 for one in sizes)
    tensors = [described((None, *one), masked=masked) for one in sizes]
    is_attention, listed = "Attention" in call.name, call.name[:2] not in ("Mu", "Gr")
    listed = listed or call.name == "Multiply"
    named = {"return_attention_scores": scores, "use_causal_mask": causal} if is_attention else {}
    facts, refusal = None, None
    try:
        facts = facts_of(call, called_with(call, [tuple(tensors)] if listed else tensors, named))
    except QueryError as wrong:
        refusal = wrong
    inputs = [keras.keras.Input(one) for one in sizes]
    arrays = [random_numbers((2, *one), zeros=masked, seed=n) for n, one in enumerate(sizes)]
    answer, problem = None, None
    try:
        given = [keras.keras.layers.Masking()(one) if masked else one for one in inputs]
        made = keras.build(call)
        returned = made(given, **named) if listed else made(*given, **named)
        [answer] = keras.answers(inputs, [(made, returned)], arrays)
    except Exception as wrong:
        problem = wrong
    text = f"{call} of {sizes}{' masked' * masked} {named}"
    if answer is None:
        event("refused")
        assert refusal or facts is None, f"{text}: Keras refuses it: {problem}"
        return
    event("taken")
    assert refusal is None, f"{text}: Keras takes it: {refusal}"
    if facts is not None:
        assert_agree(call, facts, answer)
