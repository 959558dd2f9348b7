"""Functions and classes of the code that are called with what is open, where the code calls them
with nothing; and what takes such a call back."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import BoundArguments, Parameter, signature
from itertools import islice, product
from math import prod
from types import FunctionType, MethodType
from typing import Any

from rnnshape.description import describe
from rnnshape.errors import NotReadError, QueryError
from rnnshape.program import DEPENDS
from rnnshape.reading.names.session import SESSION
from rnnshape.reading.python import Evaluator, IsOpenError, Open
from rnnshape.reading.python.branches import Snapshot
from rnnshape.reading.python.evaluator import written
from rnnshape.reading.python.handed_on import changed_in
from rnnshape.reading.python.limits import ExhaustedError, ExitError, TooLongError
from rnnshape.reading.python.open import Side
from rnnshape.reading.python.scope import Scope, body_of, named_in, nodes_of, own_names

MOST_SIDES = 6  # of the conditions of a function, each of which is followed
# What a test is made of that gives the same each time.
OF_A_TEST = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp,
    ast.cmpop, ast.boolop, ast.unaryop, ast.expr_context,
)  # fmt: skip


def call_openly(
    evaluator: Evaluator,
    name: str,
    function: Any,
    values: Sequence[Any] = (),
    words: Any = (),
    *,
    nothing_is_open: bool = False,
) -> object:
    """What a function makes of the values that are given, and open ones for the others; also for
    those that are None, 0 or empty otherwise, if Keras refuses what is made of that."""
    try:
        bound = signature(function).bind_partial(*values, **dict(words))
    except Exception:  # what it is called with may be the code's
        return Open("a function")
    _fill(evaluator, bound, _missing(bound, lambda default: default is Parameter.empty))
    _fill_for_bases(evaluator, bound, function)
    without = _missing(bound, _says_nothing)
    if nothing_is_open:
        _fill(evaluator, bound, without)
    evaluator.begin_statement()
    undo, many = Undo(evaluator, function), len(SESSION.get().models)
    made = _called(evaluator, name, function, bound)
    if without and not nothing_is_open and undo.is_refused():  # whoever calls it gives more
        undo()
        _fill(evaluator, bound, without)
        made = _called(evaluator, name, function, bound)
    sides, made_since = _sides_of(_tests_of(function, bound)), SESSION.get().models[many:]
    is_open = any(map(_is_open, made_since)) or (isinstance(made, Open) and not made_since)
    if len(sides) > 1 and (is_open or undo.is_refused()):
        return _on_each_side(evaluator, name, function, bound, sides, undo)
    return made


def _is_open(model: Any) -> bool:
    """Whether it is not known what a model is made of."""
    try:
        network = model.own_network("")
    except IsOpenError:
        return True
    except (QueryError, ExhaustedError):
        return False
    steps = network.steps if network else ()
    is_either = any(str(step.layer).startswith(DEPENDS) for step in steps)
    return model.own_open is not None or is_either


def _tests_of(function: Any, bound: BoundArguments) -> list[ast.expr]:
    """The conditions in a function that are the same wherever they stand in it: of its arguments
    alone, and of what its object has, to which it gives no other values."""
    body = body_of(function) or ()
    nodes = [*nodes_of(body)]
    given = {word for word, value in bound.arguments.items() if isinstance(value, Open)}
    if isinstance(function, MethodType):
        given |= {*islice(signature(function.__func__).parameters, 1)}
    free = given.difference(own_names(body), _names_changed(nodes))
    found = dict[str, ast.expr]()
    for test in (node.test for node in nodes if isinstance(node, ast.If | ast.IfExp)):
        while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test = test.operand
        names = named_in([test])
        if names and names <= free and all(isinstance(part, OF_A_TEST) for part in ast.walk(test)):
            found[written(test)] = test
    return [*found.values()]


def _names_changed(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The names of what code changes in place: it sets parts of it, or fills it."""
    for part in map(changed_in, nodes):
        while isinstance(part, ast.Subscript | ast.Attribute):
            part = part.value
        if isinstance(part, ast.Name):
            yield part.id


def _sides_of(tests: Sequence[ast.expr]) -> list[dict[str, bool]]:
    """Which of some conditions hold at a time: of those that ask for the same, `kind == "lstm"` and
    `kind == "gru"`, one or none; none at all where there are too many to follow."""
    groups = dict[str, list[str]]()
    for test in tests:
        subject = test.left if isinstance(test, ast.Compare) else test
        groups.setdefault(written(subject), []).append(written(test))
    are_alike = len(tests) == 1 or not any(isinstance(test, ast.BoolOp) for test in tests)
    in_order = {written(test) for test in tests if isinstance(test, ast.Compare)
                and not isinstance(test.ops[0], ast.Eq | ast.Is)}  # fmt: skip
    choices = [
        [*group, *([] if len(group) > 1 and in_order & {*group} else [""])]
        for group in groups.values()
    ]
    many = prod(map(len, choices))
    sides = product(*choices) if are_alike and many <= MOST_SIDES else ()
    return [{written(test): written(test) in holding for test in tests} for holding in sides]


def _on_each_side(
    evaluator: Evaluator,
    name: str,
    function: Any,
    bound: BoundArguments,
    sides: Sequence[Mapping[str, bool]],
    undo: Undo,
) -> object:
    """What a function makes where its conditions hold, and where they don't."""
    undo()
    begun, found = count_made(), list[object]()
    made: object = None
    for side in sides:
        of_side, many = Undo(evaluator, function), len(SESSION.get().models)
        evaluator.under = [Side(Open(text), text, holds) for text, holds in side.items()]
        evaluator.around, evaluator.assumed = len(side), body_of(function)
        try:
            made = _called(evaluator, name, function, bound)
        finally:
            evaluator.under, evaluator.around, evaluator.assumed = [], 0, None
        since = SESSION.get().models[many:]
        networks = [*map(_network, since)]
        is_trained = len(SESSION.get().trained) > of_side.lengths[-1]
        if since and not is_trained and all(found.count(network) for network in networks):
            of_side()  # nothing of it is another
        else:
            of_side.keep_alone(since)  # the next begins where this one did
        found += filter(None, networks)
    if count_made() == begun:
        undo()
        return _called(evaluator, name, function, bound)
    return made


def _network(model: Any) -> object:
    try:
        return model.own_network("")
    except (IsOpenError, QueryError, ExhaustedError):
        return None


class Undo:
    """Takes back what has come of a call, and what is wrong with it."""

    def __init__(self, evaluator: Evaluator, function: object = None) -> None:
        around = Scope(evaluator.module, {"function": function})  # the object of a method, too
        self.snapshot = Snapshot(evaluator, around)
        held = SESSION.get()
        self.lists: tuple[list[Any], ...] = evaluator.messages, held.problems, held.trained
        self.lengths = [len(part) for part in self.lists]

    def is_refused(self) -> bool:
        pairs = zip(self.lists[:2], self.lengths[:2], strict=True)
        told = (one for part, length in pairs for one in part[length:])
        return any(not isinstance(one, NotReadError) for one in (*told, *_refused()))

    def __call__(self) -> None:
        self.snapshot.set(self.snapshot.before)
        for part, length in zip(self.lists, self.lengths, strict=True):
            del part[length:]

    def keep_alone(self, models: Sequence[Any]) -> None:
        """Takes back all but some models that were made since, and what is told."""
        held = SESSION.get()
        trained = [each for each in held.trained[self.lengths[-1] :] if each[0] in models]
        logs = [(log, [*log]) for log in (held.models, held.unused, held.calls)]
        self.snapshot.set(self.snapshot.before)
        for log, content in logs:
            log[:] = content
        held.trained[self.lengths[-1] :] = trained


def _refused() -> Iterator[QueryError]:
    """Why Keras would not make what was made."""
    for model in SESSION.get().models:
        try:
            network = model.own_network("")
            describe(network) if network else None
        except (IsOpenError, ExhaustedError):
            continue
        except QueryError as wrong:
            yield wrong


def _says_nothing(default: object) -> bool:
    if type(default) in (tuple, list, dict, str):
        return not default
    return default is None or (type(default) is int and default in (0, -1))


def _missing(bound: BoundArguments, asks: Callable[[object], bool]) -> list[str]:
    """The parameters that are given nothing and have such a default."""
    return [
        word.name
        for word in bound.signature.parameters.values()
        if asks(word.default) and word.name not in bound.arguments
        if word.kind not in (word.VAR_POSITIONAL, word.VAR_KEYWORD)
    ]


def _fill(evaluator: Evaluator, bound: BoundArguments, names: Iterable[str]) -> None:
    bound.arguments.update(_open_parameters(evaluator, names))


def _open_parameters(evaluator: Evaluator, names: Iterable[str]) -> dict[str, object]:
    made = {name: Open(name, "", evaluator.source, is_named=True) for name in names}
    return {name: evaluator.named_by_let(found) for name, found in made.items()}


def _fill_for_bases(evaluator: Evaluator, bound: BoundArguments, function: Any) -> None:
    """`def __init__(self, **params): super().__init__(3, units=4, **params)`: what the bases need
    beside what they are given there."""
    words = bound.signature.parameters.values()
    rest = next((word.name for word in words if word.kind is word.VAR_KEYWORD), "")
    bases = function.__mro__[1:] if rest and isinstance(function, type) else ()
    needed, above = set[str](), function
    for base in bases:
        made = vars(base).get("__init__")
        if not isinstance(made, FunctionType):
            continue
        calls = calls_of_bases(above)
        many = max((len(_positional(call)) for call in calls), default=0)
        given = {word.arg for call in calls for word in call.keywords}
        taken = [*signature(made).parameters.values()][1 + many :]
        named = [
            word for word in taken if word.kind in (word.POSITIONAL_OR_KEYWORD, word.KEYWORD_ONLY)
        ]
        needed |= {word.name for word in named if word.default is word.empty} - given
        above = base
        if not any(word.kind is word.VAR_KEYWORD for word in taken):
            break
    if needed and not bound.arguments.get(rest):
        needed -= {*bound.arguments}
        bound.arguments[rest] = _open_parameters(evaluator, sorted(needed))


def _called(evaluator: Evaluator, name: str, function: Any, bound: BoundArguments) -> object:
    evaluator.begin_statement()
    ended, evaluator.ended = evaluator.ended, None
    names: list[ast.expr] = [ast.Name(word) for word in bound.arguments]
    evaluator.calls.append(ast.Call(ast.parse(name, mode="eval").body, names, []))
    try:
        return evaluator.really(function, *bound.args, **bound.kwargs)
    except (ExhaustedError, TooLongError) as wrong:
        evaluator.tell(NotReadError(str(wrong)))
        return Open("a function")
    except ExitError:  # `raise SystemExit`
        return Open("a function")
    finally:
        evaluator.calls.clear()
        evaluator.ended = ended


def models_made() -> list[Any]:
    """Those that have layers by now."""
    return [model for model in SESSION.get().models if model.own_items or model.own_gives]


def count_made() -> int:
    """How many models and calls of layers there are."""
    return len(models_made()) + len(SESSION.get().calls)


def function_in(part: Any) -> FunctionType | None:
    """The function of a method or property; None of an object, which may answer to any name."""
    if isinstance(part, property):
        part = part.fget
    elif isinstance(part, classmethod | staticmethod):
        part = part.__func__
    return part if isinstance(part, FunctionType) else None


def body_in(part: object) -> list[ast.stmt]:
    """What the code has in a function, a method or a property."""
    return body_of(function_in(part)) or []


def calls_of_bases(found: Any) -> list[ast.Call]:
    """Those in an `__init__` that hand something to the `__init__` of what it derives from."""
    body = body_in(getattr(found, "__dict__", {}).get("__init__"))
    calls = (node for node in nodes_of(body) if isinstance(node, ast.Call))
    return [call for call in calls if getattr(call.func, "attr", "") == "__init__"]


def _positional(call: ast.Call) -> list[ast.expr]:
    """What it is given by place: in `Base.__init__(self, 3)` the object is none of it."""
    given = [part for part in call.args if not isinstance(part, ast.Starred)]
    is_of_super = isinstance(getattr(call.func, "value", None), ast.Call)
    return given if is_of_super else given[1:]
