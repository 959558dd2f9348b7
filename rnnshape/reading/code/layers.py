"""The layers that code makes, and what it calls them with."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from rnnshape.errors import Place, QueryError
from rnnshape.expression import Call, Source, Value, bind
from rnnshape.network import input_of
from rnnshape.reading.code.state import State
from rnnshape.reading.code.values import Cause, Data, Model, Named, Open, Root, Unread, causes_in
from rnnshape.reading.graph import (
    Entry,
    FromOptions,
    Given,
    Layer,
    LayerCall,
    Tensor,
    returned,
    tensors_in,
)
from rnnshape.signatures import (
    ACTIVATIONS,
    ALIASES,
    ARGUMENT_OBJECTS,
    INPUT_ARGUMENTS,
    LAYERS,
    LAYERS_INSIDE,
    signature,
)

__all__ = ["ARRAYS", "Layers", "is_argument_object", "shortened", "written"]

RECURRENT_ARGUMENTS = ("initial_state", "mask", "training")  # after the first, in Keras' order
# Arguments that change no shape: where their values depend on data they are left out.
WITHOUT_SHAPE = (
    "_initializer",
    "_regularizer",
    "_constraint",
    "activation",
    "dropout",
    "seed",
    "name",
    "trainable",
    "dtype",
    "weights",
    "momentum",
    "epsilon",
    "alpha",
    "slope",
    "mask_value",
)
# Functions that make arrays, and whether the shape is one argument or one for each axis.
ARRAYS = {
    "empty": True,
    "normal": True,
    "ones": True,
    "rand": False,
    "randint": True,
    "randn": False,
    "random": True,
    "random_sample": True,
    "standard_normal": True,
    "uniform": True,
    "zeros": True,
}


class Layers(State):
    """Makes layers and calls them."""

    def make_layer(
        self,
        node: ast.expr | ast.stmt,
        name: str,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        """A layer, or what a layer's argument may be, such as an initializer."""
        known = signature(name)
        words = [*known.positional[: len(positional)]]
        values: list[Value] = []
        keywords: dict[str, Value] = {}
        causes: list[Cause] = []
        for index, (word, value) in enumerate([*zip_longest(words, positional), *named.items()]):
            of_input = word in INPUT_ARGUMENTS and word not in known.names
            if of_input and _is_open_shape(word, value):
                continue  # not even the number of axes is known
            piece = written(node, index, word)
            if word == "**":
                message = "what ** gives this layer is not known: write the arguments themselves"
                argument: Value | Open | Unread = Unread((self.source.error(node, message),))
            elif word in LAYERS_INSIDE:
                argument = self._layer_inside(value, piece)
            else:
                argument = self._argument(value, piece, of_input=of_input)
            if isinstance(argument, Open | Unread):
                left_out = word and word.endswith(WITHOUT_SHAPE) and word not in known.required
                if not left_out:
                    causes += argument.roots if isinstance(argument, Open) else argument.causes
                    continue
                argument = known.defaults.get(word)
            if index < len(positional):
                values.append(argument)
            else:
                keywords[word] = argument
        if causes:
            self.missed += causes
            return Unread(tuple(causes))
        try:
            call = bind(name, values, keywords, _places(self.source, node))
        except QueryError as wrong:
            return Unread((self.tell(wrong),))
        if name not in LAYERS:
            return call
        layer = Layer(call)
        self.layers[id(layer)] = layer
        return layer

    def _layer_inside(self, value: object, node: ast.expr | ast.stmt) -> Value | Open | Unread:
        """A layer or cell that a layer is made of, or several; no `--let` can have one."""
        if isinstance(value, list | tuple):
            parts = [self._layer_inside(one, node) for one in value]
            causes = causes_in(parts)
            return Unread(causes) if causes else tuple(parts)  # type: ignore[arg-type]
        argument = self._argument(value, node)
        if isinstance(argument, Open):
            return Unread((self.not_a_layer(argument.roots[0]),))
        return argument

    def not_a_layer(self, root: Root) -> QueryError:
        """What is said of something that stands in a layer's place, where it is not known."""
        what = (
            f"what {shortened(root.label)} {'makes' if isinstance(root.node, ast.Call) else 'is'}"
        )
        return root.source.error(root.node, f"{what} is not known")

    def _argument(
        self, value: object, node: ast.expr | ast.stmt, *, of_input: bool = False
    ) -> Value | Open | Unread:
        """A layer's argument as plain data."""
        match value:
            case None | bool() | int() | float() | str() | Call():
                return value
            case Layer(call=call):
                self.layers.pop(id(value), None)
                return call
            case list() | tuple():
                parts = [self._argument(one, node, of_input=of_input) for one in value]
                causes = causes_in(parts)
                return Unread(causes) if causes else tuple(parts)  # type: ignore[arg-type]
            case Open() if of_input:
                return FromOptions(1)
            case Open() | Unread():
                return value
            case Named(path=path, word=word):
                if word in ACTIVATIONS or word.rstrip("0123456789") in ("float", "int", "bfloat"):
                    return word
                if is_argument_object(value):
                    return bind(word, (), {})
                return FromOptions(1) if of_input else Open((Root(self.source, node, path),))
            case Model():
                return Unread((self.source.error(node, "a layer around a model is not read"),))
        return self.open(node)

    def make_input(
        self,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        words = signature("Input").names
        given = dict(zip(words, positional, strict=False)) | dict(named)
        values: dict[str, Value] = {}
        for word, value in given.items():
            shape = word in ("shape", "batch_shape", "batch_size", *INPUT_ARGUMENTS)
            known = self._argument(value, node, of_input=shape)
            if isinstance(known, Unread):
                return known
            if word == "tensor" and isinstance(value, Tensor):
                return value
            if isinstance(known, Open) or _is_open_shape(word, value):
                continue  # not even the number of axes is known
            values[word] = known
        try:
            call = bind("Input", (), values, _places(self.source, node))
            source = input_of(call)
        except QueryError as wrong:
            return Unread((self.tell(wrong),))
        return Tensor(Entry(source.shape, "", source.dtype, _text(values.get("name"))))

    def layer_called(
        self,
        layer: Layer,
        node: ast.expr | ast.stmt,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        self.count(5)
        given, words = list(positional), dict(named)
        for word in ("inputs", "sequences"):
            if not given and word in words:
                given.append(words.pop(word))
        if "return_sequences" in signature(_inner(layer.call).name).names:
            words = dict(zip(RECURRENT_ARGUMENTS, given[1:], strict=False)) | words
            given = given[:1]
        arguments = [self.passed(one, node) for one in given]
        keywords = {word: self.passed(one, node, word) for word, one in words.items()}
        for word in ("mask", "training"):
            if isinstance(keywords.get(word), Unread):  # it changes no shape
                del keywords[word]
        if causes := causes_in([*arguments, *keywords.values()]):
            return Unread(causes)
        if not any(tensors_in(arguments)):
            wrong = self.source.error(node, f"{layer.call} is called with no tensor")
            return Unread((self.tell(wrong),))
        self.number += 1
        call = LayerCall(
            self.number,
            layer,
            tuple(arguments),  # type: ignore[arg-type]
            tuple(keywords.items()),  # type: ignore[arg-type]
        )
        self.calls.append(call)
        scores = words.get("return_attention_scores") is True
        return returned(call, count=2 if scores else 1)

    def passed(self, value: object, node: ast.expr | ast.stmt, word: str = "") -> Given | Unread:
        """What a layer is called with: data becomes an input of the network."""
        match value:
            case Tensor() | bool() | None:
                return value
            case Unread():
                return value
            case list() | tuple():
                parts = [self.passed(one, node, word) for one in value]
                causes = causes_in(parts)
                return Unread(causes) if causes else tuple(parts)  # type: ignore[arg-type]
            case dict():
                return self.passed(list(value.values()), node, word)
            case Data(shape=shape, name=name):
                return self.entry(value, shape, name)
            case Open(roots=roots) if word:
                return Unread(roots)
            case Open(roots=roots):
                return self.entry(roots[0].label, None, roots[0].name)
            case Named(path=path, is_imported=False) if not word and "." not in path:
                return self.entry(path, None, path)
        what = f"the {word} of this layer" if word else "what this layer is called with"
        return Unread((self.source.error(node, f"{what} is not known"),))

    def entry(self, key: object, shape: tuple[int, ...] | None, name: str) -> Tensor:
        return Tensor(self._entries.setdefault(key, Entry(shape, name)))

    def array(self, node: ast.expr | ast.stmt, sizes: object) -> object:
        several = list(sizes) if isinstance(sizes, list | tuple) else [sizes]
        known = tuple(one for one in several if isinstance(one, int) and one > 0)
        if len(known) < len(several):
            return Open((Root(self.source, node),))
        return Data(known)

    def make_array(
        self,
        node: ast.expr | ast.stmt,
        word: str,
        positional: Sequence[object],
        named: Mapping[str, object],
    ) -> object:
        """`np.random.randn(2, 5, 1)`, `np.zeros((2, 5))`, `tf.random.normal([32, 10, 8])`"""
        sizes = named.get("size", named.get("shape"))
        if sizes is None and positional:
            sizes = positional[0] if ARRAYS[word] else list(positional)
        if sizes is None or (ARRAYS[word] and not isinstance(sizes, list | tuple)):
            return Open((Root(self.source, node),))
        return self.array(node, sizes)


def is_argument_object(name: Named) -> bool:
    word = ALIASES.get(name.word, name.word)
    for module, names in ARGUMENT_OBJECTS.items():
        if word in names and name.is_keras:
            return f".{module}." in f".{name.path}" or "." not in name.path
    return False


def _is_open_shape(word: str, value: object) -> bool:
    return word.endswith("shape") and isinstance(value, Open | Named)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _inner(call: Call) -> Call:
    layer = call["layer"] if call.name == "Bidirectional" else None
    return layer if isinstance(layer, Call) else call


def written(node: ast.expr | ast.stmt, index: int, word: str) -> ast.expr | ast.stmt:
    """The piece of a call that an argument is written with, as far as it can be told."""
    if not isinstance(node, ast.Call):
        return node
    if index < len(node.args):
        return node.args[index]
    return next((one.value for one in node.keywords if one.arg == word), node)


def _places(source: Source, node: ast.expr | ast.stmt) -> dict[str, Place]:
    """Where a call and its arguments stand."""
    places = {"": source.place(node)}
    if isinstance(node, ast.Call):
        places[""] = source.place(node.func)
        for keyword in node.keywords:
            if keyword.arg is not None:
                places[keyword.arg] = source.place_of_keyword(keyword)
    return places
