"""Layers and models that the user's program holds, beside those of the corpus: what Keras itself
says of them is what is answered, or it is open."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from types import MethodType
from typing import Any

import numpy as np
import pytest

from rnnshape import MeasurementError, QueryError, Report, inspect
from rnnshape.measuring.messages import Measurement, Request
from rnnshape.measuring.process import KerasProcess
from rnnshape.report import Report as PlainReport
from tests.conftest import sections
from tests.corpus.building import keras

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

LIVE: dict[str, Callable[[Any, Any], Any]] = {}


def live(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    LIVE[function.__name__] = function
    return function


def own_layer(width: int, **more: Any) -> Any:
    """A layer of the user's own, with a weight."""

    class Projection(keras().layers.Layer):  # type: ignore[misc]
        def __init__(self, width: int, function: Any = None, **more: Any) -> None:
            super().__init__(**more)
            self.width = width

        def build(self, shape: Any) -> None:
            self.kernel = self.add_weight(shape=(shape[-1], self.width))

        def call(self, x: Any) -> Any:
            return x @ self.kernel

        def compute_output_shape(self, shape: Any) -> Any:  # TimeDistributed asks for it
            return (*shape[:-1], self.width)

    return Projection(width, **more)


def splitting_layer() -> Any:
    """A layer of the user's own that returns two tensors."""

    class Halves(keras().layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x[..., :2], x[:, 0]

    return Halves()


@live
def own_layer_in_a_sequential(k: Any, layers: Any) -> Any:
    return k.Sequential([k.Input((5, 3)), own_layer(6), layers.LSTM(2)])


@live
def own_layer_that_has_no_config(k: Any, layers: Any) -> Any:
    x = k.Input((5, 3))
    return k.Model(x, layers.LSTM(4)(own_layer(6, function=len)(x)))


@live
def own_layer_with_two_tensors(k: Any, layers: Any) -> Any:
    x = k.Input((5, 3))
    sequence, first = splitting_layer()(layers.Dense(4)(x))
    return k.Model(x, [layers.LSTM(3)(sequence), layers.Dense(2)(first)])


@live
def a_lambda_at_the_end(k: Any, layers: Any) -> Any:
    return k.Sequential([k.Input((6, 3)), layers.LSTM(4), layers.Lambda(lambda t: t[:, :2])])


@live
def the_last_timestep(k: Any, layers: Any) -> Any:
    x = k.Input((6, 3))
    return k.Model(x, layers.Dense(2)(layers.LSTM(4, return_sequences=True)(x)[:, -1]))


@live
def own_layer_in_a_layer(k: Any, layers: Any) -> Any:
    x = k.Input((5, 3))
    return k.Model(x, layers.LSTM(2)(layers.TimeDistributed(own_layer(4))(x)))


@live
def a_model_called_and_in_a_layer(k: Any, layers: Any) -> Any:
    inner = k.Sequential([k.Input((4, 3)), layers.LSTM(5), layers.Dense(2)])
    several, one = k.Input((2, 4, 3)), k.Input((4, 3))
    together = [layers.TimeDistributed(inner)(several)[:, 0], inner(one)]
    return k.Model([several, one], layers.add(together))


@live
def masks_that_keras_adds(k: Any, layers: Any) -> Any:
    x = k.Input((5,))
    y = layers.Embedding(9, 4, mask_zero=True)(x)
    return k.Model(x, layers.LSTM(3)(layers.LSTM(2, return_sequences=True)(y)))


def joined_without_a_mask() -> Any:
    """A layer of the user's own of which the shape depends on whether a mask comes."""

    class Joined(keras().layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.supports_masking = True

        def call(self, x: Any, mask: Any = None) -> Any:
            return keras().ops.concatenate([x, x], -1) if mask is None else x

    return Joined()


@live
def a_mask_from_another_model(k: Any, layers: Any) -> Any:
    inner = k.Sequential([layers.Embedding(9, 4, mask_zero=True), layers.Dropout(0.1)])
    x = k.Input((5,))
    between = k.Model(x, inner(x))
    return k.Model(x, layers.Dropout(0.1)(joined_without_a_mask()(between(x))))


@live
def a_mask_that_comes_into_another_model(k: Any, layers: Any) -> Any:
    outer = k.Sequential([k.Input((5, 4)), joined_without_a_mask(), layers.Activation("relu")])
    x = k.Input((5,))
    return k.Model(x, outer(layers.Embedding(9, 4, mask_zero=True)(x)))


@live
def a_model_once_with_a_mask_and_once_without(k: Any, layers: Any) -> Any:
    inner = k.Sequential([k.Input((5, 4)), joined_without_a_mask()])
    x = k.Input((5,))
    both = [layers.Embedding(9, 4, mask_zero=zero)(x) for zero in (True, False)]
    return k.Model(x, [inner(one) for one in both])


@live
def a_lambda_behind_a_model_with_a_mask(k: Any, layers: Any) -> Any:
    inner = k.Sequential([k.Input((5,)), layers.Embedding(9, 4, mask_zero=True)])
    last = layers.Lambda(lambda t, mask=None: t if mask is None else t[:, 0])
    return k.Sequential([inner, last, layers.Activation("relu")])


@live
def called_with_its_states(k: Any, layers: Any) -> Any:
    x, h = k.Input((5, 4)), k.Input((3,))
    return k.Model([x, h], layers.GRU(3)(x, initial_state=own_layer(3)(h)))


@live
def a_sequential_that_data_has_built(k: Any, layers: Any) -> Any:
    made = k.Sequential([layers.LSTM(4, return_sequences=True), own_layer(2)])
    made(k.ops.zeros((2, 7, 3)))
    return made


def doubled() -> Any:
    return keras().layers.Lambda(lambda t: t * 2)


@live
def residual_blocks_over_an_open_length(k: Any, layers: Any) -> Any:
    x = start = k.Input((None, 3))
    for _ in range(2):
        x = doubled()(x) + x
    x = layers.Concatenate()([splitting_layer()(x)[0], start])
    return k.Model(start, layers.LSTM(4)(doubled()(x)))


@live
def a_model_of_any_length_within_one_of_a_known_length(k: Any, layers: Any) -> Any:
    x, y = k.Input((None, 3)), k.Input((7, 3))
    inner = k.Model(x, layers.Add()([own_layer(3)(x), x]))
    return k.Model(y, [inner(y), layers.LSTM(2)(inner(y)[:, 1:])])


@live
def lengths_that_own_layers_change(k: Any, layers: Any) -> Any:
    x = k.Input((8, 4))
    halves = layers.Lambda(lambda t: k.ops.reshape(t, (-1, k.ops.shape(t)[1] // 2, 8)))
    return k.Model(x, layers.Dense(2)(own_layer(5)(halves(x))))


@live
def two_open_lengths_that_are_the_same(k: Any, layers: Any) -> Any:
    class Along(k.Layer):  # type: ignore[misc]
        def call(self, given: Any) -> Any:
            nodes, edges = given
            return k.ops.matmul(edges, nodes)

    nodes, edges = k.Input((None, 3)), k.Input((None, None))
    return k.Model([nodes, edges], layers.GlobalAveragePooling1D()(Along()([nodes, edges])))


@live
def an_open_length_that_is_halved_and_doubled(k: Any, layers: Any) -> Any:
    x = k.Input((None, 3))
    y = layers.Conv1D(4, 3, strides=2, padding="same")(doubled()(x))
    joined = layers.Concatenate()([doubled()(x), layers.UpSampling1D(2)(y)])
    return k.Model(x, layers.GlobalAveragePooling1D()(joined))


def calling(call: Callable[[Any, Any], Any], *given: Any) -> Any:
    """A model that TensorFlow's own functions are in the `call` of, called with this."""

    class Called(keras().Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            layers = keras().layers
            self.lstm, self.dense = layers.LSTM(4), layers.Dense(2)
            self.embedding, self.gru = layers.Embedding(9, 3), layers.GRU(6, return_state=True)
            self.attention, self.unused = layers.MultiHeadAttention(2, 3), layers.Dense(9)
            self.inner = keras().Sequential([layers.Dense(3), layers.LSTM(4)])

        def call(self, x: Any) -> Any:
            return call(self, x)

    model = Called()
    model(*given)
    return model


def joined(model: Any, first: Any, second: Any) -> Any:
    import tensorflow as tf

    model.gru(model.embedding(second))
    first = model.attention(first, tf.nn.relu(first))
    return model.dense(tf.concat([model.lstm(first), model.inner(first), second], -1))


@live
def a_model_of_a_list_that_no_symbolic_tensor_goes_through(k: Any, layers: Any) -> Any:
    given = [np.zeros((2, 5, 3)), np.zeros((2, 2))]
    return calling(lambda model, x: joined(model, *x), given)


@live
def a_model_of_a_dictionary_that_no_symbolic_tensor_goes_through(k: Any, layers: Any) -> Any:
    given = {"b": np.zeros((2, 5, 3)), "a": np.zeros((2, 2))}
    return calling(lambda model, x: joined(model, x["b"], x["a"]), given)


@live
def a_model_that_adds_a_loss(k: Any, layers: Any) -> Any:
    def call(model: Any, x: Any) -> Any:
        first, last = model.inner(x), model.lstm(x)
        model.add_loss(k.ops.mean(first))
        return [first, last, first + last]

    return calling(call, np.zeros((2, 5, 3)))


@live
def a_call_of_tensorflow_with_nothing_that_it_needs(k: Any, layers: Any) -> Any:
    import tensorflow as tf

    class Compiled(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            last = layers.LSTM(4, return_sequences=True)
            self.inner = k.Sequential([layers.Dense(3), doubled(), last])
            self.dense = layers.Dense(2)

        @tf.function  # type: ignore[untyped-decorator]
        def call(self, inputs: Any = None, training: Any = None) -> Any:
            return tf.nn.relu(self.dense(self.inner(inputs)[:, -1]))

    model = Compiled()
    model(np.zeros((2, 5, 3), "float32"))
    assert [returned(inspect(model, input=(4, n, 3))) for n in (5, 9)] == [[(4, 2)]] * 2
    return model


@live
def a_functional_model_with_a_call_of_its_own(k: Any, layers: Any) -> Any:
    class More(k.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            x = k.Input((5, 3))
            super().__init__(x, layers.LSTM(4)(x))
            self.more = layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.more(super().call(x))

    model = More()
    model(np.zeros((2, 5, 3)))
    return model


def subclassed() -> Any:
    class Both(keras().Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = keras().layers.LSTM(4, return_sequences=True, dropout=0.1)
            self.own, self.last = own_layer(5), keras().layers.Dense(2)

        def call(self, x: Any, training: bool = False) -> Any:
            if training:
                x = x * 2
            return self.last(self.own(self.lstm(x))[:, -1])

    return Both()


@live
def a_model_with_a_call_of_its_own(k: Any, layers: Any) -> Any:
    made = subclassed()
    made(k.ops.zeros((2, 7, 3)))
    return made


def returned(report: Report | PlainReport) -> list[Any]:
    """The shapes of what a network returns."""
    network, described = report.question.network, report.description
    last = report.layers[-1]
    tensors = [described.tensor(one) for one in network.outputs] or list(last.outputs) or [None]
    return [None if one is None else one.sizes for one in tensors]


def by_keras(model: Any) -> list[Any]:
    """The same by Keras, for inputs of 2 where the batch is open."""
    recorded = (model.get_build_config() or {}).get("input_shape")
    shapes = [tuple(one.shape) for one in model.inputs] if hasattr(model, "inputs") else recorded

    def given(shape: Any) -> Any:
        if isinstance(shape, dict):
            return {word: given(one) for word, one in shape.items()}
        if any(isinstance(one, list | tuple) for one in shape):
            return [given(one) for one in shape]
        return keras().ops.zeros([size or 2 for size in shape])

    made = given(shapes)
    one = made[0] if isinstance(made, list) and len(made) == 1 else made
    return [tuple(tensor.shape) for tensor in keras().tree.flatten(model(one))]


@pytest.mark.parametrize("name", LIVE)
def test_a_live_model_is_what_keras_says(name: str) -> None:
    model = LIVE[name](keras(), keras().layers)
    report = inspect(model)
    assert (returned(report), report.parameters) == (by_keras(model), model.count_params())
    assert not report.open


# What is not known of a live object, and what is left as it is


def test_layers_and_outputs_of_a_live_model_are_in_the_order_that_keras_has() -> None:
    layers = keras().layers
    a, b = keras().Input((5, 3)), keras().Input((7,))
    x, y = layers.LSTM(3, name="x")(a), layers.Dense(2, name="y")(b)
    z = layers.Dense(4, name="z")(x)
    model = keras().Model([a, b], [y, z, x, layers.Dense(6, name="w")(a)])
    report = inspect(model)
    assert report.names == [one.name for one in model.layers if "input" not in one.name]
    made = [report.outputs_of(report.layers[ref.step - 1])[ref.output] for ref in report.returned]
    assert [(one.shape or ())[1:] for one in made] == [one.shape[1:] for one in model.outputs]


def test_of_a_sequential_that_was_not_called_nothing_is_invented() -> None:
    layers = keras().layers
    twice = layers.Lambda(lambda t: t[:, :, None])
    first = inspect(keras().Sequential([twice, layers.LSTM(3)]))
    assert (returned(first), first.inputs[0].sizes) == ([(None, 3)], None)
    assert [one.name for one in first.open] == ["inputs", "Lambda(...)"]
    last = inspect(keras().Sequential([layers.LSTM(3), own_layer(4)]))
    assert (returned(last), last.parameters, last.least_parameters) == ([None], None, 60)
    assert not last.can_be_measured


MADE_BEFORE: dict[str, Callable[[Any, Any], list[Any]]] = {
    "a built layer": lambda layers, d: [layers.Dropout(0.1), d],
    "a built layer in a model": lambda layers, d: [
        keras().Sequential([layers.Masking()]), keras().Sequential([d]), layers.GRU(2)],
    "a model of inputs and outputs": lambda layers, d: [
        layers.Dropout(0.1), described((9, 4), layers.LSTM(2))],
}  # fmt: skip


def described(shape: tuple[int, ...], layer: Any) -> Any:
    inputs = keras().Input(shape)
    return keras().Model(inputs, layer(inputs))


@pytest.mark.parametrize("name", MADE_BEFORE)
def test_what_later_parts_were_made_for_leaves_open_what_a_live_sequential_is_given(
    name: str,
) -> None:
    dense = keras().layers.Dense(3)
    dense.build((None, 6, 7))
    report = inspect(keras().Sequential(MADE_BEFORE[name](keras().layers, dense)))
    assert [one.name for one in report.open] == ["a shape"]
    assert report.parameters is None


def test_given_shapes_go_through_what_cannot_be_copied() -> None:
    k, layers = keras(), keras().layers
    every_second = layers.Lambda(lambda t: t[:, ::2])
    report = inspect(k.Sequential([every_second, layers.LSTM(3, return_sequences=True)]),
                     input=(4, 9, 2))  # fmt: skip
    assert (returned(report), report.parameters) == ([(4, 5, 3)], 72)
    x = k.Input((None, 3))
    model = k.Model(x, layers.GRU(2)(own_layer(6)(layers.LSTM(5, return_sequences=True)(x))))
    assert [one.shape for one in inspect(model).outputs] == [(2, 5, 5), (2, 5, 6), (2, 2)]
    report = inspect(model, input=(4, 9, 3))
    assert [one.shape for one in report.outputs] == [(4, 9, 5), (4, 9, 6), (4, 2)]
    x = k.Input((None,))
    model = k.Model(x, joined_without_a_mask()(layers.Embedding(9, 4, mask_zero=True)(x)))
    report = inspect(model, input=(4, 9))
    assert report.outputs[-1].shape == (4, 9, 4)
    called = subclassed()
    called(k.ops.zeros((2, 7, 3)))
    assert inspect(called, input=(8, 11, 3)).outputs[0].shape == (8, 11, 4)


def test_how_many_samples_a_layer_of_ones_own_makes_is_not_made_up() -> None:
    k, layers = keras(), keras().layers
    x = k.Input((7, 3))
    apart = layers.Lambda(lambda t: k.ops.reshape(t, (-1, 3)))
    report = inspect(k.Model(x, layers.Dense(2)(apart(x))))
    assert (returned(report), report.parameters) == ([(None, 2)], 8)
    turned = layers.Lambda(lambda t: k.ops.transpose(t, (1, 0, 2)))
    assert returned(inspect(k.Model(x, turned(x)))) == [(7, None, 3)]


@pytest.mark.parametrize("kind", ["list", "dictionary"])
def test_a_model_that_no_symbolic_tensor_goes_through_takes_other_data(kind: str) -> None:
    model = LIVE[f"a_model_of_a_{kind}_that_no_symbolic_tensor_goes_through"](keras(), None)
    given = [np.zeros((3, 7, 3)), np.zeros((3, 2))]
    data = given if kind == "list" else dict(zip("ba", given, strict=True))
    report = inspect(model, input=data)
    assert (returned(report), report.problems) == ([tuple(model(data).shape)], ())
    assert {source.shape for source in report.inputs} == {(3, 7, 3), (3, 2)}
    lengths = [layer.outputs[0].sizes for layer in report.layers if layer.call.name == "Embedding"]
    assert lengths == [(3, 2, 3)]


def test_targets_are_given_by_the_keys_of_what_no_symbolic_tensor_goes_through() -> None:
    import tensorflow as tf

    def call(model: Any, x: Any) -> Any:
        return {"y": tf.nn.softmax(model.dense(model.lstm(x))), "h": tf.nn.relu(model.lstm(x))}

    model = calling(call, np.zeros((2, 6, 3)))
    model.compile("adam", {"y": "mse", "h": "mse"})
    for width, is_right in ((4, True), (5, False)):
        target = {"y": np.zeros((4, 2)), "h": np.zeros((4, width))}
        assert _fits(model, np.zeros((4, 6, 3)), target) == is_right
        report = inspect(model, input=np.zeros((4, 6, 3)), target=target)
        told = [f"(4, {width})" in problem.message for problem in report.problems]
        assert told == [True] * (not is_right)


def test_parameters_that_no_layer_holds_are_told() -> None:
    import tensorflow as tf

    class Scaled(keras().Model):  # type: ignore[misc]
        def __init__(self, is_last: bool) -> None:
            super().__init__()
            self.dense, self.is_last = keras().layers.Dense(2), is_last
            self.scale = self.add_weight(shape=(3,))

        def call(self, x: Any) -> Any:
            made = self.dense(tf.nn.relu(x) * self.scale)
            return made if self.is_last else made * self.scale[0]

    first, last = Scaled(is_last=False), Scaled(is_last=True)
    for model in (first, last):
        model(np.zeros((2, 5, 3)))
    assert [layer.parameters for layer in inspect(first).layers] == [8, 3]
    assert [layer.parameters for layer in inspect(last).layers] == [8]
    assert "not counted: 3 parameters" in " ".join(note.text for note in inspect(last).notes)


def test_a_model_that_takes_several_tensors_by_position_is_given_all_of_them() -> None:
    class Encoder(keras().Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = keras().layers.Embedding(9, 4)
            self.gru = keras().layers.GRU(6, return_sequences=True, return_state=True)

        def call(self, x: Any, hidden: Any) -> Any:
            return self.gru(self.embedding(x), initial_state=hidden)

    model, data = Encoder(), [np.zeros((8, 7)), np.zeros((8, 6))]
    model(*data)
    report = inspect(model, input=data)
    assert returned(report) == [tuple(one.shape) for one in model(*data)]
    assert ([one.name for one in report.inputs], report.problems) == (["x", "hidden"], ())
    assert [one.name for one in inspect(model).inputs] == ["x", "hidden"]


def test_a_layer_of_ones_own_takes_several_tensors() -> None:
    class Weighed(keras().layers.Layer):  # type: ignore[misc]
        def call(self, query: Any, value: Any) -> Any:
            return keras().ops.sum(query[:, None] * value, axis=1), value[:, :, :1]

    layer, data = Weighed(), [np.zeros((8, 6)), np.zeros((8, 7, 6))]
    made = layer(*data)
    report = inspect(layer, input=data)
    assert [one.shape for one in report.outputs] == [tuple(one.shape) for one in made]


def test_a_model_without_layers_is_refused() -> None:
    k = keras()
    for model in (k.Sequential(), k.Sequential([k.Input((3,))])):
        with pytest.raises(QueryError, match="there is no layer in this model"):
            inspect(model)


def test_what_keras_adds_for_masks_is_left_out() -> None:
    report = inspect(LIVE["masks_that_keras_adds"](keras(), keras().layers))
    assert [layer.call.name for layer in report.layers] == ["Embedding", "LSTM", "LSTM"]


def test_layers_that_have_no_weights_yet_are_not_given_any() -> None:
    class Block(keras().layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inside = keras().layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.inside(x)

    block = Block()
    report = inspect(keras().Sequential([block, keras().layers.LSTM(2)]), input=(2, 5, 3))
    assert (returned(report), report.can_be_measured) == ([(None, 2)], False)
    assert not any([block.built, block.inside.built, block.weights])


def test_a_model_with_a_call_that_was_not_called_says_what_to_do_and_that_works() -> None:
    model = subclassed()
    with pytest.raises(QueryError, match="was not called yet") as refused:
        inspect(model)
    said = str(refused.value)
    assert "keras.Model(inputs, model.call(inputs))" in said
    assert "inputs = keras.Input((timesteps, features))" in said
    names: dict[str, Any] = {"keras": keras(), "model": model, "timesteps": 7, "features": 3}
    exec("inputs = keras.Input((timesteps, features))", names)
    made = eval("keras.Model(inputs, model.call(inputs))", names)
    assert returned(inspect(made)) == [(2, 2)]
    assert inspect(made).parameters == model.lstm.count_params() + 4 * 5 + 5 * 2 + 2
    again = subclassed()
    again(keras().ops.zeros((2, 7, 3)))
    assert returned(inspect(again)) == [(2, 2)]


def test_a_model_without_a_call_of_its_own_says_which_of_its_models_to_ask_for() -> None:
    class Gan(keras().Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.generator = LIVE["a_lambda_at_the_end"](keras(), keras().layers)

    gan = Gan()
    with pytest.raises(QueryError, match=r"no call of its own: .* such as gan\.generator$"):
        inspect(gan)
    assert returned(inspect(gan.generator)) == [(2, 2)]


def test_a_model_that_is_built_for_several_tensors_is_given_each_by_its_name() -> None:
    class Two(keras().Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.dense = keras().layers.LSTM(3), keras().layers.Dense(2)

        def build(self, first_shape: Any, second_shape: Any) -> None:
            self.lstm.build(first_shape)
            self.dense.build((None, 3 + second_shape[-1]))
            self.built = True

        def call(self, first: Any, second: Any) -> Any:
            return self.dense(keras().ops.concatenate([self.lstm(first), second], axis=-1))

    model = Two()
    model(keras().ops.zeros((2, 5, 4)), keras().ops.zeros((2, 6)))
    report = inspect(model)
    assert [(one.name, one.shape) for one in report.inputs] == [
        ("first", (2, 5, 4)),
        ("second", (2, 6)),
    ]
    assert [one.shape for one in report.outputs] == [(2, 3), (2, 9), (2, 2)]
    assert report.parameters == model.count_params()
    assert not report.notes


def test_the_layers_of_a_model_that_cannot_be_followed_stand_alone() -> None:
    class Odd(keras().Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.own = keras().layers.LSTM(4), own_layer(3)

        def call(self, x: Any) -> Any:
            if not hasattr(x, "numpy"):
                raise ValueError("this takes arrays alone")
            return self.own(self.lstm(x))

    model = Odd()
    model(keras().ops.zeros((2, 5, 3)))
    report = inspect(model)
    assert [layer.parameters for layer in report.layers] == [128, 12, 0]
    assert [output.shape for output in report.outputs] == [(2, 4), (2, 3), None]
    assert {ref.step for ref in report.returned} == {3}  # nobody knows what the model returns
    assert "Odd can't be followed" in report.notes[0].text


def test_a_model_that_keras_alone_can_follow_is_answered_by_what_its_layers_do() -> None:
    import tensorflow as tf

    class Odd(keras().Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.dense = keras().layers.LSTM(4), keras().layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.dense(self.lstm(tf.cast(x, tf.float32)))

    model = Odd()
    model.compile("adam", "mse")
    assert _fits(model, np.zeros((8, 5, 3)), np.zeros((8, 3)))
    report = inspect(model, input=np.zeros((8, 5, 3)), target=np.zeros((8, 3)))
    assert [one.shape for one in report.outputs] == [(8, 4), (8, 3)]
    assert ({ref.step for ref in report.returned}, report.problems) == ({2}, ())
    assert report.parameters == model.count_params()
    [problem] = inspect(model, input=(8, 5, 3), target=(8, 7)).problems
    assert problem.name == "y"


def test_what_is_asked_about_stays_as_it_is() -> None:
    """Its `call` may keep what it is given, count, and change weights."""
    import tensorflow as tf

    class Counting(keras().Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.attention = keras().layers.MultiHeadAttention(2, 3)
            self.steps = self.add_weight(shape=(), initializer="zeros", trainable=False)
            self.own, self.calls = own, 0
            self.kept: list[Any] = [[], {"all": []}]
            self.counter = tf.Variable(0.0)

        def call(self, x: Any) -> Any:
            self.calls += 1
            self.kept[0].append(self.calls)
            self.kept[1]["all"].append(x)
            self.counter.assign_add(1.0)
            self.steps.assign_add(1.0)
            x, self.scores = self.attention(x, x, return_attention_scores=True)
            return self.own(x[:, 0])

    class Keeping(keras().layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            self.last = x
            self.add_loss(keras().ops.sum(x))
            return x * 2

    own = Keeping()
    model, other = Counting(), keras().Sequential([keras().Input((3,)), own])
    model(keras().ops.zeros((2, 5, 3)))

    def state() -> list[Any]:
        seen = [model.scores, own.last, model.losses, own.losses, own._inbound_nodes]
        return [
            model.calls,
            [*model.kept],
            float(model.steps),
            *map(id, seen[:2]),
            *map(len, seen[2:]),
        ]

    before = state()
    inspect(model)
    inspect(model, input=(4, 9, 3))
    inspect(other, input=(2, 3))
    assert state() == before


def test_two_threads_may_ask_for_one_model_at_once() -> None:
    """What the one undoes of Keras' notes were those of the other."""
    called, answered, reports = threading.Event(), threading.Event(), dict[int, Any]()

    class Slow(keras().Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.dense = keras().layers.LSTM(4), keras().layers.Dense(2)

        def call(self, x: Any) -> Any:
            if threading.current_thread() in threads[:1]:
                threads[1].start()
                called.wait(1)  # where one waits for the other this is over first
            given = self.lstm(x)
            if threading.current_thread() in threads[1:]:
                called.set()
                answered.wait(5)
            return self.dense(given)

    def ask(number: int) -> None:
        reports[number] = inspect(model)
        answered.set()

    threads: list[threading.Thread] = []
    model = Slow()
    model(keras().ops.zeros((2, 5, 3)))
    threads += [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    threads[0].start()
    for thread in threads:
        thread.join(60)
    assert [(returned(reports[n]), reports[n].notes) for n in range(2)] == [([(2, 2)], ())] * 2


def test_a_sequential_with_a_call_of_its_own_is_what_that_does() -> None:
    class First(keras().Sequential):  # type: ignore[misc]
        def call(self, x: Any, training: Any = None, mask: Any = None) -> Any:
            return self.layers[0](x)[:, 0]

    model = First([keras().layers.LSTM(4, return_sequences=True), keras().layers.Dense(3)])
    model(keras().ops.zeros((2, 7, 3)))
    report = inspect(model)
    assert (returned(report), report.parameters, model.count_params()) == ([(2, 4)], 128, 143)
    assert report.notes[0].text == "not counted: 15 parameters of no layer that First.call uses"


def test_an_own_layer_alone_is_what_it_was_built_for() -> None:
    layer = own_layer(4)
    with pytest.raises(
        QueryError, match=r"^Projection is not answered: it is not a layer of Keras"
    ):
        inspect(layer)
    layer(keras().ops.zeros((2, 5, 3)))
    assert [one.shape for one in inspect(layer).outputs] == [(2, 5, 4)]
    assert inspect(layer).parameters == layer.count_params()
    assert [one.shape for one in inspect(layer, input=(6, 9, 3)).outputs] == [(6, 9, 4)]


def test_what_is_not_measured_says_why() -> None:
    layer = LIVE["own_layer_in_a_sequential"](keras(), keras().layers).layers[0]
    with pytest.raises(MeasurementError, match=r"^not measured: .*: it is not a layer of Keras"):
        inspect(layer, input=(2, 5, 3), measure=True)


def state_of(model: Any) -> Any:
    """What Keras keeps of a model's layers, and how many names it has given."""
    layers = model._flatten_layers()
    names = keras().src.backend.common.global_state.get_global_attribute("object_name_uids")
    nodes = [(len(one._inbound_nodes), len(one._outbound_nodes), one.built) for one in layers]
    return nodes, {**names}, [weight.numpy().tolist() for weight in model.weights]


@pytest.mark.parametrize("name", LIVE)
def test_nothing_of_the_user_s_is_changed(name: str) -> None:
    model = LIVE[name](keras(), keras().layers)
    before = state_of(model)
    inspect(model)
    with suppress(QueryError):
        inspect(model, input=(2, 7, 3))
    assert state_of(model) == before


def test_what_is_said_by_keras_s_own_tensors_is_named() -> None:
    report = inspect(LIVE["own_layer_in_a_sequential"](keras(), keras().layers))
    assert [note.text for note in report.notes] == [
        "Projection(...): shapes and parameters by Keras' own symbolic tensors and count_params()"
    ]
    assert not inspect(LIVE["the_last_timestep"](keras(), keras().layers)).notes


def test_a_function_of_the_user_s_own_in_a_layer_of_keras_is_run() -> None:
    doubled = eval("lambda x: ops.concatenate([x, x], -1)", {"ops": keras().ops})
    for own in (doubled, partial(doubled), MethodType(lambda _, x: doubled(x), "an object")):
        activation = keras().layers.Activation(own)
        for layer, size in (activation, 6), (keras().layers.Dense(4, activation=own), 8):
            model = keras().Sequential([keras().Input((5, 3)), layer])
            assert inspect(model, input=(7, 5, 3)).outputs[-1].shape == (7, 5, size)


def test_a_network_is_measured_without_what_is_not_read(keras_measurer: Any) -> None:
    """In this process, as the child would."""
    from rnnshape.measuring.keras_model import measure

    reports = {name: inspect_of(name) for name in LIVE}
    can_be = {name: report for name, report in reports.items() if report.can_be_measured}
    assert len(can_be) >= 8
    for name, report in can_be.items():
        [answer] = measure(Request((report.question,), seed=1))
        assert isinstance(answer, Measurement), answer
        measured = replace(report, measurement=answer)
        assert not measured.differences
        assert len(answer.inputs) == len(report.question.network.inputs)  # data, too
        for layer in measured.layers:
            shapes = [one.keras for one in measured.outputs_of(layer)]
            assert (None in shapes) == bool(layer.unread), name
        verdict = " ".join(str(measured).split()).partition("✓ measured by model.predict")[2]
        without = [f"layer {one.number}, {one.call}" for one in measured.left_out]
        words = f" without {' and '.join(without)} · Keras" if without else " · Keras"
        assert verdict.startswith(words)


def inspect_of(name: str) -> Report:
    return inspect(LIVE[name](keras(), keras().layers))


TWO_OUTPUTS = """import keras
from keras import layers, losses
x = keras.Input((5, 4))
h = layers.LSTM(3)(x)
model = keras.Model(x, [layers.Dense(2, name="dense_1")(h), layers.Dense(3, name="dense")(h)])
model.compile(loss={loss})
"""
COMPILED = (
    "'mse'", "['mse', 'sparse_categorical_crossentropy']", "{'dense': 'bce', 'dense_1': 'mse'}",
    "{'dense': losses.SparseCategoricalCrossentropy(from_logits=True), 'dense_1': losses.hinge}",
    "[losses.CategoricalCrossentropy(), losses.Huber(delta=2.0)]", "[None, 'categorical_hinge']",
)  # fmt: skip


@pytest.mark.parametrize("loss", COMPILED)
def test_the_losses_of_a_compiled_model_compare_where_no_other_is_given(
    loss: str, tmp_path: Path
) -> None:
    text = TWO_OUTPUTS.format(loss=loss)
    code, saved, old = (tmp_path / name for name in ("train.py", "saved.keras", "saved.h5"))
    code.write_text(text)
    made: dict[str, Any] = {}
    exec(text, made)
    model = made["model"]
    model.save(saved)
    model.save(old)
    x = np.zeros((8, 5, 4))
    targets: list[list[tuple[int, ...]]] = [[(8, 2), (8, 3)], [(8, 2), (8,)], [(8,), (8, 1)]]
    for target in targets:
        is_taken = _fits(model, x, [np.zeros(shape) for shape in target])
        for what in (model, code, saved, old):
            problems = inspect(what, input=x.shape, target=target).problems
            assert all(problem.silent for problem in problems) == is_taken, (what, target)
        others = inspect(model, input=x.shape, target=target, loss=["mae", "mse"]).problems
        assert {problem.loss for problem in others} <= {"mean_absolute_error", "mean_squared_error"}


@pytest.mark.parametrize("loss", [{"z": "mse", "a": "mae"}, {"z": "categorical_crossentropy"}])
def test_the_losses_of_a_model_that_returns_a_dictionary_are_those_of_its_keys(
    loss: dict[str, str],
) -> None:
    k, x = keras(), np.zeros((8, 5, 4))
    for wide, narrow in ((3, 2), (2, 3)):
        source = k.Input((5, 4))
        h = k.layers.LSTM(3)(source)
        model = k.Model(source, {"z": k.layers.Dense(3)(h), "a": k.layers.Dense(2)(h)})
        model.compile(loss=loss)
        target = {"z": np.zeros((8, wide)), "a": np.zeros((8, narrow))}
        is_taken = _fits(model, x, target)
        assert (not inspect(model, input=x, target=target).problems) == is_taken == (wide == 3)


LOSSES_OF_TWO = "mse", ["mse", "mae"], ["mse"], ["mse"] * 3, {"p": "mse", "q": "mae"}, {"p": "mse"}
WEIGHTS_OF_TWO = None, None, [1.0, 2.0], [1.0, 2.0, 3.0], {"p": 1.0, "q": 2.0}, {"p": 1.0}
METRICS_OF_TWO = (
    None, ["mae"], ["mae", "AUC"], [["mae", "acc"], []], {"p": "mae"}, {"z": ["mae"]},
    ["MeanIoU", "mae"],
)  # fmt: skip


@pytest.mark.parametrize("gives", ["[p, q]", "{'p': p, 'q': q}", "p"])
def test_what_compile_was_given_is_refused_where_keras_refuses_it_for_these_outputs(
    gives: str,
) -> None:
    k, x, verdicts = keras(), np.zeros((8, 4)), set[bool]()
    counts = k.src.backend.common.global_state.get_global_attribute
    grid = [*product(LOSSES_OF_TWO, WEIGHTS_OF_TWO, METRICS_OF_TWO)]
    for loss, weights, metrics in random.Random(7).sample(grid, 14):
        source = k.Input((4,))
        p, q = k.layers.Dense(2, name="p")(source), k.layers.Dense(3, name="q")(source)
        model = k.Model(source, eval(gives, {"p": p, "q": q}))
        model.compile("sgd", loss, weights, metrics)
        target = eval(gives, {"p": np.zeros((8, 2)), "q": np.zeros((8, 3))})
        counted = dict(counts("object_name_uids"))
        told = [one for one in inspect(model, input=x, target=target).problems if not one.silent]
        assert counts("object_name_uids") == counted
        verdicts.add(is_taken := _fits(model, x, target))
        if gives[0] != "{" or type(loss) is not list:  # of which it makes one tensor
            assert is_taken == (not told), (loss, weights, metrics, told)
    assert verdicts == {True, False}


def _fits(model: Any, x: Any, y: Any) -> bool:
    model.run_eagerly = True  # tracing takes longer than these arrays
    try:
        model.fit(x, y, verbose=0)
    except Exception:
        return False
    return True


@pytest.mark.filterwarnings("ignore")
def test_of_a_live_model_nests_kinds_of_entries_and_metrics_are_compared_as_keras_does() -> None:
    k, x, y = keras(), np.zeros((8, 5, 4)), np.zeros((8, 3))
    texts, entry = y.astype(str), [k.Input((5, 4), name="x")]
    for first, given, target, metric in [
        *((entry, one, y, "mae") for one in (x, [x], {"x": x}, {"z": x}, {"x": x.astype(object)})),
        *(([], x, y, metric) for metric in ("mae", "sparse_categorical_accuracy")),
        *(([], one, y, "mae") for one in ({"x": x}, [x], (x,), x.astype(object))),
        *((entry, x, one, "mae") for one in ({"q": y}, texts, [texts])),
    ]:
        model = k.Sequential([*first, k.layers.LSTM(3)])
        model.compile("sgd", "mse", metrics=[metric])
        said = None
        with suppress(QueryError):
            said = inspect(model, input=given, target=target).problems
        assert (said == ()) == _fits(model, given, target), (first, given, target, metric)


def test_what_a_property_of_an_own_layer_raises_is_told_as_an_error_of_a_query() -> None:
    class Unready(keras().layers.Dense):  # type: ignore[misc]
        @property
        def weights(self) -> Any:
            raise RuntimeError("not loaded")

    for asked in (Unready(3), keras().Sequential([keras().Input((5, 4)), Unready(3)])):
        with pytest.raises(QueryError, match=r"can't be read: RuntimeError: not loaded"):
            inspect(asked)


def test_a_cell_alone_is_no_layer() -> None:
    with pytest.raises(QueryError, match=r"RNN\(GRUCell\(2\)\) is the layer"):
        inspect(keras().layers.GRUCell(2))


@pytest.mark.parametrize(
    "kind", ["layer", "sequential", "functional", "subclassed", "flattened", "stateful"]
)
def test_what_was_called_once_takes_all_data_that_keras_takes(kind: str) -> None:
    import keras

    layers = keras.layers
    source = keras.Input((5, 4))

    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = layers.LSTM(3)

        def call(self, x: Any) -> Any:
            return self.lstm(x)

    kinds: dict[str, Callable[[], Any]] = {
        "layer": lambda: layers.LSTM(3),
        "subclassed": Own,
        "sequential": lambda: keras.Sequential([layers.LSTM(3), layers.Dense(1)]),
        "functional": lambda: keras.Model(source, layers.LSTM(3)(source)),
        "flattened": lambda: keras.Sequential([layers.Flatten(), layers.Dense(1)]),
        "stateful": lambda: layers.LSTM(3, stateful=True),
    }
    made = kinds[kind]()
    made(np.zeros((2, 5, 4), "float32"))
    for shape in ((2, 5, 4), (3, 5, 4), (2, 7, 4), (2, 5, 6)):
        try:
            expected = tuple(made(np.zeros(shape, "float32")).shape)
        except Exception:
            with pytest.raises(QueryError, match="does not fit"):
                inspect(made, input=shape)
        else:
            assert inspect(made, input=shape).outputs[-1].shape == expected


BUILT = """
Sequential([Input((None, 1)), LSTM(2)])
Sequential([Input((None, 6, 6, 1)), ConvLSTM2D(2, 3)])
Sequential([Input((4, 6, 1)), Bidirectional(ConvLSTM1D(2, 3))])
Sequential([Input((4, 6, 6, 1)), ConvLSTM2D(2, 3), Flatten(), Dense(1)])
Sequential([Input((None, 2)), Lambda(lambda x: x * 2), LSTM(2)])
Sequential([Input((6, 2)), own_layer(3), GRU(2)])
Sequential([Input((None, 2)), Normalization(mean=[0., 1.], variance=[1., 1.]), LSTM(2)])
Model(x := Input((None, 1)), GRU(2)(x))
Model(x := Input((4, 1)), GRU(2)(own_layer(3)(x)))
"""


@pytest.mark.parametrize("text", BUILT.strip().splitlines())
def test_what_keras_refuses_has_no_tick_and_what_it_takes_is_not_accused(text: str) -> None:
    names = vars(keras().layers) | globals() | vars(keras())
    for axis in range(1, len(eval(text, names).inputs[0].shape)):
        model = eval(text, names)
        model.compile(loss="mse")
        sizes = [size or 5 for size in model.inputs[0].shape[1:]]
        sizes[axis - 1] += 1
        target = (3, *(size or sizes[0] for size in model.output_shape[1:]))
        report = inspect(model, input=(3, *sizes), target=target)
        try:
            model.predict(np.zeros((3, *sizes)), verbose=0)
        except Exception:
            assert not re.search(r"X \([^)]*\) ✓", str(report))
        else:
            assert "data" not in [problem.kind for problem in report.problems]


CHANGED = {
    "units": lambda model: setattr(model.layers[1], "units", 10),
    "bias": lambda model: setattr(model.layers[1], "use_bias", False),
    "call of a layer": lambda model: setattr(model.layers[1], "call", lambda x, **_: x),
    "call of the model": lambda model: setattr(model, "call", lambda x, **_: model.layers[0](x)),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_was_changed_after_it_was_built_is_not_taken_from_configs(name: str) -> None:
    k = keras()
    model = k.Sequential([k.Input((7, 5)), k.layers.LSTM(4), k.layers.Dense(2)])
    CHANGED[name](model)
    if name == "call of the model":
        assert inspect(model).outputs[-1].shape == (2, 4) == model(np.zeros((2, 7, 5))).shape
    elif name == "call of a layer":  # Keras' own symbolic tensors are as they were
        assert [layer.number for layer in inspect(model).left_out] == [2]
    else:
        with pytest.raises(QueryError, match="its weights are 170 parameters, but"):
            inspect(model)


@pytest.fixture(scope="module")
def process() -> Iterator[KerasProcess]:
    with KerasProcess() as started:
        yield started


@pytest.mark.parametrize("code", *sections("data_held.txt"))
def test_data_that_a_model_holds_is_no_input_of_it(
    code: str, process: KerasProcess, tmp_path: Path
) -> None:
    i = keras().Input((7, 4))
    names = vars(keras().layers) | {"keras": keras(), "np": np, "i": i}
    model = keras().Model(i, eval(code, names))
    model.save(tmp_path / "m.keras")
    model.run_eagerly = True
    for report in (inspect(model), inspect(str(tmp_path / "m.keras"))):
        assert report.outputs[-1].shape == model.predict(np.zeros((2, 7, 4)), verbose=0).shape
        assert (len(report.inputs), report.parameters) == (1, model.count_params())
    report = inspect(model)
    [answer] = process.answers(Request((report.question,)))
    assert isinstance(answer, Measurement), answer
    assert not report.measured(answer).differences


ATTENTION: dict[str, Callable[[], Any]] = {
    "multi head": lambda: keras().layers.MultiHeadAttention(2, 8),
    "of groups": lambda: keras().layers.GroupQueryAttention(8, 4, 2),
    "additive": lambda: keras().layers.AdditiveAttention(),
    "of products": lambda: keras().layers.Attention(use_scale=True),
}


@pytest.mark.parametrize("is_called", [True, False], ids=["called", "new"])
@pytest.mark.parametrize("value", [(3, 10, 16), (3, 12, 16), (3, 12, 7)], ids=str)
@pytest.mark.parametrize("name", ATTENTION)
def test_live_attention_is_given_what_it_was_called_with_or_is_asked_about(
    name: str, value: tuple[int, ...], is_called: bool
) -> None:
    query = (3, 10, 16)
    if value[-1] == 7 and name != "multi head":
        pytest.skip("Keras takes other features of a value by heads alone")
    layer, tensors = ATTENTION[name](), [np.ones(query), np.ones(value)]
    takes_list = name in ("additive", "of products")
    found = layer(tensors) if takes_list else layer(*tensors)
    asked, given = layer if is_called else ATTENTION[name](), [query, value]
    [answered] = (inspect(asked) if is_called else inspect(asked, input=given)).layers
    assert answered.outputs[0].shape == tuple(found.shape)
    assert answered.parameters == layer.count_params()


@pytest.mark.parametrize("shapes", [{}, {"input": (2, 7, 8)}], ids=["as called", "asked"])
@pytest.mark.parametrize("name", ["LSTM", "GRU", "Bidirectional"])
def test_a_live_layer_that_was_called_with_states_is_what_it_was_called_with(
    name: str, shapes: dict[str, Any]
) -> None:
    layers = keras().layers
    sequences = keras().Input((7, 8))
    layer = getattr(layers, "GRU" if name == "Bidirectional" else name)(4, return_sequences=True)
    layer = layers.Bidirectional(layer) if name == "Bidirectional" else layer
    states = [keras().Input((4,)) for _ in range(1 if name == "GRU" else 2)]
    made = layer(sequences, initial_state=states)
    [answered] = inspect(layer, **shapes).layers
    assert answered.outputs[0].shape == (2, *made.shape[1:])
    assert answered.parameters == layer.count_params()


def test_a_live_layer_of_several_alike_is_asked_about_with_shapes() -> None:
    layer, given = keras().layers.Add(), np.ones((2, 5, 8))
    layer([given, given])
    [answered] = inspect(layer, input=[(2, 5, 8), (2, 5, 8)]).layers
    assert answered.outputs[0].shape == (2, 5, 8)


CALLS = {  # what a model of the user's own is built with, and what it does in its `call`
    "with a weight of its own": ("lstm, dense", lambda m, x: m.dense(m.lstm(x)) * m.own),
    "with a layer that it does not call": ("lstm, dense, spare", lambda m, x: m.dense(m.lstm(x))),
    "through a model of one length": ("inner, dense", lambda m, x: m.dense(m.inner(x))),
    "by a cell at each timestep": ("cell, dense", lambda m, x: m.dense(over_time(m.cell, x))),
    "that keeps states": ("kept, dense", lambda m, x: m.dense(m.kept(x))),
    "by reshaping": ("all, dense", lambda m, x: m.dense(keras().ops.reshape(m.all(x), (-1, 15)))),
}
GIVEN = [(4, 5, 4), (4, 5, 3), (4, 3, 4), (8, 5, 4), (3, 5)]


def over_time(cell: Any, x: Any) -> Any:
    state = [keras().ops.zeros((x.shape[0] or 4, 3))] * 2
    for step in range(5):
        out, state = cell(x[:, step], state)
    return out


def own_model(parts: str, does: Any) -> Any:
    k, layers = keras(), keras().layers
    start = k.Input((5, 4))

    class Own(k.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.own = self.add_weight(shape=(1,))
            made = {
                "lstm": layers.LSTM(3), "dense": layers.Dense(1), "spare": layers.Dense(2),
                "inner": k.Model(start, layers.LSTM(3)(start)), "cell": layers.LSTMCell(3),
                "kept": layers.LSTM(3, stateful=True), "all": layers.LSTM(3, return_sequences=True),
            }  # fmt: skip
            made["spare"].build((None, 2))
            for name in parts.split(", "):
                setattr(self, name, made[name])

        def call(self, x: Any) -> Any:
            return does(self, x)

    model = Own()
    model(np.zeros((4, 5, 4)))
    return model


@pytest.mark.keras
@pytest.mark.parametrize("shape", GIVEN)
@pytest.mark.parametrize("name", CALLS)
def test_data_that_a_call_does_not_take_has_no_tick(name: str, shape: tuple[int, ...]) -> None:
    model = own_model(*CALLS[name])
    try:
        asked = inspect(model, input=np.zeros(shape), target=np.zeros((shape[0], 1)), loss="mse")
        text = str(asked)
    except QueryError:
        text = "✗"
    try:
        model(np.zeros(shape))
    except Exception:
        assert "X ✓" not in text.replace(str(shape), "").replace("  ", " ")
        assert "✗" in text or "not compared: X" in text or "be followed" in text
    else:
        assert f"X {shape} ✓" in text


@pytest.mark.keras
def test_a_sequential_that_keeps_what_a_layer_refused_is_refused() -> None:
    model = keras().Sequential([keras().layers.LSTM(3)])
    for shape in ((8, 5), (8, 5, 2)):
        with pytest.raises(ValueError, match=r"ndim|already been configured"):
            model(np.zeros(shape))
    with pytest.raises(QueryError, match="make the model anew"):
        inspect(model, input=np.zeros((8, 5, 2)))


@pytest.mark.keras
def test_a_list_for_inputs_in_a_dictionary_of_another_order_is_refused() -> None:
    k, layers = keras(), keras().layers
    z, a = k.Input((5, 4), name="z"), k.Input((3,), name="a")
    model = k.Model({"z": z, "a": a}, layers.Concatenate()([layers.LSTM(3)(z), a]))
    given = {"a": np.zeros((8, 3)), "z": np.zeros((8, 5, 4))}
    assert inspect(model, input=given, target=np.zeros((8, 6)), loss="mse").problems == ()
    with pytest.raises(ValueError, match="structure of `inputs`"):
        model([*given.values()])
    with pytest.raises(QueryError, match="takes no list"):
        inspect(model, input=[*given.values()], target=np.zeros((8, 6)))


@pytest.mark.keras
def test_what_a_model_does_itself_with_each_batch_is_not_compared() -> None:
    class Own(keras().Sequential):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            return super().train_step((data[0], keras().ops.one_hot(data[1], 3)))

    model = Own([keras().Input((5, 4)), keras().layers.LSTM(3)])
    model.compile("sgd", "categorical_crossentropy")
    x, y = np.zeros((8, 5, 4)), np.zeros((8,), "int32")
    model.fit(x, y, verbose=0)
    assert "train_step is the code's own" in str(inspect(model, input=x, target=y))


@pytest.mark.keras
def test_a_layer_that_a_question_has_built_can_be_built_by_keras() -> None:
    is_short = lambda m, x: m.all(x) if x.shape[1] < 4 else m.dense(m.lstm(x))  # noqa: E731
    model = own_model("lstm, dense, all", is_short)
    inspect(model, input=np.zeros((4, 3, 4)))
    assert model(np.zeros((4, 3, 4))).shape == (4, 3, 3)
