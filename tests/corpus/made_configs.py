"""Configs of saved models, made by hand for what the files of Keras rarely have."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["GRU", "MADE", "X", "functional", "given", "model_of", "tensor"]


def model_of(*layers: str, **more: Any) -> str:
    """A `Sequential` of layers as configs have them."""
    held = [json.loads(one) for one in layers]
    return json.dumps({"class_name": "Sequential", "config": {"layers": held, **more}})


def layer(class_name: str, module: str = "keras.layers", /, **config: Any) -> str:
    return json.dumps({"module": module, "class_name": class_name, "config": config})


def tuple_of(*items: Any) -> Any:
    return {"class_name": "__tuple__", "items": items}


def policy(name: str) -> Any:
    return {"class_name": "DTypePolicy", "config": {"name": name}}


def inner(name: str, /, **config: Any) -> Any:
    return {"module": "keras.layers", "class_name": name, "config": config}


def tensor(name: str, node: float = 0, place: int = 0, shape: Any = (None, 5, 2)) -> Any:
    config = {"shape": shape, "dtype": "float32", "keras_history": [name, node, place]}
    return {"class_name": "__keras_tensor__", "config": config}


def called(name: str, made: str, *arguments: Any, **keywords: Any) -> Any:
    """A layer of a functional model, called once."""
    nodes = [{"args": arguments, "kwargs": keywords}]
    return {"name": name, "inbound_nodes": nodes, **json.loads(made)}


def given(name: str, *sizes: int | None) -> Any:
    shape = {"batch_shape": [None, *sizes], "name": name}
    return {"name": name, "class_name": "InputLayer", "config": shape, "inbound_nodes": []}


def functional(inputs: Any, outputs: Any, /, *layers: Any, **more: Any) -> str:
    config = {"layers": layers, "input_layers": inputs, "output_layers": outputs, **more}
    return json.dumps({"class_name": "Functional", "config": config})


def nested(value: Any, depth: int) -> Any:
    """A value in lists within each other."""
    return nested([value], depth - 1) if depth else value


def within(layer: Any, depth: int) -> Any:
    """A layer in `TimeDistributed`s around each other."""
    return within(inner("TimeDistributed", layer=layer), depth - 1) if depth else layer


GRU = layer("GRU", units=3)


def nested_models(depth: int) -> str:
    """A layer in `Sequential`s within each other, one more than `depth`."""
    return model_of(nested_models(depth - 1) if depth else GRU)


LSTM = layer("LSTM", units=3, return_state=True)
X, Y, OPERATION = given("x", 5, 2), given("y", 5, 2), "keras.src.ops.numpy"
MADE = {
    "a layer alone": GRU,
    "a name that Keras made up": model_of(GRU, name="sequential_3"),
    "a tuple": model_of(GRU, build_input_shape=tuple_of(None, 7, 4)),
    "an input": model_of(layer("InputLayer", batch_shape=[2, 7, 4], dtype="int32", name="t"), GRU),
    "an input of Keras 2": model_of(layer("InputLayer", batch_input_shape=[None, 7, 4]), GRU),
    "arguments of an older version": model_of(layer("LSTM", units=3, time_major=False)),
    "what holds anyway": model_of(
        layer("Dense", units=3, activation="linear", use_bias=True, dtype="float32"),
        layer("Conv1D", filters=3, kernel_size=[2], strides=[1], data_format="channels_last"),
        layer("Conv2D", filters=3, kernel_size=[2, 2], strides=[1, 1], dilation_rate=[1, 1]),
        layer("Conv2D", filters=3, kernel_size=[2, 3], strides=[2, 2], padding="same"),
        layer("Conv2D", filters=3, kernel_size=[2, 3], dilation_rate=[2, 2]),
        layer("MaxPooling1D", pool_size=[2], strides=[2]),
        layer("MaxPooling2D", pool_size=[3, 3], strides=[3, 3]),
        layer("AveragePooling2D", pool_size=[3, 2], strides=[3, 2]),
        layer("MaxPooling2D", pool_size=[3, 2], strides=[1, 1]),
        layer("MaxPooling1D", pool_size=[3]),
    ),
    "numbers of 32 bits": model_of(
        layer("LayerNormalization", epsilon=0.0010000000474974513),
        layer("BatchNormalization", momentum=0.98, epsilon=0.002),
    ),
    "types": model_of(
        layer("LSTM", units=3, dtype=policy("float32")),
        layer("LSTM", units=3, dtype=policy("mixed_float16")),
        layer("LSTM", units=3, dtype="float16"),
        layer("LSTM", units=3, dtype={"class_name": "Other", "config": {"name": "float16"}}),
    ),
    "initializers": model_of(
        layer("Dense", units=3, kernel_initializer=inner("GlorotUniform", seed=None)),
        layer("Dense", units=3, kernel_initializer=inner("HeNormal", seed=7)),
        layer("Dense", units=3, kernel_initializer=inner("Mine")),
        layer("Dense", units=3, kernel_initializer=inner("he_normal")),
        layer(
            "Embedding", input_dim=9, output_dim=2, embeddings_initializer=inner("RandomUniform")
        ),
        layer("PReLU", alpha_initializer=inner("Zeros")),
    ),
    "functions": model_of(
        layer("Dense", units=3, activation={"class_name": "function", "config": "relu"}),
        layer("Dense", units=3, activation={"class_name": "function", "config": "mine"}),
        layer("Dense", units=3, activation=inner("LeakyReLU", negative_slope=0.2)),
    ),
    "names": model_of(
        layer("LSTM", units=3, return_sequences=True, name="lstm_12"),
        layer("LSTM", units=3, return_sequences=True, name="lstm_one"),
        layer("Conv1D", filters=3, kernel_size=[2], name="conv1d_1"),
        layer(
            "TimeDistributed", layer=inner("Dense", units=2, name="dense"), name="time_distributed"
        ),
        layer("GRU", units=3, name="lstm"),
    ),
    "both directions": model_of(
        layer(
            "Bidirectional",
            layer=inner("LSTM", units=3, name="forward_lstm", zero_output_for_mask=True),
            backward_layer=inner("LSTM", units=3, name="backward_lstm", go_backwards=True),
            merge_mode="concat",
            name="bidirectional_4",
        ),
        layer("Bidirectional", layer=inner("GRU", units=3, name="forward_mine"), merge_mode="sum"),
        layer(
            "Bidirectional",
            layer=inner("GRU", units=3),
            backward_layer=inner("LSTM", units=3, name="backward_other", go_backwards=True),
            merge_mode=None,
        ),
        layer(
            "Bidirectional",
            layer=inner("GRU", units=3, name="forward_forward_gru_2"),
            backward_layer=inner("GRU", units=4, name="backward_gru_7", go_backwards=True),
        ),
        layer(
            "Bidirectional",
            layer=inner("GRU", units=3, go_backwards=True),
            backward_layer=inner("GRU", units=3),
        ),
        layer(
            "Bidirectional",
            layer=inner("GRU", units=3, name="forward_mine"),
            backward_layer=inner("GRU", units=3, name="backward_yours", go_backwards=True),
        ),
    ),
    "cells": model_of(
        layer("RNN", cell=inner("GRUCell", units=3)),
        layer("RNN", cell=inner("StackedRNNCells", cells=[inner("GRUCell", units=3)])),
        layer(
            "RNN", cell=inner("StackedRNNCells", cells=[inner("LSTMCell", units=3)], name="stacked")
        ),
        layer(
            "RNN",
            cell=inner("StackedRNNCells", cells=[inner("LSTMCell", units=3)], dtype="float16"),
        ),
    ),
    "another name of a layer": model_of(layer("MaxPool1D", pool_size=3)),
    "a layer that runs code": model_of(GRU, layer("Lambda")),
    "a registered layer of the same name": model_of(
        json.dumps(
            json.loads(layer("GRU", units=2)) | {"module": None, "registered_name": "a>GRU"}
        ),
        GRU,
    ),
    "a layer around a model": model_of(
        layer("TimeDistributed", layer={"class_name": "Sequential", "config": {"layers": []}})
    ),
    "a layer around an unread one": model_of(layer("TimeDistributed", layer=inner("Mine"))),
    "a long text": model_of(layer("GRU", units=3, name="n" * 300)),
    "a long list": model_of(layer("Reshape", target_shape=[1] * 1_001)),
    "layers around layers": model_of(
        layer("TimeDistributed", layer=inner("TimeDistributed", layer=inner("Dense", units=2)))
    ),
    "models in models": model_of(
        model_of(GRU, name="one"), model_of(layer("Dense", units=2), name="two")
    ),
    "states": functional(
        [["x", 0, 0], ["h", 0, 0]],
        [["gru", 0, 0], ["gru", 0, 1]],
        X,
        given("h", 3),
        called(
            "gru", layer("GRU", units=3, return_state=True), tensor("x"), initial_state=tensor("h")
        ),
        name="states",
    ),
    "names for what it takes and returns": functional(
        {"x": ["x", 0, 0]}, {"o": ["gru", 0, 0]}, X, called("gru", GRU, tensor("x"), training=True)
    ),
    "arguments after the last tensor": functional(
        ["x", 0, 0], ["gru", 0, 0], X, called("gru", GRU, tensor("x"), None, None)
    ),
    "an argument by name only": functional(
        ["x", 0, 0], ["gru", 0, 0], X, called("gru", GRU, inputs=tensor("x"))
    ),
    "tensors in a list": functional(
        [["x", 0, 0], ["y", 0, 0]],
        [["add", 0, 0]],
        X,
        Y,
        called("add", layer("Add"), [tensor("x"), tensor("y")]),
    ),
    "tensors in a tuple and a dict": functional(
        [["x", 0, 0], ["y", 0, 0]],
        [["add", 0, 0], ["two", 0, 0]],
        X,
        Y,
        called("add", layer("Add"), tuple_of(tensor("x"), tensor("y"))),
        called("two", layer("Add"), {"a": tensor("x"), "b": tensor("y")}),
    ),
    "operators": functional(
        [["x", 0, 0], ["y", 0, 0]],
        [["sum", 0, 0], ["gru", 0, 0]],
        X,
        Y,
        called("sum", layer("Add", OPERATION), tensor("x"), tensor("y")),
        called("half", layer("Multiply", OPERATION), tensor("sum"), 0.5),
        called("gru", GRU, tensor("half", shape=(None, 5, 2))),
    ),
    "every operator of two tensors": functional(
        [["x", 0, 0], ["y", 0, 0]],
        [["minimum", 0, 0]],
        X,
        Y,
        called("sum", layer("Add", OPERATION), tensor("x"), tensor("y")),
        called("difference", layer("Subtract", OPERATION), tensor("sum"), tensor("y")),
        called("product", layer("Multiply", OPERATION), tensor("difference"), tensor("y")),
        called("maximum", layer("Maximum", OPERATION), tensor("product"), tensor("y")),
        called("minimum", layer("Minimum", OPERATION), tensor("maximum"), tensor("y")),
    ),
    "layers in a circle beside others": functional(
        [["x", 0, 0]],
        [["gru", 0, 0]],
        X,
        called("one", layer("Dense", units=2), tensor("x")),
        *(called(f"good{number}", layer("Dense", units=2), tensor("one")) for number in range(5)),
        *(
            called(f"c{number}", layer("Dense", units=2), tensor(f"c{(number + 1) % 5}"))
            for number in range(5)
        ),
        called("gru", GRU, tensor("x")),
    ),
    "numbers among the arguments": functional(
        [["x", 0, 0]], [["gru", 0, 0]], X, called("gru", GRU, tensor("x"), 3, training="yes")
    ),
    "masks and states of layers": functional(
        [["x", 0, 0], ["y", 0, 0]],
        [["one", 0, 0], ["two", 0, 0]],
        X,
        Y,
        called("dense", layer("Dense", units=3), tensor("y")),
        called("mine", layer("Mine", "mine"), tensor("y")),
        called("one", GRU, tensor("x"), mask=tensor("dense"), initial_state=tensor("dense")),
        called("two", GRU, tensor("x"), mask=tensor("mine"), initial_state=tensor("mine")),
    ),
    "an operation": functional(
        [["x", 0, 0]],
        [["gru", 0, 0], ["item", 0, 0]],
        X,
        called("item", layer("GetItem", OPERATION), tensor("x"), [0, 1]),
        called("gru", GRU, tensor("item", shape=(None, 4, 2))),
        called("again", GRU, tensor("item", shape=(None, 4, 2))),
    ),
    "an unread layer of several outputs": functional(
        [["x", 0, 0]],
        [["add", 0, 0]],
        X,
        called("mine", layer("Mine", "mine"), tensor("x")),
        called("add", layer("Add"), [tensor("mine"), tensor("mine", 0, 1, (None, 5, 2))]),
    ),
    "places and further calls of Keras 2": functional(
        [["x", 0, 0], ["y", 0, 0]],
        [["gru", 1, 0], ["add", 0, 0], ["joined", 0, 0]],
        X,
        Y,
        {
            "name": "add",
            "inbound_nodes": [[["lstm", 0, 2, {}], ["gru", 1, 0, {}], ["other", 0, 1, {}]]],
            **json.loads(layer("Add")),
        },
        {
            "name": "joined",
            "inbound_nodes": [[["lstm", 0, 2, {}], ["gru", 1, 0, {}]]],
            **json.loads(layer("Concatenate")),
        },
        {"name": "gru", "inbound_nodes": [[["x", 0, 0, {}]], [["y", 0, 0]]], **json.loads(GRU)},
        {
            "name": "other",
            "inbound_nodes": [[["y", 0, 0, {"initial_state": [["lstm", 0, 1], ["lstm", 0, 2]]}]]],
            **json.loads(LSTM),
        },
        {"name": "lstm", "inbound_nodes": [[["x", 0, 0, {}]]], **json.loads(LSTM)},
    ),
    "a model of Keras 2": functional(
        [["x", 0, 0]],
        [["gru", 0, 0]],
        X,
        {"name": "gru", "inbound_nodes": [[["x", 0, 0, {}]]], **json.loads(GRU)},
    ).replace("Functional", "Model"),
    "a layer that is an Input": model_of(layer("Input", shape=[5, 2]), GRU),
    "a name that is a number": model_of(layer("GRU", units=3, name=5)),
    "a model as a layer with too few tensors": functional(
        [["y", 0, 0]],
        [["inner", 1, 0]],
        Y,
        {
            **json.loads(
                functional(
                    [["x", 0, 0], ["z", 0, 0]],
                    [["add", 0, 0]],
                    X,
                    given("z", 5, 2),
                    called("add", layer("Add"), [tensor("x"), tensor("z")]),
                )
            ),
            "name": "inner",
            "inbound_nodes": [{"args": [tensor("y")], "kwargs": {}}],
        },
    ),
    "states in a model as a layer": functional(
        [["y", 0, 0], ["h", 0, 0]],
        [["inner", 1, 0], ["inner", 1, 1]],
        Y,
        given("h", 3),
        {
            **json.loads(
                functional(
                    [["x", 0, 0], ["s", 0, 0]],
                    [["lstm", 0, 2], ["twice", 0, 0], ["x", 0, 0]],
                    X,
                    given("s", 3),
                    called(
                        "lstm",
                        LSTM,
                        tensor("x"),
                        initial_state=[tensor("s"), tensor("s")],
                        training=True,
                    ),
                    called("twice", layer("Add"), [tensor("lstm", 0, 1), tensor("lstm", 0, 2)]),
                )
            ),
            "name": "inner",
            "inbound_nodes": [{"args": [[tensor("y"), tensor("h")]], "kwargs": {}}],
        },
    ),
    "types of inputs": functional(
        [["a", 0, 0], ["b", 0, 0], ["c", 0, 0], ["d", 0, 0]],
        [["add", 0, 0]],
        *(
            {
                "name": name,
                "class_name": "InputLayer",
                "config": {"batch_shape": [None, 5], "dtype": dtype, "name": name},
            }
            for name, dtype in (
                ("a", policy("int32")),
                ("b", "float32"),
                ("c", "uint8"),
                ("d", "mine"),
            )
        ),
        called("add", layer("Add"), [tensor(name) for name in "abcd"]),
    ),
    "names of inputs that Keras made up": functional(
        [[name, 0, 0] for name in ("input_3", "keras_tensor_1", "lstm_input", "input_layer", "in")],
        [["add", 0, 0]],
        given("input_3", 5),
        given("keras_tensor_1", 5),
        given("lstm_input", 5),
        given("input_layer", 5),
        given("in", 5),
        called(
            "add",
            layer("Add"),
            [
                tensor(one)
                for one in ("input_3", "keras_tensor_1", "lstm_input", "input_layer", "in")
            ],
        ),
    ),
    "tensors in a deep list": functional(
        [["x", 0, 0]], [["gru", 0, 0]], X, called("gru", GRU, nested(tensor("x"), 38))
    ),
    "tensors in too deep a list": functional(
        [["x", 0, 0]], [["gru", 0, 0]], X, called("gru", GRU, nested(tensor("x"), 41))
    ),
    "outputs in a deep list": functional(
        [["x", 0, 0]], nested(["gru", 0, 0], 40), X, called("gru", GRU, tensor("x"))
    ),
    "outputs in too deep a list": functional(
        [["x", 0, 0]], nested(["gru", 0, 0], 41), X, called("gru", GRU, tensor("x"))
    ),
    "a value in deep lists": model_of(layer("Reshape", target_shape=nested(3, 39))),
    "a value in too deep lists": model_of(layer("Reshape", target_shape=nested(3, 40))),
    "a layer in many layers": model_of(json.dumps(within(inner("Dense", units=2), 19))),
    "a layer in too many layers": model_of(json.dumps(within(inner("Dense", units=2), 20))),
    "a tuple as an argument": model_of(layer("Reshape", target_shape=tuple_of(2, 5))),
    "an argument that is nothing known": model_of(layer("GRU", units=3, seed={"a": 1})),
    "a number in a layer's place": model_of(layer("Bidirectional", layer=3)),
    "a backward layer that is none": model_of(
        layer("Bidirectional", layer=inner("GRU", units=3), backward_layer=3)
    ),
    "a model in many models": nested_models(20),
    "a model in too many models": nested_models(21),
    "long names": model_of(
        layer("GRU", units=3, name="n" * 200), model_of(GRU, name="m" * 201), name="k" * 200
    ),
    "the longest of lists": model_of(layer("Reshape", target_shape=[1] * 1_000)),
    "the largest of numbers": model_of(layer("Dense", units=2**63 - 1)),
    "a number that is too large": model_of(layer("Dense", units=2**63)),
    "an input of ten axes": model_of(GRU, build_input_shape=[2] * 10),
    "an input of eleven axes": model_of(GRU, build_input_shape=[2] * 11),
    "an input of the largest size": model_of(GRU, build_input_shape=[None, 2**63 - 1]),
    "an input that is too large": model_of(GRU, build_input_shape=[None, 2**63]),
    "many unread layers": model_of(
        GRU, *(layer("Mine", "mine", name=f"m{number}") for number in range(22)), GRU
    ),
    "a layer called with no tensor": functional(
        [["x", 0, 0]], [["gru", 0, 0]], X, called("gru", GRU, 3)
    ),
    "a layer that nobody makes": functional(
        [["x", 0, 0]], [["gru", 0, 0]], X, called("gru", GRU, tensor("none"))
    ),
    "a tensor of no number": functional(
        [["x", 0, 0]], [["gru", 0, 0]], X, called("gru", GRU, tensor("x", float("inf")))
    ),
}
