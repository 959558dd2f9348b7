"""Functions, comprehensions and classes of the code: Python binds arguments and makes the
classes."""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from typing import Any

from rnnshape.reading.python.allowed import NamedTuple, namedtuple, unchanged
from rnnshape.reading.python.branches import NOT_FOLLOWED, finish, sides_now
from rnnshape.reading.python.evaluator import Evaluator
from rnnshape.reading.python.generators import Steps
from rnnshape.reading.python.limits import DEEPEST_CALL, DEEPEST_OPEN, TooLongError
from rnnshape.reading.python.open import IsOpenError, Open, opens_in
from rnnshape.reading.python.reached import Reached, may_change
from rnnshape.reading.python.scope import (
    OUTSIDE_LOOP,
    ClassNames,
    Doubt,
    ReturnedSignal,
    Scope,
    Signal,
    body_of,
    has_yield,
    own_names,
    own_nodes,
)
from rnnshape.reading.python.stand_in import (
    OF_ATTRIBUTES,
    StandIn,
    UnreadBase,
    is_of_code,
    may_be_in,
    mixes_with,
    stored_name,
)
from rnnshape.reading.python.streams import Stream
from rnnshape.reading.python.targets import give

SEVERAL, UNKNOWN = "*", "**"  # the names of what a function is given of which nobody knows more
SPREAD = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
MADE: dict[type, Callable[[list[Any]], object]] = {
    ast.ListComp: list, ast.SetComp: set, ast.DictComp: dict,
}  # fmt: skip


def function(
    evaluator: Evaluator,
    name: str,
    arguments: ast.arguments,
    body: Sequence[ast.stmt],
    scope: Scope,
) -> Callable[..., object]:
    """A Python function whose body is followed."""
    signature = inspect.Signature(list(_parameters(evaluator, arguments, scope)))
    owner, source = scope.owner, evaluator.source
    while isinstance(scope.names, ClassNames) and scope.above:  # functions do not see these
        scope = scope.above
    yields, own = has_yield(body), own_names(body)
    last = {SEVERAL: arguments.vararg, UNKNOWN: arguments.kwarg}
    spread = {star: word.arg for star, word in last.items() if word}

    def run(*values: object, **named: object) -> object:
        unknown: Any = {star: named.pop(star) for star in (SEVERAL, UNKNOWN) if star in named}
        bound = run.__signature__.bind(*values, **named)  # type: ignore[attr-defined]
        bound.apply_defaults()
        evaluator.followed.add(run)
        for star, value in unknown.items():
            word = spread[star]
            is_more = bool(bound.arguments.get(word))  # than what nobody knows
            bound.arguments[word] = value.derived(word, source, value.node) if is_more else value
        if len(evaluator.calls) > DEEPEST_CALL:
            raise TooLongError("functions call each other too deeply to be read")
        inner = Scope(scope)
        inner.owner, inner.body, inner.own = owner, body, own
        inner.first = values[0] if values else inner.first
        for word, value in bound.arguments.items():
            give(evaluator, word, value, inner, is_argument=True)
        if yields:
            lose = partial(_lose_by, evaluator, body, inner)
            tries = (one for one in own_nodes(body) if isinstance(one, ast.Try))
            return Stream(given(inner), lose=lose, has_end=any(one.finalbody for one in tries))
        around = {many for one, many in evaluator.running if one is run}
        if len(around) > DEEPEST_OPEN:
            evaluator.endless.add(run)
        if around and run in evaluator.endless:
            because = evaluator.open(f"{name}(...)", "how often it calls itself is not known")
            _lose_by(evaluator, body, inner, because)
            return because
        result: object = None
        evaluator.running.append((run, len(sides_now(evaluator))))
        with evaluator.within(source):
            try:
                evaluator.block(body, inner)
            except Signal as end:
                result = _value_of(end)
            except Exception as wrong:
                evaluator.certain = wrong
                result = _returned_before(evaluator, inner, wrong)
            finally:
                evaluator.running.pop()
                if not around:
                    evaluator.endless.discard(run)
        return finish(inner, ReturnedSignal, 0, result)

    def given(inner: Scope) -> Generator[object, None, object]:
        """What a generator gives; nothing of it is followed before somebody goes over it."""
        try:
            yield from Steps(evaluator, source, inner).of_block(body)
        except Signal as end:
            return _value_of(end)
        except IsOpenError:
            raise
        except Exception as wrong:
            evaluator.certain = wrong
            raise
        return None

    run.__name__ = run.__qualname__ = name
    run.__module__ = "__main__"
    run.__signature__, run.own_scope, run.own_body = signature, scope, body  # type: ignore[attr-defined]
    return run


def _lose_by(evaluator: Evaluator, body: Sequence[ast.stmt], scope: Scope, because: Open) -> None:
    """What the rest of a generator changes is not known."""
    may_change(evaluator, scope, because, Reached((), (), (ast.Module([*body], []), scope)))


def let_all_be_given(evaluator: Evaluator, called: object) -> None:
    """A decorator that is not read may give a function all that it takes: `@hydra.main()`."""
    if not isinstance(called, types.FunctionType) or body_of(called) is None:
        return
    parameters = [*inspect.signature(called).parameters.values()]
    for place, word in enumerate(parameters):
        if word.default is word.empty and word.kind not in SPREAD:
            found = Open(word.name, "", evaluator.source, is_named=True)
            parameters[place] = word.replace(default=evaluator.named_by_let(found))
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]


def _value_of(end: Signal) -> object:
    """What a function returns that ends so."""
    if isinstance(end, ReturnedSignal):
        return end.value
    raise SyntaxError(OUTSIDE_LOOP)


def _returned_before(evaluator: Evaluator, scope: Scope, wrong: Exception) -> object:
    """What a function returned before it came to an error; the error again, where it did not."""
    found = [one for one in scope.early if isinstance(one.outcome.signal, ReturnedSignal)]
    if not found or isinstance(wrong, (IsOpenError, *NOT_FOLLOWED)):
        raise wrong
    undo = partial(found[-1].snapshot.set, found[-1].snapshot.now())
    doubt = Doubt(found[-1].because, type(wrong), undo)
    evaluator.doubted += [doubt] if evaluator.trying else []
    found[-1].snapshot.set(found[-1].outcome.contents)
    return found[-1].outcome.value


def _parameters(
    evaluator: Evaluator, given: ast.arguments, scope: Scope
) -> Iterator[inspect.Parameter]:
    kinds = inspect.Parameter
    required = len(given.posonlyargs) + len(given.args) - len(given.defaults)
    defaults = iter([*[None] * required, *given.defaults, *given.kw_defaults])
    for kind, parameters in (
        (kinds.POSITIONAL_ONLY, given.posonlyargs),
        (kinds.POSITIONAL_OR_KEYWORD, given.args),
        (kinds.VAR_POSITIONAL, [given.vararg]),
        (kinds.KEYWORD_ONLY, given.kwonlyargs),
        (kinds.VAR_KEYWORD, [given.kwarg]),
    ):
        for one in filter(None, parameters):
            value = None if kind in SPREAD else next(defaults)
            default = evaluator.worth(value, scope) if value else kinds.empty
            yield kinds(one.arg, kind, default=default)


def from_unknown(
    evaluator: Evaluator,
    called: object,
    parts: Sequence[object],
    spread: Open | None,
    named: Open | None,
) -> dict[str, object] | None:
    """What a function or class of the code is given by `*args` or `**config` that nobody knows,
    behind the `parts` that are known: each other argument may come from there, and what it takes
    besides. None of others, but of those that take what is open."""
    because: Any = named if spread is None else spread
    stars: dict[str, object] = {}
    by_name: list[str] = []
    is_followed = body_of(called) is not None or is_of_code(called)
    owner, takes = called, "own_takes_open"
    if isinstance(called, types.MethodType):
        owner, takes = called.__self__, f"own_{called.__func__.__name__}_takes"
    is_ours = isinstance(owner, StandIn | type)  # others may say that they have any name
    words = getattr(owner, takes, ()) if is_ours else ()
    if is_followed and callable(called):
        parameters = inspect.signature(called).parameters.values()
        kinds = {word.kind for word in parameters}
        alone = inspect.Parameter.KEYWORD_ONLY
        words = [word.name for word in parameters if word.kind not in (*SPREAD, alone)]
        by_name = [word.name for word in parameters if word.kind is alone and named is not None]
        run = called.__init__ if isinstance(called, type) else called  # type: ignore[misc]
        for star, kind, unknown in zip((SEVERAL, UNKNOWN), SPREAD, (spread, named), strict=True):
            if unknown is not None and kind in kinds and body_of(run) is not None:
                stars[star] = unknown
    takes_more = (*words[len(parts) :], *by_name)
    more = {word: evaluator.part(because, f"[{word!r}]") for word in takes_more if word}
    return {**stars, **more} if is_followed or words else None


def comprehended(evaluator: Evaluator, node: Any, around: Scope) -> object:
    """What a comprehension makes of what its loops yield."""
    scope = Scope(around, is_inner=True)
    if isinstance(node, ast.GeneratorExp):
        loops = _loops(evaluator, node, scope)
        steps = Steps(evaluator, evaluator.source, scope).of_block([loops])
        lose = partial(_lose_by, evaluator, [loops], scope)
        return Stream(steps, over=scope.names["<over>"], lose=lose)

    def made() -> object:
        scope.yields = []  # one list, on both sides of what is not known
        evaluator.follow(_loops(evaluator, node, scope), scope)
        return MADE[type(node)](scope.yields)  # what is open stops there

    found = evaluator.really(made)
    if isinstance(found, Open):  # as of a list in a loop
        found.row = getattr(scope.yields, "row", None) if type(node) is ast.ListComp else found.row
        found.may_be = getattr(scope.yields, "may_be", ()) or may_be_in(scope.yields)
        found.among = getattr(scope.yields, "among", (scope.yields,))
    return found


def _loops(evaluator: Evaluator, node: Any, scope: Any) -> ast.stmt:
    """Its loops, as statements. What the first goes over is known at once, also by a generator,
    and is all that it sees of a class around it."""

    def at_node(made: Any) -> Any:
        return ast.copy_location(made, node)

    is_of_pairs = isinstance(node, ast.DictComp)
    item = ast.Tuple([node.key, node.value], ast.Load()) if is_of_pairs else node.elt
    body = at_node(ast.Expr(at_node(ast.Yield(item))))
    iterated = [part.iter for part in node.generators]
    is_in_class = isinstance(scope.above.names, ClassNames)
    if is_in_class or isinstance(node, ast.GeneratorExp):
        scope.names["<over>"] = evaluator.worth(iterated[0], scope)
        iterated[0] = at_node(ast.Name("<over>", ast.Load()))
    if is_in_class:
        scope.above = scope.above.above
    for part, over in zip(reversed(node.generators), reversed(iterated), strict=True):
        for test in reversed(part.ifs):
            body = at_node(ast.If(test, [body], []))
        body = at_node(ast.For(part.target, over, [body], []))
    return body  # type: ignore[no-any-return]


def class_(evaluator: Evaluator, node: ast.ClassDef, scope: Scope) -> object:
    """A class that Python makes, of names that are followed; open where what it derives from is."""
    _name_private(node)
    bases: list[Any] = evaluator.worth_of_all(node.bases, scope)
    for found in opens_in(bases):
        reason = found.reason or f"what {found.label} is, is not known"
        unread = Open(node.name, reason, evaluator.source, node)
        known = (one.without_base or UnreadBase if isinstance(one, Open) else one for one in bases)
        made = _made(evaluator, node, [*dict.fromkeys(known)], scope)
        unread.without_base, unread.among = made if isinstance(made, type) else None, (made,)
        return unread
    return _made(evaluator, node, bases, scope)


def _name_private(node: ast.ClassDef) -> None:
    """Gives the private names of a class those that Python has: `self.__n` is `self._A__n`."""
    waiting: list[ast.AST] = [*node.body]
    while waiting:
        part = waiting.pop()
        for field in ("attr", "id", "name", "arg"):
            word = getattr(part, field, None)
            if isinstance(word, str) and word.startswith("__") and not word.endswith("__"):
                setattr(part, field, f"_{node.name.lstrip('_')}{word}")
        if not isinstance(part, ast.ClassDef):
            waiting += ast.iter_child_nodes(part)


def _made(evaluator: Evaluator, node: ast.ClassDef, bases: Sequence[Any], scope: Scope) -> object:
    fields: list[ast.AnnAssign] = []
    if any(base is NamedTuple for base in bases):  # class Config(NamedTuple): units: int = 64
        fields += [part for part in node.body if isinstance(part, ast.AnnAssign)]
        words = [part.target.id for part in fields if isinstance(part.target, ast.Name)]
        defaults = [evaluator.worth(part.value, scope) for part in fields if part.value]
        bases = [evaluator.really(namedtuple, node.name, words, defaults=defaults)]
    owner: list[type] = []

    def body(names: dict[str, object]) -> None:
        names["__module__"] = "__main__"
        inner = Scope(scope, ClassNames(names, partial(stored_name, host)))
        inner.owner = owner
        evaluator.block([part for part in node.body if part not in fields], inner)
        for name, value in inner.names.items():
            if isinstance(value, Open) and names.get(stored_name(host, name)) is not value:
                inner.names[name] = value  # which only a side of a condition gives
        if hosts:  # code reaches nothing by it, and would be asked for what is ours
            names.pop("__getattr__", None)
        if hosts and not OF_ATTRIBUTES.isdisjoint(names):
            raise IsOpenError(evaluator.open(node.name, "how it sets its attributes is not read"))

    bases = evaluator.known(types.resolve_bases, bases)  # of list[int] it is list
    hosts = [base for base in bases if isinstance(base, type) and issubclass(base, StandIn)]
    host = next(iter(hosts), object)
    are_classes = all(isinstance(base, type) and base is not super for base in bases)
    if not (are_classes and all(mixes_with(one, base) for one in hosts for base in bases)):
        return evaluator.open(node.name, "a class of such bases is not read")
    named = {word.arg: evaluator.worth(word.value, scope) for word in node.keywords if word.arg}
    if named.pop("metaclass", unchanged) is not unchanged:
        return evaluator.open(node.name, "what its metaclass makes of it is not read")
    named = named if any(map(is_of_code, bases)) else {}
    made = evaluator.really(types.new_class, node.name, tuple(bases), named, body)
    if isinstance(made, type):
        owner.append(made)
    return made


def outermost_call(evaluator: Evaluator) -> ast.Call | None:
    """The call of a function of the module, or of a class in it, that everything now comes from."""
    names = evaluator.module.names
    for node in evaluator.calls:
        match node.func:
            case ast.Name(name) if isinstance(names.get(name), types.FunctionType):
                return node
            case ast.Attribute(ast.Name(name), word) if isinstance(names.get(name), type):
                if not word.startswith("__"):  # `Base.__init__(self)`
                    return node
    return None
