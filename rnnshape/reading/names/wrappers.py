"""Layers around others, which code may change later: `Bidirectional`, `TimeDistributed`, `RNN`."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from rnnshape.errors import QueryError, counted
from rnnshape.expression import Unknown
from rnnshape.nest import within
from rnnshape.network import Shape
from rnnshape.reading import graph
from rnnshape.reading.names.arguments import needed_by
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.attributes import as_tracked
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.predictions import reshaped
from rnnshape.reading.names.rows import layers_in, overrides
from rnnshape.reading.names.session import opened, session, unknown_of
from rnnshape.reading.names.sizes import differ
from rnnshape.reading.names.tensors import (
    Tensor,
    argument,
    plain_shape,
    plain_sizes,
    tensors_of,
    unread_layer,
    unread_step,
)
from rnnshape.reading.python import IsOpenError, Open, opens_in, own
from rnnshape.reading.python.handed_on import functions_of
from rnnshape.reading.python.in_common import one_of
from rnnshape.reading.python.scope import body_of
from rnnshape.reading.python.stand_in import is_of_code, is_visible


class Wrapper(Layer):
    """What layers around another derive from, in the code and in Keras."""

    def __init__(self, *values: Any, **named: Any) -> None:
        if self.own_keras_name:
            super().__init__(*values, **named)
        else:
            layer = values[0] if values else named.pop("layer", None)
            super().__init__(**named)
            self.layer = layer


class SpectralNormalization(Wrapper):
    """A layer whose kernel is divided: it has the weights of that layer, and a vector."""

    def __init__(self, layer: Any = None, *values: Any, **named: Any) -> None:
        super().__init__(layer, *values, **named)
        inner = own(layer, "own_layer")
        if self.own_layer is not None and isinstance(inner, graph.Layer):
            sizes = (inner.call[word] for word in ("units", "filters"))
            many = next((size for size in sizes if isinstance(size, int)), None)
            vector = graph.Layer(self.own_layer.call, parameters=many)
            self.own_inside = layer
            self.own_layer.holds = (*layers_in(layer), vector)


def around_each(kind: type, given: Sequence[Any], named: Mapping[str, Any]) -> object:
    """What a layer of Keras is around one of several layers; None around one that is known."""
    words = [word for word in named if word in INNER and not given]
    which = given[0] if given else named[words[0]] if words else None
    sides = own(which.as_called, "own_sides") if isinstance(which, Open) else None
    if not isinstance(which, Open) or not sides or is_of_code(kind):
        return None
    if any(len(side) != 1 for side in sides):
        return None
    first, *others = (side[0] for side in sides)

    def around(layer: Any) -> Any:
        return kind(**{**named, words[0]: layer}) if words else kind(layer, *given[1:], **named)

    with session().aside():  # they have one name
        made = [around(layer) for layer in others]
    return one_of([around(first), *made], which)


class LayerAround(Layer):
    """A layer of Keras around another, of which it may be known only that it is one of several."""

    def __new__(cls, *values: Any, **named: Any) -> Any:
        made = around_each(cls, values, named)
        return super().__new__(cls) if made is None else made


class Bidirectional(LayerAround):
    """A layer both ways: Keras copies the one that is given, but not a `backward_layer`."""

    def __init__(self, *values: Any, backward_layer: Any = None, **named: Any) -> None:
        more = {} if backward_layer is None else {"backward_layer": backward_layer}
        super().__init__(*values, **named, **more)
        if self.own_layer is not None and isinstance(backward_layer, Layer):
            vars(self)["backward_layer"] = backward_layer
            self.own_hold_parts()
        given = values[0] if values else named.get("layer")
        if is_of_code(type(given)) and not session().has_custom_objects:
            raise QueryError(
                f"Bidirectional copies {type(given).__name__}, which Keras finds by its name: put "
                "@keras.saving.register_keras_serializable() before its class "
                '(Keras: "Could not locate class")'
            )
        inner = own(given, "own_layer")
        if self.own_layer is not None and inner in session().built:
            because = opened(str(inner.call), "a copy of it is for the features of the first")
            self.own_layer.unread = unknown_of(because)


INNER = {"layer", "cell", "cells"}


class LayerOverTime(LayerAround):
    """`TimeDistributed(layer)`: one row of a layer of the code, or of a model that is no chain,
    which is followed once."""

    own_inner: Sequence[Any] = ()
    own_inside: Any = None

    def __init__(self, *values: Any, **named: Any) -> None:
        inner = values[0] if values else next(map(named.get, named.keys() & INNER), None)
        inner = (isinstance(inner, Cells) and inner.own_inner) or inner
        self.own_is_stack = isinstance(inner, list | tuple)
        self.own_is_begun = True
        several: Any = as_tracked(inner) if self.own_is_stack else [inner]
        inner = several if self.own_is_stack else inner
        is_open = any(own(part, "own_open") is not None or _is_unread(part) for part in several)
        unread = (isinstance(p, Layer) and isinstance(argument(p), Unknown) for p in several)
        if not is_open and any(unread):
            words = ("cell", "return_sequences", "return_state")
            self.own_inner, self.own_keras_name, self.own_is_row = several, "", True
            self.own_named = dict(zip(words, values, strict=False)) | named
            why = getattr(own(several[0], "own_layer"), "unread", None)
            followed = "what is in it is followed, for one timestep"
            self.own_why = why.reason if why else followed
            if named.get("name") is None:
                self.own_name = session().name_of(type(self).__name__)
            return
        super().__init__(*values, **named)
        self.own_is_row = not self.own_keras_name
        if self.own_layer is None:  # it derives from one, and what that takes is not all known
            return
        words = self.own_layer.call.arguments
        unknown = next((value for word, value in words if word in INNER), None)
        if isinstance(unknown, Unknown):  # what it makes is of any shape
            self.own_layer.unread = unknown
        self.own_layer.holds = tuple(one for part in several for one in layers_in(part))
        first = next((one.own_layer for one in several if isinstance(one, Layer)), None)
        self.own_inside = inner
        self.own_layer.parameters = (first or self.own_layer).parameters  # those of what is in it

    def __call__(self, *given: Any, **named: Any) -> Any:
        inner, held = next(iter(self.own_inner), self.own_inside), session()
        is_in_call = held.groups or graph.are_computed(graph.tensors_in(given))
        is_aside = is_in_call or not {*held.follows} <= {"called"}
        if not (is_aside or isinstance(self, LayerOfCells) or _says_shape(inner)):
            raise QueryError(
                f"TimeDistributed needs to know what shape {type(inner).__name__} makes: write its "
                'compute_output_shape (Keras: "does not have a `compute_output_shape` method")'
            )
        nest = own(inner, "own_nests", (None, None))[1]
        if not is_in_call and isinstance(nest, list | tuple | dict):
            raise QueryError(
                "TimeDistributed takes a model of one output, and not in a list: write Model("
                'inputs, output) (Keras: "Exception encountered when calling TimeDistributed")'
            )
        return super().__call__(*given, **named)

    def call(self, *given: Any, **named: Any) -> Any:
        if not self.own_inner:
            model = self.own_inside
            for tensor in given[:1] if own(model, "own_is_model") else ():
                sizes = plain_sizes(tensor) if isinstance(tensor, Tensor) else None
                if sizes and model.own_kind == "Sequential":
                    model.own_given((sizes[0], *sizes[2:]))
                if sizes and model.own_takes:
                    timestep = Tensor(graph.InputTensor((sizes[0], *sizes[2:])))
                    made = reshaped(model.own_title, model.own_takes[0], timestep, given)
                    if made is not None:
                        return made
            return super().call(*given, **named)
        first = given[0] if given else next(iter(named.values()))
        sizes = plain_sizes(first) if isinstance(first, Tensor) else None
        if sizes is None:
            unread = unread_layer(self.own_text, "what it is given is not known")
            return unread_step(unread, tensors_of([given, named]))
        timestep = Tensor(graph.InputTensor((sizes[0], *sizes[2:]), "inputs"))
        return self.own_of_timestep(timestep, sizes)

    def own_merged(self, name: str, one: Any, other: Any, because: Any) -> Any:
        if name in ("own_starts", "own_loops"):  # of its last call, which no other needs
            return other
        return super().own_merged(name, one, other, because)

    def own_of_timestep(self, timestep: Tensor, sizes: Shape) -> Any:
        [inner] = self.own_inner
        return _at_every_timestep(inner(timestep, **_trained_as_needed(inner)), sizes)

    @property
    def own_text(self) -> str:
        inner = next(iter(self.own_inner), None)
        return f"{type(self).__name__}({getattr(inner, 'own_title', '...')})"


def _is_unread(layer: Any) -> bool:
    """Whether it is a layer of Keras around one that is not read."""
    return bool(own(layer, "own_keras_name") and getattr(own(layer, "own_layer"), "unread", None))


def _says_shape(layer: Any) -> bool:
    """Whether a layer or model says what it makes without being called."""
    is_own = is_of_code(type(layer)) and overrides(layer, "call")
    is_said = own(layer, "own_keras_name") or overrides(layer, "compute_output_shape")
    return not is_own or bool(is_said)


def initial_state(layer: Any, batch_size: Any) -> list[Any]:
    """The zeros that a layer or a cell of Keras begins with."""
    if own(batch_size, "shape", ()) != ():  # as Keras 2 had it
        text = session().evaluator.words_of_call().get("0", "inputs")
        write = f"get_initial_state(keras.ops.shape({text})[0])"
        message = f"get_initial_state takes the batch size, and no tensor: write {write}"
        session().problem(message, write)
        batch_size = opened("the batch size")
    name = layer.own_keras_name
    if name.removesuffix("Cell") not in ("GRU", "LSTM", "SimpleRNN"):
        raise IsOpenError(opened("a state"))
    zeros = session().of_keras("ops", "zeros")((batch_size, layer.units))
    return [zeros] * (2 if "LSTM" in name else 1)


class Cell(Layer):
    """A step of a layer."""

    get_initial_state = initial_state


class LayerOfCells(LayerOverTime):
    """`RNN(cell)`, of cells of the code."""

    get_initial_state = initial_state

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        has: Any = session().evaluator.given["hasattr"]
        for cell in (one for one in self.own_inner if is_of_code(type(one))):
            if has(cell, "state_size") is False and not _may_set_by_name(cell):
                kind = type(cell).__name__
                message = f"a cell says how large its states are: give {kind} a state_size"
                session().problem(message, words="should have a `state_size` attribute")

    def call(self, *given: Any, **named: Any) -> Any:
        held = self.own_layer.holds if self.own_layer else ()
        if len({*held}) < len(held):
            because = opened("cells", "one cell stands several times in it: make each anew")
            self.own_layer.unread = unknown_of(because)
        self.own_starts = [*graph.tensors_in([given[1:], named.get("initial_state")])]
        is_data = graph.are_computed(graph.tensors_in(given))  # of which no loop is made
        self.own_loops = not (is_data or own(self, "own_named", {}).get("unroll") is True)
        return super().call(*given, **named)

    def own_of_timestep(self, timestep: Any, sizes: Shape) -> Any:
        states: list[Any] = []
        starts = iter(self.own_starts)
        for cell in self.own_inner:
            kept = session().evaluator.attribute(cell, "state_size")
            each = kept if isinstance(kept, list | tuple) else [kept]
            parts = (size if isinstance(size, list | tuple) else (size,) for size in each)
            shapes = [plain_shape((sizes[0], *part)) for part in parts]
            begun = [] if self.own_starts else _begun(cell, sizes[0])
            behind = ([shape[1:] for shape in part] for part in (begun, shapes))
            is_said = not begun or (len(begun) == len(shapes) and not any(map(differ, *behind)))
            before = [*map(graph.InputTensor, shapes if is_said else begun)]
            states_before = [*map(Tensor, before)]
            timestep, after = cell(timestep, states_before, **_trained_as_needed(cell))
            after = [*after] if isinstance(after, list | tuple) else [after]
            if len(after) != len(before) and next(opens_in(after), None) is None:
                raise QueryError(
                    f"{type(cell).__name__} has {counted(len(before), 'state')} and returns "
                    f'{len(after)} (Keras: "leaves for PyTreeSpec")'
                )
            if self.own_loops:
                _check_states(cell, states_before, after, "returns")
                _check_states(cell, states_before, [*islice(starts, len(before))], "is given")
            if not is_said:  # Keras returns as many as `state_size` says, and of those sizes
                after = [opened("a state", "its cell begins with others")] * len(shapes)
            states += [after] if self.own_is_stack and each is kept else after
        if is_of_code(type(cell)):
            _check_width(self, cell, timestep)
        flags = self.own_named
        output = _at_every_timestep(timestep, sizes) if flags.get("return_sequences") else timestep
        return (output, *states) if flags.get("return_state") else output


def _begun(cell: Any, batch_size: Any) -> list[Shape]:
    """The shapes of the states that a cell of the code says it begins with, where it is read."""
    if not overrides(cell, "get_initial_state"):
        return []
    with session().aside(), suppress(IsOpenError, QueryError, TypeError):
        batch = opened("the batch size") if batch_size is None else batch_size
        begun = [*within(cell.get_initial_state(batch_size=batch))]
        if all(isinstance(state, Tensor | Array) for state in begun):
            sizes = ([batch_size if one is batch else one for one in x.shape] for x in begun)
            return [*map(plain_shape, sizes)]
    return []


def _check_width(layer: Any, cell: Any, output: Any) -> None:
    """What a cell makes is as wide as its `output_size`, or else as its first state: Keras takes
    the shape of the layer from there."""
    sizes = plain_sizes(output) if isinstance(output, Tensor) else None
    word = "output_size" if is_visible(cell, "output_size") else "state_size"
    said = next(within(session().evaluator.attribute(cell, word)), None)
    if sizes and type(said) is type(sizes[-1]) is int and said != sizes[-1]:
        name = type(cell).__name__
        why = f"{name} makes {sizes[-1]} features, and Keras takes its {word} for that, {said}"
        raise IsOpenError(opened(layer.own_text, why))


def _check_states(cell: Any, states: Sequence[Tensor], others: Sequence[Any], does: str) -> None:
    """A loop of TensorFlow takes states of the same sizes from one timestep to the next."""
    for pair in zip(states, others, strict=False):
        one, other = (plain_sizes(x) if isinstance(x, Tensor) else None for x in pair)
        if one and other and differ(one[1:], other[1:]):
            raise QueryError(
                f"{type(cell).__name__} has a state of {one[1:]}, and {does} one of {other[1:]} "
                '(Keras: "enters the loop with shape")'
            )


def _may_set_by_name(cell: Any) -> bool:
    """Whether code may give an object an attribute in a way that is not followed."""
    body = [part for method in functions_of(cell) for part in body_of(method) or ()]
    texts = [session().evaluator.source.text, *map(ast.unparse, body)]
    return any(word in text for text in texts for word in ("__dict__", "vars(", "setattr"))


class Cells(LayerOfCells):
    """`StackedRNNCells(cells)`, of cells of the code."""


def _trained_as_needed(inner: Any) -> dict[str, None]:
    """What a layer of the code is called with beside its tensors, by the one around it."""
    return {"training": None} if "training" in needed_by(inner.call) else {}


def _at_every_timestep(made: Any, sizes: Shape) -> Tensor:
    each = plain_sizes(made) if isinstance(made, Tensor) else None
    return Tensor(graph.InputTensor(each and (*sizes[:2], *each[1:])))


class TimeDistributed(LayerOverTime, Wrapper):
    """`TimeDistributed`, which is a `Wrapper` in Keras, as `RNN` is not."""


WRAPPERS = {
    "Bidirectional": Bidirectional,
    **dict.fromkeys(("GRUCell", "LSTMCell", "SimpleRNNCell"), Cell),
    "RNN": LayerOfCells,
    "SpectralNormalization": SpectralNormalization,
    "StackedRNNCells": Cells,
    "TimeDistributed": TimeDistributed,
}
