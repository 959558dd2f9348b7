"""In which order Keras lists the layers of a model: those that are furthest from its outputs come
first, and of equally far ones those that it meets first on its way back from the outputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rnnshape.reading import graph


class Part:
    """One call of a model, or of a layer of the code: all steps within it are its own."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner

    def says_its_shape(self) -> bool:
        """Whether the code's own `compute_output_shape` says what Keras takes it to make."""
        said = getattr(type(self.owner), "compute_output_shape", None)
        return getattr(said, "__module__", "") == "__main__"


def layers_in_order(
    takes: Sequence[graph.Tensor], gives: Iterable[graph.Tensor], calls: Iterable[graph.LayerCall]
) -> list[Any]:
    """The inputs, `graph.Layer`s and what else was called, each once."""
    given: dict[Any, list[Any]] = {take: [] for take in takes}

    def maker(tensor: graph.Tensor) -> Any:
        is_end = tensor in given or isinstance(tensor.maker, graph.InputTensor)
        return tensor if is_end else tensor.maker.part or tensor.maker  # type: ignore[union-attr]

    for call in calls:
        node = call.part or call
        before = given.setdefault(node, [])
        before += [one for one in map(maker, call.tensors) if one is not node]
    first: dict[Any, int] = {}
    nodes: dict[Any, bool] = {}

    def go_back(node: Any) -> None:
        if node in given and node not in nodes:
            nodes[node] = False
            first.setdefault(_what(node), len(first))
            for one in given[node]:
                go_back(one)
            del nodes[node]  # to stand after what it needs
            nodes[node] = True

    for give in gives:
        go_back(maker(give))
    depths: dict[Any, int] = {}
    furthest: dict[Any, int] = {}
    for node in reversed(nodes):
        what = _what(node)
        furthest[what] = depths[node] = max(depths.get(node, 0), furthest.get(what, 0))
        for one in given[node]:
            depths[one] = max(depths[node] + 1, depths.get(one, 0))
    for take in takes:  # that no output needs
        furthest.setdefault(take, 0)
    return sorted(furthest, key=lambda what: (-furthest[what], first.get(what, -1)))


def _what(node: Any) -> Any:
    """What was called there; an input is itself."""
    return node.owner if isinstance(node, Part) else getattr(node, "layer", node)
