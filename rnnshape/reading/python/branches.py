"""Conditions that are not known: both sides are followed, and what they agree on is kept."""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from rnnshape.reading.python.contents import (
    HOLDING,
    PLAIN,
    anything_in,
    content_of,
    held_by,
    held_items,
    set_content,
    within,
)
from rnnshape.reading.python.evaluator import Evaluator, written
from rnnshape.reading.python.in_common import (
    MISSING,
    are_alike,
    are_same,
    merged,
    merged_in,
    row_of,
    under_name,
)
from rnnshape.reading.python.keys import UnsureKeys
from rnnshape.reading.python.limits import (
    DEEPEST_CALL,
    NESTED,
    ExitError,
    TooLargeError,
    TooLongError,
)
from rnnshape.reading.python.open import IsOpenError, Open, Side, side_of
from rnnshape.reading.python.scope import (
    BrokenSignal,
    ClassNames,
    ContinuedSignal,
    Counts,
    Doubt,
    Log,
    ReturnedSignal,
    Scope,
    Signal,
)
from rnnshape.reading.python.stand_in import StandIn, is_of_code, may_be_in, own
from rnnshape.reading.python.streams import Stream

# A list, dictionary or object is copied three times, and compared; the others are only come by.
STEPS_OF_EACH, OTHERS_IN_A_STEP = 4, 8
ENDS = (type(None), ContinuedSignal, BrokenSignal, ReturnedSignal)  # the later, the more they end
NOT_FOLLOWED = (RecursionError, TooLargeError, TooLongError)  # the program itself goes on


class Snapshot:
    """What is in every list, dictionary, object and scope that the code can reach. A function is
    among them from its first attribute on, which few are given."""

    def __init__(self, evaluator: Evaluator, scope: Scope) -> None:
        # Which keys may be lacking is set back first, and then noted of the others.
        self.held: dict[int, Any] = {id(evaluator.unsure): evaluator.unsure}
        self.before: dict[int, Any] = {id(evaluator.unsure): evaluator.unsure.state}
        waiting: list[Any] = [scope, evaluator.module, evaluator.parts, *evaluator.roots]
        found, self.names, self.unsure = set[int](), set[int](), evaluator.unsure
        self.may_have_more = evaluator.module.may_have_more
        while waiting:
            value = waiting.pop()
            is_fixed = type(value).__dictoffset__ == 0 and not isinstance(value, HOLDING)
            if is_fixed or id(value) in found:
                continue
            found.add(id(value))
            if isinstance(value, Scope):
                self.names.add(id(value.names))
            if type(value) is types.FunctionType and value not in evaluator.with_attributes:
                waiting.append(vars(value).get("own_scope"))
                continue
            waiting += within(value)
            content = content_of(value)
            if content is not None:
                self.held[id(value)], self.before[id(value)] = value, content
        evaluator.spend(STEPS_OF_EACH * len(self.held) + len(found) // OTHERS_IN_A_STEP)
        evaluator.snapshots.add(self)

    def add(self, function: types.FunctionType) -> None:
        """What gives a function an attribute says so before, for it may be the first."""
        self.held[id(function)], self.before[id(function)] = function, {}

    def now(self) -> dict[int, Any]:
        return {key: content_of(value) or {} for key, value in self.held.items()}

    def changed(self, before: dict[int, Any]) -> dict[int, set[Any]]:
        """The names or places at which something else stands now, of all that was known then; of
        layers and arrays, what they keep for themselves is none of it; nor is another tensor of
        the same shape, with which a round of a loop does the same."""
        now, found = self.before | self.now(), dict[int, set[Any]]()
        for key, content in (self.before | before).items():
            if isinstance(self.held[key], Log | Counts | StandIn | UnsureKeys):
                continue
            places = {
                place
                for place, part in content.items()
                if not isinstance(part, Open) and not are_alike(part, now[key].get(place, MISSING))
            }
            if places or len(content) < len(now[key]):
                found[key] = places
        return found

    def set(self, contents: dict[int, Any]) -> None:
        for key, content in (self.before | contents).items():
            set_content(self.held[key], content)

    def merge(self, first: dict[int, Any], second: dict[int, Any], because: Open) -> None:
        """Keeps what both contents agree on. Lists of other lengths are open everywhere, and so
        are sets of other members."""
        first, second, lost = self.before | first, self.before | second, {}
        for key, content in first.items():
            is_whole = isinstance(value := self.held[key], list | set)
            if is_whole and not isinstance(value, Log) and content.keys() != second[key].keys():
                shorter, longer = sorted((content, second[key]), key=len)
                parts = [*shorter.values(), *longer.values()]
                row = None if isinstance(value, set) else row_of(parts, because)
                lost[key] = row, may_be_in(parts), held_items([parts])
        changed = {
            key
            for key, content in first.items()
            if type(self.held[key]) in (list, dict, set) and not are_same(content, second[key])
        }
        for key, content in first.items():
            value, other = self.held[key], second[key]
            if isinstance(value, Log):
                set_content(value, {**content, **other})
                continue
            if isinstance(value, UnsureKeys):
                value.merge(content, other)
                continue
            if changed:  # a list that is another one on the other side may now look like that one
                content = {
                    name: part
                    if id(part) not in changed or other.get(name) is part
                    else replace(under_name(because, name), among=(part, other.get(name)))
                    for name, part in content.items()
                }
            names = () if key in lost or _is_untouched(content, other) else {**content, **other}
            # Of a name in a class another may stand behind it.
            may_lack = self.may_have_more or key not in self.names or isinstance(value, ClassNames)
            if isinstance(held := held_by(value), dict) and not isinstance(value, Stream):
                self.unsure.note(held, content.keys() ^ other.keys(), because)
            of_name = functools.partial(
                merged_in, value, because=because, may_lack=may_lack, before=self.held
            )
            sides = {name: (content.get(name, MISSING), other.get(name, MISSING)) for name in names}
            known = {
                name: self.or_copy(*pair, of_name(name, *pair), because)
                for name, pair in sides.items()
            }
            set_content(value, _without(known or other, lost, because))

    def or_copy(self, one: object, other: object, made: Any, because: Open) -> Any:
        """What stands for a list, set or dictionary that was there before, or for a copy of it."""
        kind, are_there = type(made), [id(side) in self.held for side in (one, other)]
        if one is other or kind not in (list, dict, set) or type(one) is not type(other):
            return made
        if all(are_there) or not any(are_there):
            return made
        copy = kind(made)
        self.unsure.note_copy(copy, one if are_there[0] else other, because)
        return copy


class Outcome(NamedTuple):
    """What comes of one side of a condition: how it ends the code around it (None where that goes
    on), the value of an expression or of a `return`, and what everything holds afterwards."""

    signal: BaseException | None
    value: object
    contents: dict[int, Any]

    def end(self) -> object:
        if self.signal is not None:
            raise self.signal
        return self.value


@dataclass(frozen=True, eq=False)
class Early:
    """How a function or loop may have ended already; `rest` is the side on which it has not."""

    because: Open
    snapshot: Snapshot
    outcome: Outcome
    rest: Side


def either(
    evaluator: Evaluator,
    node: ast.If | ast.IfExp,
    scope: Scope,
    follow: Callable[[Any, Scope], object],
) -> object:
    """Follows the side of a condition that holds, or both."""
    first, second = (functools.partial(follow, side, scope) for side in (node.body, node.orelse))
    truth = evaluator.truth(node.test, scope)
    if not isinstance(truth, Open) and (lacks := _may_be_none(evaluator, node, scope)) is not None:
        truth = lacks
    if not isinstance(truth, Open):
        return first() if truth else second()
    made = both_ways(evaluator, truth, written(node.test), scope, first, second)
    return made_by(evaluator, node, made, truth)


def made_by(evaluator: Evaluator, node: ast.expr | ast.If, made: Any, because: Open) -> object:
    """What a piece of code makes on both sides; where they do not agree, a value of its own."""
    evaluator.node = node
    if not isinstance(made, Open) or made.node is not because.node:
        return made
    is_more = made.row is not None or made.as_called is not None or made.one_of
    return made if is_more or made.alternatives else evaluator.derived(made)


def both_ways(
    evaluator: Evaluator,
    because: Open,
    test: str,
    scope: Scope,
    first: Callable[[], object],
    second: Callable[[], object],
    *,
    snapshot: Snapshot | None = None,
) -> object:
    """Follows both sides of a condition that is not known, and keeps what they agree on. The
    snapshot is of now, where there is one."""
    side = side_of(because, test)
    others = side._replace(holds=not side.holds)
    # Of a function that is followed on one side of its conditions the text says which one it is.
    is_assumed = evaluator.assumed is not None and scope.body is evaluator.assumed
    for now, follow in ((side, first), (others, second)):
        if any(
            now.said == known.said and (now.asked is known.asked or is_assumed)
            for known in evaluator.under
        ):
            return follow()
    if len(evaluator.under) > DEEPEST_CALL:
        raise TooLongError(NESTED)
    snapshot = snapshot or Snapshot(evaluator, scope)
    before = snapshot.before
    try:
        one = _followed(evaluator, side, snapshot, first)
        before = one.contents
        snapshot.set(snapshot.before)
        other = _followed(evaluator, others, snapshot, second)
    except IsOpenError:  # more around it is not known, and nobody knows how far this came
        snapshot.merge(before, snapshot.now(), because)
        raise
    for raised, goes_on in ((one, other), (other, one)):
        if isinstance(raised.signal, NOT_FOLLOWED):
            snapshot.merge(one.contents, other.contents, because)
            raise raised.signal  # the program goes on, and nobody knows how
        if isinstance(raised.signal, Exception):  # the program ends there: the other goes on
            undo = functools.partial(snapshot.set, raised.contents)  # does what that does not
            kind = SystemExit if isinstance(raised.signal, ExitError) else type(raised.signal)
            is_caught = evaluator.exits_caught if kind is SystemExit else evaluator.trying
            evaluator.doubted += [Doubt(because, kind, undo)] if is_caught else []
            snapshot.set(goes_on.contents)
            return goes_on.end()
    if type(one.signal) is type(other.signal):
        snapshot.merge(one.contents, other.contents, because)
        value = merged(one.value, other.value, because, before=snapshot.held)
        value = snapshot.or_copy(one.value, other.value, value, because)
        if isinstance(one.signal, ReturnedSignal):
            raise ReturnedSignal(value)
        return one._replace(value=value).end()
    goes_on, ends = sorted((one, other), key=lambda side: ENDS.index(type(side.signal)))
    snapshot.set(goes_on.contents)
    early = Early(because, snapshot, ends, side if goes_on is one else others)
    scope.early.append(early)
    evaluator.early.append((early, scope, len(evaluator.calls)))
    return goes_on.end()


def sides_now(evaluator: Evaluator) -> tuple[Side, ...]:
    """The conditions, not known, under which what is followed now is done. Where a function or loop
    is over, it is forgotten how that may have ended."""
    evaluator.early = [
        (early, scope, depth)
        for early, scope, depth in evaluator.early
        if early in scope.early and depth <= len(evaluator.calls)
    ]
    return (*evaluator.under, *(early.rest for early, _, _ in evaluator.early))


def _may_be_none(evaluator: Evaluator, node: ast.If | ast.IfExp, scope: Scope) -> Open | None:
    """What is not known where code asks whether a model is None that it has made on a side of a
    condition, which is over; not if that is what makes it, `if model is None: model = make()`."""
    model: Any = None
    match node.test:
        case ast.Compare(ast.Name() as asked, [_], [ast.Constant(None)]):
            model = evaluator.worth(asked, scope)
        case ast.Compare(ast.Attribute(ast.Name() as asked, name), [_], [ast.Constant(None)]):
            names = held_by(evaluator.worth(asked, scope))  # a property is asked once
            model = names.get(name) if isinstance(names, dict) else None
    now = {side.key for side in sides_now(evaluator)}
    sides = [side for side in own(model, "own_sides", ()) if isinstance(side, Side)]
    lacks = next((side.asked for side in sides if side.key not in now), None)
    made_in = own(model, "own_within", ()) if lacks is not None else ()
    is_here = any(part is call for part in ast.walk(node) for call in made_in)
    return None if is_here else lacks


def finish(scope: Scope, kind: type[Signal], start: int = 0, value: object = None) -> object:
    """What comes of all the ways in which a function, a loop or a round of it may have ended so
    since there were `start` of them, this one last."""
    for early in reversed(scope.early[start:]):
        if isinstance(early.outcome.signal, kind):
            scope.early.remove(early)
            early.snapshot.merge(early.outcome.contents, early.snapshot.now(), early.because)
            before = early.snapshot.held
            value = merged(early.outcome.value, value, early.because, before=before)
    return value


def change_copies(evaluator: Evaluator, scope: Scope, changed: object) -> None:
    """What is changed may be one with another, of which nobody knows then what it holds."""
    for _, other, because in evaluator.unsure.copies_of(changed):
        lose(evaluator, scope, because, other)


def lose(
    evaluator: Evaluator, scope: Scope, because: Open, *values: object, added: Sequence[object] = ()
) -> None:
    """Nobody knows what lists, sets or dictionaries hold: they are open wherever they stand; of
    what holds the names of an object, and of a class, each of them is. Lists to which may be
    `added` what they are made of stay like that."""
    changed = [value for value in values if not isinstance(value, (*PLAIN, tuple))]
    lost, among = dict[int, Any](), anything_in([*added, because]) if changed else ()
    for value in changed:
        row = row_of([*value, *added], because) if added and isinstance(value, list) else None
        lost[id(value)] = row, may_be_in([value, *added]), (*anything_in([value]), *among)
    for held in Snapshot(evaluator, scope).held.values() if lost else ():
        inside = held if is_of_code(held) else held_by(held)
        content = content_of(held) or {}
        if id(inside) in lost and (inside is not held or is_of_code(held)):
            bases = [vars(base) for base in (held, *type(held).__mro__) if is_of_code(base)]
            data = {
                name
                for base in bases
                for name, part in base.items()
                if name[:2] != "__" and isinstance(part, (*PLAIN, list, tuple, dict, Open))
            }
            names = data if inside is held else {*content, *data}
            if inside is not held:
                evaluator.unsure.note_more(inside, because)
            set_content(held, content | {name: under_name(because, name) for name in names})
        elif not isinstance(held, Log):  # which are made all the same
            set_content(held, _without(content, lost, because))


def _followed(
    evaluator: Evaluator, side: Side, snapshot: Snapshot, run: Callable[[], object]
) -> Outcome:
    evaluator.under.append(side)
    try:
        value = run()
    except IsOpenError:
        raise
    except (Exception, Signal) as signal:
        return Outcome(signal, getattr(signal, "value", None), snapshot.now())
    finally:
        evaluator.under.pop()
    return Outcome(None, value, snapshot.now())


def _is_untouched(content: Mapping[Any, Any], other: Mapping[Any, Any]) -> bool:
    """Whether the very same stands at each place."""
    is_same = content.keys() == other.keys()
    return is_same and all(part is other[name] for name, part in content.items())


def _without(content: dict[Any, Any], lost: Mapping[int, Any], because: Open) -> dict[Any, Any]:
    """A content with what is open in place of lists that nobody knows, each with its last value and
    the tensors that were in it."""
    found = dict[Any, Any]()
    for name, part in content.items() if lost else ():
        if id(part) in lost:
            row, tensors, among = lost[id(part)]
            made = under_name(because, name)
            found[name] = replace(made, row=row, may_be=tensors, among=among)
        elif isinstance(part, tuple) and str(name)[:4] != "own_":
            parts = dict(enumerate(part))
            if (left := _without(parts, lost, because)) is not parts:
                found[name] = getattr(part, "_make", tuple)(left.values())
    return {**content, **found} if found else content
