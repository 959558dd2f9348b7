"""Random layers and operations as code: what generated programs are made of."""

from __future__ import annotations

import random

RECURRENT = ("LSTM", "GRU", "SimpleRNN")
HEADERS = (  # what is imported, and what stands before Keras' names and those of layers
    ("import keras\nfrom keras import layers", "keras.", "layers."),
    ("import tensorflow as tf\nfrom tensorflow import keras", "tf.keras.", "tf.keras.layers."),
    (
        "import keras\nfrom keras import Input, Model, Sequential\nfrom keras.layers import *",
        "",
        "",
    ),
    ("import keras as K\nfrom tensorflow.keras import layers as L", "K.", "L."),
)


class Program:
    """One program: its numbers, and how it spells Keras' names."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.header, self.keras, self.layers = self.random.choice(HEADERS)

    def size(self, least: int = 2, most: int = 9) -> int:
        return self.random.randint(least, most)

    def one_of(self, *choices: str) -> str:
        return self.random.choice(choices)

    def some(self, *arguments: str) -> str:
        """Some of these keyword arguments, each behind a comma."""
        return "".join(f", {one}" for one in arguments if self.random.random() < 0.3)

    def recurrent(self, sequences: bool, units: str = "") -> str:
        """A recurrent layer, perhaps in both directions."""
        kind, both = self.one_of(*RECURRENT), self.random.random() < 0.25
        more = self.some("dropout=0.1", "use_bias=False", "activation='relu'")
        more += "" if both else self.some("go_backwards=True")
        flag = ", return_sequences=True" if sequences else ""
        layer = f"{self.layers}{kind}({units or self.size()}{flag}{more})"
        merge = self.some(f"merge_mode={self.one_of('sum', 'ave', 'mul', 'concat')!r}")
        return f"{self.layers}Bidirectional({layer}{merge})" if both else layer

    def keeping(self) -> str:
        """A layer that takes a sequence and returns one of the same length."""
        n, layers = self.size(), self.layers
        return self.one_of(
            self.recurrent(True),
            self.recurrent(True),
            f"{layers}Dense({n}{self.some('use_bias=False', 'trainable=False')})",
            f"{layers}Dropout(0.{n})",
            f"{layers}LayerNormalization()",
            f"{layers}BatchNormalization({self.one_of('', 'center=False', 'scale=False')})",
            f"{layers}Activation({self.one_of('relu', 'tanh', 'softmax')!r})",
            f"{layers}TimeDistributed({layers}Dense({n}))",
            f"{layers}Conv1D({n}, {self.size(1, 4)}, padding={self.one_of('same', 'causal')!r})",
            f"{layers}SeparableConv1D({n}, 3, padding='same')",
            f"{layers}GaussianNoise(0.1)",
        )

    def changing(self) -> str:
        """A layer that takes a sequence of 8 steps or more and returns one of another length."""
        n, layers = self.size(), self.layers
        return self.one_of(
            f"{layers}Conv1D({n}, {self.size(1, 3)}{self.some('strides=2', 'use_bias=False')})",
            f"{layers}MaxPooling1D(2{self.some('strides=1')})",
            f"{layers}AveragePooling1D(pool_size=2, strides=1)",
            f"{layers}UpSampling1D({self.size(2, 3)})",
            f"{layers}ZeroPadding1D({self.size(1, 3)})",
            f"{layers}Cropping1D((1, {self.size(0, 2)}))",
        )

    def ending(self) -> str:
        """A layer that takes a sequence and returns a vector."""
        layers = self.layers
        return self.one_of(
            self.recurrent(False),
            self.recurrent(False),
            f"{layers}GlobalAveragePooling1D()",
            f"{layers}GlobalMaxPooling1D()",
            f"{layers}Flatten()",
        )

    def operation(self, tensor: str) -> str:
        """An expression of a sequence without a layer of its own, which keeps it a sequence."""
        n = self.size(1, 3)
        return self.one_of(
            f"{tensor}[:, {n}:]",
            f"{tensor}[:, ::2, :]",
            f"{tensor}[:, :-{n}, :]",
            f"{tensor}[..., :2]",
            f"{tensor} * {n}.5",
            f"{tensor} + {tensor}",
            f"1.0 - {tensor}",
            f"ops.concatenate([{tensor}, {tensor}], axis={self.one_of('1', '-1')})",
            f"ops.transpose({tensor}, (0, 2, 1))",
            f"ops.flip({tensor}, axis=1)",
            f"ops.relu({tensor})",
            f"ops.expand_dims(ops.mean({tensor}, axis={self.one_of('1', '2')}), -1)",
            f"ops.repeat({tensor}, 2, axis=1)",
        )

    def given(self) -> str:
        """The shape of an input."""
        return f"({self.size(24, 40)}, {self.size(2, 5)})"
