"""The functions that entries of the table name. One that returns None has nothing to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rnnshape.explaining import data, labels, names, operations
from rnnshape.explaining.messages import Advice, Said

__all__ = ["FUNCTIONS"]

FUNCTIONS: Mapping[str, Callable[[Said], Advice | None]] = {
    function.__name__: function
    for function in (
        data.axis,
        data.checked,
        data.embedding,
        data.fit,
        data.number_of_arrays,
        data.number_of_tensors,
        data.rank,
        data.reshape,
        labels.first_dimension,
        labels.outside,
        labels.pair,
        labels.to_categorical,
        labels.y_and_output,
        names.arguments,
        names.attribute,
        names.missing_argument,
        names.name,
        operations.inner_product,
        operations.joined,
        operations.negative,
        operations.unequal,
    )
}
