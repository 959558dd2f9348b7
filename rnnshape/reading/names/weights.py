"""Weights: those that the code adds itself, in its layers and models; and those of Keras' own, as
code asks for them, sets and saves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import wraps
from itertools import compress
from typing import Any

from rnnshape.errors import NotReadError, Place, QueryError, counted
from rnnshape.expression import Call, printed, unknowns_in
from rnnshape.nest import within
from rnnshape.reading import graph
from rnnshape.reading.names.arrays import Array, array_of_shape
from rnnshape.reading.names.attributes import parts, trained_within, with_trained
from rnnshape.reading.names.of_shapes import multiplied
from rnnshape.reading.names.of_tensorflow import as_tensor
from rnnshape.reading.names.rows import check_built, check_uncalled, described
from rnnshape.reading.names.session import opened, refused, session
from rnnshape.reading.names.sizes import differ, sizes_given, sizes_of
from rnnshape.reading.names.tensors import argument, plain_shape, unread_layer, unread_step
from rnnshape.reading.python import IsOpenError, Open, opens_in, own
from rnnshape.signatures import is_recurrent


def _set_trainable(weight: Any, value: Any) -> None:
    if value is not True:
        code = session().evaluator
        words = "of one weight alone it is not followed whether it is trained"
        code.tell(NotReadError(words, code.place))


class Weight(Array):
    """A weight that a layer of the code has."""

    own_what = "a weight"
    own_layer: graph.Layer | None = None
    own_is_counted = False  # with the layer of Keras that has it
    own_place: Place | None = None  # where the code adds it
    trainable = property(lambda _: True, _set_trainable)

    def own_as_operand(self) -> graph.Tensor:
        """A row of its own in the `call` of a model; in a layer's it is counted with that."""
        if session().groups != [""]:
            return super().own_as_operand()
        why = "it is a weight that the model adds itself"
        many = 0 if self.own_is_counted else None if isinstance(self.size, Open) else self.size
        self.own_layer = self.own_layer or unread_layer(self.own_name or "weight", why, many)
        made: graph.Tensor = unread_step(self.own_layer, [], [plain_shape(self.shape)])
        return made

    def own_operated(self, other: Any, function: Any = None) -> Any:
        return as_tensor(super().own_operated(other, function))

    def __matmul__(self, other: Any) -> Any:
        return as_tensor(multiplied(self, other))

    def __getitem__(self, index: object) -> Any:
        return as_tensor(super().__getitem__(index))

    def __iter__(self) -> Any:
        return map(as_tensor, super().__iter__())

    numpy = Array.copy


class Variable(Weight):
    """A weight that the code makes itself, and that belongs to what has it as an attribute."""


def add_weight(layer: Any, *values: Any, shape: Any = None, **named: Any) -> Weight:
    """One more weight of a layer of the code."""
    if not layer.own_is_begun:
        name, write = type(layer).__name__, "super().__init__()"
        message = f"add_weight of {name} stands before Keras' own __init__: write {write} first"
        session().problem(message, write, words="you forgot to call `super().__init__()`")
    session().check_arguments("add_weight", named)
    if values and isinstance(values[0], str):
        write = f"name={values[0]!r}"
        message = f"add_weight takes no name by position: write {write}"
        session().problem(message, write, words="`name` must be passed as a keyword argument")
    if type(shape) is int:
        write = f"shape=({shape},)"
        message = f"add_weight takes a shape, not a number: write {write}"
        session().problem(message, write, words="Cannot convert '")
    given = next((v for v in values if isinstance(v, list | tuple)), () if shape is None else shape)
    if isinstance(given, Open):
        layer.own_added += (Weight((given,)),)
        raise IsOpenError(given)
    if any(size is None for size in given):
        is_cell = "state_size" in vars(layer)
        of_cell, of_layer = (
            "give its RNN (batch, timesteps, features)",
            "write it in the Input(...)",
        )
        raise QueryError(
            f"add_weight needs each size, and is given {printed(plain_shape(given))}: "
            f"{of_cell if is_cell else of_layer} "
            '(Keras: "Shapes used to initialize variables must be fully-defined")'
        )
    made = Weight(sizes_given(given))
    made.own_place = session().evaluator.place
    layer.own_added += (made,)
    return made


def of_unknown_number(one: tuple[Any, ...], other: tuple[Any, ...], because: Open) -> Any:
    """What `add_weight` makes where nobody knows whether it is called, or how often."""
    return *max(one, other, key=len), Weight((because,))


def variable(initializer: Any = None, shape: Any = None, *_: Any, **__: Any) -> Any:
    """`keras.Variable`: a weight of the layer that has it as an attribute."""
    if shape is None and not isinstance(initializer, Array | int | float | list | tuple):
        return opened("a variable")
    return Variable(sizes_of(initializer) if shape is None else sizes_given(shape))


def variable_of_tensorflow(initial_value: Any = None, *_: Any, **__: Any) -> Any:
    """`tf.Variable`, which Keras does not count."""
    if not isinstance(initial_value, Array | int | float | list | tuple):
        return opened("a variable")
    made = _counted_weight(sizes_of(initial_value))
    return made if made.shape else array_of_shape(())


def weights_of(layer: Any) -> list[Weight]:
    """Those that a layer of the code has."""
    held = within([value for name, value in vars(layer).items() if name[:4] != "own_"])
    variables = (one for one in held if isinstance(one, Variable))
    return [*{id(one): one for one in (*layer.own_added, *variables)}.values()]


def marks_built(build: Any) -> Any:
    """A `build` of the code: Keras calls none that the code has called itself."""

    @wraps(build)
    def call(layer: Any, *given: Any, **named: Any) -> object:
        layer.own_is_built = True
        return build(layer, *given, **named)

    return call


# Those of Keras


def weight_of(call: graph.LayerCall, name: str) -> Weight | None:
    """What a layer of Keras has under a name, if that is a weight."""
    is_of_inner = call.layer.call.name == "TimeDistributed" or is_recurrent(call.layer.call.name)
    layers = [] if is_of_inner else described([call])
    facts = [layer.facts for layer in layers if layer.facts]
    found = [weight.sizes for one in facts for weight in one.weights if weight.name == name]
    sizes = next(iter(found), None)
    return None if sizes is None or None in sizes else _counted_weight(sizes)


def _counted_weight(sizes: Sequence[Any]) -> Weight:
    made = Weight(sizes)
    made.own_is_counted = True
    return made


def weights_in_order(owner: Any, trained: bool | None = None) -> Any:
    """`layer.weights`, and a model's, in Keras' order: all, or those that training changes or not;
    those of a layer of the code are not known."""
    found, is_trained, known = list[Weight](), session().evaluator.known, set[graph.Layer]()
    for part in _parts(owner):
        refresh(part)
        first = session().first_call(part)
        inner = first.layer.innermost if first else frozenset[graph.Layer]()
        if inner and inner <= known:
            continue
        if trained is not None and "trainable" in dict(part.own_layer.call.left_open):
            return opened("weights")
        layers = [layer for layer in described([first] if first else ()) if layer.facts]
        layers = [] if part.own_weights else layers  # that the code adds to those of Keras' layer
        weights = [weight for layer in layers for weight in layer.facts.weights]  # type: ignore[union-attr]
        are_known = not any(None in (weight.sizes or (None,)) for weight in weights)
        if not layers or inner & known or not are_known:
            return opened("weights")
        known |= inner
        may = all(is_trained(bool, vars(one).get("trainable", True)) for one in (owner, part))
        is_asked = (trained in (None, may and weight.is_trained) for weight in weights)
        found += [_counted_weight(one.sizes) for one in compress(weights, is_asked)]  # type: ignore[arg-type]
    return found


def set_weights(owner: Any, weights: Any = None, *_: Any, **__: Any) -> None:
    """`layer.set_weights(weights)`, and a model's: of as many, and of the same shapes."""
    mine = weights_in_order(owner)
    words = "but the layer was expecting 0 weights"
    is_one = isinstance(weights, Array) and bool(weights.shape)
    if isinstance(weights, list | tuple) and weights and owner.own_is_model:
        check_built(owner, "set_weights is given weights", words)
    elif (is_one or weights) and session().first_call(owner) is None:
        check_uncalled(owner, words)
    if is_one and not isinstance(mine, Open) and type(rows := weights.shape[0]) is int:
        write = f": write [{weights.own_name}]" * (len(mine) == 1 and bool(weights.own_name))
        many = counted(len(mine), "weight")
        message = f"this takes a list of {many}, and is given one array of {rows}"
        if rows != len(mine):
            raise refused(f'{message}{write} (Keras: "You called `set_weights(weights)`")')
    if isinstance(mine, Open) or not isinstance(weights, list | tuple) or [*opens_in(weights)]:
        return
    if len(mine) != len(weights):
        message = f"this takes {counted(len(mine), 'weight')}, and is given {len(weights)}"
        raise refused(f'{message} (Keras: "You called `set_weights(weights)`")')
    check_weights(mine, weights, "is not compatible with provided weight shape")


def enable_lora(layer: Any, rank: Any = None, *_: Any, **__: Any) -> None:
    """`layer.enable_lora(4)`: it has weights as if it were made so."""
    layer.lora_rank = rank


def check_ending(of: str, path: object, endings: tuple[str, ...], words: str = "") -> None:
    """Notes a file whose name ends in another way than Keras has it."""
    if isinstance(path, str) and not path.endswith(endings):
        stem, dot, last = path.rpartition(".")
        name = f"{stem if dot and last.isalnum() else path}{endings[0]}"
        message = f"{of} takes the name of a file that ends in {endings[0]}: write {name!r}"
        session().problem(message, repr(name), words=words or f"must end in `{endings[0]}`")


def save_weights(model: Any, filepath: Any = None, *_: Any, **__: Any) -> None:
    check_built(model, "save_weights saves weights")
    check_ending("save_weights", filepath, (".weights.h5",))
    if isinstance(filepath, str):
        session().saved_weights[filepath] = weights_in_order(model)


def load_weights(model: Any, filepath: Any = None, **more: Any) -> None:
    """Of what the code has saved itself, by another model."""
    check_built(model, "load_weights is given weights")
    path = filepath if isinstance(filepath, str) else ""
    mine, saved = weights_in_order(model), session().saved_weights.get(path)
    if isinstance(mine, list) and isinstance(saved, list) and len(mine) == len(saved) and not more:
        check_weights(mine, saved, "could not be loaded")


def check_weights(mine: Sequence[Weight], given: Sequence[Any], words: str) -> None:
    for one, other in zip(mine, given, strict=True):
        if isinstance(other, Array) and differ(one.shape, other.shape):
            message = f"a weight of {one.shape} is given one of {other.shape}"
            raise refused(f'{message} (Keras: "{words}")')


def refresh(layer: Any) -> None:
    """What is in a layer may be set since as trained or not."""
    if not own(layer, "own_keras_name") or layer.own_layer is None:
        return
    call, held = layer.own_layer.call, vars(layer)
    if own(held.get("cell"), "own_layer") and held["cell"].trainable is False:
        layer.own_layer.call = with_trained(call, False)
    if (inner := held.get("own_inside")) is not None:
        for part in within([inner]):
            for one in part.own_calls() if own(part, "own_is_model") else ():
                refresh(one.layer.stand_in)
            refresh(part)
        word, now = "cell" if call.name == "RNN" else "layer", argument(inner)
        if not [*unknowns_in(now)] and trained_within(now) != trained_within(call[word]):
            setattr(layer, word, inner)
    if "forward_layer" in held:
        _refresh_halves(layer, call)


def _refresh_halves(layer: Any, call: Call) -> None:
    """Those of a `Bidirectional`, which may be unlike each other then."""
    halves = parts(call)
    are_trained = [vars(layer)[name].trainable is not False for name in halves]
    if are_trained == [half["trainable"] is not False for half in halves.values()]:
        return
    words: dict[str, Any] = dict(call.arguments)
    calls = (words["layer"], halves["backward_layer"].without("name"))
    words["layer"], backward = map(with_trained, calls, are_trained)
    if "backward_layer" in words or are_trained[0] is not are_trained[1]:
        words["backward_layer"] = backward
    layer.own_layer.call = replace(call, arguments=tuple(words.items()))


def _parts(owner: Any) -> list[Any]:
    """The layers that may have weights, also those within models."""
    if not getattr(owner, "own_kind", ""):
        return [owner][owner.own_is_without_weights :]
    owner.own_flow()  # which calls its layers, where nothing else has
    return [part for layer in owner.layers for part in _parts(layer)]
