"""The rule and the measurement side by side: what every view and format shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple, Self

from rnnshape.columns import is_answerable, open_in
from rnnshape.description import Description, describe_what_fits
from rnnshape.errors import Problem, shortened
from rnnshape.expression import Unknown
from rnnshape.layer import Layer, lost_masks
from rnnshape.layer_names import names_by_keras, names_of_outputs
from rnnshape.nest import numbered
from rnnshape.network import Question, Ref
from rnnshape.output import Output, Outputs, shown
from rnnshape.program import program, statements
from rnnshape.rules.facts import NOTHING, Relation, Tensor
from rnnshape.signatures import is_operation

if TYPE_CHECKING:
    from rnnshape.measuring.messages import MeasuredLayer, Measurement, Places


class Claim(NamedTuple):
    """A relation between a layer's outputs, and whether it holds; None until it was measured."""

    layer: int
    relation: Relation
    holds: bool | None


class Note(NamedTuple):
    """A sentence on a layer, by its number from 1; 0 where it is about the whole."""

    layer: int
    text: str


@dataclass(frozen=True)
class Report:
    """A question, what the rule says of it and, once Keras was asked, what it returned."""

    question: Question
    measurement: Measurement | None = None
    description: Description = field(init=False, repr=False)
    described: InitVar[Description | None] = None

    def __post_init__(self, described: Description | None) -> None:
        measured = self.measurement.layers if self.measurement else ()
        if described is None:
            shapes = [[output.shape for output in layer.outputs] for layer in measured]
            described, fitting = describe_what_fits(self.question, shapes)
            object.__setattr__(self, "question", fitting)
        object.__setattr__(self, "description", described)
        checked = [len(layer.holds) for layer in measured]
        claimed = [len(layer.facts.relations) if layer.facts else 0 for layer in self.layers]
        if measured and checked != claimed:
            raise ValueError("the measurement is of another network than the question")

    def measure(self, *, seed: int | None = None, values: bool = False) -> Self:
        """The same report, with what Keras measured beside the rule: `model.predict` on random
        input, in a process of its own that comes and goes.

        It takes some seconds, and blocks its thread: in asyncio, await
        `asyncio.to_thread(report.measure)`.

        Args:
            seed: makes input and weights repeatable, and so the values; from 0 to 2**32 - 1.
            values: whether to bring the numbers back, beside shapes and dtypes:
                `report.outputs["o"].array.values`.

        Raises:
            QueryError: the seed is out of range.
            MeasurementError: TensorFlow is missing or broken, the machine is too small, or the
                run did not end well; its `reason` and `remedy` tell more.

        >>> from rnnshape import inspect
        >>> report = inspect("GRU(3, return_state=True)").measure()
        >>> report.source, report.outputs["h"].keras, report.outputs["h"].dtype
        ('predict', (2, 3), 'float32')
        >>> [(claim.relation.claim, claim.holds) for claim in report.claims]
        [('o == h', True)]
        """
        from rnnshape.measuring.process import measure

        [measurement] = measure([self.question], seed=seed, values=values)
        return self.measured(measurement)

    def measured(self, measurement: Measurement) -> Self:
        """The same report with a measurement: what is open to the rule may follow from it."""
        known = self.description if self.description.is_complete else None
        return replace(self, measurement=measurement, described=known)

    def __repr__(self) -> str:
        last = self.outputs_of(self.layers[-1])
        returned = ", ".join(f"{output.name} {shown(output.shape)}" for output in last)
        question, made = (shortened(text, LONGEST_IN_REPR) for text in (self.expression, returned))
        verdict = "by the rule"
        if self.measurement:
            verdict = "Keras and the rule differ" if self.differences else "measured by Keras"
        return f"<Report {question}: {made}; {verdict}>"

    @property
    def source(self) -> str:
        """Who says what the shapes are: `"predict"` once Keras has, before that `"rule"`."""
        return "predict" if self.measurement else "rule"

    @cached_property
    def expression(self) -> str:
        """The text that asks the same question: a chain, or the Keras program in one line."""
        network = self.question.network
        if network.is_chain and not any(is_operation(layer.name) for layer in network.layers):
            return str(network)
        return "; ".join(statements(network, self.description))

    @property
    def code(self) -> str:
        """The Keras program that makes the network."""
        return program(self.question.network, self.description)

    @cached_property
    def open(self) -> tuple[Unknown, ...]:
        """What is not known of the network: sizes that it takes from data, layers not read."""
        return open_in(self.question.network)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What does not fit, or what this Keras refuses of the text."""
        found = self.question.network.problems
        if not self.question.calls:
            return found
        from rnnshape.fitting import problems_of_calls  # most questions come without data

        return (*found, *problems_of_calls(self.question, self.description))

    @cached_property
    def can_be_measured(self) -> bool:
        """Whether Keras can be asked: a layer is read, Keras takes it, and nothing is open but how
        many parameters the layers have that are left out."""
        is_refused = any(problem.kind == "keras" for problem in self.problems)
        rows = self.left_out
        is_open = bool({*self.open} - {layer.unread for layer in rows})
        is_known = all(is_answerable(layer.step) for layer in rows) and len(rows) < len(self.layers)
        return is_known and not (is_open or is_refused)

    @property
    def left_out(self) -> tuple[Layer, ...]:
        """The layers without which Keras is asked, as they are not read."""
        return tuple(layer for layer in self.layers if layer.unread)

    @property
    def assumed(self) -> dict[str, tuple[str, ...]]:
        """Of each input, the axes of which no text says the size; inputs without any left out."""
        axes = {
            tensor.name: tuple(axis.name for axis in tensor.axes if axis.is_assumed)
            for tensor in self.description.inputs
        }
        return {name: names for name, names in axes.items() if names}

    def assumes_of(self, layer: Layer) -> tuple[str, ...]:
        """The kinds of assumed sizes that a layer's parameters follow from."""
        if layer.parameters is None:
            return ()
        unsaid = NOTHING.union(
            *(axis.follows_from for weight in layer.weights for axis in weight.axes)
        )
        return tuple(kind for kind in self.description.assumed_kinds if kind in unsaid)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What the network is given, without the data that its text has."""
        return self.description.inputs[: len(self.question.network.given)]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The network's layers, each with what the rule says of it; `Input` is none."""
        return self.description.layers

    @cached_property
    def outputs(self) -> Outputs:
        """Every layer's outputs, first layer first; `report.outputs["h1"]` finds one by name."""
        return Outputs(output for layer in self.layers for output in self.outputs_of(layer))

    @cached_property
    def layers_by_output(self) -> Mapping[str, list[int]]:
        """The numbers of the layers that return a tensor of a name, in order.

        >>> from rnnshape import inspect
        >>> inspect("LSTM(3) -> Dense(1)").layers_by_output
        {'o': [1, 2]}
        """
        numbers: dict[str, list[int]] = {}
        for output in self.outputs:
            numbers.setdefault(output.name, []).append(output.layer)
        return numbers

    def outputs_of(self, layer: Layer) -> Outputs:
        """The outputs of one of the layers."""
        measured = self._measured(layer)
        arrays = measured.outputs if measured else ()
        tensors: tuple[Tensor | None, ...] = layer.outputs
        if not tensors and not arrays:
            tensors = (None,)  # it returns something, and only Keras can tell what
        return Outputs(
            Output(layer.number, tensor, array, measured is not None)
            for tensor, array in zip_longest(tensors, arrays)
        )

    def parameters_of(self, layer: Layer) -> int | None:
        """By the rule, or where there is none, by Keras; None until one of them is known."""
        measured = self._measured(layer)
        return layer.parameters if layer.facts or not measured else measured.parameters

    @property
    def parameters(self) -> int | None:
        """Of all layers together; None where one is not known."""
        is_known = all(self.parameters_of(layer) is not None for layer in self.layers)
        return self.least_parameters if is_known else None

    @property
    def least_parameters(self) -> int:
        """Of all layers of which they are known."""
        return sum(self.parameters_of(layer) or 0 for layer in self.layers)

    @cached_property
    def names(self) -> list[str]:
        """The name that Keras gives each layer."""
        return names_by_keras(self.question.network)

    @property
    def weights(self) -> tuple[Tensor, ...] | None:
        """Of all layers; None where one is not known."""
        pairs = ((layer, self.parameters_of(layer)) for layer in self.layers)
        if any(known is None or (known and not layer.facts) for layer, known in pairs):
            return None
        weights = tuple(weight for layer in self.layers for weight in layer.weights)
        return None if any(weight.known_size is None for weight in weights) else weights

    @cached_property
    def returned(self) -> tuple[Ref, ...]:
        """The tensors that the model returns, in order."""
        return self.question.network.returned(len(self.outputs_of(self.layers[-1])))

    @cached_property
    def returns_in_other_order(self) -> bool:
        """Whether the model returns its tensors in another order than its layers make them."""
        places = [(ref.step, ref.output) for ref in self.returned]
        return places != sorted({*places})

    @cached_property
    def places_returned(self) -> Mapping[Ref, list[int]]:
        """The places that each of those has among them, from 1."""
        places: dict[Ref, list[int]] = {}
        for number, ref in enumerate(self.returned, 1):
            places.setdefault(ref, []).append(number)
        return places

    @cached_property
    def layers_returned(self) -> set[int]:
        """The numbers of the layers that make those; 0 for the inputs."""
        return {ref.step for ref in self.returned}

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """Each relation between outputs of a layer, and whether it held."""
        return tuple(claim for layer in self.layers for claim in self.claims_of(layer))

    def claims_of(self, layer: Layer) -> tuple[Claim, ...]:
        """The same of one of the layers."""
        relations = layer.facts.relations if layer.facts else ()
        measured = self._measured(layer)
        holds = measured.holds if measured else (None,) * len(relations)
        pairs = zip(relations, holds, strict=True)
        return tuple(Claim(layer.number, relation, held) for relation, held in pairs)

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """Why the answer may surprise: first what is likely not meant, then of the question and of
        each layer. What holds for several layers is said once, of the whole."""
        network = self.question.network
        said = [Note(number, text) for number, text in lost_masks(network, self.layers)]
        said += [Note(layer.number, text) for layer in self.layers for text in layer.warnings]
        said += [Note(0, text) for text in self.question.notes]
        for layer in self.layers:
            # After such a layer the rule goes on once its shapes are known.
            has_none = None not in layer.inputs and layer.has_no_rule
            without = (WITHOUT_RULE.format(layer.without_rule),) if has_none else ()
            texts = layer.facts.notes if layer.facts else without
            attends = (SELF_ATTENTION,) if network.is_chain and len(layer.step.refs) > 1 else ()
            said += [Note(layer.number, text) for text in (*attends, *texts)]
        layers: dict[str, set[int]] = {}
        for note in said:
            layers.setdefault(note.text, set()).add(note.layer)
        return tuple(Note(min(of) if len(of) == 1 else 0, text) for text, of in layers.items())

    @property
    def differences(self) -> tuple[str, ...]:
        """Where Keras and the rule part, a line each; empty when they agree."""
        of_layers = (line for layer in self.layers for line in self._differences_of(layer))
        return (*of_layers, *self._differences_of_labels())

    def _differences_of_labels(self) -> Iterator[str]:
        measured = self.measurement.labels if self.measurement else ()
        if not measured:
            return
        outputs = names_of_outputs(self.question.network, len(self.layers[-1].outputs))
        for call, found in zip(self.question.calls, measured, strict=True):
            told = [
                problem for problem in self.problems if call.has(problem) and not problem.silent
            ]
            refused = {(one.name, one.tensor) for one in told if one.kind == "labels"}
            otherwise = {one.name for one in told if one.kind != "labels"}  # as too few samples
            for y, (tensor, _), words in zip(call.y, outputs, found, strict=False):
                is_told = (y.name, tensor) in refused or bool(words and y.name in otherwise)
                if words is not None and bool(words) != is_told:
                    rule = "fits" if words else "does not fit"
                    keras = f'refuses it: "{shortened(words)}"' if words else "takes it"
                    yield f"{call}: the rule says that {y} {rule} {tensor}, Keras {keras}"

    def _differences_of(self, layer: Layer) -> list[str]:
        measured = self._measured(layer)
        if measured is None or layer.facts is None:
            return []
        returns = layer.facts.returns
        nest = returns[0] if len(returns) == 1 else returns  # a lone one has no list
        nesting: Places = numbered(nest)
        weights = tuple(weight.shape for weight in layer.weights)
        pairs: list[tuple[str, object, object]] = [
            *((output.name, output.rule, output.keras) for output in self.outputs_of(layer)),
            ("nesting", nesting, measured.nesting),
            ("weights", weights, measured.weights),
            ("parameters", layer.parameters, measured.parameters),
        ]
        lines = [
            f"{name}: the rule says {rule}, Keras {keras}"
            for name, rule, keras in pairs
            if rule != keras
        ]
        lines += [
            f"{claim.relation.claim}: does not hold"
            for claim in self.claims_of(layer)
            if not claim.holds
        ]
        number = f"layer {layer.number}, " if len(self.layers) > 1 else ""
        return [f"{layer.call}: {number}{line}" for line in lines]

    def _measured(self, layer: Layer) -> MeasuredLayer | None:
        if self.measurement is None or layer.unread:
            return None
        return self.measurement.layers[layer.number - 1]


LONGEST_IN_REPR = 72  # characters of the question, and of what comes out
SELF_ATTENTION = "query and value are the same tensor: self-attention"
WITHOUT_RULE = "there is no rule for {}: its shapes are Keras' alone"
