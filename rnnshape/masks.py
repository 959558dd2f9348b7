"""Where a mask is lost that a layer further on would have used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rnnshape.layer import Layer
from rnnshape.masks_taken import TAKES_MASKS, masks_taken
from rnnshape.network import Network, Ref

__all__ = ["lost_masks"]


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
            user = _would_use(network, layers, layer)
            if user:
                name = f"{user.call.name} (layer {user.number})"
                why = f", as {TAKES_MASKS} has taken it off an input" * (layer.number in taken)
                yield layer.number, f"the mask is lost here{why}: {name} takes padding for data"


def _would_use(network: Network, layers: Sequence[Layer], lost: Layer) -> Layer | None:
    """The first layer that leaves out what a mask marks, and is given what goes on from there
    with its timesteps as they were."""
    reached = {Ref(lost.number, n) for n, _ in enumerate(lost.outputs) if _has_time(lost, n)}
    for layer in layers[lost.number :]:
        if reached.isdisjoint(network.steps[layer.number - 1].refs):
            continue
        if layer.facts and layer.facts.uses_mask and not layer.facts.mask_arrives:
            return layer
        reached |= {
            Ref(layer.number, n) for n, _ in enumerate(layer.outputs) if _has_time(layer, n)
        }
    return None


def _has_time(layer: Layer, output: int) -> bool:
    axes = layer.outputs[output].axes
    return len(axes) > 2 and axes[1].name == "timesteps"
