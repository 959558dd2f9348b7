"""`Tensor`: what layers are called with, with the operators that Keras' tensors have."""

from __future__ import annotations

import math
import types
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from rnnshape.errors import NotReadError, QueryError, printable
from rnnshape.expression import LARGEST, Call, SizeWhenRun, Unknown, Value, bind
from rnnshape.network import Shape
from rnnshape.program import DEPENDS
from rnnshape.reading import graph
from rnnshape.reading.keras2 import ATTRIBUTES
from rnnshape.reading.names.arrays import Array, array_of_shape, size_of_tensor
from rnnshape.reading.names.session import open_of, opened, session, unknown_of
from rnnshape.reading.names.sizes import is_all_of_file, rows_of
from rnnshape.reading.names.symbolic_tensors import (
    asked_for_number,
    check_key,
    check_operands,
    check_outside,
    check_squeezed,
    is_of_tensorflow,
    key_with_open,
    known_of_data,
    may_be_other,
    miscounted,
    of_tensorflow,
    taken_for_several,
    with_rest,
)
from rnnshape.reading.names.tensor_methods import OF_ARRAYS, method_of_arrays
from rnnshape.reading.names.tensor_shapes import Sizes, SizesOfTensorFlow
from rnnshape.reading.python import IsOpenError, Open, StandIn, exact, hook, opens_in, what_it_is
from rnnshape.reading.python.stand_in import may_be_in
from rnnshape.signatures import ATTRIBUTES_OF, OPERATIONS, OPERATORS, signature

FEW_AXES = "it comes from data, and is taken for an array of no more axes than the tensor"
OF_SEVERAL = ("return_state", "merge_mode")  # which say how many tensors a layer returns
IN_A_LIST = ("dsplit", "hsplit", "meshgrid", "nonzero", "unique", "unravel_index", "vsplit")


class Tensor(graph.Tensor, StandIn):
    """A tensor of the network that is read."""

    own_what, own_is_part = "a tensor", True

    @property
    def dtype(self) -> str:
        """What the input or layer says that makes it, and else Keras' own."""
        maker: Any = self.maker
        is_given = isinstance(maker, graph.InputTensor)
        said = maker.dtype if is_given else maker.layer.call["dtype"]
        if not (is_given or isinstance(said, str)) and maker.layer.call.name in OPERATIONS:
            raise IsOpenError(opened("", "what an operation makes it is not known"))
        return said.removeprefix("mixed_") if isinstance(said, str) else "float32"

    own_is_input: Any = property(lambda tensor: isinstance(tensor.maker, graph.InputTensor))
    own_told = property(lambda tensor: () if graph.are_computed([tensor]) else ("numpy",))

    def own_may_have(self, name: str) -> bool:
        return name in ATTRIBUTES_OF["tensor"]

    def own_reaches(self, name: str) -> bool:
        """What something returns that is not read may hold several: `bert(x).pooler_output`."""
        if name == "_keras_shape" or name in OF_ARRAYS:
            return not session().is_ready_for_none
        return self.own_may_be_several and plain_sizes(self) is None

    @property
    def own_may_be_several(self) -> bool:
        """Whether nobody knows how many tensors it is: of what is not read, or has an open flag."""
        if isinstance(self.maker, graph.InputTensor):
            return False
        layer = self.maker.layer
        if layer.unread is not None or layer.call.name in IN_A_LIST:
            return True
        return any(isinstance(layer.call[flag], Unknown) for flag in OF_SEVERAL)

    def __iter__(self) -> Iterator[Any]:  # else Python would ask for x[0], x[1], ... for ever
        raise taken_for_several(self)

    @staticmethod
    def own_taken_apart(value: Tensor, count: int | None) -> list[Any]:
        """`o, h, c = layer(x)`: nobody knows how many a layer returns that is not read, or that no
        rule tells of; `count` is None where one name has all the others."""
        maker: Any = value.maker
        sizes = plain_sizes(value)
        if sizes and type(sizes[0]) is int and graph.are_computed([value]):
            rows = rows_of(sizes) if count is None else min(sizes[0], count + 1)
            return [opened("", "its rows are not followed")] * rows
        is_one = isinstance(maker, graph.InputTensor) or sizes is not None
        is_operation = not is_one and maker.layer.call.name in OPERATIONS
        if is_one or not (is_operation or value.own_may_be_several):
            return list(value)
        if count is None:
            raise IsOpenError(_some_of(value))
        return [Tensor(maker, place) for place in range(count)]

    own_miscounted = miscounted
    __bool__, __float__, __int__, __len__ = map(asked_for_number, ("bool", "float", "int", "len"))

    def __getattr__(self, name: str) -> Any:
        is_gone = name == "_keras_shape"
        if not self.own_reaches(name) or (name.startswith(("_", "own_")) and not is_gone):
            raise AttributeError(name)
        if is_gone:
            return self.get_shape(name)
        is_one = name in OF_ARRAYS and not may_be_other(self)
        return method_of_arrays(self, name) if is_one else PartOfUnread(self.maker, self.output + 1)

    @property
    def shape(self) -> Any:
        sizes = plain_sizes(self)
        if sizes is not None:
            known = [
                _size_of_shape(size, place) if isinstance(size, Unknown) else size
                for place, size in enumerate(sizes)
            ]
            kind = SizesOfTensorFlow if session().is_traced() else Sizes
            made = kind(known_of_data(self, known))
            made.own_tensor = self
            return made
        if not isinstance(self.maker, graph.InputTensor):
            return opened("", "this tensor's shape is not known")
        return replace(opened(f"{self.maker.name or 'x'}.shape"), is_named=True)

    def get_shape(self, name: str = "get_shape") -> Any:
        if not session().groups:  # there it is a tensor of TensorFlow
            session().old_name(f"tensor.{name}", ATTRIBUTES["tensor"][name])
        return self.shape

    ndim = property(lambda tensor: len(tensor.shape))

    @property
    def name(self) -> Any:
        return name_given(self) or opened("", "the name of this tensor is not known")

    def own_is_assigned(self, name: str, in_module: bool) -> None:
        if isinstance(self.maker, graph.InputTensor):
            self.maker.name = self.maker.name or name
        elif name.strip("_"):
            self.maker.names.setdefault(self.output, name)

    @staticmethod
    def own_chosen_over(mine: Tensor, other: object, because: Open) -> object:
        """What it is where it is only made under a condition that is not known."""
        if not isinstance(other, Tensor):
            return replace(because.part(""), may_be=may_be_in([mine, other]))
        layer = unread_layer(f"{DEPENDS}{because.label}", because)
        return one_of_tensors(layer, [mine, other], because)

    @staticmethod
    def own_is_like(mine: Tensor, other: object) -> bool:
        """Whether they are of the same sizes, as far as these are known."""
        shapes = [plain_sizes(one) if isinstance(one, Tensor) else None for one in (mine, other)]
        if None in shapes:
            return False
        one, two = ([x if type(x) is int else None for x in shape or ()] for shape in shapes)
        return one == two

    @staticmethod
    def own_made_by_unknown(text: str, given: Sequence[Any], found: Open, path: str = "") -> Any:
        """What something makes of tensors that is not known: one step, which keeps its place."""
        if is_of_tensorflow(path):
            check_outside(path, given)
        before = [*graph.tensors_in(given), *graph.sources_of(may_be_in([*opens_in(given)]))]
        return unread_step(unread_layer(text, found), [*dict.fromkeys(before)])

    def reshape(self, newshape: Any) -> Any:
        return operation("reshape", [self], newshape=newshape)

    def squeeze(self, axis: Any = None) -> Any:
        return operation("squeeze", [self], axis=axis)

    def set_shape(self, _: Any) -> None:
        of_tensorflow(self, "set_shape")

    def numpy(self) -> Any:
        of_tensorflow(self, "numpy")
        return array_of_shape(self.shape)

    def __getitem__(self, index: object) -> Any:
        if isinstance(index, int | str | slice) and self.own_reaches(""):
            is_part = not isinstance(index, slice)  # `bert(x)["pooled_output"]`
            return PartOfUnread(self.maker, self.output + 1) if is_part else _some_of(self)
        check_key(self, index)
        try:
            return operation("get_item", [self], key=key_with_open(index))
        except IsOpenError as wrong:
            return self.own_made_by_unknown(opened().label, [self], wrong.value)

    def __round__(self, decimals: int = 0) -> Any:
        return operation("round", [self], decimals=decimals)


def _some_of(tensor: Tensor) -> Open:
    """`f(x)[1:]` of what may be several tensors."""
    found = opened("", "how many it returns is not known")
    return replace(found, may_be=(tensor,))


def _size_of_shape(size: Unknown, place: int) -> Open:
    """Under the name that the code has for it; what it follows from tells it apart from others."""
    found, text = open_of(size), opened().label
    if not text.endswith("shape"):
        return found
    return replace(found, label=f"{text}[{place}]", roots=found.roots or (found,))


class UnreadTensor(Tensor):
    """What something makes that is not read; where that is called, it is a model."""

    own_unknown: Any = property(lambda tensor: open_of(tensor.maker.layer.unread))

    def own_as_argument(self) -> Any:
        name = getattr(self.maker, "names", {}).get(self.output, "...")
        raise IsOpenError(opened(name, "what it is, is not known"))

    def __call__(self, *given: Any, **named: Any) -> Any:
        found = opened()
        return self.own_made_by_unknown(found.label, [*given, *named.values()], found)


class PartOfUnread(UnreadTensor):
    """What is under a name of something that is not read: a tensor, or a method."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        return super().__call__(self, *given, **named)


def shape_among(tensors: Sequence[Tensor], because: Open) -> Shape | None:
    """The sizes of what is one of some tensors; None where they are of several ranks, or of one
    that is not known."""
    shapes = [plain_sizes(tensor) for tensor in tensors]
    if None in shapes or len({*map(len, filter(None, shapes))}) > 1:
        return None
    made: list[Any] = []
    for sizes in zip(*filter(None, shapes), strict=True):
        session().evaluator.spend()  # each has a number of its own
        other = replace(unknown_of(because), made=session().evaluator.steps)
        made.append(sizes[0] if len({*sizes}) == 1 else other)
    return tuple(made)


def one_of_tensors(layer: graph.Layer, tensors: Sequence[Tensor], because: Open) -> Any:
    """A step for what is one of some tensors, on either side of a condition."""
    ends, calls = graph.ends_in_common(tensors)
    made = unread_step(layer, ends, [shape_among(tensors, because)])
    if any(call.layer.call.name == "Masking" or call.layer.call["mask_zero"] for call in calls):
        made.maker.mask = "any"
    return made


def _operator(name: str, *, is_turned: bool = False) -> Any:
    def made(self: Tensor, *others: object) -> Any:
        takes_list = session().groups or name.startswith(("greater", "less"))
        if takes_list and any(isinstance(other, list) for other in others):
            others = tuple(map(session().of_keras("ops", "convert_to_tensor"), others))
        kinds = Tensor | int | float | Open
        if not all(isinstance(x, kinds) or hook(x, "own_as_operand") for x in others):
            return NotImplemented
        check_operands(name, self, others, is_turned)
        return operation(name, [*others, self] if is_turned else [self, *others])

    return made


for _word, (_, _name) in OPERATORS.items():
    setattr(Tensor, f"__r{_word}__", _operator(_name, is_turned=True))
    setattr(Tensor, f"__{_word}__", _operator(_name))
for _word, _name in (("neg", "negative"), ("abs", "absolute"), ("invert", "logical_not")):
    setattr(Tensor, f"__{_word}__", _operator(_name))


def operation(name: str, given: Sequence[Any], **arguments: Any) -> Any:
    """What a function of tensors makes that is no layer: one more step. A number among what it is
    given is an argument of it."""
    takes = signature(name).tensors
    if name == "squeeze" and arguments.get("axis") is None:
        check_squeezed(plain_sizes(given[0]))
    if "newshape" in arguments:
        arguments["newshape"] = made = with_rest(arguments["newshape"], given)
        if isinstance(made, Array) and not made.own_values:
            raise IsOpenError(opened("data"))
    if next(graph.tensors_in(arguments), None) is not None:
        raise NotReadError("a tensor as an argument of an operation is not read")
    parts = [*given, *map(arguments.get, takes)] if len(takes) > 1 else []
    for value in (part for part in parts if isinstance(part, Open) and not part.is_number):
        sizes = next(map(plain_sizes, graph.tensors_in(given)), None) or (None, 1)
        if takes[-1] != "x2" or (1 in sizes[1:] and is_all_of_file(value)):  # which repeats them
            return _unread_operation(name, parts, value)
    words = {word: argument(value) for word, value in arguments.items()}
    operands = []
    for word, value in zip(
        takes * len(given) if takes[0].startswith("*") else takes, given, strict=False
    ):
        if isinstance(value, int | float | Open) and not word.startswith("*"):
            is_array = isinstance(value, Open) and is_all_of_file(value)
            words[word] = argument(replace(value, reason=FEW_AXES) if is_array else value)
        else:
            try:
                operands.append(operand(value))
            except IsOpenError as wrong:
                if not tensors_of(given):
                    raise
                return _unread_operation(name, given, wrong.value)
    call = bind(name, (), words, session().places())
    made = returned(session().step(graph.Layer(call), operands, {}), graph.count_of(call))
    is_list = name == "split" and call["indices_or_sections"] in (1, ())
    is_list |= name == "unstack" and isinstance(made, Tensor) and bool(plain_sizes(made))
    return [made] if is_list else made


def _unread_operation(name: str, given: Sequence[Any], because: Open) -> Any:
    made = Tensor.own_made_by_unknown(f"{name}(...)", given, because)
    made.maker.layer.parameters = 0
    return made


def argument(value: Any) -> Value:
    """A layer's argument as plain data."""
    if isinstance(value, Open):
        return unknown_of(value)
    value = exact(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
        raise QueryError(f"this number is too large: the largest is {LARGEST}")
    if isinstance(value, float) and not math.isfinite(value):
        raise QueryError("this number is too large")
    if value is None or isinstance(value, bool | int | float | str | Unknown | Call | SizeWhenRun):
        return value
    is_row = isinstance(value, Array) and len(value.shape) == 1 and value.own_values
    if is_row or isinstance(value, list | tuple | range):
        return tuple(map(argument, value))
    if hook(value, "own_as_argument") is not None:
        try:
            made: Value = value.own_as_argument()
        except IsOpenError as wrong:
            return unknown_of(wrong.value)
        return made
    name = (value if isinstance(value, type | types.FunctionType) else type(value)).__name__
    if isinstance(value, type) and getattr(value, "own_keras_name", None):
        raise QueryError(f"{name} is a layer's class: make one of it, {name}(...)")
    what = "a function of the code" if isinstance(value, types.FunctionType) else what_it_is(value)
    name = value.own_name if isinstance(value, Array) else name
    if isinstance(value, graph.Tensor):
        name = getattr(value.maker, "names", {}).get(value.output, "...")
    shown = "..." if name in ("", "<lambda>", "ellipsis") else name  # which can be read again
    return unknown_of(opened(shown, f"{what} as an argument is not read"))


def operand(value: Any) -> Any:
    """What a layer or function is called with, where it is data or a nest of tensors."""
    if isinstance(value, list | tuple):
        return tuple(map(operand, value))
    if isinstance(value, Open):
        raise IsOpenError(value)
    made = hook(value, "own_as_operand")
    if made is None:
        return value
    tensor = made(value)
    return Tensor(tensor.maker, tensor.output)


def unread_layer(text: str, why: Open | str, parameters: int | None = None) -> graph.Layer:
    """What stands for a layer that is not read, because of something open or for a reason."""
    because = unknown_of(opened(text, why) if isinstance(why, str) else why)
    return graph.Layer(Call(printable(text), places=session().places()), because, parameters)


def unread_step(
    layer: graph.Layer, given: Sequence[Any], shapes: Sequence[Shape | None] = (), many: int = 1
) -> Any:
    """A call of a layer that is not read, which keeps its place; `shapes` are of what it returns,
    as far as they are known."""
    step = session().step(layer, given, {})
    is_known = any(shape is not None for shape in shapes)
    step.returns = tuple(shapes) if is_known else None
    return graph.returned(step, max(many, len(shapes)), Tensor if is_known else UnreadTensor)


returned = partial(graph.returned, kind=Tensor)  # as code has it: a tensor, or a list of them
plain_sizes = graph.plain_sizes


def plain_shape(sizes: Sequence[Any]) -> Shape:
    """The sizes that code has as plain data."""
    return tuple(map(size_of_tensor, sizes))


def name_given(tensor: Tensor) -> str:
    return getattr(tensor.maker, "given_name", "")


def tensors_of(given: Any) -> list[Any]:
    return [*graph.tensors_in(given)]
