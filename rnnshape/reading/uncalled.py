"""Functions and classes that code defines and does not call: they are called with what is open; and
calls of layers whose result no model takes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from inspect import BoundArguments, Parameter, getattr_static, signature
from itertools import islice
from operator import attrgetter
from types import FunctionType
from typing import Any, NamedTuple

from rnnshape.description import describe
from rnnshape.errors import NotReadError, QueryError
from rnnshape.reading import graph
from rnnshape.reading.names.layers import Layer
from rnnshape.reading.names.session import SESSION, Session, refusal_of
from rnnshape.reading.python import Evaluator, IsOpenError, Open
from rnnshape.reading.python.branches import Snapshot
from rnnshape.reading.python.limits import ExhaustedError, ExitError, TooLongError
from rnnshape.reading.python.scope import body_of
from rnnshape.reading.python.stand_in import is_of_code

MOST_CHECKED = 100  # calls whose result no model takes


def call_what_is_not_called(evaluator: Evaluator) -> None:
    """Where nothing is made: the functions and classes of the code that nothing else in it uses
    are called, with arguments that are open; those whose bases are not known, as the code does."""
    without_base = {
        name: value.without_base
        for name, value in evaluator.module.names.items()
        if isinstance(value, Open) and value.without_base
    }
    own = without_base | {
        name: found
        for name, found in evaluator.module.names.items()
        if isinstance(found, FunctionType | type)
        and found.__module__ == "__main__"
        and found.__name__ == name
    }
    used = evaluator.called.keys() | {
        node.id
        for name, found in own.items()
        for part in _body(found)
        for node in ast.walk(part)
        if isinstance(node, ast.Name) and node.id != name
    }
    for name, found in own.items():
        derived = [one for one in own.values() if found in getattr(one, "__mro__", ())[1:]]
        if (name in used and name not in without_base) or _is_abstract(found, derived):
            continue
        before = _count_made()
        made = _call_openly(evaluator, name, found, *evaluator.called.get(name, ()))
        if not isinstance(made, Layer) and _count_made() == before:
            _call_methods(evaluator, name, found, made)
    call_if_it_makes_a_model(evaluator, [own[name] for name in own if name in used])


def call_if_it_makes_a_model(evaluator: Evaluator, functions: Iterable[Any]) -> None:
    """Functions of the code that it does not call itself: they stand where it did not come to, or
    are handed to others."""
    for found in [each for each in functions if isinstance(each, FunctionType)]:
        is_own = body_of(found) is not None and found.__name__.isidentifier()  # and no lambda
        with suppress(ExhaustedError):  # the rest is answered all the same
            if is_own and found not in evaluator.followed:
                before, undo = [*_models()], Undo(evaluator)
                _call_openly(evaluator, found.__name__, found)
                undo.keep_alone([model for model in _models() if model not in before])


def _call_methods(evaluator: Evaluator, name: str, found: Any, made: object) -> None:
    """The methods of what a class makes, until one makes a model; then those that no other uses,
    as far as they make models, too."""
    begun, held = _count_made(), SESSION.get()

    def call(method: Method, owner: object) -> None:
        owner = found if method.is_of_class else owner
        asked = partial(evaluator.attribute, owner, method.name)
        if not isinstance(owner, Open):
            function = asked if method.is_property else evaluator.really(asked)
            _call_openly(evaluator, f"{name}.{method.name}", function)

    for method in _methods(found):
        before, is_begun, undo = _count_made(), _count_made() > begun, Undo(evaluator)
        if is_begun and method.is_used and method.function in evaluator.followed:
            continue
        if is_begun:  # the first of them have changed theirs
            known = _count_known()
            call(method, _call_openly(evaluator, name, found))
            if _count_known() > known:
                continue
            undo()
            if method.is_used:
                continue
        loaded = len(held.loaded)
        call(method, made)
        if undo.is_refused():  # by what its `__init__` was not given, perhaps
            undo()
            made = _call_openly(evaluator, name, found, nothing_is_open=True)
            call(method, made)
        if len(held.loaded) > loaded:  # its model is that of a file now
            made = _call_openly(evaluator, name, found)
        if is_begun and _count_made() == before:
            undo()


def _models() -> list[Any]:
    """Those that have layers by now."""
    return [model for model in SESSION.get().models if model.own_items or model.own_gives]


def _count_made() -> int:
    """How many models and calls of layers there are."""
    return len(_models()) + len(SESSION.get().calls)


def _count_known() -> int:
    """How many of the models are not wholly open."""
    return sum(model.own_open is None for model in _models())


class Method(NamedTuple):
    """A method, a function in a class or a property; `is_used` by another of them, or private."""

    name: str
    function: Any
    is_used: bool
    is_of_class: bool
    is_property: bool


def _methods(found: Any) -> list[Method]:
    """The methods of a class and of those that it derives from, where it says what they leave to
    it, or changes what they use; those last that are used."""
    says = {*getattr(found, "__dict__", ()), *_of_self(found, ast.Store)}
    if any(call.args or any(word.arg for word in call.keywords) for call in _calls_of_bases(found)):
        says |= {name for base in found.__mro__[1:] for name in _of_self(base, ast.Store)}
    bases = [*filter(is_of_code, found.__mro__[:0:-1])] if isinstance(found, type) else []
    changed = (one for one in bases if _is_abstract(one, [found]) or says & _of_self(one, ast.Load))
    kinds = [*changed, found]
    names = dict.fromkeys(name for kind in kinds for name in getattr(kind, "__dict__", ()))
    parts = {name: getattr_static(found, name) for name in names}
    functions = {
        name: function
        for name, part in parts.items()
        if (function := _function(part)) and not name.startswith("__")
    }
    used = {
        node.attr
        for name, function in functions.items()
        for statement in _body(function)
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute) and node.attr != name
    }
    methods = []
    for name, function in functions.items():
        kind, is_used = type(parts[name]), name in used or name.startswith("_")
        takes_none = kind is FunctionType and not signature(function).parameters
        is_of_class = takes_none or kind in (classmethod, staticmethod)
        methods.append(Method(name, function, is_used, is_of_class, kind is property))
    return sorted(methods, key=attrgetter("is_used"))


def _function(part: Any) -> FunctionType | None:
    """The function of a method or property; None of an object, which may answer to any name."""
    if isinstance(part, property):
        part = part.fget
    elif isinstance(part, classmethod | staticmethod):
        part = part.__func__
    return part if isinstance(part, FunctionType) else None


def _body(part: object) -> list[ast.stmt]:
    """What the code has in a function, a method or a property."""
    return body_of(_function(part)) or []


def _is_abstract(found: Any, derived: Sequence[Any]) -> bool:
    """Whether it is a class that leaves methods to those that derive from it."""
    names = dir(found) if isinstance(found, type) else []
    parts = [*filter(None, (_function(getattr_static(found, name)) for name in names))]
    lacks = _of_self(found, ast.Call) - {*dir(found)} - _of_self(found, ast.Store)
    return any(
        vars(part).get("__isabstractmethod__") is True or (derived and _is_left_to_others(part))
        for part in parts
    ) or any(lacks & {*vars(other)} for other in derived)


def _of_self(found: Any, way: type[ast.AST]) -> set[str]:
    """The attributes of an object that the methods of its class take, set or call; `__call__` where
    they call it itself."""
    names = set()
    for function in filter(None, map(_function, getattr(found, "__dict__", {}).values())):
        own = next(iter(signature(function).parameters), "")
        for node in (part for statement in _body(function) for part in ast.walk(statement)):
            match node:
                case ast.Attribute(ast.Name(name), word, ctx) if name == own:
                    names |= {word} if isinstance(ctx, way) else set()
                case ast.Call(ast.Attribute(ast.Name(name), word)) if name == own:
                    names |= {word} if way is ast.Call else set()
                case ast.Call(ast.Name(name)) if name == own and way is not ast.Store:
                    names.add("__call__")
    return names


def _calls_of_bases(found: Any) -> list[ast.Call]:
    """Those in an `__init__` that hand something to the `__init__` of what it derives from."""
    body = _body(getattr(found, "__dict__", {}).get("__init__"))
    parts = (part for statement in body for part in ast.walk(statement))
    calls = (part for part in parts if isinstance(part, ast.Call))
    return [call for call in calls if getattr(call.func, "attr", "") == "__init__"]


def _positional(call: ast.Call) -> list[ast.expr]:
    """What it is given by place: in `Base.__init__(self, 3)` the object is none of it."""
    given = [part for part in call.args if not isinstance(part, ast.Starred)]
    is_of_super = isinstance(getattr(call.func, "value", None), ast.Call)
    return given if is_of_super else given[1:]


def _is_left_to_others(method: Any) -> bool:
    """`raise NotImplementedError`, behind a docstring, is all of it."""
    match _body(method):
        case [*before, ast.Raise(ast.Name(name) | ast.Call(ast.Name(name)))]:
            is_all = all(isinstance(getattr(one, "value", None), ast.Constant) for one in before)
            return is_all and name == "NotImplementedError"
    return False


def _call_openly(
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
    undo = Undo(evaluator)
    made = _called(evaluator, name, function, bound)
    if without and not nothing_is_open and undo.is_refused():  # whoever calls it gives more
        undo()
        _fill(evaluator, bound, without)
        made = _called(evaluator, name, function, bound)
    return made


class Undo:
    """Takes back what has come of a call, and what is wrong with it."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.snapshot = Snapshot(evaluator, evaluator.module)
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
        """Takes back all but some models that were made since: nobody knows when they are."""
        if not models:
            self()
            return
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
        calls = _calls_of_bases(above)
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


def refused_aside(held: Session) -> Iterator[QueryError]:
    """What Keras refuses of calls whose result no model takes: the code stops there, too."""
    left = {*held.calls} - held.taken
    for call in islice((call for call in held.certain if call in left), MOST_CHECKED):
        with suppress(IsOpenError):
            are_known = None not in map(graph.shape_of, call.tensors)
            if are_known and (wrong := refusal_of(call)) is not None:
                wrong.place = wrong.place or call.layer.call.places.get("")
                yield wrong
