"""Which masks are gone: `MultiHeadAttention` takes them off the very tensors that it is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rnnshape.network import Network, Ref, Step, refs_in

__all__ = ["TAKES_MASKS", "masks_taken"]

TAKES_MASKS = "MultiHeadAttention"


def masks_taken(network: Network) -> Mapping[int, frozenset[Ref]]:
    """Of each step, by its number, the tensors whose masks are gone when it runs. In which order
    Keras runs steps is certain of those alone that need what attention returns."""
    if all(step.layer.name != TAKES_MASKS for step in network.steps):
        return {}
    found: dict[int, frozenset[Ref]] = {}
    takers: dict[Ref, set[int]] = {}
    needed: dict[int, set[int]] = {0: set()}
    for number, step in enumerate(network.steps, start=1):
        before = needed[number] = set().union(*({r.step} | needed[r.step] for r in step.refs))
        if gone := [ref for ref in step.refs if not before.isdisjoint(takers.get(ref, ()))]:
            found[number] = frozenset(gone)
        for ref in _attended(step) if step.layer.name == TAKES_MASKS else ():
            takers.setdefault(ref, set()).add(number)
    return found


def _attended(step: Step) -> Iterator[Ref]:
    """The query, the value and the key."""
    named = (one for name, one in step.keywords if name in ("query", "value", "key"))
    return refs_in((*step.arguments[:3], *named))
