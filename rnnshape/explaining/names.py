"""Messages about names and arguments that this Keras does not have."""

from __future__ import annotations

import re

from rnnshape.errors import nearest
from rnnshape.explaining.messages import Advice, Said, changes
from rnnshape.reading import keras2
from rnnshape.signatures import LAYERS, OF_TENSORFLOW, OPERATIONS, module_of, signature

# Functions of Keras that take arguments by name, and have no signature in the table.
_FUNCTIONS = ("", "add", "build", "call", "compile", "evaluate", "load_model", "save", "Sequential")
_MODELS = ("Sequential", "Model", "Functional")
_CLASSES = (*LAYERS, "Input", "Lambda", "Layer", *_MODELS[:2])


def arguments(said: Said) -> Advice | None:
    """Arguments that a layer, a method or an optimizer does not take; None of other functions."""
    # The class or function that was called: `Dense` of `Dense.__init__`, nothing of `__init__`.
    of = next((part for part in said["of"].split(".")[::-1] if not part.startswith("__")), "")
    if "optimizer" in said.match[0] or "not recognized" in said.match[0]:
        of = "optimizer"
    ends = ":" if "{" in said["given"] else r"[:=,)\]]|$"
    words = said["given"].partition("} ")[0].strip("{} '\".")  # without a log's line behind it
    given = re.findall(rf"([A-Za-z_]\w*)['\"]?(?={ends})", words)
    if of == "Model":  # Keras names all of them where one is not of today
        given = [name for name in given if name not in ("inputs", "outputs", "name")]
    given = given[:4]
    is_of_keras = of in _FUNCTIONS or of in keras2.ARGUMENTS or module_of(of) is not None
    if not (is_of_keras or any(_old(of, name) for name in given)):
        return None
    return Advice(
        f"{of or 'The layer or function'} takes no argument {', '.join(given)}: it is misspelt, or "
        "from another version of Keras.",
        tuple(dict.fromkeys(_argument(of, name) for name in given)),
    )


def _old(of: str, argument: str) -> keras2.Today | None:
    """An argument of Keras 1 or 2, of this class or else of any."""
    layer = () if of in keras2.ARGUMENTS else (of or "LSTM",)
    scopes = (of, *layer, *keras2.ARGUMENTS)
    return next(filter(None, (keras2.argument(scope, argument) for scope in scopes)), None)


def _argument(of: str, old: str) -> str:
    today = _old(of, old)
    if today is not None:
        return _instead(today.code, old)
    of_any = {name for layer in LAYERS for name in signature(layer).names}
    near = nearest(old, signature(of).names if module_of(of) else of_any)
    if near == old:
        return f"# {old} is of a later Keras: pip install -U keras tensorflow"
    if near:
        return f"{near}=...  # instead of {old}"
    return f"# without {old}: help({of or 'the layer'}) has the names that it takes"


def _instead(code: str, old: str) -> str:
    if not code:
        return f"# {old}: without it: there is nothing in its place"
    return f"{code}  # instead of {old}"


def by_name(said: Said) -> Advice:
    """A model whose inputs are a dictionary is given other arrays than it names."""
    keys = re.findall(r"'(\w+)'(?=:)", said["names"])
    arrays = ", ".join(f"{key!r}: {key}" for key in keys)
    text = "The model takes a dictionary of arrays, and others came."
    return Advice(text, (f"model.fit({{{arrays}}}, y)  # each array under its name",), "data")


def name(said: Said) -> Advice | None:
    """A module, a class or a function that is not there; None of other packages."""
    if said["module"] and not re.match(r"(?:tf_)?keras|tensorflow|tf\b", said["module"]):
        return None
    dotted = ".".join(filter(None, (said["module"], said["name"])))
    text = f"This Keras or TensorFlow has no {dotted}."
    last = said["name"]
    if function := _function(said["module"], said["name"]):
        return Advice(text, (_instead(function, dotted),))
    today = keras2.name(dotted) or (keras2.name(f"keras.layers.{last}") if last else None)
    if today is None:
        layer = last if last in _CLASSES else nearest(last, _CLASSES) or None
        module = "keras" if layer in _MODELS else "keras.layers"
        return Advice(text, changes("another module", layer=layer, module=module))
    place, _, last = today.code.rpartition(".")
    is_class = place and last.isidentifier() and last[0].isupper()
    code = f"from {place} import {last}" if is_class else today.code
    return Advice(text, (_instead(code, dotted),))


def _function(module: str, name: str) -> str:
    """The function that does what another name of `keras.ops` or `tensorflow` says; empty where
    there is none."""
    short = name.removeprefix("reduce_")
    known = keras2.OTHER_NAMES.get(short, short)
    if module == "tensorflow":
        is_there = f"tensorflow.{known}" in OF_TENSORFLOW
        return keras2.NAMES_OF_TENSORFLOW.get(name, f"tf.{known}" if is_there else "")
    if not module.endswith("ops"):
        return ""
    if name == "gather":  # of rows
        return "keras.ops.take(x, indices, axis=0)"
    known = known if known in OPERATIONS else nearest(name, OPERATIONS)
    return f"keras.ops.{known}" if known else ""


def attribute(said: Said) -> Advice:
    """An attribute that a layer, a model or a tensor does not have."""
    of, old = said["of"], said["name"]
    kind = "tensor" if "Tensor" in of else "model" if of in _MODELS else "layer"
    today = keras2.attribute(old, kind) or keras2.attribute(old)
    text = f"A {of} of this Keras has no {old}."
    if today is None:
        return Advice(text, changes("another attribute", kind=kind))
    return Advice(text, (_instead(today.code, old),))
