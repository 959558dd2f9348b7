"""Layers, their calls and tensors, as code makes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from rnnshape.errors import Place
from rnnshape.expression import Call, Unknown
from rnnshape.nest import within
from rnnshape.network import MaskSet, Shape
from rnnshape.reading.python.open import Side


@dataclass(eq=False, slots=True)
class Layer:
    """A layer that was made. It may be called several times, and is the same each time.

    Attributes:
        unread: why it is not read, where it is not.
        parameters: how many it has, where it is not read and they are known all the same.
        name: that Keras gives it, where the code gives it none.
        holds: the layers that have its weights, and may be called elsewhere, too.
        stand_in: what the code knows it as.
    """

    call: Call
    unread: Unknown | None = None
    parameters: int | None = None
    name: str = ""
    holds: tuple[Layer, ...] = ()
    stand_in: Any = None

    @property
    def innermost(self) -> frozenset[Layer]:
        """Those that have its weights: itself, or what is in it."""
        return frozenset(one for held in self.holds for one in held.innermost) or frozenset({self})


@dataclass(eq=False, slots=True)
class InputTensor:
    """What a network is given.

    Attributes:
        shape: as `Input` has it.
        name: of the variable that holds it.
        dtype: as it is given.
        given_name: its argument `name`, for what has no variable.
        is_data: whether it is data that the code has, or a weight, and no input of a model.
        has_no_name: whether the code makes it by `Input` and gives it none, so that Keras does.
    """

    shape: Shape | Unknown | None
    name: str = ""
    dtype: str | None = None
    given_name: str = ""
    is_data: bool = False
    has_no_name: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Tensor:
    """An output of a call of a layer, or what a network is given: the same as any other of them."""

    maker: LayerCall | InputTensor
    output: int = 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tensor):
            return False
        return self.maker is other.maker and self.output == other.output

    def __hash__(self) -> int:
        return hash((self.maker, self.output))


Keys: TypeAlias = "frozenset[tuple[int, str, bool]]"  # of sides
Given: TypeAlias = "Tensor | tuple[Given, ...] | bool | int | float | str | Unknown | None"


@dataclass(eq=False, slots=True)
class LayerCall:
    """One call of a layer.

    Attributes:
        number: those with a lower one were made before.
        arguments, keywords: what it is called with.
        names: what the code calls its outputs, by their places.
        group: the nested models that it is part of.
        part: the call of the outermost of them, if there is one.
        returns: the shapes that an unread layer is known to return.
        shapes: of what it returns, once somebody has asked.
        beside: all calls of the same call of a model: Keras runs them with it, used or not.
        mask, mask_of: as of a `Step`: whose mask is set on what it returns.
        sides: the conditions, not known, under which the code of a model calls it.
        place: where it stands, of a layer that was called before.
        checked: tensors that a model which begins here was not made for, as far as is known: with
            the shape that it takes, and its name.
        tensors: all that it is called with.
        is_computed: whether it is called with data and weights alone: Keras does it at once.
    """

    number: int
    layer: Layer
    arguments: tuple[Given, ...]
    keywords: tuple[tuple[str, Given], ...] = ()
    names: dict[int, str] = field(default_factory=dict)
    group: str = ""
    part: Any = None
    returns: tuple[Shape | None, ...] | None = None
    shapes: list[Shape | None] | None = None
    beside: Sequence[LayerCall] = ()
    mask: MaskSet | None = None
    mask_of: Tensor | None = None
    sides: tuple[Side, ...] = ()
    place: Place | None = None
    checked: tuple[tuple[Tensor, Shape, str], ...] = ()
    tensors: tuple[Tensor, ...] = field(init=False)
    is_computed: bool = field(init=False)

    def __post_init__(self) -> None:
        given = (*self.arguments, *(value for _, value in self.keywords))
        self.tensors = tuple(tensors_in(given))
        self.is_computed = are_computed(self.tensors)


def tensors_in(given: object) -> Iterator[Tensor]:
    """Every tensor in a nest of lists, tuples and dictionaries, in order."""
    return (leaf for leaf in within(given) if isinstance(leaf, Tensor))


def are_computed(tensors: Iterable[Tensor]) -> bool:
    """Whether Keras computes tensors at once: they are made of data and weights alone."""
    makers = {tensor.maker for tensor in tensors}
    calls = {call for maker in makers for call in getattr(maker, "beside", ())}
    return all(
        maker.is_data if isinstance(maker, InputTensor) else maker.is_computed
        for maker in makers | calls
    )


def surely_called(calls: Iterable[LayerCall]) -> set[Layer]:
    """The layers that are called whatever is not known: under no condition, or on both sides."""
    under: dict[Layer, set[Keys]] = {}
    for call in calls:
        under.setdefault(call.layer, set()).add(frozenset(side.key for side in call.sides))
    return {layer for layer, sides in under.items() if _is_whole(sides)}


def exclude_each_other(one: LayerCall, other: LayerCall) -> bool:
    """Whether two calls are on both sides of a condition, so that no more than one is made."""
    others = {side._replace(holds=not side.holds).key for side in other.sides}
    return any(side.key in others for side in one.sides)


def is_made_with(one: LayerCall, other: LayerCall) -> bool:
    """Whether a call is made wherever another one is."""
    return {side.key for side in one.sides} <= {side.key for side in other.sides}


def _is_whole(sides: set[Keys]) -> bool:
    """Whether one of these sets of conditions holds, whatever holds."""
    while frozenset() not in sides:
        pairs = ((one - {key}, (*key[:2], not key[2])) for one in sides for key in one)
        fewer = {left for left, other in pairs if left | {other} in sides}
        if fewer <= sides:
            return False
        sides = sides | fewer
    return True
