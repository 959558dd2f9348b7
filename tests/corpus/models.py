"""Keras models of every kind that a saved file can hold, made with whichever Keras runs this.

`python models.py FILE` writes their configs, the shapes that they return, and their parameters:
so the configs of older versions of Keras come into `configs/`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

MAKERS: dict[str, Callable[[Any, Any], Any]] = {}


def model(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    MAKERS[function.__name__] = function
    return function


@model
def sequential(keras: Any, layers: Any) -> Any:
    return keras.Sequential(
        [
            layers.Input((10, 8)),
            layers.Bidirectional(layers.LSTM(6, return_sequences=True, kernel_regularizer="l2")),
            layers.LSTM(5, name="encoder", dropout=0.2),
            layers.Dense(3, activation="softmax"),
        ]
    )


@model
def seq2seq(keras: Any, layers: Any) -> Any:
    source = layers.Input((None,), name="tokens")
    embedded = layers.Embedding(50, 8, mask_zero=True)(source)
    _, h, c = layers.LSTM(4, return_state=True)(embedded)
    target = layers.Input((None, 3), name="targets")
    decoder = layers.LSTM(4, return_sequences=True, return_state=True)
    decoded, _, c2 = decoder(target, initial_state=[h, c])
    words = layers.Dense(50, activation="softmax", name="words")(decoded)
    return keras.Model([source, target], [words, c2], name="translator")


@model
def bidirectional_states(keras: Any, layers: Any) -> Any:
    source, target = layers.Input((7, 3)), layers.Input((5, 2))
    bidirectional = layers.Bidirectional(layers.LSTM(4, return_state=True), name="both_ways")
    _, h1, c1, h2, c2 = bidirectional(source)
    states = [layers.Concatenate()([h1, h2]), layers.Concatenate()([c1, c2])]
    return keras.Model(
        [source, target], layers.LSTM(8, return_sequences=True)(target, initial_state=states)
    )


@model
def nested(keras: Any, layers: Any) -> Any:
    inner = keras.Sequential(
        [layers.Input((6, 4)), layers.GRU(5, return_sequences=True), layers.Dense(4)], name="inner"
    )
    x = layers.Input((6, 4))
    middle = keras.Model(x, [inner(x), layers.LSTM(3)(inner(x))], name="middle")
    inputs = layers.Input((6, 4))
    sequence, last = middle(inputs)
    return keras.Model(inputs, [layers.SimpleRNN(2)(sequence), last])


@model
def shared(keras: Any, layers: Any) -> Any:
    left, right = layers.Input((8, 3)), layers.Input((8, 3))
    encoder = layers.GRU(5)
    a, b = encoder(left), encoder(right)
    return keras.Model([left, right], layers.Dense(1)(layers.Concatenate()([a, b, a + b])))


@model
def layers_around(keras: Any, layers: Any) -> Any:
    x = layers.Input((12, 8))
    y = layers.Conv1D(4, 3)(x)
    y = layers.MaxPooling1D(2)(y)
    y = layers.BatchNormalization()(y)
    y = layers.LeakyReLU()(y)
    y = layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode="ave")(y)
    y = layers.TimeDistributed(layers.Dense(4, activation="relu"))(y)
    y = layers.LayerNormalization()(y)
    y = layers.Reshape((4, 5))(layers.Permute((2, 1))(y))
    return keras.Model(x, layers.GlobalAveragePooling1D()(y))


@model
def cells(keras: Any, layers: Any) -> Any:
    x = layers.Input((5, 2))
    o, one, two = layers.RNN([layers.LSTMCell(3), layers.LSTMCell(4)], return_state=True)(x)
    both_ways = layers.Bidirectional(
        layers.LSTM(3, name="ahead"), backward_layer=layers.LSTM(3, go_backwards=True)
    )
    return keras.Model(x, [o, *one, *two, both_ways(x)])


@model
def convolutional(keras: Any, layers: Any) -> Any:
    return keras.Sequential(
        [
            layers.Input((3, 8, 8, 2)),
            layers.ConvLSTM2D(4, 3, padding="same", strides=2, return_sequences=True),
            layers.ConvLSTM2D(2, (1, 3), return_state=False),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )


@model
def fixed_batch(keras: Any, layers: Any) -> Any:
    x = layers.Input(batch_shape=(4, 5, 3), dtype="float32")
    y = layers.LSTM(6, stateful=True, return_sequences=True, unroll=True)(x)
    return keras.Model(x, layers.GRU(2, reset_after=False, go_backwards=True)(y))


def returned_shapes(keras: Any, made: Any) -> list[list[int]]:
    """What the model returns for inputs of 2, 5 and so on where it leaves them open."""
    given = [
        keras.ops.zeros([size or (2, 5)[min(axis, 1)] for axis, size in enumerate(one.shape)])
        for one in made.inputs
    ]
    outputs = made(given[0] if len(given) == 1 else given)
    flat = outputs if isinstance(outputs, list | tuple) else [outputs]
    return [list(one.shape) for one in flat]


def main(file: str) -> None:
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    import keras

    saved = {}
    for name, make in MAKERS.items():
        try:  # the first versions can't make all of them
            made = make(keras, keras.layers)
            shapes = returned_shapes(keras, made)
        except Exception as problem:
            print(f"{name} is left out: {type(problem).__name__}")
            continue
        config, parameters = json.loads(made.to_json()), made.count_params()
        saved[name] = {"config": config, "shapes": shapes, "parameters": parameters}
    with open(file, "w") as out:
        json.dump({"keras": keras.__version__, "models": saved}, out, separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
