"""Masks between layers: which ones attention takes away, and where one is lost that a layer further
on would have used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rnnshape.layer import Layer
from rnnshape.network import Network, Ref, Step, refs_in

# It takes masks off the very tensors that it is given.
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
    named = (keyword for name, keyword in step.keywords if name in ("query", "value", "key"))
    return refs_in((*step.arguments[:3], *named))


def lost_masks(network: Network, layers: Sequence[Layer]) -> Iterator[tuple[int, str]]:
    """The number of each layer that loses one, and what follows from it.

    >>> from rnnshape.description import describe
    >>> from rnnshape.network import chain
    >>> from rnnshape.reading import parse
    >>> texts = ["Embedding(9, 4, mask_zero=True)", "Conv1D(8, 3)", "LSTM(2)"]
    >>> network = chain([parse(text) for text in texts])
    >>> [*lost_masks(network, describe(network).layers)]
    [(2, 'the mask is lost here: LSTM (layer 3) takes padding for data')]
    """
    taken = masks_taken(network)
    for layer in layers:
        if layer.mask and layer.mask.is_lost:
            user = _would_use(layers, layer)
            if user:
                name = f"{user.call.name} (layer {user.number})"
                why = f", as {TAKES_MASKS} has taken it off an input" * (layer.number in taken)
                yield layer.number, f"the mask is lost here{why}: {name} takes padding for data"


def _would_use(layers: Sequence[Layer], lost: Layer) -> Layer | None:
    """The first layer that leaves out what a mask marks, and is given what goes on from there
    with its timesteps as they were."""
    reached = _with_time(lost)
    for layer in layers[lost.number :]:
        if reached.isdisjoint(layer.step.refs):
            continue
        if layer.facts and layer.facts.uses_mask and not layer.facts.mask_arrives:
            return layer
        reached |= _with_time(layer)
    return None


def _with_time(layer: Layer) -> set[Ref]:
    """Those of its outputs that still have timesteps."""
    names = [[axis.name for axis in output.axes[1:-1]] for output in layer.outputs]
    return {Ref(layer.number, n) for n, name in enumerate(names) if name[:1] == ["timesteps"]}
