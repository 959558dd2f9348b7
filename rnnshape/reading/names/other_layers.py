"""What stands among the layers of a model and is no rule's alone: `Lambda`, inputs, layers to which
code gives a vocabulary or weights, what is not read; and all of them, as code asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import reduce
from types import NoneType
from typing import Any

from rnnshape.errors import NotReadError, QueryError
from rnnshape.expression import unknowns_in
from rnnshape.nest import within
from rnnshape.program import DEPENDS
from rnnshape.reading import graph
from rnnshape.reading.names.arguments import passed
from rnnshape.reading.names.arrays import Array, surely
from rnnshape.reading.names.inputs import Input
from rnnshape.reading.names.layers import CLASSES_OF, Layer, stand_in_of
from rnnshape.reading.names.of_tensorflow import as_tensor
from rnnshape.reading.names.ranges import known_range
from rnnshape.reading.names.rows import attributes_of
from rnnshape.reading.names.session import Part, gives_open, opened, session, unknown_of
from rnnshape.reading.names.settings import OfArray
from rnnshape.reading.names.sizes import differ, known_sizes, sizes_of
from rnnshape.reading.names.subclassed import shapes_in
from rnnshape.reading.names.tensors import (
    Tensor,
    name_given,
    one_of_tensors,
    plain_shape,
    plain_sizes,
    unread_layer,
    unread_step,
)
from rnnshape.reading.names.weights import Weight, check_weights
from rnnshape.reading.names.wrappers import WRAPPERS
from rnnshape.reading.python import IsOpenError, Open, own
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
        inputs = given[0] if given else named.get("inputs")
        made: Any = opened("Lambda", "what it does is not in this code")
        if callable(self.own_function):
            made = opened("Lambda")
            with suppress(IsOpenError):
                made = session().evaluator.really(self.own_function, inputs, **self.own_arguments)
        sizes = plain_sizes(made) if isinstance(made, Tensor) else None
        said = self._as_said(shapes_in(inputs))
        is_shape = said is not None and not {*map(type, said)} - {int, Open, NoneType}
        if said and sizes and (not is_shape or differ(said, sizes)):
            self.own_why = "its output_shape is not that of what its function makes"
            return opened("Lambda")
        are_open = sizes is None or None in sizes[1:] or next(unknowns_in(sizes), None) is not None
        if not (are_open and said and is_shape):
            return made
        batch, *others = plain_shape(said)
        if isinstance(made, Tensor):  # of the batch a tuple says nothing
            batch = sizes[0] if sizes else unknown_of(opened("", "it takes one batch size alone"))
        return Tensor(graph.InputTensor((batch, *others)))

    def _as_said(self, given: Any) -> Sequence[Any] | None:
        """What Keras goes by itself, where the code says what the function returns."""
        said = self.own_said
        if callable(said):
            said = session().evaluator.really(said, given)
        elif isinstance(said, tuple):
            said = (next(within(given), None), *said)
        elif isinstance(said, list | int):
            message = "Lambda takes output_shape as a tuple or a function"
            session().problem(message, words="can only concatenate tuple")
        return said if isinstance(said, list | tuple) else None

    def own_counted(self, inner: Sequence[graph.LayerCall]) -> int:
        return 0


class UnreadLayer(Layer):
    """Something that stands where a layer would, and that is not read."""

    own_is_any = True

    def __init__(self, layer: graph.Layer) -> None:
        super().__init__()
        self.own_layer = layer

    def __call__(self, *given: Any, **named: Any) -> Any:
        parts = map(passed, (*given, *named.values()))
        return unread_step(self.own_layer, [*graph.tensors_in([*parts])])


MOST_SIDES = 8  # that are compared


class EitherLayers(UnreadLayer):
    """The layers that stand in one place on the sides of a condition that is not known: of what
    those of Keras make of a tensor, it is known what they agree on."""

    def __init__(self, because: Open, sides: Sequence[Sequence[Any]]) -> None:
        super().__init__(unread_layer(f"{DEPENDS}{because.label}", because))
        self.own_because, self.own_sides = because, sides

    def __call__(self, *given: Any, **named: Any) -> Any:
        are_tensors = len(given) == 1 and isinstance(given[0], Tensor) and not named
        parts = [part for side in self.own_sides for part in side]
        sides, ends = self.own_sides, list[Any]()
        if are_tensors and len(sides) <= MOST_SIDES and all(map(_is_plain_keras_layer, parts)):
            with session().aside(), suppress(IsOpenError, QueryError):
                ends = [reduce(lambda x, layer: layer(x), side, given[0]) for side in sides]
        if not all(isinstance(end, Tensor) for end in ends or [None]):
            return super().__call__(*given, **named)
        return one_of_tensors(self.own_layer, ends, self.own_because)


def _is_plain_keras_layer(layer: Any) -> bool:
    """Whether to call it changes nothing but the network."""
    return bool(own(layer, "own_keras_name")) and not own(layer, "own_inner")


class UnreadModel(UnreadLayer):
    """A model of `keras.applications`, of which is known at most what it takes."""

    def __init__(
        self, text: str, input_tensor: Any = None, input_shape: Any = None, **_: Any
    ) -> None:
        super().__init__(unread_layer(text, "what is in it is not read"))
        self.own_name, self.own_model = "", text
        is_known = isinstance(input_shape, list | tuple)
        shape = plain_shape((None, *input_shape)) if is_known else self.own_layer.unread
        is_given = isinstance(input_tensor, Tensor)
        self.input = input_tensor if is_given else Tensor(graph.InputTensor(shape, "inputs"))
        self.inputs = [self.input]

    def own_is_assigned(self, name: str, in_module: bool) -> None:
        if not self.own_name:
            self.own_name = name
            self.own_layer = unread_layer(name, f"what is in {self.own_model} is not read")

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
        *given: Any,
        output_mode: Any = "int",
        output_sequence_length: Any = None,
        vocabulary: Any = None,
        **named: Any,
    ) -> None:
        kind = type(self).__name__
        words = vocabulary if isinstance(vocabulary, list) else [None]
        are_words = all(type(w) in (str, int) and w not in ("", "[UNK]", -1) for w in words)
        is_usual = are_words and not given and {*named} <= {"name", "dtype"}
        self.own_words = len(words) + 1 if is_usual else None  # and one for all others
        because = opened(kind, f"{kind} is not answered: {REFUSED[kind]}")
        super().__init__(unread_layer(f"{kind}(...)", because, 0))
        self.own_mode, self.own_length = output_mode, output_sequence_length

    def adapt(self, *_: Any, **__: Any) -> None:
        self.own_words = None

    set_vocabulary = adapt
    get_vocabulary = vocabulary_size = gives_open("")

    def own_sizes(self, sizes: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The shape of what it makes; None where that is not known."""
        if self.own_mode == "int":
            return sizes
        if len(sizes) < 2 or not self.own_words:
            return None
        if self.own_mode in ("multi_hot", "count"):
            return (*sizes[:-1], self.own_words)
        is_known = self.own_mode == "one_hot" and type(sizes[-1]) is int
        kept = sizes[:-1] if sizes[-1] == 1 else sizes
        return (*kept, self.own_words) if is_known else None

    def __call__(self, inputs: Any = None, *_: Any, **__: Any) -> Any:
        if isinstance(inputs, Tensor):
            given = plain_sizes(inputs)
            sizes = self.own_sizes(given) if given else None
            return unread_step(self.own_layer, [inputs], [sizes])
        sizes = self.own_sizes(inputs.shape) if isinstance(inputs, Array) else None
        return as_tensor(Array(sizes)) if sizes else opened()


class IntegerLookup(StringLookup):
    pass


class TextVectorization(StringLookup):
    """Texts to as many numbers as it is told, or as the longest has words."""

    def own_sizes(self, sizes: tuple[Any, ...]) -> tuple[Any, ...] | None:
        is_known = self.own_mode == "int" and type(self.own_length) is int
        return (*sizes[:1], self.own_length) if is_known else None


class Embedding(Layer):
    """`Embedding(20, 8, weights=[matrix])`, also as `embeddings_initializer=Constant(matrix)`: one
    of the shape that it has."""

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        given, filled = named.get("weights"), named.get("embeddings_initializer")
        given = given[0] if isinstance(given, list) and len(given) == 1 else given
        words = "is not compatible with provided weight shape"
        if given is None and isinstance(filled, OfArray):
            given, words = filled.own_array, "Incompatible shapes"
        is_array = isinstance(given, Array) and 1 not in known_sizes(given.shape)
        if self.own_layer is not None and is_array:
            sizes = (self.own_layer.call[word] for word in ("input_dim", "output_dim"))
            known = [size if type(size) is int else opened() for size in sizes]
            check_weights([Weight(known)], [given], words)

    def call(self, *given: Any, **named: Any) -> Any:
        rows = self.own_layer.call["input_dim"] if self.own_layer is not None else None
        for part in [*given, *named.values()][:1]:
            _, below, drawn = known_range(part) if isinstance(part, Array) else (None, None, 0)
            if below is not None and type(rows) is int and below > rows:
                message = f"{self.own_layer.call} has rows 0 to {rows - 1}, and is given "
                message += f"{'random ' * bool(drawn)}indices up to {(drawn or below) - 1}"
                write, words = f"input_dim={drawn or below}", f"is not in [0, {rows})"
                session().problem(f"{message}: write {write}", write, words=words)
        return super().call(*given, **named)


class Normalization(Layer):
    """A layer of Keras; `own_adapted` is how many features the data has."""

    own_keras_name = "Normalization"

    def adapt(self, data: Any, *_: Any, **__: Any) -> None:
        if isinstance(data, list | tuple):
            message = "adapt takes an array, not a list: write np.array(...)"
            session().problem(message, words="adapt() expects an iterable that yields arrays")
        with suppress(IsOpenError, ValueError, TypeError):
            self.own_adapted = sizes_of(data)[-1]


def of_sequential(model: Any, *_: Any, **__: Any) -> None:
    """`model.add(layer)` and `model.pop()` of a model that is no `Sequential`."""
    name = model.own_title or "model"
    write = f"keras.Model({name}.input, layer({name}.layers[-2].output))"
    words = f'write {write}, or make it a Sequential (Keras: "object has no attribute")'
    raise QueryError(f"only a Sequential has add and pop: {words}")


def layers_of(model: Any) -> list[Any]:
    """In Keras' order: of a model with a `call` of its own, that in which it is given them."""
    if not model.own_checks_as:
        return [*{id(part): part for part in attributes_of(model).values()}.values()]
    takes, gives = model.own_flow()
    inputs = session().input_layers
    return [
        inputs.setdefault(one, InputLayer(one)) if isinstance(one, Tensor) else stand_in_of(one)
        for one in _in_order(takes, gives, model.own_calls())
        if not (isinstance(one, graph.Layer) and is_operation(one.call.name))
    ]


def counted_layers(model: Any) -> list[Any]:
    """The same as code asks for them, where it is known how many there are."""
    found: list[Any] = model.own_layers
    rows = (own(layer, "own_layer") for layer in found)
    is_open = any(row and str(row.call).startswith(DEPENDS) for row in rows)
    if is_open or model.own_open is not None:
        label = f"{model.own_title or 'a model'}.layers"
        raise IsOpenError(replace(opened(label), stands_for=model))
    return found


def layer_named(model: Any, name: Any) -> Any:
    known, evaluator = [layer.name for layer in model.own_layers], session().evaluator
    for layer, word in zip(model.own_layers, known, strict=True):
        if isinstance(word, str) and word == name:
            return layer
    if evaluator.trying and isinstance(name, str) and all(isinstance(one, str) for one in known):
        raise surely(ValueError(f"No such layer: {name}"))
    counted_layers(model)  # it may be one that is not known
    raise NotReadError(f"this code gives no layer of the model the name {name!r}")


def _in_order(
    takes: Sequence[graph.Tensor], gives: Iterable[graph.Tensor], calls: Iterable[graph.LayerCall]
) -> list[Any]:
    """The inputs, `graph.Layer`s and what else was called, each once: those that are furthest from
    the outputs come first, and of equally far ones those that Keras meets first on its way back."""
    given: dict[Any, list[Any]] = {take: [] for take in takes}

    def maker(tensor: graph.Tensor) -> Any:
        is_end = tensor in given or isinstance(tensor.maker, graph.InputTensor)
        return tensor if is_end else tensor.maker.part or tensor.maker  # type: ignore[union-attr]

    for call in calls:
        node = call.part or call
        before = given.setdefault(node, [])
        before += [one for one in map(maker, call.tensors) if one is not node]
    first: dict[Any, int] = {}
    nodes: dict[Any, bool] = {}

    def go_back(node: Any) -> None:
        if node in given and node not in nodes:
            nodes[node] = False
            first.setdefault(_what(node), len(first))
            for one in given[node]:
                go_back(one)
            del nodes[node]  # to stand after what it needs
            nodes[node] = True

    for give in gives:
        go_back(maker(give))
    depths: dict[Any, int] = {}
    furthest: dict[Any, int] = {}
    for node in reversed(nodes):
        what = _what(node)
        furthest[what] = depths[node] = max(depths.get(node, 0), furthest.get(what, 0))
        for one in given[node]:
            depths[one] = max(depths[node] + 1, depths.get(one, 0))
    for take in takes:  # that no output needs
        furthest.setdefault(take, 0)
    return sorted(furthest, key=lambda what: (-furthest[what], first.get(what, -1)))


def _what(node: Any) -> Any:
    """What was called there; an input is itself."""
    return node.owner if isinstance(node, Part) else getattr(node, "layer", node)


def one_of_two(mine: Layer, other: object, because: Open) -> object:
    """What is known of a layer that is another one on the other side of a condition."""
    known = other.as_called if isinstance(other, Open) else other
    if not isinstance(known, Layer) or known.own_is_model:
        return because
    sides = [getattr(one, "own_sides", ((one,),)) for one in (mine, known)]
    either = EitherLayers(because, (*sides[0], *sides[1]))
    return replace(because.part(""), as_called=either)


Layer.own_chosen_over = staticmethod(one_of_two)
CLASSES_OF |= {"Embedding": Embedding, "Normalization": Normalization, **WRAPPERS}
