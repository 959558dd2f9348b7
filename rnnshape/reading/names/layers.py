"""Layers: those of Keras by the table of signatures, and those that the code defines itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import Any

from rnnshape import signatures
from rnnshape.errors import QueryError
from rnnshape.expression import Call, Unknown, Value, bind
from rnnshape.nest import as_lists, within
from rnnshape.reading import graph, keras2
from rnnshape.reading.names import attributes, own_call, subclassed
from rnnshape.reading.names.added_to_unread import added_to_unknown
from rnnshape.reading.names.arguments import check_flags, config, holds_tensors, in_order, passed
from rnnshape.reading.names.inputs import check_tensors
from rnnshape.reading.names.open_tensors import made_of_open_list
from rnnshape.reading.names.rows import (
    CELLS,
    count_params,
    counted_in_all,
    layers_of_calls,
    nested_like,
    not_kept,
    overrides,
    shapes_of_row,
    unused,
    uses_all,
    uses_more,
    why_open,
)
from rnnshape.reading.names.session import gives_open, open_of, opened, session, unknown_of
from rnnshape.reading.names.settings import Setting
from rnnshape.reading.names.symbolic_tensors import check_unrolled
from rnnshape.reading.names.tensors import (
    argument,
    plain_shape,
    returned,
    unread_layer,
    unread_step,
)
from rnnshape.reading.names.weights import (
    Weight,
    add_weight,
    enable_lora,
    marks_built,
    of_unknown_number,
    set_weights,
    weight_of,
    weights_in_order,
    weights_of,
)
from rnnshape.reading.python import IsOpenError, Open, StandIn, own
from rnnshape.reading.python.doubts import conditions_now
from rnnshape.reading.python.stand_in import UnreadBase
from rnnshape.rules.inputs import OF_A_LIST

CLASSES_OF: dict[str, type[Layer]] = {}  # of layers that take others, each with a class of its own


class Layer(StandIn):
    """A layer: those of Keras are its subclasses; what `call` of the code's own does is followed.

    Attributes:
        own_keras_name: of the layer of Keras that it is; empty where it is none.
        own_layer: what stands for it in the network.
        own_added, own_weights: what `add_weight` has made, and all that the code makes itself.
    """

    own_added: tuple[Weight, ...]
    own_weights = property(weights_of)
    own_is_built: bool
    own_keras_name = own_name = ""
    own_kind: Any = ""  # of a model; empty where that has a `call` of its own
    own_layer: Any = None
    own_says: Call | None = None  # of its input, where it is one of the code
    own_is_row = own_is_without_weights = False  # whether it is always one row
    own_is_any = False  # whether it is not known which layer it is
    own_why = "it has weights of its own, which are counted as the code adds them"
    own_what, own_has_class, own_is_model = "a layer", True, False
    own_chosen_over: Any  # what it is, or another
    own_told: tuple[str, ...] = ("add", "pop")
    own___init___takes = property(lambda layer: () if layer.own_keras_name else ("name",))

    def __new__(cls, *_: Any, **__: Any) -> Any:
        made = super().__new__(cls)
        made.own_added, made.own_is_built = (), False
        made.own_is_begun = UnreadBase in cls.__mro__  # whose `__init__` calls Keras', as it must
        return made

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        if getattr(cls.build, "__module__", "") == "__main__" and "build" in vars(cls):
            cls.build = marks_built(cls.build)  # type: ignore[method-assign]

    def __init__(self, *values: Any, **named: Any) -> None:
        self.own_is_begun = True
        call, name = config(self, *attributes.as_tracked((values, named))), named.get("name")
        counted = session().name_of(type(self).__name__) if name is None else ""
        if call is not None:
            many = 0 if session().groups else None  # of what a `call` makes, Keras counts none
            self.own_layer = graph.Layer(call, None, many, counted, stand_in=self)
            self.own_activation = subclassed.activation_given(call.name, values, named)
            session().unused.append(self)
        else:
            self.own_name = counted or (name if isinstance(name, str) else "")
            subclassed.keep_arguments(self, values, named)

    def own_reaches(self, name: str) -> bool:
        """Whether Keras' layers have an attribute of that name: their arguments are."""
        words = ("input", "output", "state_size", "trainable", *attributes.WEIGHTS)
        is_known = name in words or self.own_is_argument(name) or name in self._parts()
        return is_known or keras2.attribute(name, "layer") is not None

    def own_may_have(self, name: str) -> bool:
        """Whether Keras may have what is not known here."""
        of_keras = attributes.may_have(self.own_keras_name, name, is_model=self.own_is_model)
        return of_keras and not self.own_lacks(name)

    def own_is_argument(self, name: str) -> bool:
        return bool(self.own_keras_name) and attributes.keeps(self.own_keras_name, name)

    def _parts(self) -> Mapping[str, Call]:
        """The layers that Keras makes within it."""
        return attributes.parts(self.own_layer and self.own_layer.call)

    def own_hold_parts(self) -> None:
        """Has them at hand; what it is given is not made anew."""
        parts = self._parts()
        made = {word: stand_in_of(graph.Layer(call)) for word, call in parts.items()}
        vars(self).update(made | vars(self))
        self.own_layer.holds = tuple(vars(self)[word].own_layer for word in parts)

    def __getattr__(self, name: str) -> Any:
        if name == "trainable" and not self.own_is_argument(name):  # as long as nothing has set it
            return True
        if isinstance(ends := vars(self).get("own_ends"), dict) and name in ends:
            return ends[name]
        if name.startswith(("own_", "__")) or not (self.own_keras_name and self.own_layer):
            raise AttributeError(name)
        if name in ("output", "input"):
            return self._end(name)
        if name in self._parts():
            self.own_hold_parts()
            return vars(self)[name]
        if self.own_is_argument(name):
            if name in ("cell", "layer") and isinstance(vars(self).get("own_inside"), Layer):
                return self.own_inside
            value = _as_code_has_it(self.own_layer.call.said(name))
            if name.endswith("activation") and isinstance(value, str | None):
                return session().of_keras("activations", value or "linear")
            return attributes.as_kept(self.own_keras_name, name, value)
        if name == "state_size" and self.own_keras_name in CELLS:
            return [self.units] * 2 if self.own_keras_name == "LSTMCell" else self.units
        if (first := session().first_call(self)) and (weight := weight_of(first, name)) is not None:
            return weight
        gone = keras2.attribute(name, "layer")
        if gone is not None and not session().is_ready_for_none:
            session().old_name(f"layer.{name}", gone)
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        """`layer.return_sequences = True` changes what the layer is."""
        value = attributes.as_attribute(self, name, value)
        value = bool(value) if name == "trainable" and isinstance(value, int) else value
        is_new = name == "trainable" and self.own_changes_trainable(value)
        if self.own_layer and not name.startswith("own_") and self.own_is_argument(name):
            attributes.check_settable(self, name)
            why = [*map(unknown_of, conditions_now(session().evaluator))][-1:]
            plain, words = argument(value), dict(self.own_layer.call.arguments)
            if why and not is_new:
                self.own_layer.unread = plain = why[0]
            call = bind(self.own_keras_name, (), words | {name: plain}, self.own_layer.call.places)
            self.own_layer.call = attributes.trained_as(call, plain, *why) if is_new else call
        elif name != "trainable" or is_new:
            super().__setattr__(name, value)
        for part in within([*vars(self).values()]) if is_new else ():
            if isinstance(part, Layer):
                part.trainable = value

    def own_changes_trainable(self, value: Any) -> bool:
        """With TensorFlow, what it was before changes nothing of what is in it."""
        return (self.trainable is not False) is not value

    def own_merged(self, name: str, one: Any, other: Any, because: Open) -> Any:
        if self.own_layer is not None:
            self.own_layer.unread = unknown_of(because)
        return of_unknown_number(one, other, because) if name == "own_added" else other

    def own_class_is_open(self) -> Open | None:
        """What is not read, and stands for a layer that a model has, may be any, or several."""
        return open_of(self.own_layer.unread) if self.own_is_any and self.own_layer.unread else None

    def __call__(self, *given: Any, **named: Any) -> Any:
        subclassed.check_given(self, given, named)
        session().first_call(self)
        is_of_keras = self.own_keras_name and not overrides(self, "call", "build")
        made = self.call(*given, **named) if is_of_keras else self._followed(given, named)
        if not (is_of_keras or session().groups):
            own_call.keep_ends(self, given, named, made)
        elif "return_attention_scores" in named and not session().groups:
            own_call.compare_with_first(self, given, named, made)
        return made

    def call(self, *given: Any, **named: Any) -> Any:
        """One call of a layer of Keras."""
        if not self.own_keras_name:
            layer = unread_layer(self.own_text, "what it does when called is not in this code")
            return unread_step(layer, [*graph.tensors_in([given, named])])
        call = self.own_layer.call
        parts, words = in_order(call, given, named)
        session().take(self)
        if call.name in signatures.OF_PLAIN_DATA and parts and not holds_tensors(parts):
            is_data = own(parts[0], "own_is_data") and len(parts[0].shape) > 1
            if is_data and call.name in ("Normalization", "Rescaling"):
                return parts[0].astype("float32")
            return opened("data")
        if call.name in OF_A_LIST and parts and isinstance(parts[0], Open) and parts[0].may_be:
            return made_of_open_list(call, parts[0])
        try:
            check_flags(words)
            arguments = [passed(part) for part in parts]
            words = {word: passed(value) for word, value in words.items()}
        except IsOpenError as wrong:
            if not holds_tensors([parts, words]):
                raise
            layer = graph.Layer(call, unknown_of(wrong.value), name=self.own_layer.name)
            return unread_step(layer, [*graph.tensors_in([parts, words])])
        check_tensors(call, arguments)
        if isinstance(parts[0], list | tuple) and subclassed.hands_on_lists(call, parts[0]):
            return [self.call(part, *parts[1:], **words) for part in parts[0]]
        check_unrolled(call, arguments)
        step = session().step(self.own_layer, arguments, words)
        if self.own_keras_name == "Embedding" and overrides(self, "compute_mask"):
            step.mask = "other"  # `Masking` sets its own in its call
        if call.name in CELLS:
            return subclassed.called_as_cell(step, words.get("states", (*arguments, ())[1]))
        made = subclassed.as_called(self, returned(step))
        return tuple(made) if isinstance(made, list) else made

    def _followed(self, given: Sequence[Any], named: Mapping[str, Any]) -> Any:
        """A call of a layer that the code defines: its rows stand under its name; where it has
        weights of its own it is one row, as long as its shape is known."""
        held, tensors = session(), [passed(part) for part in given]
        words = {word: passed(x) if holds_tensors(x) else x for word, x in named.items()}
        taken = [part for part in (*tensors, *words.values()) if holds_tensors(part)]
        if not self.own_is_built:
            subclassed.build(self, tensors, words)
        before, number = len(held.calls), held.number
        made, words = own_call.followed_with_mask(self, tensors, words)
        own_call.follow_compute_mask(self, tensors)
        inner = held.calls[before:]
        said = subclassed.shapes_said(self, tensors, made, inner)
        is_row = said or self.own_is_row or self.own_weights or uses_more(inner, taken)
        if not is_row and isinstance(made, Open):
            raise IsOpenError(made)
        if not is_row and uses_all(made, taken):
            subclassed.hand_on_mask(self, taken, made, inner)
            return made
        shapes = said or shapes_of_row(self.own_made, [tensors, words], made, inner)
        del held.calls[before:]
        held.number = number
        if "own_row" not in vars(self):
            is_usual = self.own_why is Layer.own_why
            why = (is_usual and why_open(made, inner, shapes)) or self.own_why
            self.own_row = unread_layer(self.own_text, why, self.own_counted(inner))
            self.own_row.stand_in, self.own_row.name = self, self.own_name
            if not self.own_is_without_weights:
                many = counted_in_all(self.own_weights, ())
                own = [graph.Layer(self.own_row.call, None, many)] if self.own_weights else []
                used = [*unused(self, inner), *inner]
                self.own_row.holds = (*layers_of_calls(used), *own)
            self.own_layer = self.own_layer or self.own_row
        with held.within_call(owner=self):
            ends = unread_step(self.own_row, taken, shapes, len([*graph.tensors_in(made)]))
        for tensor in graph.tensors_in(ends) if subclassed.drops_mask(self, made, inner) else ():
            tensor.maker.mask = "none"  # type: ignore[union-attr]
        return nested_like(made, [*graph.tensors_in(ends)])

    def own_made(self, tensors: Any, words: Any) -> Any:
        with session().within_call(self.own_title, self):
            return own_call.own_called(self.call, tensors, words)

    def own_counted(self, inner: Sequence[graph.LayerCall]) -> int | None:
        """How many numbers its own weights hold, and those of the layers that it keeps; with them
        those of the layer of Keras that it derives from, which its `call` need not use."""
        held, layer = session(), self.own_layer
        is_called = layer in held.built or any(call.layer is layer for call in inner)
        if self.own_keras_name and layer in held.made_weights and not is_called:
            return None
        calls = [*unused(self, inner), *inner]
        return counted_in_all(self.own_weights, calls, not_kept(self, inner))

    def build(self, input_shape: Any = None) -> None:
        """The code's own calls it first: by the weights of a layer of Keras it may make others."""
        layer: Any = self.own_layer
        session().made_weights.append(layer)
        if self.own_keras_name and not holds_tensors(input_shape):
            with suppress(IsOpenError, TypeError):
                given: Any = [graph.Tensor(graph.InputTensor(plain_shape(input_shape)))]
                if self.own_keras_name in CELLS:
                    shapes = [(None, size) for size in within(self.state_size)]
                    states = (graph.Tensor(graph.InputTensor(plain_shape(s))) for s in shapes)
                    given.append(tuple(states))
                session().built.setdefault(layer, graph.LayerCall(0, layer, tuple(given)))

    add_weight, count_params = add_weight, count_params
    compute_mask, compute_output_shape = gives_open("a mask"), gives_open("a shape")
    get_weights = weights_in_order
    weights = property(weights_in_order)
    trainable_weights = trainable_variables = property(partial(weights_in_order, trained=True))
    non_trainable_weights = property(partial(weights_in_order, trained=False))
    set_weights, enable_lora = set_weights, enable_lora

    def own_nothing(self, *_: Any, **__: Any) -> None:
        """A method that changes no shape."""

    add_loss, add_metric = subclassed.add_loss, subclassed.add_metric
    own_may_be_changed, own_may_be_set = own_nothing, attributes.may_be_set

    def get_config(self) -> Any:
        """What Keras keeps of its own is not read; the code's own layers say what they add."""
        return opened("a configuration") if self.own_keras_name or self.own_kind else {}

    @classmethod
    def from_config(cls, config: Any) -> Any:
        if not isinstance(config, Mapping):
            raise IsOpenError(opened("", "its configuration is not known"))
        return cls(**config)

    own_made_by_unknown = staticmethod(added_to_unknown)

    def own_as_argument(self) -> Any:
        """The layer inside another."""
        session().take(self)
        if not (self.own_keras_name and self.own_layer) or overrides(self, "call", "build"):
            raise IsOpenError(opened(self.own_text, "a layer around one of the code is not read"))
        return self.own_layer.unread or self.own_layer.call

    def _end(self, name: str) -> Any:
        """`layer.output`, or `layer.input`, of its first call that is within no other's."""
        session().first_call(self)
        if (first := own_call.first_call_of(self)) is None:
            raise QueryError(f"{self.own_layer.call} is not called in this code")
        return returned(first) if name == "output" else as_lists(first.arguments[0])

    @property
    def name(self) -> Any:
        """As the code or Keras calls it."""
        layer = self.own_layer if self.own_keras_name else None
        known = (layer.name or layer.call["name"]) if layer else self.own_name
        return known if known and not self.own_is_any else opened("a layer's name")

    @name.setter
    def name(self, value: Any) -> None:
        self.own_name = value if isinstance(value, str) else ""
        if self.own_keras_name and (layer := self.own_layer) is not None:
            layer.name, layer.call = self.own_name, layer.call.without("name")

    @property
    def own_title(self) -> str:
        """The name of its rows' group."""
        return self.own_name or (self.own_keras_name and self.own_layer.name) or self.own_text

    own_text = property(lambda layer: f"{type(layer).__name__}(...)")


def _as_code_has_it(value: Value) -> Any:
    """An argument of a layer as code meets it when it asks for it."""
    if isinstance(value, Unknown):
        return open_of(value)
    if isinstance(value, Call):
        if signatures.module_of(value.name) == "layers":
            return stand_in_of(graph.Layer(value))
        return Setting(value.name, value)
    return tuple(map(_as_code_has_it, value)) if isinstance(value, tuple) else value


@cache
def layer_class(name: str) -> type[Layer]:
    """The class that stands for a layer of Keras."""
    of = attributes.BASES.get(name)
    base = CLASSES_OF.get(name, layer_class(of) if of else Layer)
    methods = dict.fromkeys(attributes.methods(name), Layer.own_nothing)
    return type(name, (base,), {"own_keras_name": name, **methods})


def stand_in_of(layer: Any) -> Any:
    """What stands for a layer of the network that code asks a model for."""
    if not isinstance(layer, graph.Layer) or layer.stand_in is not None:
        return getattr(layer, "stand_in", layer)
    name = layer.call.name
    is_any = signatures.module_of(name) != "layers"
    made: Layer = Layer.__new__(Layer if is_any else layer_class(name))
    made.own_layer, made.own_is_built, made.own_is_any = layer, True, is_any
    layer.stand_in = made
    return made
