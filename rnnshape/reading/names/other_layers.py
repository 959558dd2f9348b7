"""What stands among the layers of a model and is none that a rule knows: `Lambda`, inputs, layers
with a vocabulary, what is not read; and all of them, as code asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from rnnshape.errors import NotReadError
from rnnshape.expression import Unknown, calls_within
from rnnshape.nest import within
from rnnshape.network import Shape
from rnnshape.reading import graph
from rnnshape.reading.names.arguments import Input, passed
from rnnshape.reading.names.arrays import Array, surely
from rnnshape.reading.names.given_weights import Embedding, Normalization
from rnnshape.reading.names.layers import CLASSES_OF, Layer, stand_in_of
from rnnshape.reading.names.order import layers_in_order
from rnnshape.reading.names.predictions import reshaped
from rnnshape.reading.names.rows import layers_in
from rnnshape.reading.names.session import opened, session, unknown_of
from rnnshape.reading.names.tensors import (
    Tensor,
    argument,
    name_given,
    plain_shape,
    plain_sizes,
    unread_layer,
    unread_step,
)
from rnnshape.reading.python import IsOpenError, own
from rnnshape.signatures import REFUSED, is_operation


class Lambda(Layer):
    """`Lambda(lambda x: x * 2)`: its function is followed. It is one row, as in Keras: its shape is
    that of what its function makes."""

    own_is_row = own_is_without_weights = True
    own_why = "it runs code, which is not measured"
    own_text = "Lambda(...)"

    def __init__(
        self,
        function: Any = None,
        output_shape: Any = None,
        mask: Any = None,
        arguments: Any = None,
        **named: Any,
    ) -> None:
        super().__init__(**named)
        self.own_function, self.own_arguments = function, arguments or {}
        self.own_said = output_shape

    def call(self, *given: Any, **named: Any) -> Any:
        made: Any = opened("Lambda", "what it does is not in this code")
        if callable(self.own_function):
            made = opened("Lambda")
            with suppress(IsOpenError):
                inputs = given[0] if given else named.get("inputs")
                made = session().evaluator.really(self.own_function, inputs, **self.own_arguments)
        is_known = isinstance(made, Tensor) and plain_sizes(made) is not None
        return made if is_known else self._as_said(graph.tensors_in([given, named]), made)

    def _as_said(self, tensors: Iterable[Any], made: Any) -> Any:
        """What Keras goes by itself, where the code says what the function returns."""
        shapes = [plain_sizes(tensor) for tensor in tensors]
        if not (isinstance(self.own_said, list | tuple) and shapes and shapes[0]):
            return made
        return Tensor(graph.InputTensor((shapes[0][0], *plain_shape(self.own_said))))

    def own_counted(self, inner: Sequence[graph.LayerCall]) -> int:
        return 0


class Wrapper(Layer):
    """What a layer of the code around another derives from."""

    def __init__(self, layer: Any = None, **named: Any) -> None:
        super().__init__(**named)
        self.layer = layer


class UnreadLayer(Layer):
    """Something that stands where a layer would, and that is not read."""

    own_is_any = True

    def __init__(self, layer: graph.Layer) -> None:
        super().__init__()
        self.own_layer = layer

    def __call__(self, *given: Any, **named: Any) -> Any:
        return unread_step(self.own_layer, [*map(passed, given)])


class UnreadModel(UnreadLayer):
    """A model of `keras.applications`, of which is known at most what it takes."""

    def __init__(
        self, text: str, input_tensor: Any = None, input_shape: Any = None, **_: Any
    ) -> None:
        super().__init__(unread_layer(text, opened(text, "what is in it is not read")))
        self.own_name, self.own_model = "", text
        is_known = isinstance(input_shape, list | tuple)
        shape = plain_shape((None, *input_shape)) if is_known else self.own_layer.unread
        is_given = isinstance(input_tensor, Tensor)
        self.input = input_tensor if is_given else Tensor(graph.InputTensor(shape, "inputs"))
        self.inputs = [self.input]

    def own_is_assigned(self, name: str, in_module: bool) -> None:
        if not self.own_name:
            self.own_name = name
            self.own_layer = unread_layer(
                name, opened(name, f"what is in {self.own_model} is not read")
            )

    own_title: Any = property(lambda model: model.own_name or model.own_model)
    output = property(lambda model: unread_step(model.own_layer, model.inputs))
    outputs = property(lambda model: [model.output])

    def get_layer(self, *_: Any, **__: Any) -> UnreadModel:
        return UnreadModel(opened().label, self.input)


class InputLayer(Layer):
    """An input among `model.layers`; where code makes one, it is the tensor."""

    own_is_without_weights = True

    def __new__(cls, *values: Any, **named: Any) -> Any:
        if values and isinstance(values[0], Tensor):
            return super().__new__(cls)
        if "batch_input_shape" in named:  # of which it only warns
            named["batch_shape"] = named.pop("batch_input_shape")
        return Input(*values, **named)

    def __init__(self, tensor: Tensor) -> None:
        super().__init__()
        self.own_tensor = tensor

    output: Any = property(lambda layer: layer.own_tensor)

    @property
    def input(self) -> Tensor:
        mend = "write its output, or the inputs of the model"
        message = f"an InputLayer has no input in this Keras: {mend}"
        session().problem(message, "model.inputs", words="cannot be empty")
        return self.own_tensor

    name: Any = property(lambda layer: name_given(layer.output) or opened("an input's name"))


class StringLookup(UnreadLayer):
    """A number for each word, by a vocabulary: the shape stays what it is. No rule knows it, but
    what code says of it gives its shapes."""

    def __init__(
        self,
        max_tokens: Any = None,
        num_oov_indices: Any = 1,
        mask_token: Any = None,
        oov_token: Any = "[UNK]",
        vocabulary: Any = None,
        *_: Any,
        output_mode: Any = "int",
        output_sequence_length: Any = None,
        **named: Any,
    ) -> None:
        kind = type(self).__name__
        because = opened(kind, f"{kind} is not answered: {REFUSED[kind]}")
        super().__init__(unread_layer(f"{kind}(...)", because, 0))
        special = [oov_token] * num_oov_indices
        self.own_special = special if mask_token is None else [mask_token] + special  # noqa: RUF005
        self.own_mode, self.own_length = output_mode, output_sequence_length
        self.set_vocabulary(vocabulary)

    def set_vocabulary(self, vocabulary: Any, *_: Any, **__: Any) -> None:
        is_known = isinstance(vocabulary, list | tuple)
        self.own_words: Any = vocabulary if is_known else opened("words")

    def adapt(self, *_: Any, **__: Any) -> None:
        self.set_vocabulary(None)

    def get_vocabulary(self, include_special_tokens: Any = True) -> Any:
        words = [word for word in self.own_words if word not in self.own_special]
        return [*self.own_special, *words] if include_special_tokens is True else words

    def vocabulary_size(self) -> Any:
        return len(self.get_vocabulary())

    def own_sizes(self, sizes: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The shape of what it makes; None where that is not known."""
        return sizes if self.own_mode == "int" else None

    def __call__(self, inputs: Any = None, *_: Any, **__: Any) -> Any:
        if isinstance(inputs, Tensor):
            given = plain_sizes(inputs)
            sizes = self.own_sizes(given) if given else None
            return unread_step(self.own_layer, [inputs], [sizes])
        sizes = self.own_sizes(inputs.shape) if isinstance(inputs, Array) else None
        return Array(sizes) if sizes else opened()


class IntegerLookup(StringLookup):
    pass


class TextVectorization(StringLookup):
    """Texts to as many numbers as it is told, or as the longest has words."""

    def __init__(self, max_tokens: Any = None, *_: Any, output_mode: Any = "int", **named: Any):
        mask = "" if output_mode == "int" else None
        super().__init__(max_tokens, mask_token=mask, output_mode=output_mode, **named)

    def own_sizes(self, sizes: tuple[Any, ...]) -> tuple[Any, ...] | None:
        is_known = self.own_mode == "int" and type(self.own_length) is int
        return (*sizes[:1], self.own_length) if is_known else None


class SpectralNormalization(Layer):
    """A layer whose kernel is divided: it has the weights of that layer, and a vector."""

    def __init__(self, layer: Any = None, *values: Any, **named: Any) -> None:
        super().__init__(layer, *values, **named)
        inner = own(layer, "own_layer")
        if self.own_layer is not None and isinstance(inner, graph.Layer):
            sizes = (inner.call[word] for word in ("units", "filters"))
            many = next((size for size in sizes if isinstance(size, int)), None)
            vector = graph.Layer(self.own_layer.call, parameters=many)
            self.own_wraps, self.own_layer.holds = layer, (*layers_in(layer), vector)


class Bidirectional(Layer):
    """A layer both ways: Keras copies the one that is given, but not a `backward_layer`."""

    def __init__(self, *values: Any, backward_layer: Any = None, **named: Any) -> None:
        more = {} if backward_layer is None else {"backward_layer": backward_layer}
        super().__init__(*values, **named, **more)
        if self.own_layer is not None and isinstance(backward_layer, Layer):
            vars(self)["backward_layer"] = backward_layer
            self.own_hold_parts()
        inner = own(values[0] if values else named.get("layer"), "own_layer")
        if self.own_layer is not None and inner in session().built:
            because = opened(str(inner.call), "a copy of it is for the features of the first")
            self.own_layer.unread = unknown_of(because)


def _check_is_built_alike(layer: graph.Layer | None, given: Sequence[Any]) -> None:
    """What a layer around another makes is not known where that has weights for other features by
    now; a model has its `Input`."""
    sizes = plain_sizes(given[0]) if given and isinstance(given[0], Tensor) else None
    if layer is None or not sizes or any(c.name == "Sequential" for c in calls_within(layer.call)):
        return
    for part in layer.innermost - {layer}:
        first = session().first_call(part.stand_in) if part.stand_in else None
        before = plain_sizes(next(first.tensors)) if first else None
        if before and before[-1] != sizes[-1]:
            because = opened(str(part.call), f"it has its weights for {before[-1]} features")
            layer.unread = unknown_of(because)


INNER = {"layer", "cell", "cells"}


class LayerOverTime(Layer):
    """`TimeDistributed(layer)`: one row of a layer of the code, or of a model that is no chain,
    which is followed once."""

    own_inner: Sequence[Any] = ()

    def __init__(self, *values: Any, **named: Any) -> None:
        inner = values[0] if values else next(map(named.get, named.keys() & INNER), None)
        inner = (isinstance(inner, Cells) and inner.own_inner) or inner
        self.own_is_stack = isinstance(inner, list | tuple)
        parts: Any = inner if self.own_is_stack else [inner]
        if any(isinstance(part, Layer) and isinstance(argument(part), Unknown) for part in parts):
            words = ("cell", "return_sequences", "return_state")
            self.own_inner, self.own_keras_name, self.own_is_row = parts, "", True
            self.own_named = dict(zip(words, values, strict=False)) | named
            unread = getattr(own(parts[0], "own_layer"), "unread", None)
            followed = "what is in it is followed, for one timestep"
            self.own_why = unread.reason if unread else followed
            return
        super().__init__(*values, **named)
        self.own_is_row = not self.own_keras_name
        if self.own_layer is None:  # it derives from one, and what that takes is not all known
            return
        self.own_layer.holds = tuple(one for part in parts for one in layers_in(part))
        first = next((one.own_layer for one in parts if isinstance(one, Layer)), None)
        if parts == [inner]:
            self.own_wraps = inner
        self.own_layer.parameters = (first or self.own_layer).parameters  # those of what is in it

    def call(self, *given: Any, **named: Any) -> Any:
        if not self.own_inner:
            model: Any = vars(self).get("own_wraps")
            for tensor in given[:1] if hasattr(model, "own_flow") else ():
                sizes = plain_sizes(tensor) if isinstance(tensor, Tensor) else None
                if sizes and model.own_kind == "Sequential":
                    model.own_given((sizes[0], *sizes[2:]))
                if sizes and model.own_takes:
                    timestep = Tensor(graph.InputTensor((sizes[0], *sizes[2:])))
                    made = reshaped(model.own_title, model.own_takes[0], timestep, given)
                    if made is not None:
                        return made
            _check_is_built_alike(self.own_layer, given)
            return super().call(*given, **named)
        first = given[0] if given else next(iter(named.values()))
        sizes = plain_sizes(first) if isinstance(first, Tensor) else None
        if sizes is None:
            return opened(self.own_text, "what it is given is not known")
        timestep = Tensor(graph.InputTensor((sizes[0], *sizes[2:]), "inputs"))
        return self.own_of_timestep(timestep, sizes)

    def own_of_timestep(self, timestep: Tensor, sizes: Shape) -> Any:
        return _at_every_timestep(self.own_inner[0](timestep), sizes)

    @property
    def own_text(self) -> str:
        inner = next(iter(self.own_inner), None)
        return f"{type(self).__name__}({getattr(inner, 'own_title', '...')})"


class LayerOfCells(LayerOverTime):
    """`RNN(cell)`, of cells of the code."""

    def call(self, *given: Any, **named: Any) -> Any:
        held = self.own_layer.holds if self.own_layer else ()
        if len({*held}) < len(held):
            because = opened("cells", "one cell stands several times in it: make each anew")
            self.own_layer.unread = unknown_of(because)
        return super().call(*given, **named)

    def own_of_timestep(self, timestep: Any, sizes: Shape) -> Any:
        states: list[Any] = []
        for cell in self.own_inner:
            kept = session().evaluator.attribute(cell, "state_size")
            each = kept if isinstance(kept, list | tuple) else [kept]
            shapes = (size if isinstance(size, list | tuple) else (size,) for size in each)
            before = [graph.InputTensor(plain_shape((sizes[0], *shape))) for shape in shapes]
            timestep, after = cell(timestep, [*map(Tensor, before)])
            states += [[*after]] if self.own_is_stack and each is kept else after
        flags = self.own_named
        output = _at_every_timestep(timestep, sizes) if flags.get("return_sequences") else timestep
        return (output, *states) if flags.get("return_state") else output


class Cells(LayerOfCells):
    """`StackedRNNCells(cells)`, of cells of the code."""


def _at_every_timestep(made: Any, sizes: Shape) -> Tensor:
    each = plain_sizes(made) if isinstance(made, Tensor) else None
    return Tensor(graph.InputTensor(each and (*sizes[:2], *each[1:])))


def layers_of(model: Any) -> list[Any]:
    """In Keras' order: of a model with a `call` of its own, that in which it is given them."""
    if not model.own_kind:
        held = [value for name, value in vars(model).items() if not name.startswith("own_")]
        parts = (part for part in within(held) if isinstance(part, Layer))
        return [*{id(part): part for part in parts}.values()]
    takes, gives = model.own_flow()
    inputs = session().input_layers
    return [
        inputs.setdefault(one, InputLayer(one)) if isinstance(one, Tensor) else stand_in_of(one)
        for one in layers_in_order(takes, gives, model.own_calls())
        if not (isinstance(one, graph.Layer) and is_operation(one.call.name))
    ]


def layer_named(model: Any, name: Any) -> Any:
    known, evaluator = [layer.name for layer in model.layers], session().evaluator
    for layer, word in zip(model.layers, known, strict=True):
        if isinstance(word, str) and word == name:
            return layer
    if evaluator.trying and isinstance(name, str) and all(isinstance(one, str) for one in known):
        raise surely(ValueError(f"No such layer: {name}"))
    raise NotReadError(f"this code gives no layer of the model the name {name!r}")


CLASSES_OF |= {
    "Normalization": Normalization,
    "Bidirectional": Bidirectional,
    "Embedding": Embedding,
    "RNN": LayerOfCells,
    "SpectralNormalization": SpectralNormalization,
    "StackedRNNCells": Cells,
    "TimeDistributed": LayerOverTime,
}
