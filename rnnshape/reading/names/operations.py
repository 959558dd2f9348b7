"""Functions of tensors that are no layers, under the names of `keras.ops`, `tf` and `K`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rnnshape.errors import QueryError
from rnnshape.reading import graph
from rnnshape.reading.names.tensors import Tensor, operation
from rnnshape.reading.python import hook
from rnnshape.signatures import ACTIVATIONS, OPERATIONS, signature

__all__ = ["called", "is_operation", "operation_of_keras"]

# Names that TensorFlow or `keras.backend` has for functions of `keras.ops`.
OTHER_NAMES = {
    "concat": "concatenate", "div": "divide", "mul": "multiply", "sub": "subtract", "pow": "power",
    "permute_dimensions": "transpose", "reverse": "flip", "l2_normalize": "normalize",
    "truediv": "true_divide", "neg": "negative", "gather": "take", "batch_dot": "matmul",
    "clip_by_value": "clip",
}  # fmt: skip
OTHER_WORDS = {
    "keep_dims": "keepdims", "perm": "axes", "pattern": "axes", "reduction_indices": "axis",
    "shape": "newshape", "multiples": "repeats", "num_or_size_splits": "indices_or_sections",
    "depth": "num_classes", "input": "x", "inputs": "x", "a": "x1", "b": "x2", "x": "x1",
    "y": "x2", "values": "xs", "tensors": "xs", "input_tensor": "x",
}  # fmt: skip


def is_operation(name: str) -> bool:
    return _known(name) in OPERATIONS


def operation_of_keras(name: str) -> str:
    """The function of `keras.ops` that does the same; empty where there is none."""
    return f"keras.ops.{_known(name)}" if is_operation(name) else ""


def called(name: str, given: Sequence[Any], named: dict[str, Any]) -> Any:
    """What a function makes of tensors: one more step of the network."""
    known = _known(name)
    takes = signature(known)
    named.pop("name", None)
    if known == "einsum":  # its subscripts come first
        first, *given = given if "subscripts" not in named else (named["subscripts"], *given)
        return operation(known, given, subscripts=first)
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
            raise QueryError(f"{name} takes no {word!r} here")
        words[right] = value
    operands = [words.pop(word) for word in takes.tensors if _is_tensor(words.get(word))]
    return operation(known, operands, **words)


def _known(name: str) -> str:
    short = name.removeprefix("reduce_") if name.startswith("reduce_") else name
    return OTHER_NAMES.get(short, short)


def _is_tensor(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_is_tensor, value))
    return isinstance(value, Tensor) or hook(value, "as_operand") is not None
