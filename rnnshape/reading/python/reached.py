"""What code may change that is not followed: what its names reach, and those of the functions that
it may call."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from types import BuiltinMethodType, FunctionType, MethodType, SimpleNamespace
from typing import Any

from rnnshape.reading.python.branches import both_ways, lose, sides_now
from rnnshape.reading.python.contents import PLAIN, Inside, each_of, within
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.handed_on import FILLING, HELD, KEEPING_ORDER, changed_in
from rnnshape.reading.python.in_common import may_be_another, merged
from rnnshape.reading.python.open import Open
from rnnshape.reading.python.scope import Scope, body_of, named_in, nodes_of, own_names
from rnnshape.reading.python.stand_in import NUMBERS, StandIn, hook, is_of_code, lacks, own
from rnnshape.reading.python.streams import Stream

SETTING_ANY = {"__dict__", "delattr", "exec", "eval", "setattr", "vars"}  # an attribute of any name
NEW = (ast.Constant, ast.Dict, ast.DictComp, ast.JoinedStr, ast.List, ast.ListComp, ast.Set)
# Functions that change what they are given first.
FILLING_FIRST = (*KEEPING_ORDER, "copyto", "put", "shuffle")
ON_ITEMS = ("__delitem__", "__iadd__", "__setitem__")


class Reached:
    """What some code, and what it may do to that.

    Attributes:
        found: the values that it comes by; words: what it asks them for, calls, or has as a text.
        sets: the attributes that each function sets, or a statement; sets_of_others: those of
            what is no `self`.
        given: names around functions that it gives a value, each with the names beside it.
        filled: the lists, sets and dictionaries that it adds to or takes from, by their `id`s, and
            attributes that have some; `fills_any` is whether it may do so to any that it comes by.
        first: functions that fill what they are called with; in_code: names that stand in code.
    """

    def __init__(
        self,
        values: Iterable[object],
        words: Iterable[str] = (),
        *code: tuple[ast.AST, Scope],
        sets: Iterable[str] = (),
    ) -> None:
        self.found, self.words, self.values = dict[int, Any](), {*words}, [*values]
        self.sets, self.given = {0: {*sets}}, list[tuple[Any, str]]()
        self.sets_of_others = {*sets}
        self.filled, self.fills_any = set[int | str](), False
        self.first, self.in_code = set[str](), set[str]()
        self.waiting, self.methods = [*self.values], list[FunctionType]()
        for node, scope in code:
            self._code(node, [node], scope)
        while self.waiting:
            value = self.waiting.pop()
            if id(value) not in self.found and not isinstance(value, PLAIN):
                self.found[id(value)] = value
                self._value(value)
            if not self.waiting:
                words = self.words.union(*self.sets.values())
                asked = [one for one in self.methods if one.__name__ in words]
                self.waiting += [one for one in asked if id(one) not in self.found]

    def _value(self, value: Any) -> None:
        if isinstance(value, Open):
            self.waiting += value.among
        elif isinstance(value, MethodType | BuiltinMethodType):
            self.words.add(value.__name__)
            self.filled.add(id(value.__self__))
            self.waiting += [value.__self__, getattr(value, "__func__", None)]
        elif isinstance(value, FunctionType):
            if body := body_of(value):
                made = vars(value)
                self._code(value, body, made["own_scope"], {*made["__signature__"].parameters})
        elif is_of_code(value):  # of its methods those that are asked for
            parts = [one for part in vars(value).values() for one in _functions_of(part)]
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
        sets, body = self.sets.setdefault(id(whole), set()), [*body]
        inside = body if isinstance(whole, FunctionType) else ()
        # What it is called with is known of those functions that are called first, and by no other.
        is_first = any(getattr(one, "__func__", one) is whole for one in self.values)
        name_of = getattr(whole, "__name__", "") if is_first else ""
        names_in = (part for part in nodes_of(body) if isinstance(part, ast.Name))
        stored = {part.id for part in names_in if not isinstance(part.ctx, ast.Load)}
        for part in nodes_of(body):
            filled = part.target if isinstance(part, ast.AugAssign) else changed_in(part)
            if filled is not None and filled is not part:
                self._fills(filled, inside, known, given, name_of)
            match part:
                case ast.Name(id=name) if name not in given:
                    self.waiting += [names[name] for names in known if name in names]
                    self.words.add(name)
                    self.in_code.add(name)
                    self.fills_any |= name.startswith(FILLING_FIRST)
                case ast.Attribute(attr=name, ctx=used, value=held):
                    self.words.add(name)
                    self.in_code.add(name)
                    self.fills_any |= name.startswith(FILLING_FIRST)
                    if name in FILLING:  # also `push = rows.append`
                        self._fills(held, inside, known, given, name_of)
                    sets |= set() if isinstance(used, ast.Load) else {name}
                    if not (isinstance(used, ast.Load) or ast.unparse(held) == "self"):
                        self.sets_of_others.add(name)
                case ast.Subscript(ctx=ast.Store() | ast.Del()):
                    self.words |= {*ON_ITEMS}
                case ast.Constant(value=str(text)):
                    self.words.add(text)
                    self.fills_any |= text in FILLING  # `getattr(rows, "append")`
                case ast.Global(names=several) | ast.Nonlocal(names=several):
                    several = [name for name in several if name in stored]
                    around = [(names, name) for names in known for name in several if name in names]
                    self.given += around

    def _fills(
        self,
        held: ast.expr,
        body: Sequence[ast.AST],
        known: Sequence[Any],
        given: Collection[str],
        name_of: str,
    ) -> None:
        """Notes what code adds to or takes from: `groups` of `groups[label].append(3)`."""
        is_within = isinstance(held, ast.Subscript)
        while isinstance(held, ast.Subscript):
            held = held.value
        match held:
            case ast.Attribute(attr=name):
                self.filled.add(name)
            case ast.Name(id=name) if name in given:
                self.fills_any |= not name_of
                self.first.add(name_of)
                self._note(self.values, is_within)
            case ast.Name(id=name) if name in own_names(body):
                self.fills_any |= not _is_new(body, name)
            case ast.Name(id=name) if any(name in names for names in known):
                self._note([names[name] for names in known if name in names], is_within)
            case _:
                self.fills_any = True

    def _note(self, values: Iterable[Any], is_within: bool) -> None:
        for value in values:
            self.filled.add(id(value))
            if is_within and isinstance(value, HELD):
                self._note(value.values() if isinstance(value, dict) else value, is_within)

    def changed(self) -> list[Any]:
        """The lists, sets and dictionaries that may hold something else then."""
        self.fills_any |= not self.first.isdisjoint(self.in_code)
        left = {name for name in self.filled if isinstance(name, str)}
        for one in [one for one in self.found.values() if is_of_code(one) or is_of_code(type(one))]:
            names = vars(one) if hasattr(one, "__dict__") else {}
            self._note((names[name] for name in self.filled & names.keys()), is_within=True)
            left -= names.keys()
        if left:  # of an object that is not read, which may hold what it was given
            self._note(self.values, is_within=True)
        held = [one for one in self.found.values() if isinstance(one, HELD)]
        if self.fills_any:
            return held
        # To ask a `defaultdict` for a key fills it.
        return [one for one in held if id(one) in self.filled or isinstance(one, defaultdict)]

    @property
    def changes(self) -> bool:
        """Whether it may change anything."""
        each = [one for one in self.found.values() if not isinstance(one, Open)]
        return bool(self.given or self.changed() or any(self.set_of(one)[0] for one in each))

    def set_of(self, value: object) -> tuple[set[str], set[str] | None]:
        """The attributes of an object, class or function that it may set, and those that this may
        have then, too: None where these may be any."""
        kinds = [one for one in (value, *type(value).__mro__) if is_of_code(one)]
        is_other = not kinds and not isinstance(value, FunctionType | SimpleNamespace)
        if is_other or isinstance(value, tuple):
            return set(), set()
        has = {name for one in (value, *kinds) for name in vars(one)}
        sets, is_any = set[str]().union(*self.sets.values()), not self.words.isdisjoint(SETTING_ANY)
        ours = {name for name in has if name[:4] == "own_" or name[:2] == "__"}
        return (has if is_any else has & sets) - ours, None if is_any else sets - has


def _is_new(body: Sequence[ast.AST], name: str) -> bool:
    """Whether all that a name of a function stands for is made there: `rows = []`."""
    parts = [part for part in nodes_of(body) if isinstance(part, ast.Assign | ast.AnnAssign)]
    made = [part.value for part in parts if name in named_in(_targets_of(part))]
    stores = [part for part in nodes_of(body) if isinstance(part, ast.Name) and part.id == name]
    many = sum(not isinstance(part.ctx, ast.Load) for part in stores)
    return len(made) == many and all(isinstance(value, NEW) for value in made)


def _targets_of(part: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    targets = part.targets if isinstance(part, ast.Assign) else [part.target]
    return [target for target in targets if isinstance(target, ast.Name)]


def _functions_of(part: Any) -> list[Any]:
    """The functions of a method or a property, whatever kind of method it is."""
    is_property = isinstance(part, property)
    inner = [part.fget, part.fset] if is_property else [getattr(part, "__func__", None)]
    return [one for one in inner if isinstance(one, FunctionType)] or [part]


def may_change(evaluator: Evaluator, scope: Scope, because: Open, reached: Reached) -> None:
    """What may be changed is not known, wherever it stands."""
    evaluator.spend(len(reached.found))
    lost = reached.changed()
    for one in reached.found.values():
        if (changed := hook(one, "own_may_be_changed")) is not None:
            is_filled = reached.fills_any or id(one) in reached.filled
            changed(one, reached.words if is_filled else reached.words - FILLING, because)
        if (may_set := hook(one, "own_may_be_set")) is not None:
            is_any = not reached.words.isdisjoint(SETTING_ANY)
            may_set(one, reached.words if is_any else reached.sets_of_others, because)
    for one in [one for one in reached.found.values() if not isinstance(one, Open)]:
        names, others = reached.set_of(one)
        for name in names:
            made = may_be_another(because, name, vars(one).get(name))
            if isinstance(one, type):
                type.__setattr__(one, name, made)
            else:
                vars(one)[name] = made
        if others != set() and not isinstance(one, type):
            evaluator.unsure.note_more(vars(one), because, others)
        if isinstance(one, Stream):
            one.throw_away()
    lose(evaluator, scope, because, *lost)
    for names, name in reached.given:
        names[name] = may_be_another(because, name, names[name])


def may_be_called(
    evaluator: Evaluator, scope: Scope, because: Open, handed: Iterable[object]
) -> bool:
    """What the code's functions change that something unread may call, nobody knows how often;
    whether they change anything."""
    handed = [*handed]
    functions = [one for one in each_of(handed) if body_of(one) is not None]
    if not functions:
        return False
    reached = Reached([*functions, *handed], ("__call__",))
    changes = reached.changes
    may_change(evaluator, scope, because, reached)
    return changes


def change_attribute(
    evaluator: Evaluator, scope: Scope, owner: Open, name: str, value: object
) -> None:
    """What is set of one of some objects may be set of each; of one that is made under a condition
    it is set, and of one that is there all the same, perhaps."""
    now, layers = sides_now(evaluator), own(owner.as_called, "own_sides", ())
    drawn = (one for one in each_of(owner.among) if hook(one, "own_changes_trainable"))
    for one in (*owner.alternatives, *(layer for side in layers for layer in side), *drawn):
        put = partial(evaluator.set_attribute, one, name, value)
        if {side.key for side in own(one, "own_sides", ())} <= {side.key for side in now}:
            both_ways(evaluator, owner, owner.label, scope, put, lambda: None)
        else:
            put()
    if owner.among and not owner.alternatives:
        may_change(evaluator, scope, owner, Reached(owner.among, sets=[name]))
        for one in each_of(owner.among):
            if is_of_code(type(one)) and lacks(one, name):
                evaluator.unsure.note_more(vars(one), owner, {name})


def may_have_set(held: Any, name: str, place: Any, value: object, because: Open) -> bool:
    """Sets what an entry of a list or dictionary may be, the new one or that before: at a place, or
    at any, if that is not known. False where it may be a new entry."""
    places: Iterable[Any] = [place] if type(place) in (int, str) else []
    if type(held) is list and isinstance(place, Open):
        places = range(len(held))
    elif type(held) not in (dict, list) or not _has(held, place):
        places = []
    for one in places:
        if _is_set_here(held[one], because) and _says_nothing(value):
            continue  # in an earlier round
        held[one] = merged(held[one], value, replace(because, label=f"{name}[{one!r}]", among=()))
    return bool(places)


def _is_set_here(value: Any, because: Open) -> bool:
    """Whether it is open since this very piece of code has set it, and may be anything plain."""
    return isinstance(value, Open) and value.node is because.node and _says_nothing(value)


def _says_nothing(value: Any) -> bool:
    """Whether nothing that code can change, call or go over is known of it."""
    if not isinstance(value, Open):
        return type(value) in NUMBERS
    known = (value.alternatives, value.may_be, value.as_called, value.one_of, value.stands_for)
    return not any(known) and value.row is None and not value.among


def _has(held: Any, place: Any) -> bool:
    """Whether there is an entry already."""
    if type(held) is list:
        return type(place) is int and -len(held) <= place < len(held)
    return type(place) in (int, str) and place in held


def change_in_place(
    evaluator: Evaluator,
    scope: Scope,
    owner: Open,
    added: Sequence[object] = (),
    entry: tuple[str, Any, object] | None = None,
) -> None:
    """What an entry changes that is set in one of some lists or objects, or what is added there."""
    lists, others = _apart(owner)
    evaluator.spend(len(lists))  # there may be thousands
    left = [one for one in lists if entry is None or not may_have_set(one, *entry, owner)]
    lose(evaluator, scope, owner, *left, added=_if_alike(owner, added))
    if others:
        may_change(evaluator, scope, owner, Reached(others, [*ON_ITEMS, *_words_of(owner)]))


def _apart(owner: Open) -> tuple[list[Any], list[Any]]:
    """The lists, sets and dictionaries among which something is, and what else: a tuple can't be
    changed."""
    each = [one for one in each_of(owner.among) if type(one) is not Inside]
    lists = [one for one in each if isinstance(one, HELD) and not is_of_code(type(one))]
    known = {*map(id, lists)}
    return lists, [one for one in each if id(one) not in known and type(one) is not tuple]


def _words_of(owner: Open) -> set[str]:
    """What code asks for to come by it: `__dict__` and `update` of `chosen.__dict__.update`."""
    return {*re.findall(r"\w+", owner.label)}


def _if_alike(owner: Open, added: Sequence[object]) -> Sequence[object]:
    """What is added to one of some lists, if that says what stands in each of them."""
    are_lists = {*map(type, each_of(owner.among))} == {list}
    return added if are_lists and not owner.by_key else ()


def change_by_call(
    evaluator: Evaluator, node: ast.expr, scope: Scope, called: Open, given: Sequence[object] = ()
) -> None:
    """What a call changes that is one of some of the code's functions, or of methods of its
    objects: all that these reach."""
    word, because = called.label.rpartition(".")[2], evaluator.open(node)
    lists, others = _apart(called)
    if word in FILLING and lists:
        added = _if_alike(called, given) if word == "append" else ()
        lose(evaluator, scope, because, *lists, added=added)
    if others:
        words = {*_words_of(called), "__init__" if called.without_base else "__call__"}
        reached = Reached([*others, *given], words)
        reached.fills_any |= word in FILLING  # also of an attribute of one
        may_change(evaluator, scope, because, reached)


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
