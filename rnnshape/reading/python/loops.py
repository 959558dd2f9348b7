"""Loops: each round of those that are known, and of the others what any number of rounds may do."""

from __future__ import annotations

import ast
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from rnnshape.reading.python.branches import Snapshot, both_ways, finish
from rnnshape.reading.python.contents import anything_in, held_items
from rnnshape.reading.python.evaluator import Evaluator, written
from rnnshape.reading.python.limits import MANY_ROUNDS, STEPS_OF_LOOP, VIEWS, TooLongError
from rnnshape.reading.python.open import IsOpenError, Open
from rnnshape.reading.python.progress import tqdm
from rnnshape.reading.python.scope import BrokenSignal, ContinuedSignal, Scope, Signal, named_in
from rnnshape.reading.python.stand_in import is_of_code
from rnnshape.reading.python.streams import Stream
from rnnshape.reading.python.targets import assign, first_item, is_alike, item_of

_, VALUES, ITEMS = VIEWS
# What is called within a `print` and changes nothing.
LOOKING = ("array", "format", "join", "len", "max", "min", "print", "repr", "round", "str", "type")
MORE_ROUNDS = 8  # after which a loop has changed all that it changes; nearly all have after two


def follow_for(evaluator: Evaluator, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
    over = evaluator.worth(node.iter, scope)
    over = over.own_over if isinstance(over, tqdm) else over
    is_once = isinstance(over, Stream)
    is_stepped = is_once or (is_of_code(type(over)) and hasattr(type(over), "__next__"))
    is_itself = isinstance(over, range) or type(over) is list  # which the loop may change
    items = over if is_itself else evaluator.really(iter if is_stepped else list, over)
    if isinstance(items, Open):
        _maybe_once(evaluator, node, scope, items)
        return
    is_long = is_stepped or not evaluator.loops or len(items) > MANY_ROUNDS
    is_hashed = isinstance(over, (dict, set, *VIEWS))
    _loop(evaluator, node, _met(evaluator, over) if is_hashed else items, scope, is_long)


def _met(evaluator: Evaluator, over: Any) -> Iterator[object]:
    """What is in a dictionary, a set or a view of one, as it is when the loop comes to it."""
    held = getattr(over, "mapping", over)
    keys, has_grown = evaluator.sets.listed(held), RuntimeError("it changed size during iteration")
    for key in keys:
        if len(held) != len(keys) or key not in held:
            raise has_grown
        is_of_pairs, is_of_values = isinstance(over, ITEMS), isinstance(over, VALUES)
        yield (key, held[key]) if is_of_pairs else held[key] if is_of_values else key
    if len(held) != len(keys):
        raise has_grown


def follow_while(evaluator: Evaluator, node: ast.While, scope: Scope) -> None:
    _loop(evaluator, node, itertools.repeat(None), scope, not evaluator.loops)


def _loop(
    evaluator: Evaluator, node: Any, items: Iterable[object], scope: Scope, is_bounded: bool
) -> None:
    """Follows a loop. Where it takes too many steps, everything is as it was before, and it is one
    of which nobody knows how often it is run."""
    if not is_bounded:
        _rounds(evaluator, node, items, scope, is_whole=True)
        return
    before = Snapshot(evaluator, scope)
    evaluator.loops += 1
    try:
        _rounds(evaluator, node, items, scope, is_whole=True)
        return
    except TooLongError as wrong:
        because = evaluator.open(_asked(node), str(wrong))
        because.among = held_items([items] if isinstance(items, list) else _named(node, scope))
    finally:
        evaluator.loops -= 1
    before.set(before.before)
    _maybe_once(evaluator, node, scope, because)


def _named(node: Any, scope: Scope) -> Iterator[Any]:
    """What the names stand for that say what a loop goes over."""
    for name in named_in([_asked(node)]):
        yield from [around.names[name] for around in scope.around() if name in around.names][:1]


def _asked(node: Any) -> ast.expr:
    """What says how often a loop is run."""
    asked: ast.expr = node.test if isinstance(node, ast.While) else node.iter
    return asked


def _rounds(
    evaluator: Evaluator, node: Any, items: Iterable[object], scope: Scope, *, is_whole: bool
) -> bool:
    """Follows the rounds of a loop, or some of its first; whether it is left by `break`."""
    is_tested = is_whole and isinstance(node, ast.While)
    start, left = len(scope.early), evaluator.limit - evaluator.steps
    end = evaluator.steps + min(STEPS_OF_LOOP, left // 2)  # the rest is for what is taken back
    evaluator.rounds.append((scope, start))
    is_over = False
    try:
        each = iter(items)
        while True:
            try:
                item = next(each)
            except StopIteration:
                is_over = True
                break
            except IsOpenError as wrong:  # nobody knows what else there is
                among = anything_in([items, wrong.value])
                because = replace(wrong.value, among=among) if among else wrong.value
                _maybe_once(evaluator, node, scope, because)
                return False
            truth = not is_tested or evaluator.truth(node.test, scope)
            if isinstance(truth, Open):
                _maybe_once(evaluator, node, scope, truth)
                return False
            if not truth:
                is_over = True
                break
            if evaluator.steps > end:
                raise TooLongError("this loop takes too many steps to be read")
            evaluator.spend(5)
            if not isinstance(node, ast.While):
                assign(evaluator, node.target, item, scope)
            try:
                _round(evaluator, node, scope)
            except BrokenSignal:
                if isinstance(items, Stream):
                    items.left()
                return True
            except (Exception, Signal) as signal:
                _raise_unless_ended(evaluator, scope, node, BrokenSignal, start, signal)
                return True
            if not is_whole and isinstance(node, ast.While):  # what it asks may change something
                evaluator.worth(node.test, scope)
            for early in scope.early[start:] if is_tested else ():
                if isinstance(early.outcome.signal, BrokenSignal):  # how often it runs is not known
                    _maybe_once(evaluator, node, scope, early.because)
                    return False
    finally:
        evaluator.rounds.pop()
        if not (is_over and is_whole and node.orelse):
            finish(scope, BrokenSignal, start)
    if is_whole and node.orelse:
        ends = functools.partial(evaluator.block, node.orelse, scope)
        _unless_ended(evaluator, scope, node, BrokenSignal, start, ends)
    return False


def _unless_ended(
    evaluator: Evaluator,
    scope: Scope,
    node: Any,
    kind: type[Signal],
    start: int,
    goes_on: Callable[[], object],
) -> None:
    """Follows what goes on where a loop, or a round of it, has not ended so before; where that is
    not known, it is followed on one side of the last condition."""
    early = [one for one in scope.early[start:] if isinstance(one.outcome.signal, kind)]
    scope.early[start:] = [one for one in scope.early[start:] if one not in early]
    if not early:
        goes_on()
        return
    last, *others = reversed(early)
    of_round = "a round of " * (kind is ContinuedSignal)
    text = f"end of {of_round}{written(_asked(node))}" if others else last.rest.text

    def ended() -> None:
        last.snapshot.set(last.outcome.contents)
        for one in others:
            one.snapshot.merge(one.outcome.contents, one.snapshot.now(), one.because)

    sides = (goes_on, ended) if last.rest.holds else (ended, goes_on)
    both_ways(evaluator, last.rest.asked, text, scope, *sides)


def _raise_unless_ended(
    evaluator: Evaluator,
    scope: Scope,
    node: Any,
    kind: type[Signal],
    start: int,
    signal: BaseException,
) -> None:
    def ends() -> None:
        raise signal

    if isinstance(signal, IsOpenError):
        raise signal
    _unless_ended(evaluator, scope, node, kind, start, ends)


def _round(evaluator: Evaluator, node: Any, scope: Scope) -> None:
    start = len(scope.early)
    try:
        evaluator.block(node.body, scope)
    except ContinuedSignal:
        pass
    except (Exception, Signal) as signal:
        _raise_unless_ended(evaluator, scope, node, ContinuedSignal, start, signal)
    finally:
        finish(scope, ContinuedSignal, start)


def _maybe_once(evaluator: Evaluator, node: Any, scope: Scope, because: Open) -> None:
    """A loop of which nobody knows how often it is run: not at all, or at least once; where it is
    known what it goes over, at least once, as that is hardly empty. Others follow where the first
    round is known, or has changed what the loop asks for, which is then not known."""
    is_sure, asked = is_alike(because.row), written(_asked(node))
    before = Snapshot(evaluator, scope)

    def once() -> None:
        is_while = isinstance(node, ast.While)
        item = None if is_while else item_of(evaluator, because, node.iter, scope)
        first = because.first
        if first is None and item is not None:
            first = first_item(node, item)
        again = functools.partial(_rounds, evaluator, node, [item], scope, is_whole=False)
        if _rounds(evaluator, node, [item if first is None else first], scope, is_whole=False):
            return
        seen, names = before.before, {*_names_asked(node, set())}
        for number in range(MORE_ROUNDS):
            asks = _asks_for_changed(names, before.changed(seen), scope)
            if not asks and (number or not (is_sure or first is not None)):
                break
            if asks:
                before.merge(seen, before.now(), because)
                seen = before.now()
            more = f"{asked}, round {number + 2}"
            both_ways(evaluator, because, more, scope, again, lambda: None)

    if is_sure:
        once()
    else:
        both_ways(evaluator, because, asked, scope, once, lambda: None, snapshot=before)
    ends = functools.partial(evaluator.block, node.orelse, scope)
    if any(isinstance(part, ast.Break) for part in ast.walk(node)):
        both_ways(evaluator, because, f"else of {asked}", scope, ends, lambda: None)
    else:
        ends()


def _asks_for_changed(asked: set[str], changed: dict[int, set[Any]], scope: Scope) -> bool:
    """Whether a loop that asks for these names asks for what a round of it has changed."""
    ours = {name for around in scope.around() for name in changed.pop(id(around.names), ())}
    values = [value for name, value in scope.names.items() if name not in asked]
    held = (value.values() for value in values if type(value) is dict)
    kept = {*map(id, itertools.chain(values, *held))}
    return not asked.isdisjoint(ours) or not changed.keys() <= kept


def _only_looks(shown: ast.Call) -> bool:
    """Whether a call, of `print`, changes nothing."""
    parts = [*ast.walk(shown)]
    called = (part.func for part in parts if isinstance(part, ast.Call))
    names = (getattr(each, "attr", getattr(each, "id", "")) for each in called)
    is_changed = any(isinstance(part, ast.NamedExpr) for part in parts)
    return not is_changed and all(name in LOOKING for name in names)


def _names_asked(node: ast.AST, given: set[str]) -> Iterator[str]:
    """The names that code asks for before it gives them a value, other than to add to them."""
    blocks: Sequence[Iterable[ast.AST]] = [ast.iter_child_nodes(node)]
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name("print")) as call) if _only_looks(call):
            blocks = []
        case ast.Name(id=name, ctx=ast.Load()):
            yield from {name} - given
        case ast.Name(id=name):
            given.add(name)
        case ast.Assign(targets=targets, value=value):
            blocks = [(value, *targets)]
        case ast.AugAssign(value=value):
            blocks = [(value,)]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name()), args=args) as call):
            blocks = [(*args, *call.keywords)]
        case ast.Expr(ast.Call(func=ast.Attribute(value=ast.Subscript(ast.Name(), key))) as call):
            blocks = [(key, *call.args, *call.keywords)]  # `rows["x"].append(row)`
        case ast.For() | ast.AsyncFor():
            blocks = [(node.iter,), (node.target, *node.body), node.orelse]
        case _ if isinstance(node, ast.BoolOp) or hasattr(node, "body"):  # not all of it may be run
            fields = [value for _, value in ast.iter_fields(node)]
            blocks = [value if isinstance(value, list) else [value] for value in fields]
    for block in blocks:
        inside = given if len(blocks) == 1 else {*given}
        for part in block:
            if isinstance(part, ast.AST):
                yield from _names_asked(part, inside)
