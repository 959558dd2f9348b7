"""Writes `rnnshape/signatures.txt` from the Keras that is installed.

    python -m tests.tools.make_signatures

A line is a name of Keras, what it takes, and the tensors that a layer is then called with, or a
function of `keras.ops` takes: `Softmax (axis=-1, **layer) -> (inputs, mask)`. `**layer` is what
every layer takes. Of a model they are the methods that train it or give it data.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from rnnshape.signatures import ACTIVATIONS, INPUT_ARGUMENTS, OPERATIONS, REFUSED

TARGET = Path(__file__).parents[2] / "rnnshape" / "signatures.txt"
NOT_TO_WRITE = {"InputLayer", "InputSpec", "Layer", "Wrapper", "STFT"}  # STFT needs SciPy
# The only class of Keras that shares its name with a layer.
NAMES_HERE = {("initializers", "Identity"): "IdentityInitializer"}

METHODS = ("compile", "fit", "evaluate", "predict", "train_on_batch", "test_on_batch",
           "predict_on_batch", "add_weight")  # fmt: skip
# Parameters of functions that are tensors, unless their default is a number. All others are data.
TENSORS = {
    *("x", "x1", "x2", "xs", "y", "a", "b", "array", "condition", "indices", "inputs", "operands"),
    *("output", "predictions", "sorted_sequence", "target", "targets", "tensor", "values"),
    *("data", "segment_ids", "weights", "bins", "variable", "abs_", "angle"),
}
# Functions that run what they are given, or that return or take more than tensors and plain data.
NO_OPERATIONS = {
    *("associative_scan", "cond", "custom_gradient", "fori_loop", "jvp", "map", "scan", "switch"),
    *("vectorize", "vectorized_map", "while_loop", "convert_to_numpy", "dtype", "is_tensor"),
    *("ndim", "select", "shape", "size"),
    *("batch_normalization", "conv", "conv_transpose", "ctc_decode", "ctc_loss", "depthwise_conv"),
    *("dot_product_attention", "layer_normalization", "rms_normalization", "separable_conv"),
    *("scatter", "scatter_update", "slice", "slice_update"),
}


def lines(keras: Any) -> Iterator[str]:
    yield f"# Keras {keras.__version__}, by tests/tools/make_signatures.py: run it, do not edit."
    aliases: dict[str, str] = {}
    yield "[inputs]"
    yield f"Input ({written(parameters(keras.Input), hidden=('tensor', 'ragged'))})"
    yield f"layer ({written(parameters(keras.layers.Layer))})"
    for module in ("layers", "initializers", "regularizers", "constraints"):
        yield f"[{module}]"
        base = getattr(keras, module)
        base = getattr(base, module.removesuffix("s").capitalize())
        for name, found in classes(keras, module, base, aliases):
            takes = written(
                parameters(found), by_keywords(found, base), is_layer=module == "layers"
            )
            called = f" -> ({', '.join(called_with(found))})" if module == "layers" else ""
            yield f"{name} ({takes}){called}"
    for module, base in (("losses", keras.losses.Loss), ("metrics", keras.metrics.Metric)):
        yield f"[{module}]"
        for name, found in classes(keras, module, base, {}):
            yield f"{name} ({written(parameters(found))})"
    yield "[methods]"
    yield from (f"{name} ({written(parameters(getattr(keras.Model, name)))})" for name in METHODS)
    yield "[activations]"
    for name in sorted(vars(keras.activations)):
        if not name.startswith("_") and name not in ("get", "serialize", "deserialize"):
            yield name
    yield "[optimizers]"
    for name, found in vars(keras.optimizers).items():
        with suppress(ValueError, TypeError, KeyError):
            if name[:1].isupper() and keras.optimizers.get(name):
                yield f"{name} ({written(parameters(found), hidden=('kwargs',))})"
    yield "[callbacks]"
    for name, found in classes(keras, "callbacks", keras.callbacks.Callback, {}):
        accepts = parameters(found)
        if accepts and not any(one.kind is one.VAR_KEYWORD for one in accepts.values()):
            yield f"{name} ({written(accepts)})"
    yield "[ops]"
    yield from operations(keras)
    yield "[functions]"
    known = {line.partition(" ")[0] for line in operations(keras)}
    yield from sorted(name for name in {*vars(keras.ops)} - known if not name.startswith("_"))
    yield "[tensorflow]"
    yield from of_tensorflow()
    for kind, words in attributes(keras).items():
        yield f"[attributes of {kind}]"
        yield from sorted(words)
    yield "[aliases]"
    yield from (f"{alias} {name}" for alias, name in sorted(aliases.items()))


def classes(
    keras: Any, module: str, base: type, aliases: dict[str, str]
) -> Iterator[tuple[str, type]]:
    """The classes of a module, each under one name. Its other names go into `aliases`."""
    names: dict[type, list[str]] = {}
    for name, found in sorted(vars(getattr(keras, module)).items()):
        if isinstance(found, type) and issubclass(found, base) and found is not base:
            names.setdefault(found, []).append(name)
    for found, known in sorted(names.items(), key=lambda one: one[1]):
        own = found.__name__ if found.__name__ in known else known[0]
        chosen = NAMES_HERE.get((module, own), own)
        if chosen in NOT_TO_WRITE or chosen in REFUSED:
            continue
        taken = {*vars(keras.layers)} if module != "layers" else set()
        aliases |= {name: chosen for name in known if name != chosen and name not in taken}
        yield chosen, found


def parameters(function: Any) -> dict[str, inspect.Parameter]:
    # Of a base class, Python would show how `__new__` passes on whatever it is given.
    function = vars(function).get("__init__", function) if isinstance(function, type) else function
    found = dict(inspect.signature(function).parameters)
    found.pop("self", None)
    return found


def written(
    takes: Mapping[str, inspect.Parameter],
    more: Mapping[str, Any] | None = None,
    hidden: tuple[str, ...] = (),
    is_layer: bool = False,
) -> str:
    """Parameters as Python writes them, and under `*` those that are taken by name only."""
    kinds = inspect.Parameter
    own = [
        one
        for one in takes.values()
        if one.kind not in (kinds.VAR_KEYWORD, kinds.VAR_POSITIONAL) and one.name not in hidden
    ]
    given = [one for one in own if one.kind is not kinds.KEYWORD_ONLY]
    named = {one.name: one.default for one in own if one.kind is kinds.KEYWORD_ONLY}
    named |= {name: value for name, value in (more or {}).items() if name not in takes}
    parts = [
        one.name if one.default is one.empty else f"{one.name}={plain(one.default)!r}"
        for one in given
    ]
    parts += ["*"] * bool(named) + [f"{name}={plain(value)!r}" for name, value in named.items()]
    if is_layer and any(one.kind is kinds.VAR_KEYWORD for one in takes.values()):
        parts.append("**layer")
    return ", ".join(parts)


def plain(value: Any) -> Any:
    return tuple(map(plain, value)) if isinstance(value, list | tuple) else value


def by_keywords(found: type, base: type) -> dict[str, Any]:
    """What a class takes by its `**kwargs`, beside what every layer does: what it takes out of
    them itself, and what it hands on to the class that it inherits from."""
    owner = next(one for one in found.__mro__ if "__init__" in vars(one))
    if owner is base or owner is object:
        return {}
    own = parameters(owner)
    if not any(one.kind is one.VAR_KEYWORD for one in own.values()):
        return {}
    tree = ast.parse(textwrap.dedent(inspect.getsource(vars(owner)["__init__"])))
    taken: dict[str, Any] = {}
    handed_on: dict[str, Any] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="kwargs"), attr="pop"),
                args=[ast.Constant(value=str(name)), *default],
            ):
                taken[name] = ast.literal_eval(default[0]) if default else None
            case ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="__init__")
            ) if any(one.arg is None for one in node.keywords):
                above = owner.__mro__[1]
                theirs = parameters(above)
                given = {*list(theirs)[: len(node.args)], *(one.arg for one in node.keywords)}
                handed_on = by_keywords(above, base)
                if above is not base:
                    optional = [one for one in theirs.values() if one.default is not one.empty]
                    handed_on |= {one.name: one.default for one in optional}
                handed_on = {name: one for name, one in handed_on.items() if name not in given}
    every_layer = {*parameters(base), *INPUT_ARGUMENTS}
    return {name: one for name, one in (taken | handed_on).items() if name not in every_layer}


def called_with(found: Any) -> list[str]:
    """`inputs` and `mask`; `*` stands before the one that is any number of tensors."""
    return [
        f"*{one.name}" if one.kind is one.VAR_POSITIONAL else one.name
        for one in parameters(found.call).values()
        if one.kind is not one.VAR_KEYWORD
    ]


def operations(keras: Any) -> Iterator[str]:
    for name, function in sorted(vars(keras.ops).items()):
        if name.startswith("_") or not inspect.isfunction(function) or name in NO_OPERATIONS:
            continue
        takes = parameters(function)
        tensors = {
            one.name: "*" * (one.kind is one.VAR_POSITIONAL)
            for one in takes.values()
            if one.name in TENSORS and one.default in (None, one.empty)
        }
        if tensors:
            others = {one: takes[one] for one in takes if one not in tensors}
            called = (star + one for one, star in tensors.items())
            yield f"{name} ({written(others)}) -> ({', '.join(called)})"


def attributes(keras: Any) -> dict[str, set[str]]:
    """What any layer, model or tensor has under a name, and Python's own objects have not."""
    import tensorflow

    made = [keras.layers.Layer(), type("Own", (keras.Model,), {})()]
    layer, model = ({*dir(type(one)), *vars(one)} - {*dir(object)} for one in made)
    tensor = {*dir(keras.KerasTensor(())), *dir(tensorflow.Tensor)} - {*dir(object)}
    words = {"layer": layer, "model": model - layer, "tensor": tensor}
    return {kind: {name for name in names if name[:2] != "__"} for kind, names in words.items()}


def of_tensorflow() -> Iterator[str]:
    """Functions of TensorFlow under the names that the reader knows; those that take any number of
    tensors without what they take."""
    import tensorflow

    from rnnshape.reading.keras2 import OTHER_NAMES
    from rnnshape.reading.names.of_tensorflow import OF_TENSORFLOW

    known = {*OPERATIONS, *ACTIVATIONS, *OF_TENSORFLOW, *OTHER_NAMES}
    known |= {f"reduce_{name}" for name in OPERATIONS}
    for path in ("", ".math", ".nn", ".linalg"):
        module = getattr(tensorflow, path[1:]) if path else tensorflow
        for name in sorted(name for name in known if callable(getattr(module, name, None))):
            takes = parameters(getattr(module, name))
            for word, one in takes.items():
                if isinstance(one.default, tensorflow.DType):
                    takes[word] = one.replace(default=None)
            kinds = {one.kind for one in takes.values()}
            is_any = kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
            yield f"tensorflow{path}.{name}" + ("" if is_any else f" ({written(takes)})")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    import keras

    TARGET.write_text("\n".join(lines(keras)) + "\n", encoding="utf-8")
