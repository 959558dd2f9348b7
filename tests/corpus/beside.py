"""Random models with masks, attention and what stands around them, and what Keras makes of them.

`python -m tests.corpus.beside` reads programs, `{name: text}` in JSON, from standard input, and
writes what each layer does when its model runs: Keras knows of some masks only then.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from typing import Any

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


# What Keras makes of them


class Watched:
    """Keras, and for each call of a layer by its name which masks came and went."""

    def __init__(self) -> None:
        import keras

        self.keras = keras
        self.calls: dict[str, list[Any]] = {}
        keras.Layer.__call__ = self._watched(keras.Layer.__call__)

    def _watched(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(layer: Any, *arguments: Any, **keywords: Any) -> Any:
            before = self._masked((arguments, keywords)) or keywords.get("mask") is not None
            returned = original(layer, *arguments, **keywords)
            shapes = [list(one.shape) for one in self.keras.tree.flatten(returned)]
            made = {"mask": [before, self._masked(returned)], "shapes": shapes}
            self.calls.setdefault(layer.name, []).append(made)
            return returned

        return call

    def _masked(self, nest: Any) -> bool:
        flat = self.keras.tree.flatten(nest)
        return any(getattr(one, "_keras_mask", None) is not None for one in flat)

    def truth(self, text: str) -> dict[str, Any]:
        import numpy as np

        self.keras.utils.clear_session(free_memory=False)
        variables: dict[str, Any] = {}
        try:
            exec(text, variables)
            model = variables["model"]
            given = [np.ones(one.shape, str(one.dtype)) for one in model.inputs]
            for one in given:
                one[:, 5:] = 0
            self.calls = {}
            model([self.keras.ops.convert_to_tensor(one) for one in given])
        except Exception as wrong:
            return {"error": str(wrong)}
        layers = {layer.name: self._told(layer) for layer in model._flatten_layers()}
        summary: list[str] = []
        model.summary(print_fn=summary.append)
        return {"calls": self.calls, "layers": layers, "summary": "\n".join(summary)}

    def _told(self, layer: Any) -> dict[str, Any]:
        return {"parameters": layer.count_params(), "cudnn": cudnn(layer)}


def cudnn(layer: Any) -> bool | None:
    """What Keras itself would say where there is a GPU."""
    rnn = sys.modules["keras.src.backend.tensorflow.rnn"]

    if inside := [getattr(layer, name, None) for name in ("forward_layer", "backward_layer")]:
        found = [cudnn(one) for one in inside if one is not None]
        if found:
            return None if None in found else all(found)
    kind, cell = type(layer).__name__, type(getattr(layer, "cell", None)).__name__
    if kind == "RNN" and cell in ("LSTMCell", "GRUCell"):
        return False  # it asks for no kernel
    if kind not in ("LSTM", "GRU"):
        return None
    asked = [layer.cell.activation, layer.cell.recurrent_activation, layer.unroll]
    asked.append(layer.cell.use_bias)
    if kind == "LSTM":
        allowed = rnn._do_lstm_arguments_support_cudnn(*asked)
    else:
        allowed = rnn._do_gru_arguments_support_cudnn(*asked, layer.cell.reset_after)
    return bool(allowed and layer.use_cudnn in ("auto", True) and not layer.recurrent_dropout)


def main() -> None:
    os.environ |= {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"}
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    programs = json.load(sys.stdin)
    keras = Watched()
    for name, text in programs.items():
        print(json.dumps({"program": name, **keras.truth(text)}), flush=True)


if __name__ == "__main__":
    main()
