"""The models that code makes of layers, and the networks that they are."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from rnnshape.errors import QueryError
from rnnshape.network import MOST_LAYERS, Network, input_of_first_layer, too_many_layers
from rnnshape.reading.code.layers import Layers, shortened, written
from rnnshape.reading.code.state import OpenNamesError
from rnnshape.reading.code.values import (
    Built,
    Model,
    Named,
    Open,
    Root,
    Stack,
    Unread,
    causes_in,
)
from rnnshape.reading.graph import (
    Entry,
    Layer,
    LayerCall,
    Tensor,
    called_anew,
    calls_before,
    in_place_of,
    network_of,
    returned,
    tensors_in,
)
from rnnshape.signatures import ALIASES, LAYERS

__all__ = ["Models"]

MOST_MODELS = 1_000


class Models(Layers):
    """Makes models, and calls them as layers."""

    def _add_model(self, model: Model, named: Mapping[str, object]) -> None:
        if len(self.models) >= MOST_MODELS:
            raise QueryError(f"this makes too many models: at most {MOST_MODELS:,} are read")
        name = named.get("name")
        model.given_name = name if isinstance(name, str) else ""
        model.made_in = self.functions[0] if self.functions else None
        self.models.append(model)

    def make_sequential(
        self,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> Stack:
        stack = Stack(root=Root(self.source, node))
        self._add_model(stack, named)
        layers = positional[0] if positional else named.get("layers")
        match layers:
            case list() | tuple():
                for piece, one in zip(_pieces(node, layers), layers, strict=True):
                    self.add_to(piece, stack, one)
            case Open() | Unread():
                stack.causes += causes_in([layers])
            case _ if layers is not None:
                stack.causes.append(
                    self.source.error(node, "what this model's layers are is not known")
                )
        return stack

    def add_to(self, node: ast.expr | ast.stmt, stack: Stack, item: object) -> None:
        match item:
            case Layer() | Model():
                stack.items.append(item)
            case Tensor(maker=Entry()) if not stack.items:
                stack.items.append(item)
            case Tensor(maker=Entry()):
                message = "Input says what the network is given: put it first"
                stack.causes.append(self.source.error(node, message))
            case Named(word=word) if ALIASES.get(word, word) in LAYERS:
                message = f"{word} is a layer's class: make one of it, {word}(...)"
                stack.causes.append(self.source.error(node, message))
            case Open(roots=[Root(node=ast.Call()) as root]):
                stack.causes.append(self.not_a_layer(root))
            case Open() | Unread():
                stack.causes += causes_in([item])
            case list() | tuple():
                for one in item:
                    self.add_to(node, stack, one)
            case _:
                stack.causes.append(self.source.error(node, "this is not a layer that is known"))

    def make_model(
        self,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        names = ("inputs", "outputs", "name")
        given = dict(zip(names, positional, strict=False)) | dict(named)
        inputs = given.get("inputs", given.get("input"))
        outputs = given.get("outputs", given.get("output"))
        model = Built(inputs=tuple(tensors_in(inputs)), outputs=tuple(tensors_in(outputs)))
        self._add_model(model, given)
        model.causes += causes_in([inputs, outputs])
        if not model.causes and not (model.inputs and model.outputs):
            what = "inputs" if not model.inputs else "outputs"
            model.causes.append(
                self.source.error(node, f"what this model's {what} are is not known")
            )
        if not model.causes:
            calls = calls_before(model.outputs, model.inputs)
            self.count(len(calls))
            loose = [
                one.maker.name or one.maker.given_name
                for tensors in (model.outputs, *(call.tensors for call in calls))
                for one in tensors
                if isinstance(one.maker, Entry) and one not in model.inputs
            ]
            if loose:
                which = f": {loose[0]}" if loose[0] else ""
                message = f"this model needs an input that it does not name{which}"
                model.causes.append(self.source.error(node, message))
        return model

    def model_called(
        self,
        model: Model,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        """A model that is called like a layer: its layers are called once more."""
        inputs = positional[0] if positional else named.get("inputs")
        given = self.passed(inputs, node)
        if isinstance(given, Unread) or model.causes:
            return Unread(causes_in([given, Unread(tuple(model.causes))]))
        name = model.given_name or model.variable
        tensors = list(tensors_in(given))
        if isinstance(model, Stack):
            flow = self.flow(model, tensors[0] if tensors else None, name)
            return flow if isinstance(flow, Unread) else flow[1]
        assert isinstance(model, Built)
        calls = calls_before(model.outputs, model.inputs)
        self._check_number(calls)
        if len(tensors) != len(model.inputs):
            return self._wrong_number(model, len(tensors), Root(self.source, node))
        instead = dict(zip(model.inputs, tensors, strict=True))
        anew, stands_for = called_anew(calls, instead, self.number + 1, name)
        self.number += len(anew)
        self.calls += anew
        outputs = [in_place_of(tensor, stands_for) for tensor in model.outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    def _wrong_number(self, model: Built, given: int, root: Root) -> Unread:
        name = model.given_name or model.variable or "the model"
        count = f"{len(model.inputs)} tensor{'s' if len(model.inputs) > 1 else ''}"
        wrong = root.source.error(root.node, f"{name} takes {count}, not {given}")
        return Unread((self.tell(wrong),))

    def count_making(self, tensors: Sequence[Tensor]) -> None:
        """Counts what it takes to tell the shapes of tensors."""
        for one in tensors:
            self.count(20 * len(calls_before([one], [])))

    def _check_number(self, calls: Sequence[LayerCall]) -> None:
        self.count(len(calls))
        if len(calls) > MOST_LAYERS:
            raise too_many_layers()

    def flow(
        self, stack: Stack, tensor: Tensor | None = None, group: str = ""
    ) -> Unread | tuple[Tensor, object]:
        """What goes into a `Sequential` and what comes out of it: its layers are called."""
        key = (id(stack), len(stack.items))
        if tensor is None and key in self._flows:
            return self._flows[key]
        first = tensor or Tensor(self._entry_of(stack))
        known: object = first
        node = stack.root.node
        for item in stack.items:
            before = len(self.calls)
            if isinstance(item, Layer):
                known = self.layer_called(item, node, [known], {})
            elif isinstance(item, Built) and len(item.inputs) != 1:
                return self._wrong_number(item, 1, stack.root)
            elif isinstance(item, Model):
                known = self.model_called(item, node, [known], {})
            for call in self.calls[before:]:
                if group:
                    call.group = f"{group}/{call.group}" if call.group else group
            if isinstance(known, Unread):
                return known
        if len(self.calls) > 10 * MOST_LAYERS:
            raise too_many_layers()
        if tensor is None:
            self._flows[key] = (first, known)
        return first, known

    def _entry_of(self, stack: Stack, depth: int = 0) -> Entry:
        """What a `Sequential` is given: its own `Input`, or what its first layer says."""
        [first, *_] = stack.items or [None]
        match first:
            case Tensor(maker=Entry() as entry):
                return entry
            case Layer(call=call):
                source = input_of_first_layer(call)
                return Entry(source.shape, "", source.dtype)
            case Stack() if depth < 20:
                return self._entry_of(first, depth + 1)
            case Built(inputs=[Tensor(maker=Entry() as entry), *_]):
                return Entry(entry.shape, entry.name, entry.dtype, entry.given_name)
        return Entry(None)

    def finished(self) -> list[Network]:
        """The networks of the models that were made; of all layers where there is no model."""
        make: list[Callable[[], Network | None]] = [partial(self._made, one) for one in self.models]
        if not self.models:
            self.ask(self.missed)
            alone = [partial(self._alone, one) for one in self.layers.values()]
            make = [self._of_all_calls] if self.calls else [*alone]
        networks = []
        for one in make:
            try:
                network = one()
            except QueryError as wrong:
                self.tell(wrong)
            else:
                networks += [network] if network else []
        if self.asked:
            self.messages.append(OpenNamesError(list(self.asked.values())))
        return networks

    def _of_all_calls(self) -> Network:
        used = {tensor.maker for call in self.calls for tensor in call.tensors}
        last = [call for call in self.calls if call not in used]
        outputs = [one for call in last for one in tensors_in(returned(call))]
        return network_of([], outputs, "", self.dimensions, self.calls)

    def _alone(self, layer: Layer) -> Network:
        entry = input_of_first_layer(layer.call)
        tensor = Tensor(Entry(entry.shape, "", entry.dtype))
        call = LayerCall(1, layer, (tensor,))
        return network_of([tensor], [*tensors_in(returned(call))], "", self.dimensions, [call])

    def _made(self, model: Model) -> Network | None:
        try:
            return self._network(model)
        except RecursionError:
            name = model.variable or "a model"
            raise QueryError(f"{name} is nested too deeply to be read") from None

    def _network(self, model: Model) -> Network | None:
        if model.causes:
            self.ask(model.causes)
            return None
        if isinstance(model, Built):
            inputs, outputs = list(model.inputs), list(model.outputs)
        elif isinstance(model, Stack):
            if all(isinstance(one, Tensor) for one in model.items):
                return None
            tensors = self.flow(model)
            if isinstance(tensors, Unread):
                self.ask(tensors.causes)
                return None
            inputs, outputs = list(tensors_in(tensors[0])), list(tensors_in(tensors[1]))
        calls = calls_before(outputs, inputs)
        self._check_number(calls)
        if not calls:  # it returns what it is given
            return None
        self.count_making(inputs)
        return network_of(inputs, outputs, self._name(model), self.dimensions)

    def _name(self, model: Model) -> str:
        """What the code calls a model, or the function call that makes it."""
        if model.made_in is None or model.is_of_module:
            return model.variable or model.given_name
        made_in = shortened(model.made_in.label)
        several = [one for one in self.models if one.made_in is model.made_in]
        name = model.variable or model.given_name
        return f"{name} in {made_in}" if len(several) > 1 and name else made_in


def _pieces(node: ast.expr | ast.stmt, layers: Sequence[object]) -> Sequence[ast.expr | ast.stmt]:
    """The piece of code that makes each layer of a `Sequential`, as far as it can be told."""
    given = written(node, 0, "layers")
    if isinstance(given, ast.List | ast.Tuple) and len(given.elts) == len(layers):
        return given.elts
    return [node] * len(layers)
