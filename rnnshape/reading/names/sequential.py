"""`Sequential`: layers, one after the other, that are made into a model when it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import takewhile
from typing import Any

from rnnshape.chains import chain, input_of_first_layer
from rnnshape.description import describe, describe_what_fits
from rnnshape.errors import NotReadError, Place, QueryError
from rnnshape.expression import Unknown, printed
from rnnshape.network import Input, Network, Question, check_names
from rnnshape.reading import graph
from rnnshape.reading.names.arguments import open_shape, says_length_alone, says_no_input
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.built_for import NOT_KNOWN, as_built, parts_of
from rnnshape.reading.names.compiling import is_of_python
from rnnshape.reading.names.copies import input_anew, layer_anew, no_copy, part_anew
from rnnshape.reading.names.inputs import check_length, name_twice
from rnnshape.reading.names.layers import Layer, stand_in_of
from rnnshape.reading.names.models import Model
from rnnshape.reading.names.other_layers import EitherLayers, InputLayer, UnreadLayer, UnreadModel
from rnnshape.reading.names.predictions import check_fits
from rnnshape.reading.names.session import opened, session, unknown_of
from rnnshape.reading.names.subclassed import tried
from rnnshape.reading.names.tensors import Tensor, plain_shape, plain_sizes, unread_layer
from rnnshape.reading.python import IsOpenError, Open, own
from rnnshape.rules.inputs import OF_A_LIST
from rnnshape.signatures import INPUT_ARGUMENTS

OF_SEVERAL = "a Sequential of several arrays is not read"


class Likely(tuple[Any, ...]):
    """A shape that is said where nobody knows whether the code comes: all else counts more."""

    notes = ("what it is given is said in a branch that may not be taken",)


class Sequential(Model):
    """Layers, one after the other.

    Attributes:
        own_items: its layers and models, first perhaps an `Input`.
        own_shape: what it is given, as `build` or data says it.
        own_is_made: whether Keras has built it as layers were added.
        own_began: its input when it was followed; it stays where layers are added or popped.
    """

    own_kind = "Sequential"
    own_told: tuple[str, ...] = ()
    own_is_made = False
    own_began: graph.InputTensor | None = None
    own_handed: tuple[Any, ...] | None = None  # what it had before what nobody knows was given it
    own_takes_open = ("layers",)
    own_said = property(lambda model: None if type(held := model.own_shape) is Likely else held)

    def __init__(
        self, layers: Any = None, trainable: Any = True, name: Any = None, **more: Any
    ) -> None:
        super().__init__(name=trainable if isinstance(trainable, str) else name)
        self.trainable = trainable is not False
        places, layers = session().places(), own(layers, "own_unknown", layers)
        for word in more:
            raise self.own_refused("Sequential takes layers, name and trainable", places.get(word))
        for place, given in (("1", trainable), ("0", layers)):
            is_list = place == "1" and isinstance(given, list | tuple)
            if is_list or isinstance(given, Layer | Tensor):
                raise self.own_refused("Sequential takes its layers in one list", places.get(place))
        if not isinstance(trainable, bool | Open):
            write = f"name={trainable!r}" if isinstance(trainable, str) else "trainable=True"
            message = "Sequential takes trainable, True or False, in the second place: write"
            words = "Expected `trainable` to be a boolean"
            at = places.get("1") or places.get("trainable")
            session().problem(f"{message} {write}", write, words=words, place=at)
        if isinstance(layers, Open):
            self.own_open = layers
        else:
            for index, item in enumerate(layers or ()):
                self._add(item, places.get(f"0.{index}") or places.get(f"layers.{index}"))
            self._check_tried()

    def add(self, layer: Any = None, *_: Any, **__: Any) -> None:
        if not isinstance(self, Sequential):
            words = "(Keras: \"missing 1 required positional argument: 'layer'\")"
            raise QueryError(f"this is the class, and no model: write Sequential() {words}")
        self._add(layer, session().places().get("0"))
        self._check_tried()

    def own_handed_to(self, unknown: Open) -> None:
        """What nobody knows may add layers, where there are none yet; Python's own adds none."""
        super().own_handed_to(unknown)
        is_empty = not any(isinstance(item, Layer) for item in self.own_items)
        if isinstance(self, Sequential) and is_empty and not is_of_python(unknown):
            before = self.own_items
            self._add(unknown, None)
            self.own_handed = before

    def own_may_be_changed(self, words: Collection[str], because: Open) -> None:
        super().own_may_be_changed(words, because)
        if "pop" in words and self.own_open is None:
            self.own_open = opened(self.own_title, "code that is not read may change its layers")
        elif "add" in words and isinstance(self, Sequential):
            self._add(EitherLayers(replace(because, label=because.label or "..."), ()), None)

    def _were_added(self, item: Any) -> bool:
        """Whether something else may have added layers before this one, which says no input."""
        call = getattr(own(item, "own_layer"), "call", ())
        return not (isinstance(item, Tensor) or any(word in call for word in INPUT_ARGUMENTS))

    def _count_built(self) -> None:
        """Each time that Keras builds it, it makes a `Functional`, whose name is counted."""
        is_input = isinstance(next(iter(self.own_items), None), Tensor | Model)
        shape = self.own_described().shape
        self.own_is_made = bool(self.own_items) and shape is not None
        if self.own_items and shape is None:  # nobody knows how often
            session().counts["functional"] = opened()
        elif len(self.own_items) > is_input:
            session().name_of("Functional")

    def _check_tried(self) -> None:
        """What the code may catch Keras says as soon as layers are added to an input."""
        self._count_built()
        self.own_tried = session().evaluator.trying
        if self.own_tried and self.own_described().shape is not None:
            try:
                self.own_flow()
                with suppress(IsOpenError):
                    network = self.own_network("")
                    if network is not None:
                        check_names(network)
            except QueryError as wrong:
                raise self.own_refused(wrong.message, wrong.place) from None

    def _add(self, item: Any, place: Place | None) -> None:
        item = item.output if type(item) is InputLayer else item
        if self.own_handed is not None and not self._were_added(item):
            self.own_items = self.own_handed
        self.own_handed = None
        if isinstance(item, list | tuple):
            raise self.own_refused("Sequential takes its layers in one list, not in several", place)
        if isinstance(item, Open) and item.as_called is not None:
            self.own_items += (item.as_called,)
        elif isinstance(item, Open):
            if not (item.reason or item.roots):  # a value that is given can't be a layer
                item = Open(item.label, "what it is, is not in this code", item.source, item.node)
            self.own_items += (UnreadLayer(unread_layer(item.label, item)),)
        elif isinstance(item, Tensor) and isinstance(item.maker, graph.LayerCall):
            message = "a layer is added, and not what it returns: leave out its second brackets"
            words = '(Keras: "Only instances of `keras.Layer` can be added")'
            raise self.own_refused(f"{message} {words}", place)
        elif isinstance(item, Tensor) and self.own_items:
            raise self.own_refused("Input says what the network is given: put it first", place)
        elif isinstance(item, Layer | Tensor):
            if not self.own_items:
                check_length(item)
                if len(own(item, "own_takes", ())) > 1:
                    self.own_open = opened(self.own_title, OF_SEVERAL)
            if message := name_twice(self.own_items, item):
                raise self.own_refused(message, place)
            session().take(item)
            self.own_items += (item,)
            for part in (item, own(item, "own_inside")):
                session().holders.setdefault(id(part), []).append(self)
        elif isinstance(item, type) and issubclass(item, Layer) and (name := item.own_keras_name):
            message = f"{name} is a layer's class: make one of it, {name}(...)"
            raise self.own_refused(message, place)
        else:
            raise self.own_refused("this is not a Keras layer", place)
        self._begun_anew()

    def _begun_anew(self) -> None:
        """It is another from here on than what was built before, and called in other models."""
        built = []
        for model in session().models_around(self):
            built += [model] * (model.own_is_made or model.own_shape is not None)
            model.own_takes, model.own_gives = [], []  # what is not built is followed again
        for model in session().models if self.own_gives else ():
            calls = graph.calls_before(model.own_gives, model.own_takes)
            built += [model] * any(getattr(call.part, "owner", None) is self for call in calls)
        for model in built:
            model.own_open = opened(model.own_title, f"{self.own_title} in it is changed later")
        self.own_takes, self.own_gives = [], []

    def own_copied(self, copies: Any = None) -> Any:
        is_within, copies = copies is not None, {} if copies is None else copies
        made = Sequential(name=self.own_name)
        made.own_shape, made.own_open = self.own_shape, self.own_open
        made.own_auto_name = self.own_auto_name
        session().counts["functional"] = opened()  # Keras builds the copy once
        for item in self.own_items:
            if isinstance(item, Tensor):
                made.add(Tensor(input_anew(item)))
            elif isinstance(item, Model):
                made.add(part_anew(item, copies))
            elif item.own_keras_name:
                made.add(stand_in_of(layer_anew(item.own_layer, copies)))
            else:  # a layer of the code
                raise no_copy()
        if self.trainable is False and not is_within:  # whatever its layers are
            made.trainable = False
        return made

    def pop(self, *_: Any) -> None:
        if any(isinstance(item, EitherLayers) for item in self.own_items[-1:]):
            self.own_open = opened(self.own_title, "which layer is taken out is not known")
        self.own_items = self.own_items[:-1]
        self._count_built()
        self._begun_anew()

    def own_merged(self, name: str, one: Any, other: Any, because: Open) -> Any:
        """Layers that are added under a condition that is not known stand as one unread layer; what
        data says there of what it is given holds, where nothing else says it."""
        if name == "own_shape":
            said = one or other
            said = Likely(said) if isinstance(said, tuple) else said
            return unknown_of(because) if one and other else said
        if name in ("own_takes", "own_gives"):  # it is followed again where it is asked for
            return []
        if name != "own_items":
            return super().own_merged(name, one, other, because)
        same = 0
        while same < min(len(one), len(other)) and one[same] is other[same]:
            same += 1
        return (*one[:same], EitherLayers(because, (one[same:], other[same:])))

    def own_follow(self, start: Any = None, more: Sequence[Any] = (), named: Any = None) -> None:
        parts = [*self.own_items, *parts_of(self)]
        mine = {id(part) for item in parts for part in (item, own(item, "own_inside"))}
        for model in takewhile(lambda one: one is not self, session().models):
            if not mine.isdisjoint(map(id, model.own_items)) and model.own_is_described:
                model.own_flow()  # Keras calls its layers where it is made
        given = [plain_sizes(tensor) for tensor in graph.tensors_in(start)]
        if start is None or self.own_described().shape is not None:
            first = self.own_first()
            if first.shape is None:
                first = replace(first, shape=as_built(self))
            self.own_began = first
            start = Tensor(first)
        elif given:
            if isinstance(start, list | tuple) and len(given) == 1:
                raise NotReadError("call a Sequential with the tensor itself, and not with a list")
            if isinstance(self.own_said, tuple):
                check_fits(self, self.own_said, given[0])
            self.own_shape = self.own_said or given[0] or NOT_KNOWN
            has_own = session().follows or (self.own_is_symbolic and not session().groups)
            if has_own and isinstance(self.own_shape, tuple):
                self.own_began = self.own_first()
                start = Tensor(self.own_began)
        built = {**session().built}
        super().own_follow(start)
        if not self.own_is_described:
            session().built = built  # Keras has called none of its layers yet

    def own_made_of(self, start: Any, more: Sequence[Any], named: Any) -> Any:
        if self.own_open is not None:
            return self.own_open
        for item in self.own_layers:
            start = item(*self.own_given_to(item, start))
            if item.own_keras_name and isinstance(start, list):
                start = tuple(start)  # as Keras' own layers return it
        return start

    def own_given_to(self, layer: Any, start: Any) -> Sequence[Any]:
        """What a layer is called with, where the one before it has made something."""
        return (start,)

    def build(self, input_shape: Any = None, **_: Any) -> None:
        if isinstance(input_shape, Open):
            self.own_given(unknown_of(input_shape))
        elif isinstance(input_shape, list | tuple):
            shape = plain_shape(input_shape)
            held = self.own_described().shape or self.own_said
            sizes = held if isinstance(held, tuple) and self.own_items else shape
            are_known = not any(isinstance(size, Unknown) for size in (*sizes, *shape))
            if are_known and sizes[1:] != shape[1:]:
                message = f"a Sequential for {printed(sizes)} can't be built for {printed(shape)}"
                session().problem(message, words="has already been configured to use input shape")
            self.own_given(shape)

    def _built_by(self, x: Any) -> None:
        session().call_around(self)
        if isinstance(x, Array):
            shape = plain_shape((None, *x.shape[1:]))
            if self.own_said is None and (self._takes(shape) or not self._takes(None)):
                self.own_given(shape)
        elif isinstance(x, Open) and not x.is_undefined:
            self.own_given(open_shape(x))
        elif isinstance(x, list | tuple) and not self.own_is_described:
            first = own(self.own_items[0], "own_layer") if self.own_items else None
            if isinstance(first, graph.Layer) and first.call.name in OF_A_LIST:
                self.own_open = self.own_open or opened(self.own_title, OF_SEVERAL)
            elif len(x) == 1 and self.own_shape is None and isinstance(first, graph.Layer):
                with suppress(QueryError):
                    if describe(chain([first.call])).layers[0].parameters:  # others may take a list
                        message = f"{first.call} gets a list of one array: give the array itself"
                        session().problem(message, words="encountered when calling")

    def own_given(self, shape: Any) -> None:
        """What it is given becomes known; until then it was built for anything."""
        if self.own_said is None and self.own_described().shape is None:
            self.own_takes, self.own_gives = [], []
        self.own_shape = self.own_said or shape

    def own_chain(self) -> Network | None:
        """Its layers alone, before anything has built them; None where one is not read."""
        layers = [own(item, "own_layer") for item in self.own_items]
        known = [layer for layer in layers if isinstance(layer, graph.Layer) and not layer.unread]
        is_known = known and len(known) == len(layers)
        return chain([layer.call for layer in known], attends=False) if is_known else None

    def _takes(self, shape: Any) -> bool:
        """Whether the rule takes the layers with an input of a shape, or says nothing of them."""
        if (network := self.own_chain()) is None:
            return True
        described = network.inputs if network.inputs[0].shape else (Input(shape),)
        with suppress(QueryError):
            describe_what_fits(Question(replace(network, inputs=described)))
            return True
        return False

    @property
    def own_checks_as(self) -> str:
        """A model of inputs and outputs in it takes no other sizes than it was made for; nor does a
        Sequential that is all of it, as long as data has not built both."""
        shape, only = self.own_described().shape, self.own_items[:2]
        if len(only) == 1 and isinstance(only[0], Sequential) and isinstance(shape, tuple):
            is_built = self.own_shape is None or shape[1:] == tuple(self.own_shape)[1:]
            return self.own_kind if is_built else "Functional"
        inner = [part for part in self.own_items if isinstance(part, Model)]
        fixed = [part for part in inner if part.own_checks_as == "Functional"]
        shapes = (plain_sizes(tensor) or () for part in fixed for tensor in part.own_flow()[0])
        is_fixed = any(isinstance(size, int) for shape in shapes for size in shape[1:-1])
        return "Functional" if is_fixed else self.own_kind

    @property
    def own_layers(self) -> list[Any]:
        return [item for item in self.own_items if isinstance(item, Layer)]

    @property
    def own_is_described(self) -> bool:
        return self.own_open is None and bool(self.own_described().shape or self.own_shape)

    def own_described(self) -> graph.InputTensor:
        """What it says itself of what it is given: by an `Input`, or by what its first layer is."""
        item = self.own_items[0] if self.own_items else None
        if isinstance(item, Tensor) and isinstance(item.maker, graph.InputTensor):
            return item.maker
        if isinstance(item, Sequential):
            return replace(item.own_first())
        takes = [item.input] if isinstance(item, UnreadModel) else own(item, "own_takes", ())
        if takes:
            return input_anew(takes[0])
        layer = item.own_layer if isinstance(item, Layer) and item.own_keras_name else None
        if layer and not (says_no_input(layer.call) or says_length_alone(layer.call)):
            source = input_of_first_layer(layer.call)
            return graph.InputTensor(source.shape, "", source.dtype)
        says = own(item, "own_says")
        return graph.InputTensor(input_of_first_layer(says).shape if says else None)

    def own_first(self) -> graph.InputTensor:
        """What it is given: as it says itself, or as `build` or data does; else as it is meant."""
        said = self.own_described()
        if said.shape is not None:
            return said
        layer = own(self.own_items[0], "own_layer") if self.own_items else None
        if self.own_shape is None and layer and says_length_alone(layer.call):
            return replace(said, shape=input_of_first_layer(layer.call).shape)
        if self.own_began is not None and self.own_began.shape == self.own_shape:
            return self.own_began
        return replace(said, shape=self.own_shape)

    def __getattr__(self, name: str) -> Any:
        """`base.output` is that of its first call in another model, if there is one."""
        if name not in ("input", "output"):
            return super().__getattr__(name)
        session().call_around(self)
        parts = (call.part for call in session().calls)
        first = next((part for part in parts if part and part.owner is self), None)
        if first is None:
            return super().__getattr__(name)
        calls = [call for call in session().calls if call.part is first]
        return graph.returned(calls[-1], 1, Tensor) if name == "output" else calls[0].arguments[0]

    def own_with_layers(self, layers: Any) -> Model:
        """The model with the layers that it had before."""
        before: Model = object.__new__(type(self))
        vars(before).update(vars(self), own_items=layers, own_takes=[], own_gives=[])
        return before

    def own_flow(self) -> tuple[list[Tensor], list[Tensor]]:
        is_asked_first = not self.own_gives and self.own_open is None and bool(self.own_layers)
        if is_asked_first:
            session().call_around(self)
        if is_asked_first and not self.own_gives:
            tried(self.own_follow)
        return self.own_takes, self.own_gives
