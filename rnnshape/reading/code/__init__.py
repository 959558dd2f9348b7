"""Keras code, followed without running it: which layers it makes, and what it calls them with.

The reader knows plain values, layers and tensors; whatever else there is, is open, which means
that it depends on data, or unread. It is one class, a part of it in each module, and each part
stands on those before: `state`, `layers`, `models`, `functions`, `names`, `expressions` and
`statements`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rnnshape.expression import Source, Value
from rnnshape.network import Dimensions
from rnnshape.reading import Reading
from rnnshape.reading.code.statements import Statements

__all__ = ["LONGEST_CODE", "read_code", "read_sources"]

LONGEST_CODE = 400_000  # characters


def read_code(
    text: str,
    let: Mapping[str, Value],
    where: str = "",
    dimensions: Dimensions | None = None,
) -> Reading:
    """The networks that a text in Python makes.

    Args:
        text: the code.
        let: values of what it takes from data, by their names: `vocab_size`, `X_train.shape[2]`.
        where: the file that it is from.
        dimensions: the sizes that its inputs take from data.

    >>> reading = read_code("x = Input((5, 2)); y = LSTM(3)(x); m = Model(x, y)", {})
    >>> [(network.name, *network.layers) for network in reading.networks]
    [('m', <Call LSTM(3)>)]
    """
    line = f"{where}, line " if where else "line " if "\n" in text.strip() else ""
    return read_sources([Source(text, line, LONGEST_CODE)], let, dimensions)


def read_sources(
    sources: Iterable[Source], let: Mapping[str, Value], dimensions: Dimensions | None = None
) -> Reading:
    """The same of several texts, each of which knows the names of those before."""
    reader = Statements(let, dimensions or Dimensions())
    for source in sources:
        reader.read(source)
    networks = reader.networks()
    return Reading(tuple(networks), tuple(reader.messages), names_used=frozenset(reader.names_used))
