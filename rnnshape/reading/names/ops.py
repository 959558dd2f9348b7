"""What `keras.ops` has not, or does not take, under the names that TensorFlow has for it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from rnnshape.errors import did_you_mean
from rnnshape.reading.names.session import session
from rnnshape.reading.names.tensors import OTHER_WORDS, operation_of_keras
from rnnshape.signatures import OPERATIONS, OTHER_FUNCTIONS, signature

TAKE_ANY = ("einsum", "multi_hot", "rearrange")  # words


def check_name(name: str) -> None:
    """A name that the module has not."""
    held = session()
    if name in OPERATIONS or name in OTHER_FUNCTIONS or held.is_ready_for_none:
        return
    code = operation_of_keras(name)
    mend = f": write {code}" if code else did_you_mean(name, [*OPERATIONS, *OTHER_FUNCTIONS])
    is_import = isinstance(held.evaluator.node, ast.ImportFrom)
    words = f"cannot import name '{name}'" if is_import else f"has no attribute '{name}'"
    held.problem(f"keras.ops has no {name}{mend}", *filter(None, [code]), words=words)


def check_arguments(name: str, given: Sequence[object], named: Mapping[str, object]) -> None:
    """Arguments that a function of the module does not take."""
    if name not in OPERATIONS or name in TAKE_ANY:
        return
    held, takes = session(), signature(name)
    known = [word.lstrip("*") for word in (*takes.tensors, *takes.names)]
    for word in named:
        if word not in known:
            right = OTHER_WORDS.get(word, "")
            write = f"{right}={held.evaluator.words_of_call().get(word, '...')}"
            mend = f": write {write}" if right in known else did_you_mean(word, known)
            message = f"keras.ops.{name} takes no {word!r}{mend}"
            words = f"got an unexpected keyword argument '{word}'"
            remedies = [write] if right in known else []
            held.problem(message, *remedies, words=words, place=held.places().get(word))
    most = len(takes.tensors) + len(takes.positional)
    if len(given) > most and not any(word.startswith("*") for word in takes.tensors):
        message = f"keras.ops.{name} takes {most} by position at most, not {len(given)}"
        held.problem(message, words="positional argument")
