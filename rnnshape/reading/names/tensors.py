"""`Tensor`: what layers are called with, with the operators that Keras' tensors have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rnnshape.errors import QueryError
from rnnshape.expression import Call, Unknown, bind
from rnnshape.network import Shape
from rnnshape.reading import graph
from rnnshape.reading.names.arrays import BATCH
from rnnshape.reading.names.session import session, unknown_of
from rnnshape.reading.python import IsOpenError, Open, StandIn, hook
from rnnshape.signatures import signature

__all__ = [
    "Sizes",
    "Tensor",
    "operation",
    "plain_sizes",
    "sizes_of_shape",
    "stand_ins",
    "unread_step",
]


class Sizes(tuple[Any, ...]):
    """A shape as code meets it."""

    __module__ = "__main__"

    @property
    def rank(self) -> int:
        return len(self)

    ndims = rank

    def as_list(self) -> list[Any]:
        return list(self)


class Tensor(graph.Tensor, StandIn):
    """A tensor of the network that is read."""

    visible = ("shape", "get_shape", "dtype", "ndim", "rank", "name", "op")
    what = "a tensor"
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, graph.Tensor):
            return False
        return self.maker is other.maker and self.output == other.output

    def __hash__(self) -> int:
        return hash((id(self.maker), self.output))

    def __iter__(self) -> Iterator[Any]:  # else Python would ask for x[0], x[1], ... for ever
        raise TypeError("one tensor is taken for several")

    @staticmethod
    def taken_apart(value: Tensor, count: int) -> list[Tensor]:
        """`o, h, c = layer(x)`: nobody knows how many a layer returns that is not read."""
        if isinstance(value.maker, graph.InputTensor) or value.maker.layer.unread is None:
            return list(value)
        return [value] * count

    def __bool__(self) -> bool:
        raise IsOpenError(Open("a tensor", "what is in a tensor is not known"))

    @property
    def shape(self) -> Any:
        sizes, evaluator = plain_sizes(self), session().evaluator
        if sizes is not None:
            return sizes_of_shape(sizes)
        if not isinstance(self.maker, graph.InputTensor):
            return evaluator.open(evaluator.node, "this tensor's shape is not known")
        found = evaluator.open(f"{self.maker.name or 'x'}.shape")
        found.is_named = True
        return found

    def get_shape(self) -> Any:
        return self.shape

    @property
    def ndim(self) -> Any:
        return len(self.shape)

    @property
    def dtype(self) -> str:
        return "float32"

    def is_assigned(self, name: str, in_module: bool) -> None:
        if isinstance(self.maker, graph.InputTensor):
            self.maker.name = self.maker.name or name
        elif name.strip("_"):
            self.maker.names.setdefault(self.output, name)

    @staticmethod
    def chosen_over(mine: Tensor, other: object, because: Open) -> object:
        """What it is where it is only made under a condition that is not known."""
        if not isinstance(other, Tensor):
            return because
        shapes = [plain_sizes(tensor) for tensor in (mine, other)]
        known = shapes[0] if shapes[0] == shapes[1] else None
        why = because.reason or f"it depends on {because.label}"
        shared = _shared_by(mine, other)
        return unread_step(f"depends on {because.label}", why, shared, known, because)

    @staticmethod
    def made_by_unknown(text: str, given: Sequence[Any], found: Open) -> Any:
        """What something makes of tensors that is not known: one step, which keeps its place."""
        tensors = [tensor for value in given for tensor in graph.tensors_in(value)]
        return unread_step(text, found.reason, tensors, None, found)

    def __getitem__(self, index: object) -> Any:
        return operation("get_item", [self], key=f"[{written(index)}]")

    def __neg__(self) -> Any:
        return operation("negative", [self])

    def __abs__(self) -> Any:
        return operation("absolute", [self])

    def __invert__(self) -> Any:
        return operation("logical_not", [self])

    def __round__(self, decimals: int = 0) -> Any:
        return operation("round", [self], decimals=decimals)


def _shared_by(one: Tensor, other: Tensor) -> list[Any]:
    """The tensors that two are made from, on either side of a condition."""
    ends = [graph.Tensor(tensor.maker, tensor.output) for tensor in (one, other)]
    before = [graph.calls_before([end], []) for end in ends]
    common = {id(call) for call in before[0]} & {id(call) for call in before[1]}
    taken = [
        tensor
        for calls in before
        for call in calls
        if id(call) not in common
        for tensor in call.tensors
    ]
    start = [
        graph.Tensor(tensor.maker, tensor.output)
        for tensor in (*ends, *taken)
        if isinstance(tensor.maker, graph.InputTensor) or id(tensor.maker) in common
    ]
    return list(dict.fromkeys(start))


def _binary(name: str, *, is_turned: bool = False) -> Any:
    def made(self: Tensor, other: object) -> Any:
        if not _is_operand(other):
            return NotImplemented
        return operation(name, [other, self] if is_turned else [self, other])

    return made


OPERATORS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "pow": "power",
    "matmul": "matmul",
    "floordiv": "floor_divide",
    "mod": "mod",
    "and": "logical_and",
    "or": "logical_or",
    "xor": "logical_xor",
}
COMPARISONS = {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "ne": "not_equal",
}  # fmt: skip
for _word, _name in OPERATORS.items():
    setattr(Tensor, f"__{_word}__", _binary(_name))
    setattr(Tensor, f"__r{_word}__", _binary(_name, is_turned=True))
for _word, _name in COMPARISONS.items():
    setattr(Tensor, f"__{_word}__", _binary(_name))


def _is_operand(value: object) -> bool:
    return isinstance(value, Tensor | int | float | Open) or bool(hook(value, "as_operand"))


def operation(name: str, given: Sequence[Any], **arguments: Any) -> Any:
    """What a function of tensors makes that is no layer: one more step. A number among what it is
    given is an argument of it."""
    takes = signature(name).tensors
    if "newshape" in arguments:
        arguments["newshape"] = _with_rest(arguments["newshape"])
    words = {word: _plain(value) for word, value in arguments.items()}
    operands = []
    for word, value in zip(
        takes * len(given) if takes[0].startswith("*") else takes, given, strict=False
    ):
        if isinstance(value, int | float | Open) and not word.startswith("*"):
            words[word] = _plain(value)
        else:
            operands.append(_operand(value))
    call = bind(name, (), words, session().places())
    step = session().step(graph.Layer(call), operands, {})
    count = _count_of(call)
    return stand_ins(graph.returned(step, count=count))


def _with_rest(sizes: Any) -> Any:
    """`ops.reshape(x, (ops.shape(x)[0], 8))`: the batch is what the other sizes leave."""
    if not isinstance(sizes, list | tuple) or any(
        size == -1 for size in sizes if isinstance(size, int)
    ):
        return sizes
    return [-1 if isinstance(size, Open) and size.stands_for == BATCH else size for size in sizes]


def _count_of(call: Call) -> int:
    """How many tensors an operation returns, where its arguments say it."""
    parts = call["indices_or_sections"] if call.name == "split" else None
    if isinstance(parts, tuple):
        return len(parts) + 1
    return parts if isinstance(parts, int) else 1


def _plain(value: Any) -> Any:
    if isinstance(value, Open):
        return unknown_of(value)
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    if value is None or isinstance(value, bool | int | float | str):
        return value
    made = hook(value, "as_argument")
    if made:
        return made(value)
    raise QueryError(f"a {type(value).__name__} as an argument of an operation is not read")


def _operand(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(map(_operand, value))
    if isinstance(value, Open):
        raise IsOpenError(value)
    operand = hook(value, "as_operand")
    return operand(value) if operand else value


def unread_step(
    text: str, why: str, given: Sequence[Any], shape: Shape | None, because: Open | None = None
) -> Any:
    """A step that is not read, which keeps its place."""
    if because is not None:
        of_text = unknown_of(because)
        unread = Unknown(of_text.name, of_text.asked, of_text.reason, of_text.file, of_text.line)
    else:
        unread = unknown_of(session().evaluator.open(text, why))
    layer = graph.Layer(Call(text, places=session().places()), unread)
    step = session().step(layer, [one for one in given if isinstance(one, graph.Tensor)], {})
    step.returns = None if shape is None else (shape,)
    return stand_ins(graph.returned(step))


def plain_sizes(tensor: Tensor) -> Shape | None:
    """A tensor's shape as plain data; None where not even its rank is known."""
    if isinstance(tensor.maker, graph.InputTensor):
        shape = tensor.maker.shape
        return None if isinstance(shape, Unknown) else shape
    shapes = graph.shapes_of(tensor.maker)
    return shapes[tensor.output] if tensor.output < len(shapes) else None


def sizes_of_shape(shape: Shape) -> Sizes:
    """A shape as code meets it: what is not known is open."""
    return Sizes(_open_of(size) if isinstance(size, Unknown) else size for size in shape)


def _open_of(size: Unknown) -> Open:
    found = session().evaluator.open(size.name, size.reason)
    found.roots = tuple(Open(name, size.reason, found.source, found.node) for name in size.asked)
    found.is_named = True
    return found


def stand_ins(made: Any) -> Any:
    """The same nest with tensors that code can use."""
    if isinstance(made, graph.Tensor):
        return Tensor(made.maker, made.output)
    if isinstance(made, dict):
        return {key: stand_ins(part) for key, part in made.items()}
    return [stand_ins(part) for part in made] if isinstance(made, list | tuple) else made


def written(index: object) -> str:
    """An index as Python writes it; an `IsOpenError` where a part of it is open."""
    if isinstance(index, tuple):
        return ", ".join(map(written, index))
    if isinstance(index, slice):
        ends = ("" if end is None else written(end) for end in (index.start, index.stop))
        return ":".join(ends) + (f":{written(index.step)}" if index.step is not None else "")
    if isinstance(index, Open):
        raise IsOpenError(index)
    if index is None or isinstance(index, int) or index is Ellipsis:
        return "..." if index is Ellipsis else str(index)
    raise TypeError("this index of a tensor is not read")
