"""Functions of Keras and TensorFlow: of tensors, or activations; and what modules of these have
not, or do not take, under the names that others have for it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cache, partial
from inspect import isfunction
from itertools import compress
from typing import Any

from rnnshape import signatures
from rnnshape.errors import QueryError, did_you_mean
from rnnshape.nest import rebuilt, within
from rnnshape.reading import graph
from rnnshape.reading.keras2 import NAMES_OF_TENSORFLOW, OTHER_NAMES, OTHER_WORDS
from rnnshape.reading.names.arguments import are_arrays, holds_tensors
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.defaults import of_backend
from rnnshape.reading.names.layers import layer_class
from rnnshape.reading.names.of_numpy import NUMPY
from rnnshape.reading.names.of_tensorflow import (
    IMAGES,
    OF_IMAGES,
    OF_TENSORFLOW,
    as_data,
    as_of_ops,
    as_of_tensorflow,
    as_tensor,
    sizes_joined,
)
from rnnshape.reading.names.open_tensors import with_steps
from rnnshape.reading.names.predictions import made_of_data
from rnnshape.reading.names.session import opened, session
from rnnshape.reading.names.symbolic_tensors import check_outside, is_of_tensorflow, stacked
from rnnshape.reading.names.tensors import (
    Tensor,
    argument,
    operation,
    tensors_of,
    unread_layer,
    unread_step,
)
from rnnshape.reading.python import Open, StandIn, hook, own
from rnnshape.rules.inputs import OF_A_LIST
from rnnshape.signatures import (
    ACTIVATIONS,
    LAYERS,
    OPERATIONS,
    OTHER_FUNCTIONS,
    arguments_of,
    signature,
)

UNSEEN = {  # they change no shape
    *("conjugate", "name", "num", "off_value", "on_value", "output_type", "validate_indices")
}
OF_PAIRS = ("fft", "fft2", "ifft2", "irfft", "istft")  # of real and imaginary parts
RETURN = {  # several, of which there is no rule
    **dict.fromkeys(("eig", "eigh", "fft", "fft2", "histogram", "ifft2", "lu_factor", "qr"), 2),
    **dict.fromkeys(("rfft", "slogdet", "stft"), 2),
}
TURNING = ("transpose_a", "transpose_b")  # which `called` reads
ASK_NO_NUMBERS = ("ndim", "prod", "shape", "size")  # of a tensor
OF_INDICES = ("flip",)  # of what is sliced, whatever it is
TAKE_ANY = ("einsum", "multi_hot", "rearrange")  # words
OTHERS_OF_LAYERS = ("InputSpec", "deserialize", "serialize")  # which are none
OF_TENSORS = ("tensorflow", "tensorflow.math", "tensorflow.nn", "tensorflow.linalg")


def operation_of_keras(name: str) -> str:
    """The function of `keras.ops` that does the same; empty where there is none."""
    return f"keras.ops.{name_in_keras(name)}" if is_operation(name) else ""


def check_name(path: str, name: str) -> Open | None:
    """Notes a name that a module has not; what stands for it where the code goes on without it."""
    _, is_of_ops, module = f"{path}.".partition("keras.ops.")
    name = (module.partition(".")[0] or name) if is_of_ops else name
    owner = "keras.ops" if is_of_ops else path.replace("tensorflow", "tf", 1)
    if is_of_ops and (name in OPERATIONS or name in OTHER_FUNCTIONS):
        return None
    if not is_of_ops and f"{path}.{name}" in signatures.OF_TENSORFLOW:
        return None
    code = operation_of_keras(name) if is_of_ops else NAMES_OF_TENSORFLOW.get(name, "")
    code = "" if name == "gather" else code  # of rows: `take` needs an axis
    near = did_you_mean(name, [*OPERATIONS, *OTHER_FUNCTIONS]) if is_of_ops else ""
    mend = f": write {code}" if code else near
    return _lacks(owner, name, f"{owner} has no {name}{mend}", *filter(None, [code]))


def _lacks(owner: str, name: str, message: str, *remedies: str) -> Open | None:
    held = session()
    if held.is_ready_for_none:
        return Open(f"{owner}.{name}", f"{owner} has no {name}")
    is_import = isinstance(held.evaluator.node, ast.ImportFrom)
    words = f"cannot import name '{name}'" if is_import else f"has no attribute '{name}'"
    held.problem(message, *remedies, words=words)
    return None


def no_layer(path: str, name: str) -> Open:
    """What stands for a name that `keras.layers` has not."""
    message = f"Keras has no layer {name}{did_you_mean(name, LAYERS)}"
    is_told = not name.startswith("_") and name not in OTHERS_OF_LAYERS
    if path in ("keras.layers", "tensorflow.keras.layers") and is_told:
        _lacks(path, name, message)
    return Open(name, message)


def by_name(
    path: str, name: str, given: Sequence[Any], named: Mapping[str, Any]
) -> tuple[Sequence[Any], dict[str, Any]]:
    """What a function of TensorFlow is given, as `keras.ops` has it: tensors by position, and all
    else under the names of that; without what changes no shape."""
    takes, known = arguments_of("tensorflow", f"{path}.{name}"), operation_of_keras(name)
    if takes is None or not known:
        return given, {**named}
    there = signature(known.rpartition(".")[2])
    words = {*there.names, *there.tensors, *TURNING}
    written = dict(zip(takes.positional, given, strict=False)) | dict(named)
    first = [word for word in takes.positional[: len(there.tensors)] if word in written]
    tensors = [written.pop(word) for word in first]
    found = {
        word if word in words else OTHER_WORDS.get(word, ""): value
        for word, value in written.items()
        if word not in UNSEEN and not (word == "axis" and value is None)
    }
    return (tensors, found) if found.keys() <= words else (given, {**named})


def check_arguments(
    path: str, name: str, given: Sequence[object], named: Mapping[str, object]
) -> None:
    """Arguments that a function does not take, and of TensorFlow's those that it needs."""
    is_of_ops, held = path.endswith("keras.ops"), session()
    takes = arguments_of("tensorflow", f"{path}.{name}")
    if is_of_ops and name in OPERATIONS and name not in TAKE_ANY:
        takes = signature(name)
    if takes is None:
        return
    owner = "keras.ops" if is_of_ops else path.replace("tensorflow", "tf", 1)
    tensors = [word.lstrip("*") for word in takes.tensors]
    known = dict.fromkeys([*tensors, *takes.names])
    for word in named:
        if word not in known:
            twins = [old for old, new in OTHER_WORDS.items() if new == word]
            right = next((one for one in (OTHER_WORDS.get(word), *twins) if one in known), "")
            write = f"{right}={held.evaluator.words_of_call().get(word, '...')}"
            mend = f": write {write}" if right else did_you_mean(word, known)
            words = f"{'g' if is_of_ops else 'G'}ot an unexpected keyword argument '{word}'"
            message, place = f"{owner}.{name} takes no {word!r}{mend}", held.places().get(word)
            held.problem(message, *[write] * bool(right), words=words, place=place)
    order = dict.fromkeys([*tensors, *takes.positional])
    if len(given) > len(order) and tensors == [*takes.tensors]:
        message = f"{owner}.{name} takes {len(order)} by position at most, not {len(given)}"
        held.problem(message, words="positional argument")
    lacking = [
        word for word in [*order][len(given) :] if word in takes.required and word not in named
    ]
    if lacking and not is_of_ops and {*named} <= {*known}:
        message = f"{owner}.{name} needs {' and '.join(lacking)}"
        held.problem(message, words="required positional argument")


FUNCTIONS_AS_LAYERS = {name.lower(): name for name in OF_A_LIST}


class Function(StandIn):
    """A function of Keras or TensorFlow."""

    def __init__(self, name: str, path: str) -> None:
        self.own_name, self.own_path = name, path

    def own_as_argument(self) -> Any:
        """`activation=tf.nn.relu`; another, as `ops.sin`, is what a function of the code is."""
        is_other = is_operation(self.own_name) and self.own_name not in signatures.ACTIVATIONS
        return argument(opened(self.own_name)) if is_other else self.own_name

    def __call__(self, *given: Any, **named: Any) -> Any:
        check_arguments(self.own_path, self.own_name, given, named)
        name = named.pop("name", None)
        is_layer = ".layers" in self.own_path and self.own_name in FUNCTIONS_AS_LAYERS
        as_tensors = with_steps((given, named))
        is_of_tensors = holds_tensors(as_tensors)
        given, named = (given, named) if is_layer else as_tensors
        of_keras = by_name(self.own_path, self.own_name, given, named)
        given, named = as_of_ops(self.own_name, self.own_path, *of_keras)
        if not is_of_tensors:
            return self._of_data(given, named)
        if self.own_name == "linear":
            return given[0]
        if is_layer:
            return self._as_layer(given, named | ({} if name is None else {"name": name}))
        if self.own_path == "tensorflow.keras.backend" or is_of_tensorflow(self.own_path):
            code = operation_of_keras(self.own_name)
            check_outside(f"{self.own_path}.{self.own_name}", [given, named], code)
        if is_operation(self.own_name):
            return as_of_tensorflow(self, called(self.own_name, given, named))
        _, is_of_ops, module = self.own_path.partition("keras.ops")
        name = f"ops{module}.{self.own_name}" if is_of_ops else self.own_name
        found = opened(f"{name}(...)", f"what {name} makes of a tensor is not known")
        parts = [*within([*given, *named.values()])]
        calls = any(callable(part) and not isinstance(part, Array | Open) for part in parts)
        layer = unread_layer(f"{name}(...)", found, None if calls else 0)  # it has no weights
        return unread_step(layer, tensors_of(parts))

    def _as_layer(self, given: Any, named: dict[str, Any]) -> Any:
        """`layers.concatenate([x, y])`"""
        first, *more = given or [named.pop("inputs")]
        if holds_tensors(more):
            raise QueryError(f"{self.own_name} takes its tensors in one list, as [a, b]")
        if more:
            named["axes" if self.own_name == "dot" else "axis"] = more[0]
        if self.own_name == "dot":
            named.setdefault("axes", -1)
        several = [*first] if isinstance(first, list | tuple) else first
        return layer_class(FUNCTIONS_AS_LAYERS[self.own_name])(**named)(several)

    def _of_data(self, given: Any, named: dict[str, Any]) -> Any:
        known = operation_of_keras(self.own_name).rpartition(".")[2]
        if known and not given:
            words = [word.lstrip("*") for word in signature(known).tensors]
            given = [named.pop(word) for word in words if word in named]
        is_given = given or any(isinstance(value, Array | Open) for value in named.values())
        if known and not is_given:
            raise QueryError(
                f"{self.own_name} is a function of tensors, and no layer: write "
                f"x = Input(...); {operation_of_keras(self.own_name)}(x, ...)"
            )
        of_library = NUMPY if ".ops" in self.own_path else OF_TENSORFLOW
        functions = IMAGES if self.own_path == OF_IMAGES else of_library
        if self.own_name in ("concat", "stack") and (sizes := sizes_joined(given)):
            return sizes
        if self.own_name in functions:
            made = functions[self.own_name](*given, **named)
            return rebuilt(made, partial(as_tensor, is_float32=self._is_float32(given, named)))
        if is_operation(self.own_name):
            if not _takes_list(name_in_keras(self.own_name)):
                given = [
                    NUMPY["array"](part) if isinstance(part, list | tuple) and are_arrays(part)
                    else part for part in given
                ]  # fmt: skip
            return as_of_tensorflow(self, made_of_data(called, self.own_name, given, named))
        return opened(f"{self.own_name}(...)")

    def _is_float32(self, given: Sequence[Any], named: Mapping[str, Any]) -> bool:
        """Whether what it makes surely is of that dtype, which is the usual one."""
        if self.own_name == "cast":
            return getattr(named.get("dtype", given[-1]), "label", "").endswith(".float32")
        return self.own_name in ("ones", "zeros", "one_hot") and "dtype" not in named


@cache
def function_of(name: str, path: str) -> Function:
    """The same each time: code may ask whether `layer.activation is keras.activations.relu`."""
    return Function(name, path.replace("tensorflow.keras.activ", "keras.activ"))


def activation(identifier: Any) -> Any:
    """`keras.activations.get("relu")`: the function of that name; of a function, itself."""
    identifier = "linear" if identifier is None else identifier
    return (
        function_of(identifier, "keras.activations") if isinstance(identifier, str) else identifier
    )


def _is_refused_within() -> bool:
    """Whether a tensor that is followed now surely is TensorFlow's, and has no numbers: a model of
    the code may be given data alone."""
    held = session()
    is_of_model = own(held.part and held.part.owner, "own_is_model", False)
    is_sure = held.is_traced() and held.evaluator.is_sure and not is_of_model
    return is_sure and of_backend() == "tensorflow"


def _tell_of_numpy(name: str, where: str, words: str) -> None:
    code = operation_of_keras(name)
    mend = f": write {code}" if code else ""
    message = f"np.{name} takes no tensor {where}{mend}"
    session().problem(message, *filter(None, [code]), words=words)


def on_numbers(name: str, function: Any) -> Any:
    """A function of NumPy, which makes no array of a model's tensors, and is read as it is meant;
    `squeeze` asks for the method of that name."""

    def made(*given: Any, **named: Any) -> Any:
        if not session().groups:
            given, named = as_data((given, named))
        tensors = [*graph.tensors_in([given, named])]
        is_symbolic = bool(tensors) and not graph.are_computed(tensors)
        if is_symbolic and name not in OF_INDICES and _is_refused_within():
            _tell_of_numpy(name, "within a layer", "Cannot convert a symbolic tf.Tensor")
        if session().groups or not is_symbolic:
            found, arrays = function(*given, **named), [x for x in given if isinstance(x, Array)]
            if len(arrays) == 1 and isinstance(found, Array):  # what is made of predictions alone
                found.own_is_predicted = arrays[0].own_is_predicted
            return found
        if name != "squeeze":
            _tell_of_numpy(name, "of a model", "A KerasTensor is symbolic")
        return function_of(name, "numpy")(*given, **named)

    is_function = isfunction(function) or isinstance(function, partial)
    return made if is_function and name not in ASK_NO_NUMBERS else function


def is_operation(name: str) -> bool:
    return name_in_keras(name) in OPERATIONS


def called(name: str, given: Sequence[Any], named: dict[str, Any]) -> Any:
    """What a function makes of tensors: one more step of the network."""
    known = name_in_keras(name)
    if name == "gather":  # of all rows, where `take` without an axis is of all numbers
        named.setdefault("axis", 0)
        if any(
            type(n) in (int, float) and n < 0 for n in within([given[1:2], named.get("indices")])
        ):
            found = opened("gather(...)", "TensorFlow takes no index below 0 here")
            return Tensor.own_made_by_unknown("gather(...)", given[:1], found)
    takes, is_known = signature(known), session().evaluator.known
    named.pop("name", None)
    turned = [is_known(bool, named.pop(f"transpose_{which}", False)) for which in "ab"]
    if known == "einsum":  # its subscripts come first
        first, *given = given if "subscripts" not in named else (named["subscripts"], *given)
        return operation(known, given, subscripts=first)
    if given and isinstance(given[0], list | tuple) and not _takes_list(known):
        given = [stacked(name, given[0], partial(called, "stack")), *given[1:]]
    known_words = {*takes.tensors, *takes.names}
    order = dict.fromkeys(word for word in (*takes.tensors, *takes.positional) if word not in named)
    words = dict(zip(order, given, strict=False))
    for word, value in named.items():
        right = word if word in known_words else OTHER_WORDS.get(word, "")
        if right not in known_words:
            right = takes.tensors[0] if isinstance(value, graph.Tensor | list) else ""
        if not right or right in words:
            if name in ACTIVATIONS:  # `relu(x, max_value=6)`: it changes no shape
                continue
            found = opened(f"{name}(...)", f"{name} takes no {word!r} here")
            return Tensor.own_made_by_unknown(f"{name}(...)", [*given, *named.values()], found)
        words[right] = value
    for word in compress(takes.tensors, turned) if known == "matmul" else ():
        words[word] = operation("swapaxes", [words[word]], axis1=-1, axis2=-2)
    if known == "get_item" and {*words} == {"x", "key"}:
        return words["x"][words["key"]]
    operands = [words.pop(word) for word in takes.tensors if _is_tensor(words.get(word))]
    made = operation(known, operands, **words)
    return tuple(Tensor(made.maker, at) for at in range(RETURN[known])) if known in RETURN else made


def _takes_list(known: str) -> bool:
    """Whether an operation is given its tensors in a list."""
    return known in (*OF_PAIRS, "stack") or signature(known).tensors[0].startswith(("xs", "*"))


def name_in_keras(name: str) -> str:
    short = name.removeprefix("reduce_") if name.startswith("reduce_") else name
    return OTHER_NAMES.get(short, short)


def _is_tensor(value: Any) -> bool:
    return any(hook(part, "own_as_operand") or isinstance(part, Tensor) for part in within(value))
