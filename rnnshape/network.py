"""`Network`: tensors and the layers that make them. Whatever is asked becomes one of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from rnnshape.errors import Problem, QueryError
from rnnshape.expression import (
    Call,
    SizeWhenRun,
    Unknown,
    Value,
    calls_within,
    printed,
    unknowns_in,
)
from rnnshape.nest import within
from rnnshape.signatures import is_recurrent, module_of, signature

if TYPE_CHECKING:
    from rnnshape.training.data import Function, TrainingCall

MOST_LAYERS = 2_000  # of one network that is read


USUAL_SIZES = {"batch": 2, "timesteps": 5, "features": 1, "space": 16}


@dataclass(frozen=True, slots=True)
class Dimensions:
    """The sizes of whatever a network's inputs leave open; None where none is given. What is
    assumed then is as `usual` has it, or as it is for all networks.

    >>> Dimensions(timesteps=100)["timesteps"], Dimensions()["rows"]
    (100, 16)
    """

    batch: int | None = None
    timesteps: int | None = None
    features: int | None = None
    space: int | None = None
    usual: Any = ()  # of kinds of axes: `(("timesteps", 10),)`

    def __getitem__(self, axis: str) -> int:
        """The size of an axis, by its name in Keras' terms; where none is given, one is assumed."""
        kind = kind_of_axis(axis)
        return self.given(axis) or dict(self.usual).get(kind, USUAL_SIZES[kind])

    def given(self, axis: str) -> int | None:
        """The size of an axis, if it is given."""
        size: int | None = getattr(self, kind_of_axis(axis))
        return size


UNSAID = Dimensions()


@lru_cache(maxsize=256)
def kind_of_axis(axis: str) -> str:
    """Which of the sizes counts along an axis."""
    kind = "features" if axis == "channels" else axis
    return kind if kind in USUAL_SIZES else "space"


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor of a network: an output of one of its layers, or one of its inputs.

    Attributes:
        step: the layer's number, from 1; 0 stands for the network's inputs.
        output: which of the layer's outputs, or of the inputs, counted from 0 and flat.
    """

    step: int
    output: int = 0


Argument: TypeAlias = "Ref | tuple[Argument, ...] | bool | int | float | str | Unknown | None"
Size: TypeAlias = int | SizeWhenRun | Unknown | None
Shape: TypeAlias = tuple[Size, ...]
# Which mask Keras sets on what a layer of the code makes: none, that of a tensor on the first
# output, perhaps that one, any on each, or another than that of the layer of Keras.
MaskSet: TypeAlias = Literal["none", "first", "perhaps", "any", "other"]


@dataclass(frozen=True, slots=True)
class Input:
    """What a network is given.

    Attributes:
        shape: with the batch first, as in Keras' `batch_shape`; None where a dimension is Keras'
            None, `Unknown` where it has a name and no value. As a whole, None where nothing is
            said of it, and the first layer's needs decide.
        name: as it is shown.
        dtype: as it is given; None where it is not.
        is_data: whether it is data that the text has, and not what a model takes.

    >>> print(Input((None, 100, 16)), Input((32, 100, 16)))
    Input((100, 16)) Input((100, 16), batch_size=32)
    """

    shape: Shape | Unknown | None = None
    name: str = "inputs"
    dtype: str | None = None
    is_data: bool = False

    @property
    def batch(self) -> int | None:
        """How many samples a model says that it takes; None where it takes any number."""
        size = self.shape[0] if isinstance(self.shape, tuple) and self.shape else None
        return size if isinstance(size, int) and not self.is_data else None

    def __str__(self) -> str:
        if self.shape is None:
            return "Input()"
        if isinstance(self.shape, Unknown):
            return f"Input({self.shape})"
        if not self.shape:  # of a number
            return "Input(batch_shape=())"
        batch, *others = self.shape
        more = {"batch_size": batch, "dtype": self.dtype}
        parts = [printed(tuple(others))]
        parts += [f"{name}={printed(value)}" for name, value in more.items() if value is not None]
        return f"Input({', '.join(parts)})"


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a layer.

    Attributes:
        layer: the layer, as it is written.
        arguments: what it is called with: a tensor, or a list of them.
        keywords: what it is called with by name, such as `initial_state`.
        names: of its outputs, flat, where the text that was read has names for them; else the
            rule names them.
        same_as: the number of the earlier step that calls this very layer, if there is one.
        group: the names of the nested models that the layer is part of, as `"encoder/core"`.
        unread: why the layer is not read, where it is not: it keeps its place.
        returns: the shapes that such a layer is known to return; None where they are not known.
        parameters: how many such a layer is known to have; 0 of one that is no attribute of what
            calls it, of which Keras counts none.
        mask: what is known of the mask on what a layer of the code returns; None where the rule
            says.
        mask_of: the tensor whose mask that is, where it is one.
        name: that Keras gives the layer, where the text shows it; None where nobody knows it.
        is_sure: whether the layer is called whatever is not known, and so has its weights.
        checked: the tensors that are given to a nested model which begins here, with the shape
            that it takes and its name, where the rest of the text leaves a size of them open.
    """

    layer: Call
    arguments: tuple[Argument, ...]
    keywords: tuple[tuple[str, Argument], ...] = ()
    names: tuple[str, ...] = ()
    same_as: int | None = None
    group: str = ""
    unread: Unknown | None = None
    returns: tuple[Shape | None, ...] | None = None
    parameters: int | None = None
    mask: MaskSet | None = None
    mask_of: Ref | None = None
    name: str | None = field(default="", compare=False)
    is_sure: bool = True
    checked: tuple[tuple[Ref, Shape, str], ...] = field(default=(), compare=False)

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Every tensor that it is called with, without a name first."""
        match self.arguments, self.keywords:
            case (Ref() as only,), ():  # most have no more
                return (only,)
        return tuple(refs_in((*self.arguments, *(value for _, value in self.keywords))))


Called = TypeVar("Called")  # a `Step`, or what a reader has of one


def without_states(layer: Call, called: Called) -> Called:
    """The call of a recurrent layer without the states that it is given, which follow from its
    units: of what shape they are says nothing of what it returns."""
    step: Any = called
    if not any(is_recurrent(inner.name) for inner in calls_within(layer)):
        return called
    words = tuple(pair for pair in step.keywords if pair[0] != "initial_state")
    first = tuple(part[0] if isinstance(part, tuple) else part for part in step.arguments[:1])
    if (first, words) == (step.arguments, step.keywords):
        return called
    changed: Called = replace(step, arguments=first, keywords=words)
    return changed


@dataclass(frozen=True)
class Network:
    """Inputs, and the steps that call layers, in the order in which they are made.

    Attributes:
        inputs, steps: what it is given, and each call of a layer.
        outputs: what a model of it returns; empty where that is all that the last step returns.
        name: as the text that was read has it; may be empty.
        problems: what of its text this Keras refuses, and was read as it was meant.
        kind: of a model, which checks what it is given as its kind does: `"Sequential"`, or
            `"Functional"`; empty where it is neither or not known.

    >>> from rnnshape.chains import chain
    >>> from rnnshape.reading import parse
    >>> network = chain([parse("LSTM(64, return_sequences=True)"), parse("Dense(1)")])
    >>> print(network)
    LSTM(64, return_sequences=True) -> Dense(1)
    """

    inputs: tuple[Input, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Ref, ...] = ()
    name: str = ""
    problems: tuple[Problem, ...] = ()
    kind: str = field(default="", compare=False)

    @cached_property
    def is_chain(self) -> bool:
        """Whether each layer takes what the one before it returns, and nothing has other names."""
        return (
            len(self.inputs) == 1
            and not self.outputs
            and all(
                step.arguments == called_alone(step.layer, Ref(number))
                and not (step.keywords or step.names or step.same_as or step.unread)
                for number, step in enumerate(self.steps)
            )
        )

    @cached_property
    def is_stateful(self) -> bool:
        """Whether a layer keeps states for each sample, so that all batches are of one size."""
        calls = (call for layer in self.layers for call in calls_within(layer))
        return any(call["stateful"] is True for call in calls)

    @property
    def layers(self) -> tuple[Call, ...]:
        """The layer of each step, as it is written."""
        return tuple(step.layer for step in self.steps)

    @cached_property
    def given(self) -> tuple[Input, ...]:
        """The inputs that whoever calls it gives; behind them stands data that its text has."""
        return tuple(source for source in self.inputs if not source.is_data)

    @cached_property
    def taken_by_models(self) -> dict[Ref, Shape]:
        """Of each tensor that is given to a nested model, what that was made for."""
        checked = (taken for step in reversed(self.steps) for taken in step.checked)
        return {ref: shape for ref, shape, _ in checked}

    @cached_property
    def takers(self) -> dict[Ref, int]:
        """Of each tensor that is taken, the number of the first step that takes it."""
        steps = reversed([*enumerate(self.steps, start=1)])
        return {ref: number for number, step in steps for ref in step.refs}

    @cached_property
    def unknowns(self) -> tuple[Unknown, ...]:
        """Every value that is not known, each once, in the order of the text."""
        found: dict[Unknown, None] = {}
        for source in self.inputs:
            found |= dict.fromkeys(unknowns_in(source.shape))
        for step in self.steps:
            found |= dict.fromkeys(unknowns_in(step.layer))
            for shape in step.returns or ():
                found |= dict.fromkeys(unknowns_in(shape))
        return tuple(found)

    @property
    def is_sound(self) -> bool:
        """Whether each step takes what is there before it, and the network returns what is."""

        def are_there(refs: Sequence[Ref], steps: int) -> bool:
            return all(
                ref.output >= 0 and (0 < ref.step <= steps or ref.output < inputs * (not ref.step))
                for ref in refs
            )

        inputs = len(self.inputs)
        return (
            bool(self.steps)
            and are_there(self.outputs, len(self.steps))
            and all(
                are_there((*step.refs, *refs_in(step.mask_of)), number)
                and (step.same_as is None or 0 < step.same_as <= number)
                for number, step in enumerate(self.steps)
            )
        )

    def with_shapes(self, shapes: Iterable[Shape | Unknown | None]) -> Network:
        """The same, of which the inputs have other shapes, in order."""
        pairs = zip(self.inputs, shapes, strict=True)
        return replace(self, inputs=tuple(replace(one, shape=shape) for one, shape in pairs))

    def returned(self, count: int) -> tuple[Ref, ...]:
        """What a model of it returns; `count` is how many tensors the last step does."""
        return self.outputs or tuple(Ref(len(self.steps), place) for place in range(count))

    def __str__(self) -> str:
        """The text that asks for a chain: its layers joined by `->`. Else its name."""
        if not self.is_chain:
            return self.name or f"a network of {len(self.steps)} layers"
        head = [] if self.inputs[0].shape is None else [str(self.inputs[0])]
        return " -> ".join([*head, *map(str, self.layers)])


@dataclass(frozen=True, slots=True)
class Question:
    """A network, and what is said of the data that it is given.

    Attributes:
        network: what is asked.
        dimensions: the sizes of what its inputs leave open.
        flags: those of the word that has asked for it, whose sizes have defaults; None of a text.
        is_of_code: whether code has asked, of which the network is what was read.
        calls: those that give it data.
        losses, metrics: those that it was compiled with, for each output, where they are known.
        notes: what is said of it beside the rule's notes.
        file: the file that it is of, as it was named; empty where no other is asked, too.

    >>> from rnnshape import inspect
    >>> question = inspect("GRU(3) -> Dense(1)", input=(8, 5, 2)).question
    >>> print(question.network, question.dimensions["batch"])
    GRU(3) -> Dense(1) 8
    """

    network: Network
    dimensions: Dimensions = field(default_factory=Dimensions)
    flags: frozenset[str] | None = None
    is_of_code: bool = False
    calls: tuple[TrainingCall, ...] = ()
    losses: tuple[Function | None, ...] = ()
    metrics: tuple[tuple[Function, ...], ...] = ()
    notes: tuple[str, ...] = ()
    file: str = ""

    @property
    def title(self) -> str:
        """The name of the model, as it can be asked for."""
        return ":".join(filter(None, [self.file, self.network.name]))

    @property
    def is_of_word(self) -> bool:
        return self.flags is not None


def called_alone(layer: Call, tensor: Ref) -> tuple[Argument, ...]:
    """How a layer is called where there is one tensor only: attention turns to that itself."""
    if layer.name in ("Attention", "AdditiveAttention"):
        return ((tensor, tensor),)
    known = signature(layer.name).tensors if module_of(layer.name) == "layers" else ()
    return (tensor, tensor) if known[:2] == ("query", "value") else (tensor,)


def refs_in(argument: Argument) -> Iterator[Ref]:
    """Every tensor in an argument, in order."""
    return (ref for ref in within(argument) if isinstance(ref, Ref))


def check_names(network: Network) -> None:
    """Raises a `QueryError` where two layers have one name."""
    named: dict[Value, Call] = {}
    for step in network.steps:
        name = step.layer["name"]
        if (
            name is not None
            and not step.group  # a model within it has names of its own
            and step.same_as is None
            and named.setdefault(name, step.layer) is not step.layer
        ):
            raise step.layer.error(
                f"two layers have the name {name!r}: give each its own "
                '(Keras: "should have unique names", "names should be unique")',
                "name",
            )


def check_count(layers: int) -> None:
    """A `QueryError` where so many layers are not read."""
    if layers > MOST_LAYERS:
        raise QueryError(f"these are too many layers: at most {MOST_LAYERS:,} are read")
