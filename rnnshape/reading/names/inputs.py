"""`keras.Input`, and the names that models are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnnshape.chains import input_of
from rnnshape.errors import QueryError
from rnnshape.expression import Call, Unknown, printed
from rnnshape.nest import within
from rnnshape.reading import graph, keras2
from rnnshape.reading.names.arguments import bound, holds_tensors
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.of_tensorflow import EagerTensor
from rnnshape.reading.names.rows import compared_as
from rnnshape.reading.names.session import session
from rnnshape.reading.names.tensors import Tensor
from rnnshape.reading.python import Open, own
from rnnshape.rules.arguments import check_kind
from rnnshape.rules.inputs import OF_A_LIST
from rnnshape.rules.kinds import kind_of


def Input(*values: Any, **named: Any) -> Any:  # noqa: N802
    """`keras.Input`, and `InputLayer`."""
    if isinstance(named.get("tensor"), Tensor):
        return named["tensor"]
    if holds_tensors(values):
        raise QueryError("Input takes a shape, and is given a tensor")
    named.pop("ragged", None)  # its shape is the same
    call = bound("Input", values, named)
    _check_input(call)
    source, given = input_of(call), call["name"]
    if source.shape is None:
        message = "Input needs a shape, such as (timesteps, features)"
        session().problem(message, words="You must pass a `shape` argument")
    name = given if isinstance(given, str) else ""
    is_counted = named.get("name") is None
    return Tensor(graph.InputTensor(source.shape, "", source.dtype, name, has_no_name=is_counted))


def _check_input(call: Call) -> None:
    for argument in ("name", "dtype"):
        if not isinstance(call[argument], Unknown):
            check_kind(call, argument, call[argument])
    twice = next((word for word in ("shape", "batch_size") if call[word] is not None), "")
    if twice and call["batch_shape"] is not None:
        words = f"You cannot pass both `{twice}` and `batch_shape`"
        raise call.error(f'Input takes {twice} or batch_shape, not both (Keras: "{words}")', twice)


def check_mixed(model: Any, given: Any) -> None:
    """Raises a `QueryError` where a model is called with arrays among tensors, which Keras makes
    tensors for a class with a `call` of its own."""
    leaves = [*within(given)] if compared_as(model) == "Functional" else []
    has_arrays = any(type(leaf) is Array for leaf in leaves)
    if has_arrays and (holds_tensors(given) or any(type(leaf) is EagerTensor for leaf in leaves)):
        words = "you cannot mix tensors and non-tensors"
        mend = "make them tensors by keras.ops.convert_to_tensor"
        title = model.own_title or "this model"
        raise QueryError(f'{title} is given arrays among tensors: {mend} (Keras: "{words}")')


def check_tensors(call: Call, given: Sequence[Any]) -> None:
    """A layer is called with a tensor; one that merges, with none first that Keras has computed."""
    if not holds_tensors(given[:1]):
        raise QueryError(f"{call} is called with no tensor")
    first, *others = graph.tensors_in(given[:1])
    is_outside = call.name in OF_A_LIST and not session().groups
    if is_outside and graph.are_computed([first]) and not graph.are_computed(others):
        message = f"{call} is given a constant first: give it behind the other tensors"
        raise QueryError(f'{message} (Keras: "encountered when calling")')


def in_order_of(names: Sequence[str], given: Any, title: str) -> Any:
    """What a model is called with; of a dictionary, each input is given what has its name."""
    if not isinstance(given, dict):
        return given
    lacking = [name for name in names if name not in given]
    of_keras = any(str(key).startswith("input_layer") for key in given)  # what it calls the others
    if lacking and (any(lacking) or not of_keras) and holds_tensors(given):
        what = f"no {lacking[0]!r}" if lacking[0] else "a dictionary, and its Input has no name"
        raise QueryError(f'{title} is given {what} (Keras: "Missing data for input")')
    return given if lacking else [given[name] for name in names]


def name_of_model(name: Any, others: Sequence[Any]) -> str:
    """The name that a model is given, which stands behind `name=`."""
    if others:
        write = f"name={others[0]!r}" if isinstance(others[0], str) else "name=..."
        message = f"a model takes its inputs and outputs by position: write {write}"
        session().problem(message, write, words="takes 1 positional argument but")
    kind = kind_of("Model", "name")
    if kind and not isinstance(name, Open) and not kind.takes(name):
        session().problem(f"a model takes {kind.allowed} as its name", words=kind.keras)
    return name if isinstance(name, str) else ""


def check_length(first: Any) -> None:
    """Keras makes `(features,)` of a recurrent layer's input_dim, and then refuses that."""
    layer = own(first, "own_layer")
    call = layer.call if layer else Call("")
    if "input_dim" in call and call.name in ("LSTM", "GRU", "SimpleRNN"):
        size = printed(call["input_dim"])
        length = printed(call["input_length"]) if "input_length" in call else "None"
        today = keras2.Today(f"Input(({length}, {size}))")
        session().old_name("input_dim", today, call.name, call.places.get("input_dim"))


def name_twice(layers: Sequence[Any], other: Any) -> str:
    """What Keras says of a layer whose name one of these has, too, where Keras itself gives one of
    the names by counting; of two names that the code gives the rule tells."""
    last = own(other, "own_layer")
    for layer in (own(one, "own_layer") for one in layers):
        if not isinstance(layer, graph.Layer) or not isinstance(last, graph.Layer):
            continue
        names = [one.name or one.call["name"] for one in (layer, last)]
        if bool(layer.name) != bool(last.name) and names[0] == names[1]:
            words = '(Keras: "should have unique names")'
            return f"two layers have the name {names[0]!r}: give each its own {words}"
    return ""
