"""Why the rule refuses a call of a layer, as code is followed."""

from __future__ import annotations

from collections.abc import Sequence

from rnnshape.errors import QueryError
from rnnshape.expression import Unknown
from rnnshape.layer import check_same_weights
from rnnshape.nest import rebuilt
from rnnshape.reading import graph, layer_calls


def refusal_of(call: graph.LayerCall) -> QueryError | None:
    """Why the rule refuses a call; with what comes before, which tells more of what it takes."""
    found = None
    for calls in ([call], graph.calls_before([graph.Tensor(call)], [])):
        try:
            graph.described_once(graph.network_of([], (), "", calls))
        except QueryError as wrong:
            found = wrong
        else:
            return None
    return found


def check_weights(first: graph.LayerCall, again: graph.LayerCall) -> None:
    """Raises a `QueryError` where a call needs other weights than those that the first one made."""
    shapes = ([*map(graph.shape_of, call.tensors)] for call in (again, first))
    given, before = (rebuilt(one, _unless_unknown) for one in shapes)
    if given != before and all(graph.shapes_made([call]) for call in (first, again)):
        graph.described_once(graph.network_of([], (), "", [first, again]))


def _unless_unknown(size: object) -> object:
    return None if isinstance(size, Unknown) else size


def check_held(first: graph.LayerCall, again: graph.LayerCall) -> None:
    """Raises a `QueryError` where a layer that stands in another, as a cell in an `RNN`, is called
    with other features than the one that was called first."""
    if first.layer is again.layer or not all(graph.shapes_made([one]) for one in (first, again)):
        return
    networks = [graph.network_of([], (), "", [one]) for one in (first, again)]
    before, made = (graph.described_once(network).layers[-1] for network in networks)
    if made.facts is not None:
        check_same_weights(made.step, made.facts, before, networks[1])


def leave_weights_open(
    before: Sequence[graph.LayerCall], again: graph.LayerCall, because: Unknown
) -> None:
    """A layer has the weights of the call that is made: which one is not known on the sides of a
    condition, where these need others. Raises a `QueryError` where none fits the last."""
    layer, known = again.layer, again.layer.unread
    layer.unread = None  # while what it makes is asked
    unlike = [one for one in before if not _are_alike(one, again)]
    for one in unlike:
        if layer_calls.is_made_with(one, again):
            check_weights(one, again)
    others = [one for one in unlike if not layer_calls.exclude_each_other(one, again)]
    if layer_calls.surely_called(others):
        check_weights(others[0], again)
    is_open = known is not None or bool(unlike)
    for call in (*before, again) if is_open else ():
        graph.shape_of(graph.Tensor(call))
        call.returns = tuple(call.shapes or ())
    layer.unread = because if is_open else None


def _are_alike(first: graph.LayerCall, again: graph.LayerCall) -> bool:
    try:
        check_weights(first, again)
    except QueryError:
        return False
    return True
