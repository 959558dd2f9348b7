"""Reports without Keras: questions in a line, and measurements made of numbers that we know."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import count
from math import prod
from typing import Any

import numpy as np

from rnnshape.chains import chain
from rnnshape.description import describe
from rnnshape.measuring.messages import Array, MeasuredLayer, Measurement, Places
from rnnshape.network import Dimensions, Input, Network, Question, Ref, Step
from rnnshape.query import Format, Query
from rnnshape.reading import parse
from rnnshape.rules.facts import Nested, Tensor
from rnnshape.shown import Report
from rnnshape.terminal.answer_writer import AnswerWriter
from rnnshape.terminal.environment import Environment
from rnnshape.words import FLAGS, Flags, combinations, stack

__all__ = [
    "Tty",
    "answer",
    "array",
    "asked",
    "compared",
    "given_states",
    "measured",
    "seq2seq",
    "shared",
]


def asked(*layers: str, notes: tuple[str, ...] = (), **dimensions: int) -> Report:
    """What the rule says of a chain."""
    network = chain([parse(layer) for layer in layers])
    return Report(Question(network, Dimensions(**dimensions), notes=notes))


def seq2seq() -> Report:
    """An encoder whose states cross to a decoder, under the names that the code has."""
    steps = (
        Step(
            parse("LSTM(32, return_state=True)"),
            (Ref(0, 0),),
            names=("encoded", "state_h", "state_c"),
        ),
        Step(
            parse("LSTM(32, return_sequences=True)"),
            (Ref(0, 1),),
            (("initial_state", (Ref(1, 1), Ref(1, 2))),),
            ("decoded",),
        ),
        Step(parse("Dense(8, activation='softmax')"), (Ref(2),)),
    )
    inputs = (Input((4, 7, 8), "source"), Input((4, 6, 8), "target"))
    return Report(Question(Network(inputs, steps, (Ref(3),), "seq2seq.py")))


def shared() -> Report:
    """One layer that reads two inputs, and a later layer that takes both results."""
    steps = (
        Step(parse("GRU(4)"), (Ref(0, 0),)),
        Step(parse("GRU(4)"), (Ref(0, 1),), same_as=1),
        Step(parse("Concatenate()"), ((Ref(1), Ref(2)),)),
        Step(parse("Dense(1)"), (Ref(3),)),
    )
    inputs = (Input((2, 5, 3), "left"), Input((2, 5, 3), "right"))
    return Report(Question(Network(inputs, steps, (Ref(4),), "siamese.py")))


def given_states() -> Report:
    """Two directions that begin with states, and outputs under long names."""
    layer = parse("Bidirectional(LSTM(4, return_state=True), merge_mode='concat')")
    states = ("fh", "fc", "bh", "bc")
    first = Step(layer, (Ref(0),), names=("encoded_sequence_1", *states))
    given = tuple(Ref(1, number) for number in range(1, 5))
    second = Step(
        parse("Bidirectional(LSTM(4, return_sequences=True, return_state=True), merge_mode=None)"),
        (Ref(0),),
        (("initial_state", given),),
        ("forward_out", "backward_out", "a", "b", "c", "d"),
    )
    return Report(Question(Network((Input((2, 3, 4)),), (first, second), name="given.py")))


def compared(*names: str, units: Sequence[int] = (3,), **flags: Any) -> tuple[Query, list[Report]]:
    """A comparison of layers, as the command line asks for it."""
    given = Flags(**flags)
    pairs = [(name, one) for name in names for one in combinations(given)]
    questions = [
        Question(
            stack(name, units, one)[0],
            flags=frozenset(flag for flag in FLAGS if getattr(one, flag)),
        )
        for name, one in pairs
    ]
    query = Query(
        compare=tuple(flag for flag in FLAGS if getattr(given, flag) is None),
    )
    return query, [*map(Report, questions)]


def measured(
    report: Report,
    *,
    values: bool = False,
    shapes: dict[tuple[int, int], tuple[int, ...]] | None = None,
    holds: bool = True,
    weights: tuple[tuple[int, ...], ...] = (),
    scale: float = 1,
) -> Report:
    """A report as if Keras had computed it.

    `shapes` by layer and output differ from the rule's; `weights` are those of every layer that
    there is no rule for; `scale` is the size of the numbers.
    """
    numbers = count()
    returned = [
        [
            (shapes or {}).get((one.number, index), tensor.shape if tensor else ())
            for index, tensor in enumerate(one.outputs or (None,))
        ]
        for one in report.layers
    ]
    question = report.question
    layers = describe(question.network, question.dimensions, returned).layers

    def layer(number: int) -> MeasuredLayer:
        one = layers[number - 1]
        outputs = tuple(
            array(
                (shapes or {}).get((number, index), tensor.shape),
                numbers,
                values=values,
                scale=scale,
            )
            for index, tensor in enumerate(one.outputs or (None,))
            for tensor in [tensor or Tensor("o", ())]
        )
        return MeasuredLayer(
            outputs,
            nesting(one.facts.returns) if one.facts else 0,
            (holds,) * len(one.facts.relations if one.facts else ()),
            tuple(weight.shape for weight in one.weights) if one.facts else weights,
            one.parameters if one.parameters is not None else 7,
        )

    return replace(
        report,
        measurement=Measurement(
            tuple(array(tensor.shape, numbers, values=values) for tensor in report.inputs),
            tuple(layer(one.number) for one in report.layers),
            "3.15.1",
            "2.21.0",
        ),
    )


def array(
    shape: tuple[int, ...], numbers: Iterator[int], *, values: bool = True, scale: float = 1
) -> Array:
    """Numbers between `-scale` and `scale`, other ones for every array."""
    first = 101 * next(numbers)
    size = prod(shape)
    data = [((first + at) * 37 % 199 - 99) / 100 * scale for at in range(size)]
    return Array(shape, "float32", np.array(data, "float32").reshape(shape) if values else None)


def nesting(returns: tuple[Nested, ...]) -> Places:
    places = count()

    def placed(one: Nested) -> Places:
        return next(places) if isinstance(one, Tensor) else [placed(part) for part in one]

    nested = [placed(one) for one in returns]
    return nested[0] if len(nested) == 1 else nested


class Tty(io.StringIO):
    """A terminal, as far as a program can tell."""

    def isatty(self) -> bool:
        return True


class Ascii(io.StringIO):
    """A stream that can write nothing but ASCII."""

    encoding = "ascii"


def answer(
    reports: Report | Sequence[Report],
    views: Collection[str] = (),
    *,
    columns: int = 80,
    form: Format = Format.TABLE,
    unicode: bool = True,
    query: Query | None = None,
    **variables: str,
) -> str:
    """The whole answer, as it is written to a file."""
    stream = io.StringIO() if unicode else Ascii()
    environment = Environment(None, stream, io.StringIO(), {"COLUMNS": str(columns), **variables})
    asked = (query or Query())._replace(views=frozenset(views), format=form)
    one = [reports] if isinstance(reports, Report) else reports
    AnswerWriter(asked, environment).finish(one)
    return stream.getvalue()
