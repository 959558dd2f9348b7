"""What a layer of the code, or a `Lambda`, is as one row: its shapes and how many parameters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

from rnnshape.chains import without_input_arguments
from rnnshape.errors import QueryError
from rnnshape.expression import LARGEST, Call, SizeWhenRun, unknowns_in
from rnnshape.layer import Layer
from rnnshape.nest import rebuilt
from rnnshape.network import Network
from rnnshape.reading import graph
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.session import opened, session, unknown_of
from rnnshape.reading.names.tensors import Tensor, plain_sizes
from rnnshape.reading.output_names import names_returned
from rnnshape.reading.python import IsOpenError, Open, StandIn, own
from rnnshape.rules.registry import has_rule
from rnnshape.signatures import is_operation, module_of, signature

# That are tried in the place of a size that is known when the model runs: a part of a fixed length
# is as long in all of them, or in one of them the whole.
LENGTHS = (5, 17, 331)
BETWEEN = 40  # those of one axis and of the next
CELLS = ("LSTMCell", "GRUCell", "SimpleRNNCell")


def shapes_of_row(
    call: Callable[..., Any], given: Sequence[Any], made: Any, inner: Sequence[graph.LayerCall]
) -> list[Any]:
    """The shapes of what a row returns, with a None for the batch, and for the first other size
    that what it is given leaves open.

    It is called again with other numbers in the place of each such size: what differs then, and is
    not that number, is not known. `made` and `inner` are what came of the call without them.
    """
    sizes = [plain_sizes(tensor) or () for tensor in graph.tensors_in(given)]
    places = sorted({n for shape in sizes for n, size in enumerate(shape) if n and size is None})
    if not places:
        shapes = shapes_of(made, inner, as_tried=False)
        return [
            shape and tuple(_known_in_all((size,), n) for n, size in enumerate(shape))
            for shape in shapes
        ]
    runs: dict[int, list[Any]] = {}
    held = session()
    said, wrong = [*held.evaluator.messages], [*held.problems]
    for length in LENGTHS:
        instead = {place: length + BETWEEN * number for number, place in enumerate(places)}
        start = len(held.calls)
        again = held.evaluator.really(call, *(_with_sizes(part, instead) for part in given))
        if shapes := shapes_of(again, held.calls[start:]):  # else it takes no such length
            runs[length] = shapes
    held.evaluator.messages[:], held.problems[:] = said, wrong  # of numbers that code has not
    if len(runs) < 2:
        return []
    symbolic = chain(shapes_of(made, inner), repeat(None))  # as Keras has it before it runs
    outputs = zip(*runs.values(), strict=False)
    return [
        _in_all_runs(shapes, shape, tuple(runs))
        for shapes, shape in zip(outputs, symbolic, strict=False)
    ]


def _in_all_runs(shapes: Sequence[Any], symbolic: Any, lengths: tuple[int, ...]) -> Any:
    """The shape of an output as far as all runs agree; None where Keras has one of another rank. A
    size that they all have, and the symbolic shape has not, Keras knows only when it runs."""
    if None in shapes or {*map(len, shapes)} != {len(symbolic or shapes[0])}:
        return None
    sizes = [_known_in_all(each, n, lengths) for n, each in enumerate(zip(*shapes, strict=True))]
    for n, size in enumerate(symbolic or ()):
        if n and type(sizes[n]) is int and size != sizes[n]:
            sizes[n] = SizeWhenRun(sizes[n])
    return tuple(sizes)


def why_open(made: Any, inner: Sequence[graph.LayerCall], shapes: Sequence[Any]) -> str:
    """Why nobody knows what shapes a `call` of the code makes; nothing where they are known."""
    if isinstance(made, Open):
        return made.reason or f"{made.label} is not known"
    for call in inner if not shapes or None in shapes else ():
        name = call.layer.call.name
        if call.layer.unread or not has_rule(name):
            return call.layer.unread.reason if call.layer.unread else f"there is no rule for {name}"
    reasons = (size.reason for size in unknowns_in(tuple(filter(None, shapes))))
    return next(reasons, "").replace("it ", "a size of it ", 1)


def shapes_of(made: Any, inner: Sequence[graph.LayerCall], as_tried: bool = True) -> list[Any]:
    made = made.own_as_operand() if isinstance(made, Array) else made  # its own weights, repeated
    ends = [*graph.tensors_in(made)]
    if inner and any(isinstance(end.maker, graph.LayerCall) for end in ends):
        return graph.shapes_made(inner, ends, as_tried=as_tried)
    return [*map(plain_sizes, ends)]


def _with_sizes(given: Any, sizes: Mapping[int, int]) -> Any:
    """Tensors with numbers in the place of sizes that are open, but for the batch."""

    def filled(leaf: Any) -> Any:
        shape = plain_sizes(leaf) if isinstance(leaf, graph.Tensor) else None
        if not shape or None not in shape[1:]:
            return leaf
        known = (sizes[n] if n and size is None else size for n, size in enumerate(shape))
        return Tensor(graph.InputTensor(tuple(known)))

    return rebuilt(given, filled)


def _known_in_all(sizes: tuple[Any, ...], axis: int, lengths: tuple[int, ...] = ()) -> Any:
    """A size on an axis, in each run; only the first is the batch."""
    if axis and sizes == lengths:
        return None
    why = "it follows from a size that is known when the model runs"
    is_known = len({*sizes}) == 1 and (axis == 0 or sizes[0] is not None)
    return sizes[0] if is_known else unknown_of(opened("", why))


def compared_as(model: Any) -> str:
    """As what kind of model Keras compares it with data; a class of the code may be made of inputs
    and outputs, too."""
    return model.own_kind or "Functional" * (model.own_nests[0] is not None)


def nested_like(made: Any, several: list[Any]) -> Any:
    """What stands for tensors, nested as the code nests these; where it makes none, all of them,
    or the only one."""
    instead = dict(zip(graph.tensors_in(made), several, strict=False))
    if not instead:
        return several[0] if len(several) == 1 else [*several]
    return rebuilt(made, lambda part: instead[part] if isinstance(part, graph.Tensor) else part)


def kept(owner: Any) -> set[graph.Layer]:
    """The layers that Keras counts and trains with a layer or model: those that it has as its
    attributes, that they have in turn, or that it is made of."""
    found, seen, waiting = set[graph.Layer](), set[int](), [owner]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, StandIn) or id(part) in seen:
            continue
        seen.add(id(part))
        held = vars(part)
        for layer in (held.get("own_layer"), held.get("own_row")):
            if isinstance(layer, graph.Layer):
                found |= {layer, *layer.innermost}
        waiting += (
            *(attributes_of(part) if own(part, "own_kind") != "Sequential" else {}).values(),
            *held.get("own_items", ()),
            *held.get("own_inner", ()),
            *(each.row for each in held.values() if isinstance(each, Open)),  # of open lists
        )
        is_graph = "own_gives" in held and bool(compared_as(part) or not held["own_is_built"])
        for call in graph.calls_before(held["own_gives"], held["own_takes"]) if is_graph else ():
            waiting.append(call.part.owner if call.part else call.layer.stand_in)
    return found


def attributes_of(owner: Any) -> dict[str, Any]:
    """The layers that something has as its attributes, or in lists and dictionaries there."""
    return {
        f"self.{name}" if part is value else f"self.{name}[{place}]": part
        for name, value in vars(owner).items()
        if name[:4] != "own_"
        for place, part in enumerate(_in_order(value))
        if isinstance(part, StandIn) and hasattr(part, "own_is_built")
    }


def _in_order(value: Any) -> Iterator[Any]:
    """What lists and dictionaries hold; Keras has these in the order of the code."""
    parts = [*value.values()] if isinstance(value, dict) else value
    if isinstance(parts, list | tuple):
        for part in parts:
            yield from _in_order(part)
    else:
        yield value


def not_kept(model: Any, calls: Sequence[graph.LayerCall]) -> set[graph.Layer]:
    """The layers of Keras that no model has: a `call` takes them from a variable around it."""
    found: dict[bool, set[graph.Layer]] = {True: set(), False: set()}
    of_owner: dict[int, set[graph.Layer]] = {}
    for call in calls:
        layer = call.layer
        owner = model if model.own_is_built else call.part and call.part.owner
        if owner is None or layer.stand_in is None or layer.call.name in ("RNN", *CELLS):
            found[True].add(layer)
            continue
        inner = of_owner.get(id(owner)) or of_owner.setdefault(id(owner), kept(owner))
        found[not inner.isdisjoint((layer, *layer.innermost))].add(layer)
    return found[False] - found[True]


def without_lost(model: Any, network: Network, calls: Sequence[graph.LayerCall]) -> Network:
    """The network of a model, whose layers that are not kept count no parameters."""
    lost, pairs = not_kept(model, calls), zip(network.steps, calls, strict=True)
    steps = (replace(step, parameters=0) if call.layer in lost else step for step, call in pairs)
    return replace(network, steps=tuple(steps))


def unused(owner: Any, inner: Sequence[graph.LayerCall]) -> list[graph.LayerCall]:
    """The first calls of the layers that it keeps and does not call, as code may take a weight of
    what others call: Keras counts them with it."""
    left = kept(owner).difference(*(call.layer.innermost for call in inner))
    first = session().built
    calls = [first[one] for one in left if one in first and one.innermost == {one}]
    return sorted(calls, key=lambda call: call.number)


def unused_of(model: Any) -> list[graph.LayerCall]:
    """The same of a model, and of the models that it keeps."""
    inside = kept(model)
    for other in session().models:
        if other.own_is_described and not inside.isdisjoint(kept(other)):
            other.own_flow()  # which calls its layers, if nothing has done so yet
    return unused(model, model.own_calls())


def layers_in(part: Any) -> tuple[graph.Layer, ...]:
    """What a layer stands for, or the layers of a model."""
    if own(part, "own_is_model"):
        return layers_of_calls(part.own_calls())
    layer = own(part, "own_layer")
    return (layer,) if isinstance(layer, graph.Layer) else ()


def layers_of_calls(calls: Sequence[graph.LayerCall]) -> tuple[graph.Layer, ...]:
    """Those that are called there, each once."""
    layers = dict.fromkeys(call.layer for call in calls)
    return tuple(layer for layer in layers if not is_operation(layer.call.name))


def counted_in_all(
    weights: Sequence[Any], inner: Sequence[graph.LayerCall], lost: Collection[object] = ()
) -> int | None:
    """How many numbers weights hold, and those of layers that are called; None if not known."""
    inner = [call for call in inner if call.layer not in lost]
    counts: list[Any] = [weight.size for weight in weights]
    layers = described(inner)
    counts += [layer.parameters for layer in layers if not is_operation(layer.call.name)]
    is_known = len(layers) == len(inner) and all(isinstance(count, int) for count in counts)
    return sum(counts) if is_known else None


def count_params(layer: Any) -> Any:
    """`layer.count_params()`, and that of a model, as the rule counts them."""
    is_model, first = layer.own_is_model, session().first_call(layer)
    if is_model:
        check_built(layer, "count_params counts weights", "the layer isn't built")
        if not (layer.own_kind or layer.own_is_described):  # the code has only called `build`
            return opened("a number of parameters")
    elif first is None:
        check_uncalled(layer, "the layer isn't built")
    calls: list[Any] = layer.own_calls() if is_model else [first]
    many = None
    if None not in calls:  # weights of a model are rows of their own
        weights, lost = ((), not_kept(layer, calls)) if is_model else (layer.own_weights, ())
        many = counted_in_all(weights, [*calls, *(unused_of(layer) if is_model else ())], lost)
    return opened("a number of parameters") if many is None else many


def check_built(model: Any, does: str, words: str = "has not yet been built") -> None:
    """Notes what is done with the weights of a model that has none yet."""
    if is_unbuilt(model):
        mend = "put an Input first" if model.own_kind else "call it on data before"
        session().problem(f"{does}, and this model has none yet: {mend}", words=words)


def check_uncalled(layer: Any, words: str) -> None:
    """Notes what is done with the weights of a layer that nothing has called: it is in no model,
    or in those that are not built."""
    held, made = session(), own(layer, "own_layer")
    models = held.holders.get(id(layer), ())
    is_alone = any(one is layer for one in held.unused)
    if made is None or made in held.made_weights or not has_weights(made.call):
        return
    if is_alone or (models and all(map(is_unbuilt, models))):
        session().problem(f"{layer.own_text} is not called, and has no weights yet", words=words)


def has_weights(layer: Call) -> bool:
    """Whether it surely has some once it is called."""
    is_of_keras = module_of(layer.name) == "layers"
    return is_of_keras and any("initializer" in word for word in signature(layer.name).names)


def is_unbuilt(model: Any) -> bool:
    """Whether surely nothing has said by now what a model is given."""
    session().call_around(model)
    is_said = model.own_is_described or model.own_open is not None or model.own_shape is not None
    is_said |= overrides(model, "build")  # which may make them
    layers = (own(item, "own_layer") for item in model.own_items)
    is_unread = any(getattr(layer, "unread", None) is not None for layer in layers)
    return session().evaluator.is_sure and not (is_said or is_unread or model.own_is_handed)


def is_only_built(model: Any) -> bool:
    """Whether the code calls Keras' own `build` of a model with a `call` of its own, and nothing
    calls it on data."""
    is_own = not (model.own_kind or overrides(model, "build"))
    return is_own and model.own_shape is not None and not model.own_is_described


def described(calls: Sequence[graph.LayerCall]) -> Sequence[Layer]:
    """The layers of calls as the rule has them; none where it would assume what they are given."""
    network = graph.network_of([], [graph.Tensor(call) for call in calls], "", calls)
    are_said = all(source.shape is not None for source in network.inputs)
    with suppress(QueryError):
        return graph.described_once(network).layers if calls and are_said else ()
    return ()


def uses_more(calls: Sequence[graph.LayerCall], given: Any) -> bool:
    """Whether calls take tensors beside those that are given and what they make of them."""
    made, known = {*calls}, {*graph.tensors_in(given)}
    taken = (tensor for call in calls for tensor in call.tensors)
    return any(tensor.maker not in made and tensor not in known for tensor in taken)


def uses_all(made: Any, given: Any) -> bool:
    """Whether what is made follows from all that is given: Keras has what that needs in a model,
    also where one of several tensors is returned as it came."""
    known, ends = {*graph.tensors_in(given)}, {*graph.tensors_in(made)}
    if known & ends and len(known | ends) > 1:
        return False
    calls = graph.calls_before(ends, known)
    return known <= {*ends, *(tensor for call in calls for tensor in call.tensors)}


def overrides(layer: Any, *methods: str) -> bool:
    """Whether the code defines any of these methods of a layer itself."""
    return any(
        getattr(getattr(type(layer), one, None), "__module__", "") == "__main__" for one in methods
    )


def batch_kept(model: Any, method: str, named: Mapping[str, Any]) -> Any:
    """The most samples of a batch, where a layer keeps states for each; None of other models."""
    if not any("stateful=True" in str(layer.call) for layer in kept(model)):
        return None
    return LARGEST if method == "__call__" else named.get("batch_size", 32)


def as_argument(model: Any) -> Call:
    """A model within a layer, as in `TimeDistributed(model)`; one without a name is no other's."""
    if model.own_open is not None:
        because = opened(model.own_title, model.own_open.reason)
        because.roots = (model.own_open,)
        raise IsOpenError(because)
    if model.own_title:
        return _in_a_layer(model)
    session().models[:] = [other for other in session().models if other is not model]
    with session().aside():
        return _in_a_layer(model)


def _in_a_layer(model: Any) -> Call:
    """A model as the argument of a layer: its `Input` and layers, where these follow each other."""
    calls = model.own_calls()
    expected: list[graph.Tensor] = model.own_takes[:1]
    is_any_twice = len({call.layer for call in calls}) < len(calls)
    for call in calls:
        is_chain = [*call.tensors] == expected and not call.keywords and not call.layer.unread
        is_whole = call is calls[-1] and len(model.own_gives) > 1
        if is_chain and not is_whole:  # of several tensors one would be used
            is_chain = len(names_returned(call.layer.call)) <= 1
        if not is_chain or is_any_twice:
            why = "a layer around a model of this form is not read"
            raise IsOpenError(opened(model.own_title, why))
        expected = [Tensor(call)]
    layers = tuple(without_input_arguments(call.layer.call) for call in calls)
    sizes = plain_sizes(model.own_takes[0]) if model.own_is_described and expected else None
    if sizes and all(isinstance(size, int | None) for size in sizes):
        layers = (Call("Input", (("shape", sizes[1:]),)), *layers)
    return Call("Sequential", (("layers", layers),))


def that_follow_from(
    inputs: Sequence[graph.Tensor], calls: Iterable[graph.LayerCall]
) -> list[graph.LayerCall]:
    """The calls that Keras has in a model: what a layer makes of data alone is data."""
    found = dict[graph.LayerCall, None]()
    for call in calls:
        is_given = any(
            tensor in inputs or tensor.maker in found or not getattr(tensor.maker, "is_data", True)
            for tensor in call.tensors
        )
        if is_given or call.part is not None:
            found[call] = None
    return list(found)
