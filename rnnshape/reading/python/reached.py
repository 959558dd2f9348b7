"""What code may change that is not followed: what its names reach, and those of the functions that
it may call."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

from rnnshape.reading.python.branches import lose
from rnnshape.reading.python.contents import PLAIN, within
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.handed_on import FILLING
from rnnshape.reading.python.in_common import under_name
from rnnshape.reading.python.open import Open
from rnnshape.reading.python.scope import Scope, body_of, nodes_of
from rnnshape.reading.python.stand_in import StandIn, hook, is_of_code

SETTING_ANY = {"__dict__", "delattr", "exec", "eval", "setattr", "vars"}  # an attribute of any name
HELD = (list, set, dict, defaultdict)


class Reached:
    """What some code, and what it may do to that.

    Attributes:
        found: the values that it comes by; words: what it asks them for, calls, or has as a text.
        sets: the attributes that each function sets, or a statement.
        given: names around functions that it gives a value, each with the names beside it.
        sets_items: whether it sets entries of what it comes by.
    """

    def __init__(
        self,
        values: Iterable[object],
        words: Iterable[str] = (),
        *code: tuple[ast.AST, Scope],
        sets: Iterable[str] = (),
        sets_items: bool = False,
    ) -> None:
        self.found, self.words, self.sets_items = dict[int, Any](), {*words}, sets_items
        self.sets, self.given = {0: {*sets}}, list[tuple[Any, str]]()
        self.waiting, self.methods = [*values], list[FunctionType]()
        for node, scope in code:
            self._code(node, [node], scope)
        while self.waiting:
            value = self.waiting.pop()
            if id(value) not in self.found and not isinstance(value, PLAIN):
                self.found[id(value)] = value
                self._value(value)
            if not self.waiting:
                asked = [one for one in self.methods if one.__name__ in self.words]
                self.waiting += [one for one in asked if id(one) not in self.found]

    def _value(self, value: Any) -> None:
        if isinstance(value, Open):
            self.waiting += value.among
        elif isinstance(value, MethodType | BuiltinMethodType):
            self.words.add(value.__name__)
            self.waiting += [value.__self__, getattr(value, "__func__", None)]
        elif isinstance(value, FunctionType):
            if body := body_of(value):
                made = vars(value)
                self._code(value, body, made["own_scope"], {*made["__signature__"].parameters})
        elif is_of_code(value):  # of its methods those that are asked for
            parts = [_function_of(part) for part in vars(value).values()]
            self.methods += [part for part in parts if isinstance(part, FunctionType)]
            self.waiting += [part for part in parts if not isinstance(part, FunctionType)]
            self.waiting += value.__bases__
        elif isinstance(value, StandIn):  # what is ours in it changes by its methods alone
            self.waiting += [part for name, part in vars(value).items() if name[:4] != "own_"]
            self.waiting.append(type(value))
        else:
            self.waiting += within(value)

    def _code(
        self, whole: object, body: Iterable[ast.AST], scope: Scope, given: Collection[str] = ()
    ) -> None:
        known = [around.names for around in scope.around()]
        sets = self.sets.setdefault(id(whole), set())
        for part in nodes_of(body):
            match part:
                case ast.Name(id=name) if name not in given:
                    self.waiting += [names[name] for names in known if name in names]
                    self.words.add(name)
                case ast.Attribute(attr=name, ctx=used):
                    self.words.add(name)
                    sets |= set() if isinstance(used, ast.Load) else {name}
                case ast.Constant(value=str(text)):
                    self.words.add(text)
                case ast.Global(names=several) | ast.Nonlocal(names=several):
                    around = [(names, name) for names in known for name in several if name in names]
                    self.given += around
                case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.AugAssign():
                    self.sets_items = True

    def is_changed(self, value: object) -> bool:
        """Whether a list, set or dictionary may hold something else then."""
        kind = next((kind for kind in HELD if isinstance(value, kind)), None)
        fills = self.sets_items or isinstance(value, defaultdict)  # which asking for a key fills
        fills = fills or any(hasattr(kind, word) for word in FILLING & self.words)
        return kind is not None and fills

    def set_of(self, value: object) -> Iterator[str]:
        """The attributes of an object, or a class, that it may set."""
        kinds = [one for one in (value, *type(value).__mro__) if is_of_code(one)]
        has = [name for one in (value, *kinds) for name in vars(one)] if kinds else ()
        methods = [_function_of(part) for one in kinds for part in vars(one).values()]
        set_by_own = set[str]().union(*(self.sets.get(id(one), ()) for one in methods))
        set_by_any = set[str]().union(*self.sets.values())
        yield from set_by_own - {*has}
        for name in {*has}:
            is_ours = name[:4] == "own_" or name[:2] == "__"
            if name in set_by_any or (not is_ours and not self.words.isdisjoint(SETTING_ANY)):
                yield name


def _function_of(part: Any) -> Any:
    """The function of a method, whatever kind of method it is."""
    inner = part.fget if isinstance(part, property) else getattr(part, "__func__", None)
    return inner if isinstance(inner, FunctionType) else part


def may_change(evaluator: Evaluator, scope: Scope, because: Open, reached: Reached) -> None:
    """What may be changed is not known, wherever it stands."""
    for one in reached.found.values():
        if (changed := hook(one, "own_may_be_changed")) is not None:
            changed(one, reached.words, because)
    for one in [one for one in reached.found.values() if not isinstance(one, Open)]:
        for name in [*reached.set_of(one)]:
            if isinstance(one, type):
                type.__setattr__(one, name, under_name(because, name))
            else:
                vars(one)[name] = under_name(because, name)
    lose(evaluator, scope, because, *filter(reached.is_changed, reached.found.values()))
    for names, name in reached.given:
        names[name] = under_name(because, name)


def _each_of(values: Iterable[Any]) -> Iterator[Any]:
    """The values, and those of which an open one is one."""
    for value in values:
        yield from _each_of(value.among) if isinstance(value, Open) else (value,)


def change_by_call(
    evaluator: Evaluator, node: ast.Call, scope: Scope, called: Open, given: Sequence[object]
) -> None:
    """What a call changes that is one of some of the code's functions, or of methods of its
    objects: all that these reach."""
    word, because = called.label.rpartition(".")[2], evaluator.open(node)
    each = [*_each_of(called.among)]
    lists = [one for one in each if type(one) in HELD]
    others = [one for one in each if type(one) not in (*HELD, tuple)]
    if word in FILLING and lists:
        is_alike = word == "append" and {*map(type, each)} == {list} and not called.by_key
        lose(evaluator, scope, because, *lists, added=given if is_alike else ())
    if others:
        words = {word, "__init__" if called.without_base else word}
        may_change(evaluator, scope, because, Reached([*others, *given], words))


def unfinished(
    evaluator: Evaluator, node: ast.AST, scope: Scope, because: Open, goes_on: bool
) -> None:
    """The names that a statement gives are open; so is, where Python would go on with it, what it
    may change."""
    if goes_on:
        may_change(evaluator, scope, because, Reached((), (), (node, scope)))
    names = (part for part in ast.walk(node) if isinstance(part, ast.Name))
    for name in (part.id for part in names if isinstance(part.ctx, ast.Store)):
        made = Open(name, because.reason, because.source, because.node)
        made.roots = (because,) if because.label else ()
        scope.names[name] = made
