"""What may fail in a `try`: what is not known of it, and the class of error that it would be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from rnnshape.reading.python.allowed import EXCEPTIONS
from rnnshape.reading.python.branches import Snapshot, sides_now
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.open import Open
from rnnshape.reading.python.scope import Doubt, Scope, named_in, own_nodes

# What reads a file, and what code expects of one that is not there.
OF_FILES = re.compile("open|load|load_model|loadtxt|genfromtxt|fromfile|listdir|scandir|read_.*")
NOT_THERE = {"EnvironmentError", "FileNotFoundError", "IOError", "OSError"}
OF_ALL = {"BaseException", "Exception"}  # what catches any error


def conditions_now(evaluator: Evaluator) -> list[Open]:
    """What is not known, and says whether the code comes here."""
    doubts = evaluator.doubted if evaluator.trying else []
    return [*(one.because for one in doubts), *(side.asked for side in sides_now(evaluator))]


def failure_of(
    node: ast.Call,
    trying: Sequence[ast.Try | ast.TryStar],
    is_unread: bool,
    in_loop: bool,
) -> type[Exception] | None:
    """How a call may fail that reads a file of which the code around it knows that it may not be
    there; or is of one of these, or not read, where the code has something else to go on with,
    unless it is one of many in a loop."""
    word = getattr(node.func, "attr", getattr(node.func, "id", ""))
    is_of_file = bool(OF_FILES.fullmatch(word))
    for known, handler in ((around, one) for around in trying for one in around.handlers):
        kinds = named_in([handler.type]) if handler.type else OF_ALL
        if is_of_file and not NOT_THERE.isdisjoint(kinds):
            return FileNotFoundError
        catches = (is_of_file or is_unread) and not (in_loop or OF_ALL.isdisjoint(kinds))
        if catches and not _given_in(known.body).isdisjoint(_given_in(handler.body)):
            return FileNotFoundError if is_of_file else Exception
    return None


def awaited(evaluator: Evaluator, *kinds: type[Exception]) -> type[Exception] | None:
    """Which of some classes of errors a `try` around what is followed names itself, by that of one
    or the other; not where it catches any error."""
    for handler in (one for around in evaluator.trying for one in around.handlers):
        names = named_in([handler.type]) - OF_ALL if handler.type else set[str]()
        for kind in kinds:
            for named in (EXCEPTIONS[name] for name in names & EXCEPTIONS.keys()):
                if issubclass(named, kind) or issubclass(kind, named):
                    return kind
    return None


def _given_in(body: Sequence[ast.stmt]) -> set[str]:
    """The names that code gives values, and whether it returns one; None is no value."""
    found = set[str]()
    for node in own_nodes(body):
        match node:
            case ast.Assign(value=ast.Constant(None)) | ast.Return(value=None | ast.Constant(None)):
                pass
            case ast.Assign(targets=targets):
                found |= named_in(targets)
            case ast.Return():
                found.add("return")
    return found


@contextmanager
def tried(
    evaluator: Evaluator, node: ast.Try | ast.TryStar | None, catches_exit: bool = False
) -> Iterator[None]:
    """While the body of a `try` is followed, or of what catches nothing."""
    around, since = evaluator.trying, evaluator.tried_since
    evaluator.exits_caught += catches_exit
    evaluator.trying = [*around, node] if node else around
    evaluator.tried_since = len(evaluator.doubted)
    try:
        yield
    finally:
        evaluator.trying, evaluator.tried_since = around, since
        evaluator.exits_caught -= catches_exit


def doubt(evaluator: Evaluator, scope: Scope, made: object, kind: type[BaseException]) -> None:
    """Notes that what has made something open may have failed, where the code catches errors; what
    comes after it is not done then."""
    if evaluator.trying and isinstance(made, Open):
        undo = Doubt.undo
        before = {one.kind for one in evaluator.doubted[evaluator.tried_since :]}
        if kind not in before:  # each handler goes back to the first that it catches
            snapshot = Snapshot(evaluator, scope)
            undo = partial(snapshot.set, snapshot.before)
        evaluator.doubted.append(Doubt(made, kind, undo))
