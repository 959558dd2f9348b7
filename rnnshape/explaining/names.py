"""Messages about names and arguments that this Keras does not have, and about files."""

from __future__ import annotations

import re

from rnnshape.errors import did_you_mean
from rnnshape.explaining.messages import Advice, Said
from rnnshape.reading import keras2
from rnnshape.signatures import LAYERS, module_of, signature

__all__ = ["arguments", "attribute", "name"]

_LEFT_OUT = "without it: there is nothing in its place"


# Functions of Keras that take arguments by name, and have no signature in the table.
_FUNCTIONS = ("", "add", "build", "call", "compile", "evaluate", "load_model", "save", "Sequential")


def arguments(said: Said) -> Advice | None:
    """Arguments that a layer, a method or an optimizer does not take; None of other functions."""
    of = _class(said)
    if "optimizer" in said.match[0] or "not recognized" in said.match[0]:
        of = "optimizer"
    given = re.findall(r"([A-Za-z_]\w*)['\"]?(?=[:=,)]|$)", said["given"].strip("{} '\"."))
    if not (_is_of_keras(of) or any(_old(of, name) for name in given)):
        return None
    return Advice(
        f"{of or 'The layer or function'} takes no argument {', '.join(given[:4])}: it is "
        "misspelt, or from another version of Keras.",
        tuple(dict.fromkeys(_today(of, old) for old in given[:4])),
    )


def _is_of_keras(of: str) -> bool:
    return of in _FUNCTIONS or of in keras2.ARGUMENTS or module_of(of) is not None


def _old(of: str, argument: str) -> keras2.Today | None:
    """An argument of Keras 1 or 2, of this class or else of any."""
    layer = () if of in keras2.ARGUMENTS else (of or "LSTM",)
    scopes = (of, *layer, *keras2.ARGUMENTS)
    return next(filter(None, (keras2.argument(scope, argument) for scope in scopes)), None)


def _today(of: str, old: str) -> str:
    today = _old(of, old)
    if today is not None:
        return f"{today.code}  # instead of {old}" if today.code else f"# {old}: {_LEFT_OUT}"
    near = did_you_mean(old, signature(of).names if module_of(of) else _every_argument())
    if near:
        return f"{near.removeprefix('; did you mean ').rstrip('?')}=...  # instead of {old}"
    return f"# without {old}: help({of or 'the layer'}) has the names that it takes"


def _every_argument() -> tuple[str, ...]:
    return tuple({name for layer in LAYERS for name in signature(layer).names})


def _class(said: Said) -> str:
    """The class or function that was called; empty where the message says `__init__` alone."""
    return next((part for part in said["of"].split(".")[::-1] if not part.startswith("__")), "")


def name(said: Said) -> Advice:
    """A module, a class or a function that is not there."""
    module, old = said["module"], said["name"]
    dotted = ".".join(filter(None, (module, old)))
    today = keras2.name(dotted)
    text = f"This Keras or TensorFlow has no {dotted}."
    if today is None:
        return Advice(
            text,
            (
                f"from tensorflow.keras.layers import {old or 'LSTM'}  # if it is a layer",
                "import keras  # one Keras in all files: keras, or tensorflow.keras",
                "# pip install --upgrade keras tensorflow: if it is newer than what is installed",
            ),
        )
    if not today.code:
        return Advice(f"{text} Nothing takes its place.", (f"# {dotted}: {_LEFT_OUT}",))
    place, _, last = today.code.partition("(")[0].rpartition(".")
    if today.code.isidentifier() or "(" in today.code or not last[:1].isupper():
        return Advice(text, (f"{today.code}  # instead of {dotted}",))
    return Advice(text, (f"from {place} import {last}  # instead of {dotted}",))


def attribute(said: Said) -> Advice:
    of, old = said["of"], said["name"]
    kind = "tensor" if "Tensor" in of else "model" if of in _MODELS else "layer"
    today = keras2.attribute(old, kind) or keras2.attribute(old)
    text = f"A {of} of this Keras has no {old}."
    if today is None:
        return Advice(
            text,
            (
                "x = keras.ops.reshape(x, shape)  # functions of keras.ops take any tensor",
                f"print(dir({'layer' if kind == 'layer' else 'model'}))  # what it has",
                "import keras  # one Keras in all files: keras, or tensorflow.keras",
            ),
        )
    code = today.code or f"# {old}: {_LEFT_OUT}"
    return Advice(text, (f"{code}  # instead of {old}" if today.code else code,))


_MODELS = ("Sequential", "Model", "Functional")
