"""What modules of functions have not, or do not take, under the names that others have for it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from rnnshape.errors import did_you_mean
from rnnshape.reading.keras2 import NAMES_OF_TENSORFLOW
from rnnshape.reading.names.session import session
from rnnshape.reading.names.tensors import OTHER_WORDS, operation_of_keras
from rnnshape.reading.python import Open
from rnnshape.signatures import OF_TENSORFLOW, OPERATIONS, OTHER_FUNCTIONS, arguments_of, signature

IN_ANOTHER_ORDER = ("one_hot", "repeat", "split")  # they are read by position
UNSEEN = ("conjugate", "name", "output_type", "validate_indices")  # they change no shape
TAKE_ANY = ("einsum", "multi_hot", "rearrange")  # words
# What Keras calls otherwise than TensorFlow.
TWINS = {"axes": "perm", "dim": "axis", "newshape": "shape", "pad_width": "paddings"}
OF_TENSORS = ("tensorflow", "tensorflow.math", "tensorflow.nn", "tensorflow.linalg")


def check_name(path: str, name: str) -> Open | None:
    """Notes a name that a module has not; what stands for it where the code goes on without it."""
    held = session()
    _, is_of_ops, module = f"{path}.".partition("keras.ops.")
    name = (module.partition(".")[0] or name) if is_of_ops else name
    owner = "keras.ops" if is_of_ops else path.replace("tensorflow", "tf", 1)
    if is_of_ops and (name in OPERATIONS or name in OTHER_FUNCTIONS):
        return None
    if not is_of_ops and f"{path}.{name}" in OF_TENSORFLOW:
        return None
    if held.is_ready_for_none:
        return Open(f"{owner}.{name}", f"{owner} has no {name}")
    code = operation_of_keras(name) if is_of_ops else NAMES_OF_TENSORFLOW.get(name, "")
    code = "" if name == "gather" else code  # of rows: `take` needs an axis
    near = did_you_mean(name, [*OPERATIONS, *OTHER_FUNCTIONS]) if is_of_ops else ""
    mend = f": write {code}" if code else near
    is_import = isinstance(held.evaluator.node, ast.ImportFrom)
    words = f"cannot import name '{name}'" if is_import else f"has no attribute '{name}'"
    held.problem(f"{owner} has no {name}{mend}", *filter(None, [code]), words=words)
    return None


def by_name(
    path: str, name: str, given: tuple[Any, ...], named: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """What a function of TensorFlow is given by position behind its tensors, under TensorFlow's
    names, as `keras.ops` has another order; without what changes no shape."""
    takes, known = arguments_of("tensorflow", f"{path}.{name}"), operation_of_keras(name)
    if takes is None or not known or name in IN_ANOTHER_ORDER:
        return given, {**named}
    there = signature(known.rpartition(".")[2])
    words = {*there.names, *there.tensors, *UNSEEN, "transpose_a", "transpose_b"}
    behind = dict(zip(takes.positional, given, strict=False))
    behind = dict([*behind.items()][len(there.tensors) :])
    if not all(word in words or OTHER_WORDS.get(word) in words for word in behind):
        return given, {**named}
    found = behind | dict(named)
    return given[: len(there.tensors)], {w: found[w] for w in found if w not in UNSEEN}


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
            others = (TWINS.get(word), OTHER_WORDS.get(word))
            right = next((one for one in others if one in known), "") or ""
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
