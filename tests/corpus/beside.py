"""Random models with masks, attention and what stands around them."""

from __future__ import annotations

import random

HEADER = """
import keras
from keras import layers, ops
"""
KEEPING = (  # of a sequence of {f} features they make another
    *("Dropout(0.1)", "Activation('relu')", "SpatialDropout1D(0.1)", "Dense({f})", "ReLU()"),
    *("BatchNormalization()", "LayerNormalization()", "UnitNormalization()", "RMSNormalization()"),
    *("GroupNormalization({f})", "TimeDistributed(layers.Dense({f}))", "Masking()", "PReLU()"),
    "LSTM({f}, return_sequences=True{more})",
    "GRU({f}, return_sequences=True{more})",
    "SimpleRNN({f}, return_sequences=True)",
    "RNN(layers.LSTMCell({f}), return_sequences=True)",
    "Bidirectional(layers.LSTM({f}, return_sequences=True), merge_mode='ave')",
    "Bidirectional(layers.GRU({f}, return_sequences=True, reset_after=False), merge_mode='sum')",
    *("Conv1D({f}, 3, padding='same')", "SeparableConv1D({f}, 2, padding='same')"),
    *("Conv1DTranspose({f}, 3, padding='same')", "EinsumDense('abc,cd->abd', (None, {f}))"),
    *("Reshape((-1, {f}))", "GaussianNoise(0.1)", "Identity()", "Rescaling(0.5)"),
    *("SpectralNormalization(layers.Dense({f}))", "Dense({f}, trainable=False)"),
)
RESIZING = (
    *("MaxPooling1D(2)", "AveragePooling1D(2)", "ZeroPadding1D(1)", "Cropping1D(1)"),
    *("UpSampling1D(2)", "DepthwiseConv1D(2)", "Conv1D({f}, 2)"),
)
MERGING = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
RECURRENT = (
    *("", ", go_backwards=True", ", recurrent_dropout=0.2", ", unroll=True", ", use_cudnn=False"),
    *(", use_bias=False", ", activation='relu'", ", trainable=False"),
)
ENDINGS = (
    *("LSTM(3)", "GRU(3)", "Bidirectional(layers.LSTM(2))", "GlobalAveragePooling1D()"),
    *("GlobalMaxPooling1D()", "Flatten()", "GRU(2, activation='tanh', reset_after=False)"),
)
OPERATIONS = (
    "{x} + {x}",
    "{x} * 2.0",
    "ops.relu({x})",
    "{x}[:, ::-1]",
    "ops.concatenate([{x}], 1)",
)


def generate(seed: int, count: int) -> dict[str, str]:
    """So many programs, the same for the same seed."""
    return {f"beside_{seed}_{n}": Program(seed * 1_000_003 + n).text() for n in range(count)}


class Program:
    """One model: its lines so far, and the sequences that they make, each with its features."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.inputs: list[str] = []
        self.made: list[str] = []
        self.features = 2 * self.random.randint(1, 3)

    def text(self) -> str:
        for _ in range(self.random.randint(1, 2)):
            self.start()
        steps = [self.keep, self.keep, self.keep, self.resize, self.merge, self.operate]
        steps += [
            self.attend,
            self.attend_beside,
            self.nest,
            self.share,
            self.mask,
            self.pass_states,
        ]
        for _ in range(self.random.randint(2, 7)):
            self.random.choice(steps)()
        x = self.one()
        for _ in range(self.random.randint(0, 2)):
            self.add(f"{self.layer(KEEPING)}({x})")
            x = self.made[-1]
        outputs = [f"{self.layer(ENDINGS)}({x})", f"{x}[:, -1]", x, f"layers.Dense(1)({x})"]
        self.lines.append(f"y = layers.Dense(2)({self.random.choice(outputs)})")
        inputs = ", ".join(self.inputs)
        return "\n".join([HEADER, *self.lines, f"model = keras.Model([{inputs}], y)", ""])

    def start(self) -> None:
        name, f = f"in{len(self.inputs)}", self.features
        self.inputs.append(name)
        if self.random.random() < 0.6:
            zero = self.random.choice(("True", "True", "False"))
            self.lines.append(f"{name} = keras.Input((8,), batch_size=2, dtype='int32')")
            self.add(f"layers.Embedding(9, {f}, mask_zero={zero})({name})")
        else:
            self.lines.append(f"{name} = keras.Input((8, {f}), batch_size=2)")
            self.add(self.random.choice((f"layers.Masking()({name})", name)))

    def add(self, made: str) -> None:
        name = f"x{len(self.made)}"
        self.lines.append(f"{name} = {made}")
        self.made.append(name)

    def one(self) -> str:
        return self.random.choice(self.made[-3:])

    def layer(self, kinds: tuple[str, ...]) -> str:
        more = self.random.choice(RECURRENT)
        return "layers." + self.random.choice(kinds).format(f=self.features, more=more)

    def keep(self) -> None:
        self.add(f"{self.layer(KEEPING)}({self.one()})")

    def resize(self) -> None:
        self.add(f"{self.layer(RESIZING)}({self.one()})")

    def operate(self) -> None:
        self.add(self.random.choice(OPERATIONS).format(x=self.one()))

    def merge(self) -> None:
        kind = self.random.choice(MERGING)
        self.add(f"layers.{kind}({'axis=1' * (kind[0] == 'C')})([{self.one()}, {self.one()}])")

    def attend_beside(self) -> None:
        """As in a transformer: what attention is given goes around it, too."""
        given = self.one()
        pair = f"{given}, {given}"
        made = self.random.choice((f"MultiHeadAttention(2, 3)({pair})", f"Attention()([{pair}])"))
        self.add(f"layers.{made}")
        merged = f"layers.Add()([{given}, {self.made[-1]}])"
        self.add(self.random.choice((merged, f"{self.layer(KEEPING)}({given})")))

    def attend(self) -> None:
        query, value, scores = self.one(), self.one(), self.random.random() < 0.3
        flag = ", return_attention_scores=True" if scores else ""
        key = self.random.choice(("", f", key={value}"))
        kinds = ("Attention()", "AdditiveAttention()", "MultiHeadAttention(2, 3)")
        kind = self.random.choice((*kinds, "GroupQueryAttention(2, 2, 1)"))
        given = f"[{query}, {value}]" if kind[0] == "A" else f"{query}, {value}{key}"
        self.add(f"layers.{kind}({given}{flag})")
        if scores:
            self.lines[-1] = self.lines[-1].replace(" =", ", scores =", 1)

    def nest(self) -> None:
        name, first, second = f"inner{len(self.lines)}", self.layer(KEEPING), self.layer(KEEPING)
        if self.random.random() < 0.5:
            self.lines.append(f"{name} = keras.Sequential([{first}, {second}])")
        else:
            self.lines.append(f"i = keras.Input((None, {self.features}))")
            self.lines.append(f"{name} = keras.Model(i, {second}({first}(i)))")
        if self.random.random() < 0.2:
            self.lines.append(f"{name}.trainable = False")
        self.add(f"{name}({self.one()})")

    def share(self) -> None:
        self.lines.append(f"shared = {self.layer(KEEPING)}")
        self.add(f"shared({self.one()})")
        self.add(f"shared({self.one()})")

    def mask(self) -> None:
        kept = [line.partition(" ")[0] for line in self.lines if "dtype='int32'" in line]
        if kept:
            given = f"mask=ops.not_equal({kept[-1]}, 0)"
            self.add(f"layers.LSTM({self.features}, return_sequences=True)({self.one()}, {given})")

    def pass_states(self) -> None:
        f = self.features
        self.lines.append(f"_, h, c = layers.LSTM({f}, return_state=True)({self.one()})")
        layer = f"layers.LSTM({f}, return_sequences=True)"
        self.add(f"{layer}({self.one()}, initial_state=[h, c])")
