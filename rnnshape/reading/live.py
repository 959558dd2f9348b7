"""Layers and models of Keras that the user's own program holds: `rnnshape.inspect(model)`.

Each layer is read through its config, and called once more as the model calls it. Of what can't be
copied, such as a `Lambda` or a layer of the user's own, Keras' own symbolic tensors say the shapes
and `count_params()` the parameters. Keras is not imported here: whoever has such an object has it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any, TypeVar

from rnnshape.chains import called_with_several
from rnnshape.errors import QueryError, first_words
from rnnshape.expression import Call, Unknown
from rnnshape.nest import rebuilt
from rnnshape.network import Network, Question, Ref, Shape, called_alone
from rnnshape.reading import graph, replay
from rnnshape.reading.config_layers import row_text
from rnnshape.reading.found import Reading
from rnnshape.reading.live_compiled import compile_config
from rnnshape.reading.live_configs import config_of, stand_in_of
from rnnshape.reading.live_weights import (
    batch_kept,
    check_counted,
    counted,
    counted_beside,
    on_other_data,
)
from rnnshape.reading.names.attributes import frozen, with_trained
from rnnshape.reading.names.inputs import Input
from rnnshape.reading.names.layers import layer_class
from rnnshape.reading.names.models import Model
from rnnshape.reading.names.rows import CELLS
from rnnshape.reading.names.sequential import Sequential
from rnnshape.reading.python.limits import words_of
from rnnshape.reading.replay import RecordedShape
from rnnshape.reading.runs import (
    RunOfCall,
    Seen,
    returned_in,
    run_of_call,
    runs_of,
    shapes_by_keras,
)
from rnnshape.reading.saved_model import compiled_in, read_config
from rnnshape.reading.symbolic import (
    arguments_of,
    bases,
    built_shape,
    built_shapes,
    calls_in,
    check_called,
    flattened,
    has_own,
    has_rules,
    input_names,
    is_made_of_layers,
    is_model,
    is_operation,
    keys_in,
    left_as_it_is,
    names_of_inputs,
    shape_of,
    tensors_in,
    traced,
)
from rnnshape.signatures import snake_case
from rnnshape.training.data import TrainingCall

Read = TypeVar("Read")
BY_KERAS = "shapes and parameters by Keras' own symbolic tensors and count_params()"

NOT_RUN = "the model's call runs on what it was called with before, and not on this"


def _guarded(read: Callable[..., Read]) -> Callable[..., Read]:
    """What an object of the user's own raises, as from a property, is told as a `QueryError`."""

    def guarded(what: Any, *given: Any) -> Read:
        try:
            with left_as_it_is(*(what if isinstance(what, list) else [what])):
                return read(what, *given)
        except (QueryError, RecursionError):
            raise
        except Exception as wrong:
            raise QueryError(f"{type(what).__name__} can't be read: {words_of(wrong)}") from wrong

    return guarded


@_guarded
def read_object(
    what: Any, shapes: Sequence[RecordedShape] | Mapping[str, RecordedShape] = ()
) -> Reading:
    """The network that a live layer or model is, or a list of layers that follow each other; or a
    `QueryError`.

    `shapes` are those of its inputs, where they are given, in order or by their names.
    """
    replay.begin()
    if isinstance(shapes, Mapping):
        names = names_of_inputs(what)
        shapes = [shapes[name] for name in names] if {*names} == {*shapes} else ()
    live, parts = _Live(shapes), what if isinstance(what, list) else [what]
    network = live.network_of_model(what) if is_model(what) else live.network_of_layers(*parts)
    if not network.steps:
        raise QueryError("there is no layer in this model")
    if not live.notes or live.beside:  # all of it is read
        try:
            check_counted(what, network, live.beside)
        except QueryError:
            if not shapes:
                raise
            return read_object(what)  # on data of other features it would have other weights
    if "Functional" not in bases(what):  # which refuses what its inputs do not say
        network = on_other_data(network, shapes)
    rows = dict.fromkeys(str(step.layer) for step in network.steps if step.unread and step.returns)
    if rows:
        live.notes.append(f"{', '.join(rows)}: {BY_KERAS}")
    calls = (TrainingCall("predict", (), unknown=NOT_RUN),) if live.is_refused else ()
    question = Question(network, notes=tuple(live.notes), calls=calls)
    with suppress(Exception):  # what code of others is compiled with may not be written down
        compiled = compiled_in(compile_config(what), network, live.keys)
        question = replace(question, losses=compiled[0], metrics=compiled[1])
    return Reading((question,))


class _Live:
    """Makes what stands for live objects, each once."""

    def __init__(self, shapes: Sequence[RecordedShape]) -> None:
        self.shapes, self.notes = shapes, list[str]()
        # By the `id` of objects, which are kept; and what stands for each weight, by that.
        self.made, self.weights = dict[int, tuple[object, Any]](), dict[int, graph.Layer]()
        self.kept: set[int] | None = None  # the layers that a model with a `call` of its own has
        self.beside = 0  # the parameters of that model which none of the layers has that it calls
        # What all calls return as it runs, where there are such as can't be copied.
        self.runs: list[Any] | None = None
        self.is_followed = True  # else the layers of a `call` stand alone
        self.is_refused = False  # whether a `call` runs on what it was called with alone
        self.keys: Sequence[str] = ()  # of what a model returns, if that is a dictionary

    def network_of_model(self, model: Any) -> Network:
        """The network of a model."""
        kind = next((name for name in ("Sequential", "Functional") if name in bases(model)), "")
        if is_made_of_layers(model):
            self.keys = keys_in(getattr(model, "_outputs_struct", None))
            network = replay.network_of_model(self.model(model, self.shapes))
            network = replace(network, kind=kind)  # it does not compare what its `Functional` does
            return network if model.trainable else frozen(network)
        if kind and "Operation" not in bases(model):  # of Keras 2
            return read_config(json.dumps(config_of(model, kind)), "the model").networks[0]
        return self.network_of_call(model)

    def item(self, what: Any) -> Any:
        """What stands for a layer, a model or an operation."""
        if id(what) not in self.made:
            item = replay.named(self._item(what), str(getattr(what, "name", "")))
            self.made[id(what)] = what, item
            is_kept = self.kept is None or id(what) in self.kept
            if not (is_kept or is_operation(what) or isinstance(item, Model)):
                item.own_layer.parameters = 0
            weights = getattr(what, "weights", ())
            for weight in weights:
                of_weight = graph.Layer(Call("weight"), parameters=prod(weight.shape))
                self.weights.setdefault(id(weight), of_weight)
            if item.own_layer is not None:
                are_trained = {bool(getattr(one, "trainable", True)) for one in weights}
                if are_trained == {False}:  # each may be set by itself, and those of a cell
                    item.own_layer.call = with_trained(item.own_layer.call, False)
                item.own_layer.holds = tuple(self.weights[id(weight)] for weight in weights)
        return self.made[id(what)][1]

    def _item(self, what: Any) -> Any:
        if is_made_of_layers(what):
            return self.model(what)
        name = type(what).__name__
        try:
            if is_operation(what):
                config = config_of(what, name)["config"]
                return replay.Operation(snake_case(name), config)
            return stand_in_of(what)
        except QueryError as wrong:
            row = self.unread(what, wrong.message)
            if self.runs is None:
                row.own_makes_another = getattr(wrong, "makes_another", False)
                row.own_asks = partial(shapes_by_keras, what)
            return row

    def unread(
        self, layer: Any, why: str, known: Collection[int] | None = None
    ) -> replay.RecordedLayer:
        """What stands for a layer that can't be copied; weights that are `known` are another's."""
        text = row_text(type(layer).__name__, str(getattr(layer, "name", "")))
        count = counted(layer, self.weights if known is None else known)
        return replay.RecordedLayer(text, why, "", count)

    def model(self, model: Any, shapes: Sequence[RecordedShape] = ()) -> Model:
        """What stands for a model that is made of layers."""
        name = str(model.name)
        flow = getattr(model, "_functional", model)
        if flow is not None:  # a `Sequential` that is not built has none
            made = self.functional(flow, name, shapes)
            made.own_compares = flow is model  # a `Sequential` takes other lengths
            return made
        if model.layers and len(model._layers) > len(model.layers) and not model.built:
            refused = tuple(model._layers[0].batch_shape)
            keeps = "which a layer refused, and Keras keeps that shape: make the model anew"
            raise QueryError(f"{name} was given data of shape {refused}, {keeps}")
        return self.chain(model.layers, name, next(iter(shapes), None) or built_shape(model))

    def chain(self, layers: Sequence[Any], name: str, shape: RecordedShape) -> Sequential:
        """A model of layers that follow each other, some of them perhaps only written."""
        made = Sequential(name=name)
        for layer in layers:
            if isinstance(layer, Call):
                of_keras = Input if layer.name == "Input" else layer_class(layer.name)
                made.add(of_keras(**dict(layer.arguments)))
                continue
            item = self.item(layer)
            replay.was_built(item, built_shape(layer))
            made.add(item)
        return replay.built(made, shape)

    def functional(self, flow: Any, name: str, shapes: Sequence[RecordedShape] = ()) -> Model:
        """A model that holds its calls."""
        tensors: dict[int, Any] = {}

        def stand_in(value: Any) -> Any:
            if id(value) not in tensors and hasattr(value, "shape") and hasattr(value, "dtype"):
                tensors[id(value)] = replay.data_tensor(shape_of(value), str(value.dtype))
            return tensors.get(id(value), value)

        for tensor, word in zip(flow.inputs, input_names(flow), strict=True):
            tensors[id(tensor)] = replay.input_tensor(shape_of(tensor), str(tensor.dtype), word)
        if self.runs is None and (has_own(flow) or (shapes and not has_rules(flow))):
            self.run_it(flow, shapes)
        for node in calls_in(flow):
            called_with = node.arguments.args, node.arguments.kwargs
            arguments, words = rebuilt(called_with, stand_in, list)
            recorded: list[Any] = [*map(shape_of, node.output_tensors)]
            if self.runs is not None:
                recorded = returned_in(self.runs, node)
            item, follows = self.item(node.operation), self.runs is not None
            made = replay.called(item, arguments, words, recorded, follows)
            tensors |= zip(map(id, node.output_tensors), made, strict=False)
        inputs = [tensors[id(tensor)] for tensor in flow.inputs]
        outputs = [tensors[id(output)] for output in flow.outputs]
        is_alone = isinstance(getattr(flow, "_outputs_struct", None), type(flow.outputs[0]))
        return Model(inputs, outputs[0] if is_alone else outputs, name=name)

    def run_it(self, flow: Any, shapes: Sequence[Shape | None]) -> None:
        """Asks what all calls of a model return as it runs."""
        try:
            self.runs = runs_of(flow, shapes)
        except Exception as wrong:  # it is the user's own `call`
            self.runs = []
            on = "on these shapes" if shapes else "with numbers in the place of what is open"
            self.notes.append(f"Keras can't run it {on}: {first_words(wrong)}")

    def network_of_call(self, model: Any) -> Network:
        """The network of a model with a `call` of its own: as Keras' symbolic tensors go through
        it; where they can't, its layers, each alone."""
        name = type(model).__name__
        check_called(model)
        are_given = bool(self.shapes)
        if kept := batch_kept(model):
            shapes = self.shapes or [one.shape for one in tensors_in(arguments_of(model))]
            self.shapes = [shape and (kept, *shape[1:]) for shape in shapes]
        self.kept = {*map(id, flattened(model))}
        with traced(model, self.shapes) as flow:
            if flow is not None:
                self.beside = counted_beside(model, {*map(id, flow.weights)})
                if self.beside:
                    beside = f"parameters of no layer that {name}.call uses"
                    self.notes.append(f"not counted: {self.beside:,} {beside}")
                self.keys = keys_in(flow._outputs_struct)
                made = self.functional(flow, name)
                return replace(replay.network_of_model(made), kind="")
        given = arguments_of(model, self.shapes)
        unknown = Unknown("inputs", (), "it is not known")
        sources = [
            replay.input_tensor(one.shape or unknown, "float32", one.name)
            for one in tensors_in(given)
        ]
        run = run_of_call(model, given)
        if run is not None:
            self.keys = run.keys
            return self.network_of_run(model, run, sources)
        if are_given:  # Keras does not run it on these
            before = _Live(())
            network = before.network_of_call(model)
            if before.is_followed:
                self.notes, self.keys, self.beside = before.notes, before.keys, before.beside
                self.is_refused = True
                return network
            sources = [replay.input_tensor(unknown, "float32") for _ in sources]
        self.is_followed = False
        self.notes.append(f"{name} can't be followed, so that each of its layers stands alone")
        # Cells come last: their weights may be those of a layer around them.
        layers = sorted(model.layers, key=lambda layer: type(layer).__name__ in CELLS)
        taken = (layer for layer in layers if type(layer).__name__ != "InputLayer")
        rows = [tensor for layer in taken for tensor in self.row(layer)]
        text = f"{replay.plain_name(str(model.name))}(...)"
        end = replay.RecordedLayer(text, "its call can't be followed", "", 0)
        ends = replay.called(end, sources, {}, ())
        calls = graph.calls_before([*rows, *ends], sources)
        return graph.network_of(sources, ends, name, calls, "")

    def network_of_run(self, model: Any, run: RunOfCall, sources: Sequence[Any]) -> Network:
        """The layers that a model calls, each with what it is given: data, where something else
        than a layer has made that. Where such makes what the model returns, that is a row too."""
        made, name = dict(enumerate(sources)), type(model).__name__

        def stand_in(leaf: Any) -> Any:
            if not isinstance(leaf, Seen):
                return leaf
            if leaf.number not in made:
                made[leaf.number] = replay.data_tensor(run.shapes[leaf.number])
            return made[leaf.number]

        rows, used = list[Any](), set[int]()
        for layer, arguments, words, returned in run.calls:
            if is_made_of_layers(layer) and has_own(layer) and id(layer) not in self.made:
                self.run_it(getattr(layer, "_functional", layer), run.shapes_given_to(layer))
            words = {word: part for word, part in words.items() if word not in ("mask", "training")}
            parts = rebuilt(arguments, stand_in, list), rebuilt(words, stand_in, list)
            shapes = [run.shapes[end.number] for end in returned]
            try:
                tensors = replay.called(self.item(layer), *parts, shapes, follows=True)
            except QueryError as wrong:  # Keras takes it as it runs
                row = self.unread(layer, wrong.message, used)
                tensors = replay.called(row, *parts, shapes, follows=True)
            rows += tensors
            used |= {*map(id, layer.weights)}
            made |= {end.number: tensor for end, tensor in zip(returned, tensors, strict=False)}
        ends = [made[end.number] for end in run.outputs if end.number in made]
        own = counted_beside(model, used)
        if len(ends) < len(run.outputs):
            text, why = f"{replay.plain_name(str(model.name))}(...)", "it is no layer of Keras"
            shapes = [run.shapes[end.number] for end in run.outputs]
            last = replay.RecordedLayer(text, why, "", own)
            ends = replay.called(last, sources, {}, shapes, follows=True)
        elif own:
            self.notes.append(f"not counted: {own:,} parameters of no layer that {name}.call calls")
        self.notes.append(f"what {name}.call does between its layers is not followed")
        calls = graph.calls_before([*rows, *ends], sources)
        return graph.network_of(sources, ends, name, calls, "")

    def row(self, layer: Any) -> list[Any]:
        """What a layer alone returns, of what it was built for."""
        unread, item = self.unread(layer, "nothing says its input"), self.item(layer)
        shape: Shape | None = built_shape(layer)
        if shape is None or isinstance(item, Model) or type(layer).__name__ in CELLS:
            item = unread
        elif shape and not getattr(layer, "stateful", False):
            shape = (None, *shape[1:])
        unknown, given = Unknown("inputs", (), "it is not known"), shape
        if shape and shape[1:] and self.shapes:  # it is called with other data now
            length = Unknown("lengths", (), "of layers that stand alone they are not known")
            last = length if "Embedding" in bases(layer) else shape[-1]
            given = (shape[0], *[length] * (len(shape) - 2), last)
        source = replay.data_tensor(given or unknown)  # it is no input of the model
        try:
            return replay.called(item, [source], {}, ())
        except QueryError:  # it takes several
            return replay.called(unread, [source], {}, ())

    def network_of_layers(self, *layers: Any) -> Network:
        """The network of a layer, given what it was built for, or of layers that follow each
        other; attention is to itself."""
        first, shape = layers[0], built_shape(layers[0])
        item = None if isinstance(first, Call) else self.item(first)
        several = self.shapes if len(self.shapes) > 1 else built_shapes(first)
        is_row = item is None or isinstance(item, replay.RecordedLayer)
        if is_row and len(self.shapes) > 1 and len(layers) == 1:
            sources = [*map(replay.input_tensor, self.shapes)]
            known = shapes_by_keras(first, *self.shapes)
            return graph.network_of(sources, replay.called(item, sources, {}, known), "")
        if len({*several}) > 1 and len(layers) == 1 and item is not None and not is_row:
            return called_with_several(item.own_layer.call, len(several)).with_shapes(several)
        if isinstance(item, replay.RecordedLayer) or len(layers) > 1:
            shape = next(iter(self.shapes), shape)
        if isinstance(item, replay.RecordedLayer) and shape is None:
            why = item.own_layer.unread.reason
            raise QueryError(f"{type(first).__name__} is not answered: {why}")
        network = replay.network_of_model(self.chain(layers, "", shape))
        steps = []
        for step in network.steps:
            alone = [one for one in step.arguments if isinstance(one, Ref)]
            given = called_alone(step.layer, *alone) if len(alone) == 1 else step.arguments
            steps.append(replace(step, arguments=given))
        return replace(network, steps=tuple(steps))
