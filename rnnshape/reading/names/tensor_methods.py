"""Methods that arrays have and no tensor of Keras."""

from __future__ import annotations

import ast
from functools import partial
from typing import Any

from rnnshape.reading import graph
from rnnshape.reading.names.session import session

# Methods of arrays, and of PyTorch's tensors, and the functions of Keras that do the same.
OF_ARRAYS = {
    "T": "transpose", "astype": "cast", "permute": "transpose", "unsqueeze": "expand_dims",
    "view": "reshape", "flatten": "ravel",
    **{name: name for name in (
        "all", "any", "argmax", "argmin", "argsort", "clip", "cumsum", "dot", "max", "mean", "min",
        "prod", "ravel", "repeat", "round", "std", "sum", "swapaxes", "transpose", "var")},
}  # fmt: skip


def method_of_arrays(tensor: graph.Tensor, name: str) -> Any:
    """What a method does that no tensor of Keras has, nor one of TensorFlow."""
    node: Any = session().evaluator.node
    owner = ast.unparse(node.value) if isinstance(node, ast.Attribute) else "x"
    write = f"keras.ops.{OF_ARRAYS[name]}({owner}{'' if name == 'T' else ', ...'})"
    message = f"a tensor has no {name} in Keras: write {write}"
    words = f"object has no attribute '{name}'"
    session().problem(message, write, words=words)
    function = session().of_keras("ops", OF_ARRAYS[name])
    return function(tensor) if name == "T" else partial(function, tensor)
