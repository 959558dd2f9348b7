"""What a layer returns, by the rule and by Keras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, SupportsIndex, overload

from rnnshape.rules.facts import Axis, Tensor

if TYPE_CHECKING:
    from rnnshape.measuring.messages import Array

Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """A tensor that a layer returns, by the rule and by Keras; None where one knows of none.

    Attributes:
        layer: the number of the layer that returns it, from 1.
        tensor: what the rule says of it.
        array: what Keras returned.
        is_measured: whether Keras has been asked.

    >>> from rnnshape import inspect
    >>> output = inspect("LSTM(3, return_state=True)").outputs["h"]
    >>> output.shape, [axis.name for axis in output.axes], output.meaning
    ((2, 3), ['batch', 'units'], 'hidden state after the last timestep')
    """

    layer: int
    tensor: Tensor | None
    array: Array | None = None
    is_measured: bool = False

    def __repr__(self) -> str:
        verdict = f"Keras measured {self.keras}" if self.is_measured else "by the rule"
        meaning = f": {self.meaning}" if self.meaning else ""
        return f"<Output {self.name} {shown(self.rule or self.shape)}{meaning}; {verdict}>"

    @property
    def name(self) -> str:
        """As it is unpacked: `"o"`, `"h1"`."""
        return self.tensor.name if self.tensor else "o"

    @property
    def axes(self) -> tuple[Axis, ...]:
        """What is counted along each, and how many entries it has; empty where Keras alone
        can tell."""
        return self.tensor.axes if self.tensor else ()

    @property
    def meaning(self) -> str:
        """What it holds, in words."""
        return self.tensor.meaning if self.tensor else ""

    @property
    def rule(self) -> Shape | None:
        """Its shape by the rule, with None for what is not known."""
        return self.tensor.sizes if self.tensor else None

    @property
    def keras(self) -> tuple[int, ...] | None:
        """The shape of what `model.predict` returned."""
        return self.array.shape if self.array else None

    @property
    def dtype(self) -> str | None:
        """As NumPy names it, `"float32"`; None until it was measured."""
        source = self.tensor.source if self.tensor else None
        is_open = source is not None and "dtype" in dict(source.left_open)
        return self.array.dtype if self.array and not is_open else None

    @property
    def shape(self) -> Shape | None:
        """What Keras measured, and before it has, what the rule says; None if neither knows."""
        return self.keras or self.rule

    @property
    def agrees(self) -> bool:
        """Whether Keras says what the rule says, or only one of them says anything."""
        return not (self.rule and self.keras) or self.rule == self.keras


class Outputs(tuple[Output, ...]):
    """Outputs in order, which can also be looked up by name.

    Of several layers that return an output of one name, the last one's is meant.

    >>> from rnnshape import inspect
    >>> outputs = inspect("LSTM(4, return_sequences=True) -> LSTM(3, return_state=True)").outputs
    >>> outputs["o"].shape, outputs[0].shape, outputs.names
    ((2, 3), (2, 5, 4), ('o', 'o', 'h', 'c'))
    """

    __slots__ = ()

    def __contains__(self, key: object) -> bool:
        """Whether there is an output, or one of that name."""
        return key in self.names if isinstance(key, str) else super().__contains__(key)

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> Output: ...

    @overload
    def __getitem__(self, key: slice) -> tuple[Output, ...]: ...

    def __getitem__(self, key: SupportsIndex | str | slice) -> Output | tuple[Output, ...]:
        """The output of a name or a place; a `KeyError` where there is none of that name."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        for output in reversed(self):
            if output.name == key:
                return output
        raise KeyError(f"no output {key!r}: there are {', '.join(dict.fromkeys(self.names))}")

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each."""
        return tuple(output.name for output in self)


def shown(shape: Shape | None) -> str:
    """A shape in words."""
    return "of unknown shape" if shape is None else str(shape)
