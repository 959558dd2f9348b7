"""NumPy itself, asked what it makes of arrays of which at most the shape is known."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import starmap
from operator import attrgetter
from typing import Any, NamedTuple

from rnnshape.input_shapes import UNKNOWN_ENTRIES, UNREAD_ENTRIES
from rnnshape.nest import rebuilt, within
from rnnshape.reading.names.arrays import BATCH, MOST_VALUES, Array
from rnnshape.reading.names.dtypes import CODES, are_whole, dtype_of, together
from rnnshape.reading.names.ranges import moved
from rnnshape.reading.names.session import opened, refused
from rnnshape.reading.names.sizes import SIZE_OF_TABLE, NumPyFloat, NumPyNumber, of_numpy
from rnnshape.reading.python import IsOpenError, Open, is_of_code, opens_in, own

TOO_LARGE = "it is too large to be read"
MOST_NUMBERS = 20_000_000  # of a call, each a byte
MOST_PRODUCTS = 1_000_000_000  # of `convolve`
MANY_NUMBERS = 1_000_000  # of an array that is cut: of more all are one
NUMPY_TAKES = (
    bool, int, float, complex, str, bytes, range, slice, type(None), type(...),
    NumPyNumber, NumPyFloat,
)  # fmt: skip
# From which place on a function may be given the array that it writes to.
OUT_FROM = {
    "clip": 3,
    **dict.fromkeys((
        "add", "arctan2", "cumprod", "cumsum", "divide", "isclose", "logical_and", "logical_or",
        "maximum", "minimum", "mod", "multiply", "nanmax", "nanmean", "nanmedian", "nanmin",
        "nanstd", "nansum", "outer", "percentile", "power", "prod", "ptp", "quantile", "round",
        "subtract", "take", "trace", "var"), 2),
}  # fmt: skip
VIEWS = {  # which show the memory of the array that they are given
    "array_split", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "broadcast_to",
    "diagonal", "dsplit", "flip", "fliplr", "flipud", "hsplit", "moveaxis", "rollaxis", "rot90",
    "lib.stride_tricks.sliding_window_view", "split", "swapaxes", "vsplit",
}  # fmt: skip
CUTTING = {  # the numbers that they are given say which are left: of fewer than these another part
    "array_split", "convolve", "delete", "diag", "diagonal", "diff", "dsplit", "hsplit", "insert",
    "ndarray.__getitem__", "split", "vsplit",
}  # fmt: skip
OF_SHAPES = re.compile(
    r"shape|dimension|ax[ie]s|broadcast|size|length|align|rank|element|division|-d\b|empty"
)
# Whose numbers are those of the first that they are given, or of several.
MOVING = {
    **dict.fromkeys(VIEWS, slice(1)),
    **dict.fromkeys((
        "column_stack", "delete", "dstack", "hstack", "ndarray.__getitem__", "pad", "repeat",
        "resize", "roll", "sort", "take", "take_along_axis", "tile", "unique", "vstack"), slice(1)),
    "append": slice(2), "insert": slice(0, 3, 2),
}  # fmt: skip
# What is joined may be numbers.
JOINING = ("append", "column_stack", "concatenate", "hstack", "vstack")
BY_NUMBERS = ("bincount", "setdiff1d")  # how much they make depends on all numbers
# The step between lengths in the place of a long one, with which half a length grows evenly, too;
# how many such steps are tried at once; and how many long ones are replaced.
GAP, FAR, MOST_LONG = 210, 3, 4
# In the place of what is not known: a size, and numbers, of which no two rows are likely equal.
SIZES = (13, 17)
NUMBERS = ((0,), (1, 0, 2, *(n * n % 101 % 3 for n in range(98))))


def by_numpy(name: str) -> Callable[..., Any]:
    """The function of a name, for arrays of which not all is known.

    It is called twice, with other sizes and numbers in the place of what is not known: what then
    differs follows from that, and is not known either. Short lengths stand for long ones as long as
    what it makes grows evenly with each.
    """

    def made(*given: Any, **named: Any) -> Any:
        named.pop("dtype", None)
        if name in JOINING:
            given = rebuilt(given, _as_number)
        parts = [*given, *named.values()]
        for found in (batches := [*opens_in(parts)]):
            if found.stands_for != BATCH:
                raise IsOpenError(found)
        leaves = _leaves_of(parts)
        lengths = _sizes_for(name, leaves)
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # more can't be started here
        import numpy

        function = attrgetter(name)(numpy)
        arrays = [leaf for leaf in within(parts) if isinstance(leaf, Array)]
        is_known = all(array.own_values for array in arrays) and not batches
        whole = are_whole(within(parts), or_flags=True)
        if name in BY_NUMBERS and not is_known:
            return Array([opened("a length")])
        sizes = [*opens_in([array.shape for array in arrays])]
        tries = [(lengths, short) for short in _in_place_of_long(name, leaves)]
        if name in CUTTING and sizes:  # there may be fewer than what it cuts at
            has_one = any(size.stands_for in (BATCH, SIZE_OF_TABLE) for size in sizes)
            tries.insert(0, ((int(has_one), lengths[1]), {}))
        for lengths, short in tries:
            _check_is_small(name, leaves, lengths[1], short)
            runs = [*zip(lengths, NUMBERS, [short] * 2, strict=True)][is_known:]
            runs += [(*runs[0][:2], longer) for longer in _longer(short)]
            results, why = _run(function, name, (given, named), runs)
            if why is None:
                said = _Compared(_batch_among(batches, sizes), lengths, short, whole)
                with suppress(_UnevenError):
                    found = _kept(results[0]) if is_known else said.array(*results)
                    break
        if why is not None:  # perhaps because of what is not known
            is_of_numbers = not is_known and not OF_SHAPES.search(str(why))  # that nobody has
            if sizes or results or is_of_numbers:
                raise IsOpenError(sizes[0] if sizes else opened("data"))
            raise refused(str(why)) if type(why) is ValueError else why
        note_out(given, OUT_FROM.get(name))
        if name in VIEWS:
            _show(arrays, [leaf for leaf in within(found) if isinstance(leaf, Array)])
        if name in MOVING:
            values = [*within([*given[MOVING[name]]])]
            leaves = [leaf for leaf in within(found) if isinstance(leaf, Array)]
            for leaf in leaves[:1] if name == "unique" else leaves:
                moved(values, leaf)
        unknown = {array.own_entries for array in arrays} & {UNKNOWN_ENTRIES, UNREAD_ENTRIES}
        if unknown and name in ("hstack", "vstack") and own(given[0], "ndim") == 1:
            raise IsOpenError(opened("data"))  # each may be an array
        for leaf in within(found) if unknown else ():
            if own(leaf, "own_dtype") == "object":
                leaf.own_dtype = together(unknown)
        return found

    return made


def _as_number(value: object) -> object:
    return Array(()) if isinstance(value, Open) and value.is_number else value


def _run(
    function: Callable[..., Any], name: str, given: Any, runs: Sequence[Any]
) -> tuple[list[Any], Exception | None]:
    """What a function makes in each run, and what it raises, if it does."""
    many, results = MANY_NUMBERS if name in CUTTING else MOST_NUMBERS, list[Any]()
    why: Exception | None = None
    for run in runs:
        try:
            values, named = (_filled(part, *run, many=many) for part in given)
            results.append(function(*values, **named))
        except MemoryError:
            raise IsOpenError(opened("data", TOO_LARGE)) from None
        except (ValueError, TypeError, IndexError, ArithmeticError) as wrong:
            why = wrong
    return results, why


def note_out(given: Sequence[Any], first: int | None) -> None:
    """`np.mod(y, 3, y)` writes to what stands behind its operands, from the `first` place on."""
    for part in () if first is None else given[first:]:
        if isinstance(part, Array):
            part.fill()


def _show(arrays: Sequence[Array], made: Sequence[Array]) -> None:
    """Each of several shows one of the arrays, all parts of one array show it. It may have an entry
    several times, so that of random numbers their range is not known."""
    shown = arrays if len(arrays) > 1 else [*arrays] * len(made)
    for view, array in zip(made, shown, strict=False):
        view.own_show(array)
        view.own_bounds, view.own_is_predicted = (0, 0), False


def _leaves_of(parts: list[Any]) -> list[Any]:
    """What a call is given, in lists and dictionaries, too. Raises where one is an object, which
    NumPy asks where its memory is."""
    leaves, waiting = list[Any](), [*parts]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list | tuple | dict) and not is_of_code(type(part)):
            waiting += [*part, *part.values()] if isinstance(part, dict) else part
        elif isinstance(part, slice):
            waiting += (part.start, part.stop, part.step)
        elif type(part) in NUMPY_TAKES or isinstance(part, Array | Open):
            leaves.append(part)
        else:
            raise IsOpenError(opened("data"))
    return leaves


def _sizes_for(name: str, leaves: Sequence[Any]) -> tuple[int, int]:
    """Two sizes in the place of what is not known; of what cuts, beyond all that the call gives."""
    if name not in CUTTING:
        return SIZES
    shapes = (leaf.shape for leaf in leaves if isinstance(leaf, Array))
    lengths = (shape[0] for shape in shapes if len(shape) == 1 and type(shape[0]) is int)
    values = (abs(n) for leaf in leaves for n in own(leaf, "own_values", ()) if type(n) is int)
    beyond = 2 * max(_largest(leaves), *values, *lengths, 0)
    return SIZES[0] + beyond, SIZES[1] + 2 * beyond


def _in_place_of_long(name: str, leaves: Sequence[Any]) -> list[dict[int, int]]:
    """Short lengths in the place of long ones, in the same order and above all others, as it says
    how what a function makes grows with these; and, as it may not grow evenly, none."""
    arrays = [leaf for leaf in leaves if isinstance(leaf, Array)]
    known = {n for array in arrays if array.own_values for n in array.shape}
    sizes = {n for array in arrays for n in array.shape if type(n) is int}
    kept, short = max(_largest(leaves), *known, 1), dict[int, int]()
    for length in sorted(sizes - known):
        place = 64 + 2 * kept + len(short) * (FAR + 1) * GAP
        if length > place + (FAR + 1) * GAP:
            short[length] = place + (length - place) % GAP
        else:
            kept = length
    is_even = 0 < len(short) <= MOST_LONG and all(kept < length for length in short)
    return [short, {}] if is_even and name not in CUTTING else [{}]


def _longer(short: dict[int, int]) -> Iterator[dict[int, int]]:
    """Each of them longer alone; and all, more so: these say whether it grows with each evenly."""
    yield from (short | {length: short[length] + GAP} for length in short)
    if short:
        yield {length: least + FAR * GAP for length, least in short.items()}


def _largest(leaves: Sequence[Any]) -> int:
    return max((abs(leaf) for leaf in leaves if isinstance(leaf, int)), default=1)


def _check_is_small(name: str, leaves: Sequence[Any], unknown: int, short: dict[int, int]) -> None:
    """Raises where a call may make more than is worth its while, with a size for each unknown."""
    shapes = [leaf.shape for leaf in leaves if isinstance(leaf, Array)]
    lengths = {length: least + FAR * GAP for length, least in short.items()}
    counts = [math.prod(unknown if isinstance(size, Open) else lengths.get(size, size)
                        for size in shape) for shape in shapes]  # fmt: skip
    # What cuts makes no more than it is given; `diff` goes over all as often as it is told.
    times = 1 if name in CUTTING and name != "diff" else max(1, _largest(leaves))
    listed = sum(isinstance(leaf, int | float) for leaf in leaves)
    products = max(counts, default=0) * min([*counts, *filter(None, [listed])], default=0)
    is_large = max(sum(counts), len(leaves)) * times > MOST_NUMBERS
    if is_large or (name == "convolve" and products > MOST_PRODUCTS):
        raise IsOpenError(opened("data", TOO_LARGE))


def _filled(
    value: Any, size: int, numbers: tuple[int, ...], short: dict[int, int], *, many: int
) -> Any:
    """The same with arrays of NumPy, of which those of more than so `many` numbers take no room."""
    import numpy

    def filled(leaf: Any) -> Any:
        if isinstance(leaf, Open):
            return size
        if not isinstance(leaf, Array):
            return leaf
        if leaf.own_values and leaf.own_dtype not in CODES:
            return numpy.array(leaf.own_values).reshape(leaf.shape)
        shape = [size if isinstance(n, Open) else short.get(n, n) for n in leaf.shape]
        kind = CODES.get(leaf.own_entries or "", "i1")
        if (count := math.prod(shape)) > many:
            return numpy.broadcast_to(numpy.array(numbers[0]).astype(kind), shape)
        few = numpy.array(leaf.own_values or numbers).astype(kind)
        times = -(-count // few.size)  # `resize` is slow: it joins one after the other
        return numpy.tile(few, times)[:count].reshape(shape)

    return rebuilt(value, filled)


def _kept(result: Any) -> Any:
    """A result that is known, with its numbers where they are few."""
    if isinstance(result, list | tuple):
        return _of_kind(result, map(_kept, result))
    if not getattr(result, "ndim", 0):
        return of_numpy(result.item() if hasattr(result, "item") else result)
    is_small = result.dtype.kind in "iuf" and result.size <= MOST_VALUES
    numbers = tuple(result.ravel().tolist()) if is_small else ()
    return Array(result.shape, numbers, _entries(result, not numbers))


def _of_kind(several: Sequence[Any], parts: Iterable[Any]) -> Sequence[Any]:
    return [*parts] if isinstance(several, list) else tuple(parts)


class _UnevenError(Exception):
    """What a function makes does not grow by as much with each step of a length."""


class _Compared(NamedTuple):
    """What results say in common that a function makes of other sizes and numbers in the place of
    what is not known.

    Attributes:
        batch: what stands for the batch; lengths: those that it had in the first two results.
        short: the lengths that stood in the place of long ones, of which each later result had
            another longer by `GAP`.
        whole: whether NumPy was given whole numbers alone.
    """

    batch: Open | None
    lengths: tuple[int, int]
    short: dict[int, int]
    whole: bool

    def array(self, *results: Any) -> Any:
        """Arrays of the sizes that follow; open where results are not alike."""
        if isinstance(results[0], list | tuple):
            if len({*map(len, results)}) > 1:
                return self._unlike()
            return _of_kind(results[0], starmap(self.array, zip(*results, strict=True)))
        ranks = {getattr(one, "ndim", 0) for one in results}
        if len(ranks) > 1:
            return self._unlike()
        if ranks == {0}:
            return replace(opened("a number from data"), is_number=True)
        sizes = map(self._size, *(one.shape for one in results))
        return Array([*sizes], dtype=_entries(results[0], self.whole))

    def _unlike(self) -> Open:
        if self.short:
            raise _UnevenError
        return opened("data")

    def _size(self, one: int, other: int, *of_longer: int) -> Any:
        if one != other:
            is_batch = self.batch is not None and (one, other) == self.lengths
            return self.batch if is_batch else opened("a length")
        *each, far = of_longer or (one,)
        pairs = [*zip(self.short.items(), each, strict=True)]
        if one + FAR * sum(longer - one for longer in each) != far:
            raise _UnevenError
        return one + sum(
            (longer - one) * (length - short) // GAP for (length, short), longer in pairs
        )


def _batch_among(batches: Sequence[Open], sizes: Sequence[Open]) -> Open | None:
    """The batch, where nothing else is open."""
    are_alone = all(one.stands_for == BATCH for one in sizes)
    return next(iter([*batches, *sizes]), None) if are_alone else None


def _entries(result: Any, whole: bool) -> str | None:
    return "int64" if whole and result.dtype.kind in "iu" else dtype_of(result.dtype.str)
