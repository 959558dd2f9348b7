"""One layer of a network, with all that is known about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from rnnshape.expression import Call, Unknown
from rnnshape.network import Step
from rnnshape.rules import has_rule
from rnnshape.rules.facts import Facts, Tensor


class Mask(NamedTuple):
    """What a layer does with the mask of what it is given: which timesteps are padding.

    Attributes:
        arrives: whether one comes in.
        leaves: whether one goes out with what it returns; None where that is not known.
        is_used: whether it leaves out what the mask marks.
    """

    arrives: bool
    leaves: bool | None
    is_used: bool = False

    @property
    def is_lost(self) -> bool:
        return self.arrives and self.leaves is False and not self.is_used


@dataclass(frozen=True)
class Layer:
    """One layer of a network, with all that the rule knows about it.

    Attributes:
        number: its place in the network, from 1.
        step: the call of it in the network.
        inputs: the tensors that it is called with; None for what is not known.
        facts: what the rule says; None where there is no rule, or what it needs is not known.
        known_outputs: where the rule says nothing, what is known of its outputs all the same:
            what Keras returned, once that was measured, or what was recorded of it.
    """

    number: int
    step: Step
    inputs: tuple[Tensor | None, ...]
    facts: Facts | None
    known_outputs: tuple[Tensor, ...] = ()

    def __repr__(self) -> str:
        outputs = ", ".join(f"{output.name} {output.sizes}" for output in self.outputs)
        return f"<Layer {self.number} {self.call}: {outputs or 'by Keras alone'}>"

    @property
    def call(self) -> Call:
        """The layer, as it is written."""
        return self.step.layer

    @property
    def same_as(self) -> int | None:
        """The number of the earlier layer that this one is, called once more."""
        return self.step.same_as

    @property
    def unread(self) -> Unknown | None:
        """Why the layer itself is not read, where it is not."""
        return self.step.unread

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        return self.facts.outputs if self.facts else self.known_outputs

    @property
    def without_rule(self) -> str:
        """What there is no rule for: the name of the layer, or of the one inside it."""
        call = self.call
        while has_rule(call.name) and isinstance(inner := call["layer"], Call):
            call = inner
        return f"{call.name} with these arguments" if has_rule(call.name) else call.name

    @property
    def has_no_rule(self) -> bool:
        """Whether it is a layer of Keras, or one with arguments, that Keras alone can tell of."""
        if self.facts is not None or self.unread is not None:
            return False
        is_given_sizes = all(tensor and tensor.known_size is not None for tensor in self.inputs)
        return is_given_sizes or not has_rule(self.call.name)

    @property
    def mask(self) -> Mask | None:
        """Which masks come and go; None where there is none."""
        arrives = any(tensor.masked for tensor in self.inputs if tensor)
        if self.facts is None:
            is_unknown = self.unread or has_rule(self.call.name)
            return Mask(arrives, None if is_unknown else False) if arrives else None
        arrives = self.facts.mask_arrives
        leaves = any(output.masked and output.mask_runs for output in self.facts.outputs)
        return Mask(arrives, leaves, self.facts.uses_mask) if arrives or leaves else None

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """Its own; a layer that is called again has none that were not counted before."""
        return self.facts.weights if self.facts and self.same_as is None else ()

    @cached_property
    def parameters(self) -> int | None:
        """How many numbers its weights hold; None where that is not known."""
        sizes = [weight.known_size for weight in self.weights]
        known = [size for size in sizes if size is not None]
        if self.facts is None or len(known) < len(sizes):
            return 0 if self.same_as is not None else self.step.parameters
        return sum(known)
