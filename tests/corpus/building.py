"""Keras in this very process, and what the rule says of a whole network."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from rnnshape.description import describe
from rnnshape.network import Dimensions, Network, Ref

Shape = tuple[int, ...]


@cache
def keras() -> Any:
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    import keras

    return keras


def shapes_by_rule(
    network: Network, sizes: Dimensions | None = None
) -> tuple[list[Shape], int] | None:
    """What the last layer or the model returns, and how many parameters it has; None where there is
    no rule for a layer."""
    description = describe(network, sizes)
    if not description.is_complete:
        return None
    last = description.layers[-1]
    places = [Ref(last.number, place) for place in range(len(last.outputs))]
    tensors = [description.tensor(one) for one in network.outputs or places]
    parameters = sum(layer.parameters or 0 for layer in description.layers)
    return [one.shape for one in tensors if one is not None], parameters
