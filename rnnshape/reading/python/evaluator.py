"""`Evaluator`: what code knows by now, and the three ways in which anything is done to a value.

`really` is where Python is called: it weighs what goes in and what comes out. `attribute` is where
something is reached, `set_attribute` where it is set. The modules beside follow each kind of node
of the syntax tree; none of them does anything to a value but so.
"""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FunctionType, SimpleNamespace
from typing import Any
from weakref import WeakSet

from rnnshape.errors import NotReadError, Place, QueryError
from rnnshape.errors import shortened as shortened_to
from rnnshape.nest import within
from rnnshape.reading.python import allowed, limits
from rnnshape.reading.python.contents import part_of
from rnnshape.reading.python.keys import UnsureKeys
from rnnshape.reading.python.limits import words_of
from rnnshape.reading.python.made_open import held_in, made_of_open
from rnnshape.reading.python.open import MAKING, IsOpenError, Open, Side, numbers_between, opens_in
from rnnshape.reading.python.outside import Environ, argument_parser, environment
from rnnshape.reading.python.scope import Doubt, Scope
from rnnshape.reading.python.set_order import SetOrder
from rnnshape.reading.python.stand_in import (
    Module,
    StandIn,
    hook,
    is_of_code,
    is_settable,
    is_visible,
    lacks_for_sure,
    plain_type,
    stored_name,
    taken,
    what_it_is,
)
from rnnshape.reading.python.streams import bounded
from rnnshape.source import Source

shortened = functools.partial(shortened_to, most=60)
written = functools.lru_cache(10_000)(ast.unparse)  # at each round of a loop the same is asked for
PLAIN_MODULES = {path: Module(path, held) for path, held in allowed.MODULES.items()}
OF_A_TABLE = ("columns", "index")  # which makes something else of a list, and changes it later
MOST_MESSAGES = 50  # of what is wrong, and of what is not read


class Evaluator:
    """Follows code.

    Args:
        worth_of, follow: what an expression is worth, and what does a statement.
        modules: what stands for modules, by their paths.
        names: what code may use without importing it.
        let: values of what is open, by their labels.
        array: makes what stands for data of a shape, for `--let X.shape=...`.
        find_module: reads a module that stands beside the code, or returns None.
        known_of_open: what a key takes of something open, or its method makes, where that is known.
        why_unknown: why a name is not known that the code calls and gives no value; may be empty.
    """

    def __init__(
        self,
        worth_of: Callable[[Evaluator, ast.expr, Scope], object],
        follow: Callable[[Evaluator, ast.stmt, Scope], None],
        modules: Mapping[str, object],
        names: Mapping[str, object],
        let: Mapping[str, object] | None = None,
        array: Callable[..., object] = lambda shape, dtype=None: None,
        find_module: Callable[[Evaluator, str], object] = lambda evaluator, path: None,
        why_unknown: Callable[[str], str] = lambda name: "",
        known_of_open: Callable[..., object] = lambda owner, given, made, named=None: made,
    ) -> None:
        self._worth_of, self._follow = worth_of, follow
        self.why_unknown, self.known_of_open = why_unknown, known_of_open
        self.notes: dict[str, None] = {}  # defaults that the code gives, once each
        self.parts: dict[str, object] = {}  # that code gives to what is open, by their labels
        self.modules: dict[str, object] = {**PLAIN_MODULES, **modules}
        note = self.notes.setdefault
        parser, self.environ = argument_parser(note, self.parts), Environ(note)
        of_arguments = {"ArgumentParser": parser, "Namespace": SimpleNamespace}
        self.modules["argparse"] = Module("argparse", of_arguments)
        self.modules["os"] = Module("os", environment(self.environ))
        self.names, self.given = names, {**allowed.BUILTINS, **self._doors()}
        self.let, self.array, self.find_module = dict(let or {}), array, find_module
        self.let_used, self.labels, self.module = set[str](), dict[str, None](), Scope()
        self.roots: list[object] = [self.environ.own_set]  # what else code can change
        self.undefined, self.sets = dict[str, Open](), SetOrder()  # names without a value
        self.messages, self.caught = list[QueryError](), list[QueryError]()  # and by the code
        self.refusals: list[Open] = []  # what Python itself would not do
        self.ended: Open | None = None  # the first of them where the code surely comes to it
        self.source, self.node = Source(""), ast.Module([], [])  # type: tuple[Source, ast.AST]
        self.steps, self.limit, self.most = 0, limits.MOST_STEPS, limits.MOST_STEPS
        # `try` statements, loops, and how many of these can be taken back, around what is followed.
        self.trying, self.rounds, self.loops = list[ast.Try | ast.TryStar](), list[Any](), 0
        self.doubted, self.tried_since = list[Doubt](), 0  # what may have failed there
        self.exits_caught = 0  # how many of them catch that the code ends itself
        self.handled: list[Exception] = []  # that `except` has caught around what is followed
        self.raised: dict[int, Exception] = {}  # that the code itself has made
        self.certain: Exception | None = None  # the last that is raised whatever is not known
        # Conditions that are not known and are followed as if they held, how many of them are
        # around what a layer calls, and how functions and loops may have ended. The functions that
        # are followed now, with how many such conditions were around each, and those of them of
        # which it is not known how often they call themselves.
        self.under, self.around = list[Side](), 0
        self.running, self.endless = list[tuple[object, int]](), set[object]()
        self.early: list[tuple[Any, Scope, int]] = []
        # How many calls of one of several classes are followed now, and whether memory was short.
        self.choosing, self.has_run_out = 0, False
        self.is_of_several = False  # whether what is called now may be another of several models
        self.assumed: object = None  # the body of a function that is followed so from its start
        self.calls, self.called = list[ast.Call](), dict[str, Any]()  # now; with what, last
        self.with_attributes = set[FunctionType]()  # functions to which the code has given some
        self.unsure, self.snapshots = UnsureKeys(), WeakSet[Any]()  # to which all may be set back
        # The functions of the code whose body was followed, and those that it hands to others.
        self.followed, self.handed = set[Any](), dict[Any, None]()

    def _doors(self) -> dict[str, object]:
        def get(owner: object, name: str, *default: object) -> object:
            value = self.attribute(owner, name)
            if self.unsure.is_there(owner, name, value) is not False:
                return value
            if isinstance(owner, Module) and value.reason and self.trying and not default:
                raise AttributeError(name)
            return default[0] if default else value

        def has(owner: object, name: str) -> object:
            return self.unsure.is_there(owner, name, self.attribute(owner, name))

        doors = {"getattr": get, "hasattr": has, "setattr": self.set_attribute}
        return {**doors, "globals": lambda: None, "locals": lambda: None}  # asked where called

    @property
    def place(self) -> Place | None:
        return self.open("").place

    # Whether what is followed is done whatever else is known, and nothing catches an error.
    is_sure = property(lambda evaluator: not (evaluator.under or evaluator.trying))
    # Also where an earlier round may have left the loop that is followed now.
    is_run = property(lambda now: now.is_sure and all(len(s.early) <= n for s, n in now.rounds))

    def places_of_call(self) -> dict[str, Place]:
        """Where the call that is followed now, its arguments and keywords stand."""
        if isinstance(self.node, ast.Call):
            return self.source.places_of_call(self.node)
        return {"": self.place} if self.place else {}

    def words_of_call(self) -> dict[str | None, str]:
        """The arguments of that call as the code has them, by their places and names."""
        if not isinstance(call := self.node, ast.Call):
            return {}
        by_place = {str(place): written(part) for place, part in enumerate(call.args)}
        return by_place | {word.arg: written(word.value) for word in call.keywords}

    def tell(self, wrong: QueryError) -> None:
        said = [(one.message, one.place) for one in self.messages if type(one) is type(wrong)]
        if (wrong.message, wrong.place) not in said and len(said) < MOST_MESSAGES:
            self.messages.append(wrong)

    def open(self, label: str | ast.AST, reason: str = "") -> Open:
        """Something open that the piece of code makes which is followed now."""
        node = label if isinstance(label, ast.AST) else self.node
        text = shortened(written(label)) if isinstance(label, ast.AST) else label
        return Open(text, reason, self.source, node)

    @property
    def calls_itself(self) -> bool:
        """Whether a function is followed now that was called by itself, nobody knows how often."""
        running = dict(self.running)
        return any(running[one] > many for one, many in self.running)

    # Bounds.

    def spend(self, steps: int = 1) -> None:
        self.steps = min(self.steps + steps, self.limit + 1)
        if self.steps > self.limit:
            raise limits.ExhaustedError("this code takes too many steps to be read")

    def begin_statement(self) -> None:
        """Bounds what one statement of a module takes: a part of what the module has left, so that
        those after it have some too, however many take too much."""
        left = self.most - self.steps
        self.limit = self.steps + min(limits.STEPS_OF_STATEMENT, left // 4)

    # The three ways to do something to a value.

    def really(self, function: Callable[..., Any], /, *parts: object, **named: object) -> Any:
        """What Python's own function makes of its parts; open where it refuses them."""
        node, made = self.node, None  # type: tuple[ast.AST, object]
        plain = None if is_of_code(type(function)) else function  # its == may be the code's
        try:
            self.spend(limits.weight_of_call(plain, parts, named))
            self.unsure.check(plain, parts)
            function, given = self.sets.called(function, parts, named)
            made = bounded(function(*given, **named), parts)
            self.unsure.follow(plain, parts, made)
            if isinstance(made, Open):
                raise IsOpenError(made, is_made=True)
            limits.check_result(made)
        except IsOpenError as wrong:
            self.node = node
            if plain is range and (many := numbers_between(*parts)) is not None:
                return self.array((many,), "int64")
            return made_of_open(self, wrong, made, plain, parts, named)
        except (MemoryError, limits.ExitError) as wrong:
            if isinstance(wrong, limits.ExitError) or self.has_run_out:
                raise  # it ends the code, or the reading
            self.node, self.has_run_out = node, True  # what was too large is gone again
            return self.open(self._text(function), limits.TOO_LARGE)
        except Exception as wrong:
            self.node = node
            if isinstance(wrong, RecursionError | limits.TooLongError):
                raise limits.TooLongError(words_of(wrong), self.place) from None  # it ends the loop
            if isinstance(wrong, QueryError):
                return self.told(wrong, self._text(function))
            if limits.is_of_our_signature(wrong):
                return self.open(self._text(function))
            is_place = plain is operator.getitem and type(parts[0]) in (list, tuple, dict)
            is_beyond = is_place and isinstance(wrong, IndexError)  # whatever is at the others
            for found in opens_in([parts, named]) if callable(function) and not is_beyond else ():
                derived = self.derived(found)
                if derived is not found:
                    derived.among = held_in(plain, parts, named) or derived.among
                return derived
            if "Open" in str(wrong):  # it has met one as it went over something
                return self.open(self._text(function))
            refused = self.open(self._text(function), words_of(wrong))
            every = [getattr(plain, "__self__", None), *parts, named]
            is_pythons = is_place or not any(isinstance(part, StandIn) for part in within(every))
            is_certain = isinstance(wrong, AttributeError) or is_pythons or wrong is self.certain
            if self.trying and not isinstance(wrong, limits.TooLargeError):
                if is_certain:
                    raise
                self.doubted.append(Doubt(refused, type(wrong)))  # the library's own may take it
            return self.refuse(refused, is_certain and not isinstance(wrong, limits.TooLargeError))
        self.node = node
        return made

    def told(self, wrong: QueryError, text: str) -> Open:
        """Tells of it; what the text is worth is open."""
        wrong.place = wrong.place or self.place
        if self.trying and not isinstance(wrong, NotReadError):
            raise wrong  # Keras' own: the code may catch it
        self.tell(wrong)
        return self.open(text, wrong.message)

    def refuse(self, value: Open, ends: bool = False) -> Open:
        """Notes what Python itself would not do, and whether the code surely `ends` there."""
        if ends and self.is_sure and self.ended is None:
            self.ended = value
        if len(self.refusals) < MOST_MESSAGES:
            self.refusals.append(value)
        return value

    def derived(self, value: Open) -> Open:
        """What the piece of code that is followed now makes of something open."""
        if not isinstance(self.node, MAKING) and not (
            value.is_number and isinstance(self.node, ast.Subscript)  # `rows[k]` is not what k is
        ):
            return value
        return value.derived(shortened(written(self.node)), self.source, self.node, self.steps)

    def known(self, function: Callable[..., Any], *parts: object) -> Any:
        """The same as `really`, where nothing open is of use."""
        made = self.really(function, *parts)
        if isinstance(made, Open):
            raise IsOpenError(made)
        return made

    def attribute(self, owner: object, name: str) -> Any:
        """What is under a name of a value."""
        name = str.__str__(name)  # a class of the code may tell something else of a text
        if isinstance(owner, Open):
            part = self.part(owner, f".{name}")
            return self.known_of_open(owner, (), part) if type(part) is Open else part
        if isinstance(owner, Module) and (owner.held is None or name not in allowed.ASKED):
            set_by_code = self.parts.get(f"{owner.path}.{name}")
            return self.named_by_let(owner.under(name) if set_by_code is None else set_by_code)
        if plain_type(owner) is str and name == "format":
            is_type = isinstance(owner, type)
            return allowed.formatted if is_type else functools.partial(allowed.formatted, owner)
        if name in allowed.ASKED:
            return self.really(allowed.ASKED[name], owner)
        if is_visible(owner, stored := stored_name(owner, name)):
            try:
                return taken(owner, stored, getattr(owner, stored))
            except IsOpenError as wrong:
                return wrong.value
            except QueryError as wrong:
                return self.told(wrong, self._text(owner))
            except AttributeError:
                pass
        text = self._text(owner) if isinstance(self.node, ast.Attribute) else name
        if self.unsure.may_have(owner, stored) or not lacks_for_sure(owner, stored):
            return self.open(text, f"{name} of {what_it_is(owner)} is not known")
        made = self.open(text, f"{what_it_is(owner)} has no {name}")
        if self.trying and isinstance(self.node, ast.Attribute):
            raise AttributeError(made.reason)
        return self.refuse(made, ends=isinstance(self.node, ast.Attribute))

    def _text(self, value: object) -> str:
        if isinstance(self.node, ast.expr):
            return shortened(written(self.node))
        name = value if isinstance(value, str) else getattr(value, "__name__", "")
        return shortened(name if isinstance(name, str) and name else type(value).__name__)

    def set_attribute(self, owner: Any, name: str, value: object) -> None:
        name = str.__str__(name)
        if isinstance(owner, Open):
            if name not in OF_A_TABLE:
                self.parts[owner.part(f".{name}").label] = value
            if told := hook(owner.stands_for, "own_part_is_set"):
                told(owner.stands_for, name, owner)
        elif isinstance(owner, Module) and owner.held is not None:
            owner.held[name] = value
        elif isinstance(owner, Module):
            self.parts[f"{owner.path}.{name}"] = value
        elif is_settable(owner, name) and not isinstance(value, functools.cached_property):
            if isinstance(owner, FunctionType) and owner not in self.with_attributes:
                self.with_attributes.add(owner)
                for snapshot in self.snapshots:
                    snapshot.add(owner)
            self.really(setattr, owner, stored_name(owner, name), value)

    def part(self, owner: Open, text: str) -> object:
        """What is under a name or at a place of something open."""
        part = part_of(owner, text)
        return self.named_by_let(self.parts.get(part.label, part))

    def named_by_let(self, value: object, *labels: str) -> Any:
        """What `--let` gives in place of something open; what is known it may say again."""
        if not isinstance(value, Open):
            if self.let and isinstance(value, int | float | str):
                self.let_used.update(name for name in labels if self.let.get(name) == value)
            return value
        for label in (value.label, *labels):
            self.labels.setdefault(label)
            if label in self.let:
                self.let_used.add(label)
                return self.let[label]
            if f"{label}.shape" in self.let:
                self.let_used.add(f"{label}.shape")
                sizes = self.let[f"{label}.shape"]
                return self.array(sizes if isinstance(sizes, tuple) else (sizes,))
        return value

    # Following code.

    def worth(self, node: ast.expr, scope: Scope) -> Any:
        """What an expression is worth."""
        self.spend()
        self.node = node
        made = self._worth_of(self, node, scope)
        if isinstance(made, Open) and self.let:
            return self.named_by_let(made, written(node))
        return made

    def worth_of_all(self, nodes: Sequence[ast.expr], scope: Scope) -> list[object]:
        """What several expressions are worth, those with a star spread out."""
        found: list[object] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found += self.known(list, self.worth(node.value, scope))
            else:
                found.append(self.worth(node, scope))
        return found

    def truth(self, node: ast.expr, scope: Scope) -> Any:
        """Whether a condition holds: True, False, or open."""
        return self.really(bool, self.worth(node, scope))

    def block(self, statements: Sequence[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            self.follow(statement, scope)

    def follow(self, node: ast.stmt, scope: Scope) -> None:
        self.spend()
        self.node = node
        self._follow(self, node, scope)

    @contextmanager
    def within(self, source: Source, node: ast.AST | None = None) -> Iterator[None]:
        """Follows code of another text, perhaps from a piece of it, and comes back to this one."""
        before = self.source, self.node
        self.source, self.node = source, node or self.node
        try:
            yield
        finally:
            self.source, self.node = before
