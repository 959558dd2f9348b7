"""What Keras refuses of a tensor in a graph of layers, where TensorFlow takes it of its own; and
the sizes that it knows only when a model runs: how many samples there are."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rnnshape.chains import chain
from rnnshape.description import describe
from rnnshape.errors import QueryError
from rnnshape.expression import KEPT, Call, SizeWhenRun, calls_within, unknowns_in
from rnnshape.reading import graph
from rnnshape.reading.names.arrays import BATCH, Array
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.sizes import NumPyFloat, NumPyNumber, check_repeated, sizes_of
from rnnshape.reading.names.tensor_sizes import SizesInTensor
from rnnshape.reading.output_names import names_returned
from rnnshape.reading.python import IsOpenError, Open, exact
from rnnshape.signatures import is_recurrent


def check_key(tensor: graph.Tensor, key: object) -> None:
    """A key that is no tuple, and what a tuple may not hold."""
    node = session().evaluator.node
    text = ast.unparse(node.value) if isinstance(node, ast.Subscript) else "x"
    wrong: list[tuple[str, str]] = []
    if isinstance(key, slice) or key is None or key is Ellipsis:
        write = f"{text}[{':' if key is Ellipsis else written(key)}, ...]"
        wrong.append(("a model's tensor takes no such key alone", write))
    for axis, part in enumerate(key if isinstance(key, tuple) else ()):
        if isinstance(part, NumPyNumber):
            parts = getattr(getattr(node, "slice", None), "elts", [])
            write = f"int({ast.unparse(parts[axis])})" if axis < len(parts) else str(int(part))
            wrong.append(("a tensor's key takes no number of NumPy", write))
        elif isinstance(part, list | tuple):
            write = f"keras.ops.take({text}, {[*part]}, axis={axis})"
            wrong.append(("a key of a model's tensor holds no list", write))
    for what, write in wrong:
        _tell(tensor, f"{what}: write {write}", write, "Unsupported key type for array slice")


def check_squeezed(sizes: Sequence[Any] | None) -> None:
    """Without an axis TensorFlow leaves open which axes remain, where the batch is not known."""
    session().squeezes = True
    if session().is_traced() and sizes and None in sizes:
        ones = [axis for axis, size in enumerate(sizes) if type(size) is int and size == 1]
        write = f"axis={ones[0] if len(ones) == 1 else tuple(ones) or '...'}"
        message = f"squeeze within a layer needs its axis, as the batch is not known: write {write}"
        session().problem(message, write, words="not automatically infer the")


def check_unrolled(call: Call, given: Sequence[Any]) -> None:
    """Within a layer Keras unrolls the timesteps at once, and has to know how many there are."""
    sizes = next((graph.plain_sizes(tensor) for tensor in graph.tensors_in(given)), None)
    inner = [*calls_within(call)]
    is_unrolled = any(part["unroll"] is True for part in inner)
    is_unrolled &= all(part.name != "TimeDistributed" for part in inner)  # of other timesteps
    if is_unrolled and session().is_traced() and sizes and sizes[1:2] == (None,):
        message = f"{call} within a layer can't unroll an open number of timesteps"
        words = "Cannot unroll a RNN if the time dimension is undefined"
        session().problem(f"{message}: write unroll=False", "unroll=False", words=words)


def check_operands(name: str, tensor: Any, others: Sequence[Any], is_turned: bool) -> None:
    """What an operator of Python takes beside a tensor: of one, `y - model(X)`."""
    if is_turned:
        _check_before(others[0], tensor)
    is_compared = name in ("subtract", "equal", "not_equal") and isinstance(others[0], Array)
    maker = tensor.maker
    if is_compared and isinstance(maker, graph.LayerCall) and graph.are_computed([tensor]):
        check_repeated(tensor, others[0], maker.names.get(tensor.output, ""))


def _check_before(number: object, tensor: graph.Tensor) -> None:
    """What stands before the operator: NumPy asks a tensor behind its own for numbers."""
    is_table = getattr(number, "own_what", "") == "a table"
    if not is_table and type(number) not in (Array, NumPyNumber, NumPyFloat):
        return
    node = session().evaluator.node
    left = getattr(node, "left", None) or getattr(node, "target", None)
    plain = type(exact(number)).__name__
    function = "keras.ops.convert_to_tensor" if isinstance(number, Array) else plain
    write = f"{function}({ast.unparse(left)})" if left else ""
    message = f"a model's tensor can't stand behind what is NumPy's{': write ' * bool(left)}{write}"
    _tell(tensor, message, write, "A KerasTensor is symbolic")


def is_eager() -> bool:
    """Whether what a `call` of the code does with data is followed, as Python runs it."""
    held = session()
    is_symbolic = held.is_traced() or any(model.own_is_graph for model in held.models)
    return bool(held.groups) and not is_symbolic


def taken_for_several(tensor: graph.Tensor) -> Exception:
    """What is raised where code goes over a tensor; TensorFlow's own may have several rows."""
    maker = tensor.maker
    if is_eager() or graph.are_computed([tensor]):
        return TypeError("one tensor is taken for several")
    message = "this is one tensor, and not several"
    if isinstance(maker, graph.LayerCall):
        if may_be_other(tensor):
            return IsOpenError(opened("", "what it returns is not known"))
        message = _returns_one(maker.layer.call)
    return QueryError(f'{message} (Keras: "Iterating over a symbolic")')


def may_be_other(tensor: graph.Tensor) -> bool:
    """Whether what is not read makes it: a list of tensors, perhaps, or a number."""
    is_unread = isinstance(tensor.maker, graph.LayerCall) and tensor.maker.layer.unread is not None
    return is_unread and graph.plain_sizes(tensor) is None


def _returns_one(call: Call) -> str:
    recurrent = [part for part in calls_within(call) if is_recurrent(part.name)]
    has_states = bool(recurrent)
    flags = (part["return_state"] for part in recurrent)
    if next(unknowns_in(tuple(flags) if recurrent else call), None):
        raise IsOpenError(opened("", "how many it returns is not known"))
    if has_states:
        describe(chain([call]))  # a layer that is refused is told as such
    return f"{call} returns one tensor" + ": write return_state=True for its states" * has_states


def miscounted(first: graph.Tensor, several: Sequence[Any]) -> str:
    """`o, h = LSTM(4, return_state=True)(x)`: what the layer returns that makes them all."""
    call = first.maker
    if not isinstance(call, graph.LayerCall):
        return ""
    names = names_returned(call.layer.call)
    if len(names) == 1 and graph.are_computed([first]):  # the rows of a tensor are several
        return _returns_one(call.layer.call)
    is_whole = 1 < len(names) == len(several)
    if not is_whole or any(getattr(one, "maker", None) is not call for one in several):
        return ""
    return f"{call.layer.call} returns {len(names)} tensors: write {', '.join(names)} = ..."


def of_tensorflow(tensor: graph.Tensor | None, name: str, instead: str = "") -> None:
    """An attribute that only TensorFlow has, of a tensor, or of its shape where a function does
    the same."""
    node: Any = session().evaluator.node
    node = node.func if isinstance(node, ast.Call) else node
    owner = ast.unparse(node.value) if isinstance(node, ast.Attribute) else "x.shape"
    what, write = ("a shape", f"{instead}({owner})") if instead else ("a model's tensor", "")
    message = f"{what} has no {name} in Keras{f': write {write}' if write else ''}"
    _tell(tensor, message, write, f"object has no attribute '{name}'")


# What is wrong where Python asks a model's tensor for a number, and how Keras says it.
ASKED = {
    "bool": ("is neither true nor false", "A symbolic KerasTensor cannot be used as a boolean"),
    "float": ("is no number", "A KerasTensor is symbolic"),
    "int": ("is no number", "A KerasTensor is symbolic"),
    "len": ("has no len: ask x.shape[0]", "object of type 'KerasTensor' has no len()"),
}


def asked_for_number(name: str) -> Any:
    """What Python asks of a value for `len(x)`, `float(x)`, `if x:`."""
    what, words = ASKED[name]

    def asked(tensor: graph.Tensor) -> Any:
        if not may_be_other(tensor):
            _tell(tensor, f"a model's tensor {what}", "", words)
        raise IsOpenError(Open("a tensor", "what is in a tensor is not known"))

    return asked


# Functions of TensorFlow that look into no tensor.
LOOK_INTO_NONE = {
    *("flatten", "function", "get_static_value", "group", "is_symbolic_tensor", "is_tensor"),
    *("map_structure", "no_op", "print", "tuple"),
}


def is_of_tensorflow(path: str) -> bool:
    """Whether a module is TensorFlow's, and none of the Keras in it."""
    return f"{path}.".startswith("tensorflow.") and "keras" not in path


def check_outside(path: str, given: Any, code: str = "") -> None:
    """A function of TensorFlow that is given a tensor of a graph of layers; `code` does the same in
    Keras, if something does."""
    mend = f"write {code}, or call it within a layer" if code else "call it within a layer"
    path = path.replace("tensorflow", "tf", 1)
    message = f"{path} takes no symbolic tensor in this Keras: {mend}"
    for tensor in graph.tensors_in(given) if path.rpartition(".")[2] not in LOOK_INTO_NONE else ():
        _tell(tensor, message, code)


def _tell(tensor: graph.Tensor | None, message: str, write: str, words: str = "") -> None:
    """Within a call it is a tensor of TensorFlow, as is what is made of data."""
    held, tensors = session(), [tensor] if tensor is not None else []
    if not (held.groups or held.is_ready_for_none or (tensors and graph.are_computed(tensors))):
        held.problem(message, *filter(None, [write]), words=words)


def key_with_open(index: object) -> Any:
    """An index as an argument: its text, as `"[:, 3:]"`. Where a number or one end of a slice is
    open, the text has `{}` in its place, and what is open stands behind it."""
    parts = index if isinstance(index, tuple) else (index,)
    found, left = list[Open](), list[object]()
    for part in parts:
        ends = [part.start, part.stop] if isinstance(part, slice) else [part]
        several = [end for end in ends if isinstance(end, Open)]
        if len(several) == 1 and (isinstance(part, slice) or several[0].is_number):
            found += several
            start, *stop = ("{}" if isinstance(end, Open) else end for end in ends)
            part = slice(start, stop[0], part.step) if isinstance(part, slice) else start
        left.append(part)
    text = f"[{written(tuple(left))}]"
    return (text, *found) if found else text


def written(index: object) -> str:
    """An index as Python writes it; an `IsOpenError` where a part of it is open."""
    if isinstance(index, tuple):
        return ", ".join(map(written, index))
    if isinstance(index, slice):
        ends = ("" if end is None else written(end) for end in (index.start, index.stop))
        return ":".join(ends) + (f":{written(index.step)}" if index.step is not None else "")
    if isinstance(index, Open):
        raise IsOpenError(index)
    if index == "{}":
        return "{}"
    if index is None or isinstance(index, int) or index is Ellipsis:
        return "..." if index is Ellipsis else str(index)
    raise TypeError("this index of a tensor is not read")


def sizes_at_run_time(value: Any, *_: Any, **__: Any) -> Any:
    """`tf.shape(x)`: what Keras knows only when it runs is open, and None in a graph of layers."""
    if not session().groups and not graph.are_computed(graph.tensors_in(value)):
        return tuple(sizes_of(value))
    return tuple(_open_when_run(value, sizes_of(value)))


def known_of_data(tensor: graph.Tensor, sizes: Sequence[Any]) -> Sequence[Any]:
    """The sizes of a tensor; those that a graph has not a `call` has all the same with data."""
    if all(size is not None for size in sizes) or not is_eager():
        return sizes
    for model in session().models:
        model.own_is_of_data |= model.own_is_aside
    return _open_when_run(tensor, sizes)


def _open_when_run(value: Any, sizes: Iterable[Any]) -> list[Any]:
    """The same, those that Keras knows only when it runs as something open."""
    text = opened().label
    made = []
    for place, size in enumerate(sizes):
        if size is None:
            size = opened(f"{text}[{place}]", "it is known when the model runs")
            size.stands_for = BATCH if place == 0 or _is_of_batch_alone(value) else None
        made.append(size)
    return made


def shape_of_tensorflow(value: Any, *_: Any, **__: Any) -> Any:
    """`tf.shape(x)`, which takes no tensor of a graph of layers."""
    code, words = "keras.ops.shape", "A KerasTensor cannot be used as input to a TensorFlow"
    for tensor in graph.tensors_in(value):
        message = f"tf.shape takes no symbolic tensor in this Keras: write {code}"
        _tell(tensor, message, code, words)
    return SizesInTensor(sizes_at_run_time(value))


def _is_of_batch_alone(value: Any) -> bool:
    """Whether what a tensor leaves open follows from the batch: its axes may be in any order."""
    shapes = (graph.plain_sizes(one) for one in graph.sources_of([*graph.tensors_in(value)]))
    return all(None not in (shape or (None, None))[1:] for shape in shapes)


def stacked(name: str, given: Sequence[Any], stack: Callable[..., Any]) -> Any:
    """`tf.reduce_mean([a, b], axis=0)`: within a call, and of data, a list of tensors becomes one
    of them."""
    tensors = [*graph.tensors_in(given)]
    if not tensors:
        return given
    if not (session().groups or graph.are_computed(tensors)):
        message = f"{name} takes a tensor, and is called with a list"
        raise QueryError(f"{message} (Keras: \"'{type(given).__name__}' object has no attribute\")")
    return stack([list(given)], {})


def with_rest(sizes: Any, given: Sequence[Any]) -> Any:
    """`ops.reshape(x, (ops.shape(x)[0], 8))`: the batch is what the other sizes leave; a -1 beside
    it is what it leaves itself of each sample."""
    several = sizes if isinstance(sizes, list | tuple) else []
    others = [size for size in several if not is_batch(size)]
    if len(others) == len(several):
        return sizes
    if any(type(size) is int and size == -1 for size in others):
        [tensor] = graph.tensors_in(given)
        shape = graph.plain_sizes(tensor) or ()
        of_sample: list[Any] = [*(shape or (None, None))]
        of_sample.remove(None)  # the batch, at whichever place
        if not all(isinstance(size, int) for size in (*of_sample, *others)):
            is_first = others == [*several[1:]] and not several[0].roots
            return [KEPT, *others] if is_first and shape[:1] == (None,) else sizes
        had, each = math.prod(of_sample), -math.prod(others)
        if not each or had % each:
            words = "Input to reshape is a tensor"
            message = f"reshape makes {each}, or a multiple, of each sample's {had} numbers"
            raise QueryError(f'{message} (Keras: "{words}")')
        left: Any = had // each
        left = SizeWhenRun(left) if session().is_traced() else left
        others = [left if size == -1 else size for size in others]
    else:
        _check_sample(given, several, others)
    rest = iter(others)
    return [-1 if is_batch(size) else next(rest) for size in several]


def _check_sample(given: Sequence[Any], sizes: Sequence[Any], others: Sequence[Any]) -> None:
    """Beside the batch alone, each sample keeps as many numbers."""
    [tensor] = graph.tensors_in(given)
    shape = graph.plain_sizes(tensor) or ()
    is_alone = len(sizes) == len(others) + 1 and not any(  # and no `batch * heads`
        size.roots for size in sizes if isinstance(size, Open)
    )
    known = [size for size in (*shape, *others) if isinstance(size, int)]
    if is_alone and shape.count(None) == 1 and len(known) == len(shape) + len(others) - 1:
        had, has = math.prod(known[: len(shape) - 1]), math.prod(others)
        if had != has:
            words = "Input to reshape is a tensor"
            raise QueryError(
                f'reshape makes {has} numbers of each sample, which has {had} (Keras: "{words}")'
            )


def is_batch(size: Any) -> bool:
    """Whether it is the batch, or follows from that alone, as `batch * heads`."""
    roots = (size.roots or (size,)) if isinstance(size, Open) else ()
    return bool(roots) and all(root.stands_for == BATCH for root in roots)
