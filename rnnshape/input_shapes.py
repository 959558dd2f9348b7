"""The argument `input` of `inspect`: the shapes of what a network is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from operator import index
from typing import Any, TypeAlias

from rnnshape.chains import called_with_several
from rnnshape.description import describe, is_taken
from rnnshape.errors import QueryError, as_tuple, counted, did_you_mean, of_type, written
from rnnshape.expression import LARGEST, Unknown, unknowns_in
from rnnshape.network import Dimensions, Input, Network, Question, Size, kind_of_axis
from rnnshape.network_inputs import written_sizes
from rnnshape.training.data import OF_COLUMN, OF_TABLE, OF_TENSOR, Data, TrainingCall

Shape: TypeAlias = tuple[int | None, ...]
MOST_PARTS = 10_000  # of what may have no end
MOST_OF_LAYER = 100  # tensors that one layer is given: more are samples
UNKNOWN_ENTRIES = "unknown"  # the dtype of an array that may hold no numbers
UNREAD_ENTRIES = "unread"  # the same, of a file that is not read: as numbers it holds some
NO_NUMBERS = {  # NumPy's kinds of entries, and a size of them, of which Keras makes no numbers
    "O": "object",
    "U": "<U",
    "S": "bytes",
    "V": "void",
    "M": "datetime64",
    "m": "timedelta64",
    "f16": "float128",
}
OF_PANDAS_ALONE = ("Int", "UInt", "Float", "boolean")
OF_OTHERS = (
    *("string", "str", "object", "category", "datetime64", "timedelta64", "period"),
    *OF_PANDAS_ALONE,
)


def of_dataset(given: object, target: object) -> tuple[object, object]:
    """The input and the target, where a `tf.data.Dataset` is given: what its elements are said to
    be, as to read it could take for ever."""
    of_target = getattr(target, "element_spec", None)
    if of_target is not None:
        target = of_target[1] if isinstance(of_target, tuple) and of_target[1:] else of_target
    elements = getattr(given, "element_spec", None)
    if elements is None:
        return given, target
    source, *others = elements if isinstance(elements, tuple) else (elements,)
    return source, others[0] if target is None and others else target


def data_of(given: object, what: str = "input") -> list[Data]:
    """What is given, each array by itself; of a shape that is all that is known."""
    return [
        Data("", shape_of(one, what), dtype_of(one), *range_of(one), as_rows=_as_rows(one))
        for one in _arrays(given, what)
    ]


def in_order(
    names: Sequence[str], given: object, data: Sequence[Data], what: str = "input"
) -> tuple[Data, ...]:
    """The arrays that are given, as X and X1 or as y; of a dictionary in the order of the names."""
    if isinstance(given, Mapping) and not len(names) == 1 == len(given):
        known = dict(zip(given, data, strict=True))
        lacking = [name for name in names if what == "input" and name not in known]
        is_even = len({one.shape[0] for one in data if one.shape}) < 2
        for name in known:
            if name not in names and (what != "input" or lacking or not is_even):
                hint = did_you_mean(str(name), names) or f": there are {', '.join(names)}"
                raise QueryError(f"no {what} is named {name!r}{hint}")
        if lacking:
            raise QueryError(f'input: give {lacking[0]}, too (Keras: "Missing data for input")')
        data = [known[name] for name in names if name in known]
    letter = "X" if what == "input" else "y"
    return tuple(replace(one, name=f"{letter}{n or ''}") for n, one in enumerate(data))


def _arrays(given: object, what: str) -> list[object]:
    """What is given, each by itself; sizes are the shape of one."""
    if isinstance(given, Mapping):
        return [*given.values()]
    parts = [] if hasattr(given, "shape") else _parts(given, given, what)
    are_each = (isinstance(one, list | tuple) or getattr(one, "shape", ()) != () for one in parts)
    return parts if parts and all(are_each) else [given]


def dtype_of(given: Any) -> str | None:
    """What an array, a tensor or a table holds in place of numbers; None where it holds numbers."""
    if hasattr(given, "__array_interface__"):
        return dtype_written(given.dtype.str)
    if type(given).__name__ == "Categorical":  # of which Keras makes an array
        return dtype_of(given.categories)
    if type(given).__name__ != "DataFrame":
        kind = _of_others(getattr(given, "dtype", None))
        is_kept = type(given).__name__ == "Series"  # of other arrays of pandas Keras makes NumPy's
        return None if kind in OF_PANDAS_ALONE and not is_kept else kind
    kinds = {*map(_of_others, given.dtypes)}
    if own := next((kind for kind in OF_PANDAS_ALONE if kind in kinds), None):
        return own  # also beside columns of NumPy's numbers
    if len(kinds) > 1:  # among columns of numbers Keras takes what can be made a number
        with suppress(TypeError, ValueError):
            given.iloc[:1].astype("float32")
            return None
    return "mixed" if len(kinds) > 1 else next(iter(kinds), None)


def is_table(given: object) -> bool:
    """Whether it is pandas', of which `X[..., None]` makes no array."""
    return type(given).__name__ in ("DataFrame", "Series")


def _as_rows(given: object) -> str:
    """What makes an array of rows of it, where it is pandas', or a tensor."""
    kinds = {"DataFrame": OF_TABLE, "Series": OF_COLUMN, "EagerTensor": OF_TENSOR}
    return kinds.get(type(given).__name__, "")


def range_of(given: Any) -> tuple[int | None, int | None]:
    """The smallest of an array's whole numbers, and one more than the largest.

    >>> import numpy
    >>> range_of(numpy.array([[3, 1], [7, 2]])), range_of(numpy.zeros(3)), range_of((8, 5, 2))
    ((1, 8), (None, None), (None, None))
    """
    kind = str(getattr(getattr(given, "dtype", None), "name", ""))  # of pandas or TensorFlow, too
    is_whole = kind.startswith(("int", "uint")) or is_table(given)
    if not (is_whole and hasattr(given, "__array__")) or 0 in given.shape:
        return None, None
    import numpy

    array = numpy.asarray(given)
    if array.dtype.kind not in "iu":  # of the columns of a table
        return None, None
    return int(array.min()), int(array.max()) + 1


def _of_others(dtype: object) -> str | None:
    """The same of a dtype of pandas or TensorFlow."""
    name = getattr(dtype, "name", "")
    return next((kind for kind in OF_OTHERS if name.startswith(kind)), None)


def dtype_written(code: object) -> str | None:
    """The same of a dtype as NumPy writes it; of a structured one that is a list.

    >>> dtype_written("<f4"), dtype_written("<U3"), dtype_written([("a", "<f4")])
    (None, '<U', 'void')
    """
    kind = code[1:] if isinstance(code, str) else "V"
    return NO_NUMBERS.get(kind[:1]) or NO_NUMBERS.get(kind)


def shape_of(given: object, what: str = "input") -> Shape:
    sizes = _parts(given, getattr(given, "shape", given), what)
    if len(sizes) == 1 and type(given).__name__ == "Series":
        sizes.append(1)  # of a column of pandas Keras makes a table
    if not sizes:
        raise QueryError(
            f"{what}=(): give the batch at least, such as (batch, timesteps, features)"
        )
    return tuple(_size(size, sizes, what) for size in sizes)


def _size(size: object, sizes: Sequence[object], what: str) -> int | None:
    if size is None:
        return None
    if isinstance(size, list | tuple):
        raise QueryError(f"{what} is lists in lists: give an array, such as np.array({what})")
    try:
        number = index(size)  # type: ignore[arg-type]
    except TypeError:
        number = 0
    if isinstance(size, bool) or not 1 <= number <= LARGEST:
        shown = as_tuple(map(written, sizes))
        raise QueryError(f"{what}={shown}: give whole numbers, 1 or more, or None")
    return number


def _parts(given: object, shape: object, what: str) -> list[object]:
    """What the shape of something that is given consists of."""
    if isinstance(shape, str | bytes | Set) or not isinstance(shape, Iterable):
        raise TypeError(
            f"{what} is {of_type(given)}: give a shape, such as (batch, timesteps, features), "
            "or data that has one"
        )
    if hasattr(shape, "__next__") or hasattr(type(shape), "num_batches"):  # or a PyDataset
        raise TypeError(
            f"{what} is {of_type(given)}, which is not read: give one batch, as in next(iter(data))"
        )
    try:
        return list(islice(shape, MOST_PARTS))
    except ValueError:  # a TensorShape of unknown rank
        raise QueryError(f"{what}: its shape is not known") from None


def likely_dimensions(shapes: Sequence[Shape] | None) -> Dimensions:
    """What a first input says of the sizes that code takes from data."""
    if not shapes:
        return Dimensions()
    batch, *others = shapes[0]
    return Dimensions(
        batch,
        others[0] if len(others) > 1 else None,
        others[-1] if others else None,
        others[1] if len(others) > 2 else None,
    )


def with_input(question: Question, shapes: Sequence[Shape]) -> Question:
    """The question, given something of these shapes; a `QueryError` where they don't fit."""
    network = question.network
    is_open_layer = network.is_chain and network.inputs[0].shape is None
    if 1 < len(shapes) <= MOST_OF_LAYER and is_open_layer and len(network.steps) == 1:
        network = called_with_several(network.steps[0].layer, len(shapes))
    if len(shapes) == len(network.given):
        beside = network.inputs[len(shapes) :]
        shapes = [*shapes, *(_of_data(one, shapes) for one in beside)]
    if len(shapes) != len(network.inputs):
        names = ", ".join(tensor.name for tensor in network.inputs)
        raise QueryError(
            f"input: {counted(len(shapes), 'shape')} for {counted(len(network.inputs), 'input')}"
            f" ({names}): give one for each, in a list"
        )
    # Where the sizes alone say it all, the question stays as it is written.
    filled, dimensions = network, dimensions_of(network, shapes)
    if dimensions is None:
        filled = network.with_shapes(map(_filled, network.inputs, shapes))
        dimensions = likely_dimensions(shapes)
    found = replace(question, network=filled, dimensions=dimensions)
    _check_batch_is_first(network, shapes, found)
    return found


def _of_data(source: Input, shapes: Sequence[Shape]) -> Shape:
    """The shape of data beside a model's inputs, in batches of what these are given."""
    if source.shape == ():
        return ()
    batch, *others = source.shape if isinstance(source.shape, tuple) else (None,)
    sizes = (size if isinstance(size, int) else None for size in others)
    return batch if isinstance(batch, int) else next(iter(shapes[0]), None), *sizes


def as_predict(question: Question, x: Sequence[Data]) -> Question:
    """The question, given these arrays, where `predict` takes them: of another batch than is
    written, with a last axis of 1 or without it, of another length."""
    shapes = [one.shape or () for one in x]
    try:
        return with_input(question, shapes)
    except QueryError:
        from rnnshape.fitting import problems_of_calls  # few questions need it
        from rnnshape.ports import shape_taken

        network = question.network
        is_known = len(network.inputs) == len(shapes) and all(
            isinstance(one.shape, tuple) for one in network.inputs
        )
        asked = replace(question, calls=(TrainingCall("predict", tuple(x)),))
        if not is_known or problems_of_calls(asked, describe(network, question.dimensions)):
            raise
        taken = [shape_taken(network, number, shape) for number, shape in enumerate(shapes)]
        return with_input(replace(question, network=network.with_shapes(taken)), taken)


def as_far_as_taken(question: Question, shapes: Sequence[Shape]) -> Question:
    """The question with data of these shapes, where the network takes it; where not, the call that
    gives it tells what is wrong."""
    with suppress(QueryError):
        found = with_input(question, shapes)
        if is_taken(found.network, found.dimensions):
            return found
    return question


def _check_fits(source: Input, shape: Shape) -> None:
    if source.shape is None or isinstance(source.shape, Unknown):
        return
    sizes = zip(source.shape, shape, strict=False)
    if len(source.shape) != len(shape) or any(
        isinstance(said, int) and size is not None and said != size for said, size in sizes
    ):
        raise QueryError(
            f"input={shape} does not fit: the network says that {source.name} is {source.shape}"
        )


def _filled(source: Input, shape: Shape) -> tuple[Size, ...]:
    """What is given, and where that is open, what was said before."""
    said = source.shape if isinstance(source.shape, tuple) else (None,) * len(shape)
    return tuple(size or before for size, before in zip(shape, said, strict=True))


def dimensions_of(network: Network, shapes: Sequence[Shape]) -> Dimensions | None:
    """The sizes that make the network's open inputs these shapes; None if no such sizes do. A
    `QueryError` where an input says another size."""
    if len(shapes) != len(network.inputs):
        return None
    for tensor, shape in zip(network.inputs, shapes, strict=True):
        _check_fits(tensor, shape)
    pairs: list[tuple[str, int]] = []
    for number, (tensor, shape) in enumerate(zip(network.inputs, shapes, strict=True)):
        if isinstance(tensor.shape, Unknown) or next(unknowns_in(tensor.shape), None):
            return None
        said = written_sizes(network, number)
        if len(said) != len(shape) or (tensor.shape is None and None in shape[1:]):
            return None
        pairs += [
            (axis, size)
            for (axis, before), size in zip(said, shape, strict=True)
            if before is None and size is not None
        ]
    dimensions = Dimensions(**{kind_of_axis(axis): size for axis, size in pairs})
    return dimensions if all(dimensions[axis] == size for axis, size in pairs) else None


def _check_batch_is_first(network: Network, shapes: Sequence[Shape], question: Question) -> None:
    """A shape without its batch is the commonest slip: where it alone is wrong, that is said."""
    are_told = any(tensor.shape is not None for tensor in network.inputs)
    is_other = len({shape[:1] for shape in shapes}) > 1  # of several these are the samples
    if are_told or is_other or is_taken(question.network, question.dimensions):
        return
    if is_taken(network.with_shapes((None, *shape) for shape in shapes)):
        sizes = ", ".join(map(str, shapes[0]))
        raise QueryError(
            f"input={shapes[0]}: the batch comes first, as in (batch, {sizes}), and the features "
            f"last, as in ({sizes}, 1): X[..., None]; of a table X.to_numpy()[..., None]"
        )
