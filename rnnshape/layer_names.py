"""The names that Keras gives to layers which have none: `lstm`, `lstm_1`, `bidirectional`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from rnnshape.errors import printable
from rnnshape.expression import Call, calls_within
from rnnshape.network import Network, Ref
from rnnshape.signatures import module_of, snake_case

# What attention makes of its own once it is called: Keras counts these, too.
MADE_WITHIN = dict.fromkeys(("MultiHeadAttention", "GroupQueryAttention"), ("Softmax", "Dropout"))


def class_of(call: Call) -> str:
    """The class of a layer, or of one of Keras' operations: `"LSTM"`, `"GetItem"`."""
    if module_of(call.name) == "ops":
        return "".join(word.capitalize() for word in call.name.split("_"))
    return call.name.partition("(")[0]


def names_by_keras(network: Network) -> list[str]:
    """The name of each layer, counted as Keras counts them in a new session; empty where it is not
    known.

    >>> from rnnshape.chains import chain
    >>> from rnnshape.reading import parse
    >>> layers = ["Bidirectional(LSTM(3, return_sequences=True))", "LSTM(3)", "Dense(1)"]
    >>> names_by_keras(chain([parse(layer) for layer in layers]))
    ['bidirectional', 'lstm_1', 'dense']
    """
    counts, names = Counter[str](), list[str]()
    for step in network.steps:
        name = step.name if step.same_as is None else names[step.same_as - 1]
        made = () if name or name is None else [*calls_within(step.layer)]
        for call in reversed(made):  # what is inside is made first
            given, word = call["name"], snake_case(call.name)
            if isinstance(given, str):
                name = printable(given)
            elif module_of(call.name) in ("layers", None):
                name = f"{word}_{counts[word]}" if counts[word] else word
                counts[word] += 1
            counts.update(map(snake_case, MADE_WITHIN.get(call.name, ())))
        names.append("" if name is None else name or step.layer.name)
    return names


def name_unless_open(call: Call) -> str | None:
    """Of a layer that has no name yet: None where the code says none, and nobody knows how many
    Keras has counted before it."""
    return None if module_of(call.name) == "layers" and call["name"] is None else ""


def not_of_a_graph(names: Iterable[str], what: str = "layer") -> tuple[str, str] | None:
    """What is said of the first name that TensorFlow takes for nothing in a graph, with Keras'
    words, and one that it takes; the name of a model begins with a letter or a number."""
    first = "[A-Za-z0-9.]" if what == "model" else ""
    for name in filter(None, names):
        takes = re.compile(rf"{first}[A-Za-z0-9_./>-]*")
        if not takes.fullmatch(name):
            write = re.sub(r"\W", "_", name, flags=re.ASCII)
            write = (write.lstrip("_") if first else write) if write.strip("_") else what
            words = f"is not a valid {'root ' * bool(first)}scope name"
            if takes.fullmatch(name.replace("\\", "_")):  # as TensorFlow says it later
                words = "contains invalid characters"
            message = f"no {what} of the name {name!r}: write {write!r}"
            return f'{message} (Keras: "{words}")', repr(write)
    return None


def names_of_outputs(network: Network, count: int) -> list[tuple[str, Ref]]:
    """The outputs of a model of a network, by the names of their layers, or of the models in it
    that return them; where it names none, these are all that the last layer returns, of which the
    number is given."""
    counted = zip(network.steps, names_by_keras(network), strict=True)
    names = [step.group.partition("/")[0] or name for step, name in counted]
    refs = network.returned(count)
    inputs = [tensor.name for tensor in network.inputs]
    return [(names[ref.step - 1] if ref.step else inputs[ref.output], ref) for ref in refs]
