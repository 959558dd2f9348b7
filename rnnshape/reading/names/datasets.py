"""`tf.data`, and the data sets that Keras makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from inspect import signature
from operator import attrgetter
from typing import Any, cast

from rnnshape.errors import QueryError, counted
from rnnshape.input_shapes import UNKNOWN_ENTRIES, UNREAD_ENTRIES
from rnnshape.nest import rebuilt, within
from rnnshape.reading.names.arrays import BATCH, Array
from rnnshape.reading.names.dtypes import OF_NUMBERS, TEXTS
from rnnshape.reading.names.of_numpy import NUMPY
from rnnshape.reading.names.of_tensorflow import as_data, as_tensor
from rnnshape.reading.names.ranges import known_range
from rnnshape.reading.names.session import opened, refused, session
from rnnshape.reading.names.sizes import differ, sizes_of
from rnnshape.reading.python import IsOpenError, Module, Open, StandIn, body_of
from rnnshape.reading.python.streams import Stream
from rnnshape.training.data import DataOrigin

LAST = "the last batch"
FEW = 4  # elements that are gone over one by one


class Dataset(StandIn):
    """Elements of one kind.

    Attributes:
        own_element: an element: an array, or several in a tuple or by name; open where it is not
            known.
        own_first: the first of them, of which more may be known; own_is_sure: whether it surely
            has as many samples, as there are enough.
        own_is_batched: whether each is a batch; own_varies: whether the last may be shorter.
        own_count: how many there are; None where that is not known.
    """

    own_what = "a data set"
    own_origin: DataOrigin = "tensorflow"
    own_is_batched, own_is_sure = False, True

    def __init__(
        self, element: Any, first: Any = None, varies: bool = False, count: Any = None
    ) -> None:
        self.own_element = as_data(element)
        self.own_first = self.own_element if first is None else as_data(first)
        self.own_varies, self.own_count = varies, count if type(count) is int else None

    @property
    def own_x(self) -> Any:
        """What a model takes of the first element."""
        return taken_apart(self.own_first)[0]

    def __len__(self) -> int:
        if self.own_count is None:
            raise IsOpenError(opened("the number of its elements"))
        return self.own_count

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Any:
        """A few are gone over as they are; of others the first is known, or what all are like."""
        some, many = self.own_of_some(), opened(BATCH)
        first, row = some.own_first, some.own_element
        if not self.own_is_sure:
            many.stands_for = BATCH
            first = row = resized(first, lambda shape: (many, *shape[1:]))
        elif 0 < (self.own_count or 0) <= FEW:
            return iter([*[first] * (cast(int, self.own_count) - 1), _last_of(row)])
        raise IsOpenError(replace(opened("data"), row=row, first=first))

    def batch(self, batch_size: Any, drop_remainder: Any = False, **_: Any) -> Dataset:
        """Of elements that vary TensorFlow makes batches only where they happen to be alike."""
        is_known = type(batch_size) is int and batch_size > 0 and self.own_count is not None
        many, left = divmod(self.own_count or 0, batch_size) if is_known else (None, None)
        like = self.own_element if self.own_varies else self.own_first
        size = min(batch_size, self.own_count) if is_known and self.own_count else batch_size
        first = resized(like, lambda shape: (size, *shape))
        made = Dataset(first, count=many)
        if drop_remainder is not True and left != 0:
            last = opened(LAST)
            last.stands_for = left
            element = resized(self.own_element, lambda shape: (last, *shape))
            made = Dataset(element, first, True, None if many is None else many + 1)
        elif left != 0:  # what is dropped may be the smallest or the largest
            made = made.own_of_some()
        made.own_is_batched = True
        made.own_is_sure = self.own_is_sure and (is_known or drop_remainder is True)
        return made

    def padded_batch(
        self, batch_size: Any, padded_shapes: Any = None, *_: Any, **named: Any
    ) -> Dataset:
        padded = resized(self.own_element, lambda shape: [opened("a padded size") for _ in shape])
        is_alike = padded_shapes is None and not self.own_varies
        return (self if is_alike else Dataset(padded)).batch(batch_size, **named)

    def unbatch(self) -> Dataset:
        return Dataset(resized(self.own_element, lambda shape: shape[1:]))

    def cache(self, *_: Any, **__: Any) -> Dataset:
        return self

    prefetch = with_options = cache

    def repeat(self, *_: Any, **__: Any) -> Dataset:
        return self.own_with(own_count=None)

    def take(self, count: Any, *_: Any, **__: Any) -> Dataset:
        made, many = self.own_of_some(), self.own_count if type(count) is int else None
        if many is not None and 0 <= count < many:  # -1 takes all
            made, many = made.own_without_last(), count
        return made.own_with(own_count=many)

    def shuffle(self, *_: Any, **__: Any) -> Dataset:
        """Of batches the last may come first, which may be shorter."""
        return self.own_with(own_is_sure=not self.own_varies)

    def skip(self, *_: Any, **__: Any) -> Dataset:
        return self.own_of_some().shuffle().repeat()

    filter = skip

    def window(
        self, size: Any, shift: Any = None, stride: Any = 1, drop_remainder: Any = False, **_: Any
    ) -> Dataset:
        """A data set of data sets, each of some elements."""
        many, element = size if drop_remainder is True else None, self.own_of_some().own_element
        return Dataset(rebuilt(element, lambda part: Dataset(part, count=many)))

    def flat_map(self, map_func: Any, *_: Any, **__: Any) -> Any:
        made = _mapped(map_func, self.own_element)
        return made.repeat() if isinstance(made, Dataset) else made

    def map(self, map_func: Any, *_: Any, **__: Any) -> Dataset:
        made = _as_numbers(self.own_element, _mapped(map_func, self.own_element))
        is_alike = self.own_first is self.own_element  # then it is followed once
        first = made if is_alike else _as_numbers(made, _mapped(map_func, self.own_first))
        return self.own_with(own_element=made, own_first=first)

    def own_of_some(self) -> Dataset:
        """Some of the elements, of which the smallest and the largest numbers are not known."""
        element = _without_range(self.own_element)
        is_alike = self.own_first is self.own_element
        first = element if is_alike else _without_range(self.own_first)
        return self.own_with(own_element=element, own_first=first)

    def own_without_last(self) -> Dataset:
        """Those before the last, which alone is shorter."""
        if not self.own_is_sure:
            return self
        return self.own_with(own_element=self.own_first, own_varies=False)

    def own_with(self, **changes: Any) -> Dataset:
        """The same, but for what is changed."""
        made = Dataset(self.own_element)
        vars(made).update(vars(self) | changes)
        return made


def _as_numbers(given: Any, made: Any) -> Any:
    """What TensorFlow makes of numbers alone is numbers, if it makes it."""
    kinds = {leaf.own_entries for leaf in within(given) if isinstance(leaf, Array)}
    for leaf in within(made) if kinds <= {*OF_NUMBERS} else ():
        if isinstance(leaf, Array) and leaf.own_dtype == UNKNOWN_ENTRIES:
            leaf.own_dtype = None
    return made


def _mapped(function: Any, element: Any) -> Any:
    given = element if isinstance(element, tuple) else (element,)
    if body_of(function) is not None and not isinstance(element, Open):
        try:
            signature(function).bind(*given)
        except TypeError:
            many = counted(len(given), "argument")
            message = f"a data set gives this function {many}, the parts of an element"
            raise refused(f'{message} (TensorFlow: "positional argument")') from None
    made = as_data(session().evaluator.really(function, *given))
    made = tuple(made) if isinstance(made, list) else made
    return _as_element(made) if isinstance(made, tuple | Open) else made


def _as_element(part: Any) -> Any:
    """One number of a window, `w[-1]`, is an element as others are; a list within becomes one."""
    if isinstance(part, tuple):
        return tuple(map(_as_element, part))
    if isinstance(part, dict):
        return {name: _as_element(value) for name, value in part.items()}
    if isinstance(part, list):
        parts = [*map(_as_element, part)]
        if not parts or not all(isinstance(one, Array) for one in parts):
            return parts if not any(isinstance(one, Open) for one in parts) else opened("a list")
        first, *others = parts
        if any(differ(first.shape, one.shape) for one in others):
            message = "of a list in what this function returns TensorFlow makes one tensor"
            words = '(TensorFlow: "is not convertible to a tensor")'
            raise refused(f"{message}, and these differ: return a tuple {words}")
        return as_tensor(Array((len(parts), *first.shape), dtype=first.own_dtype))
    if not (isinstance(part, Open) and part.is_number):
        return part
    kind = part.stands_for if isinstance(part.stands_for, str) else None
    return as_tensor(Array((), dtype=kind))


def taken_apart(batch: Any) -> tuple[Any, Any, Any]:
    """X, the labels and the weights of a batch; of one that is not known, neither of the first."""
    if isinstance(batch, Open):
        return batch, batch, None
    x, y, weights = (*(batch if isinstance(batch, tuple) else (batch,)), None, None, None)[:3]
    return x, y, weights


def refuse(message: str, words: str) -> None:
    session().problem(message, words=words, place=session().places().get(""), kind="data")


def resized(element: Any, change: Callable[[Any], Any]) -> Any:
    """The element with the shape of each array changed, which is a tensor then."""

    def made(array: Array) -> Any:
        found = Array(change(array.shape), dtype=_dtype_in_tensor(array.own_entries))
        found.own_range = None if array.own_is_written else array.own_range
        return as_tensor(found)

    return rebuilt(element, lambda leaf: made(leaf) if isinstance(leaf, Array) else leaf)


def _last_of(element: Any) -> Any:
    """The last element, of what all are like."""

    def exact(size: Any) -> Any:
        is_last = isinstance(size, Open) and size.label == LAST and size.stands_for is not None
        return size.stands_for if is_last else size

    return resized(element, lambda shape: [*map(exact, shape)])


def _without_range(element: Any) -> Any:
    made = resized(element, lambda shape: shape)
    for leaf in within(made):
        if isinstance(leaf, Array):
            leaf.own_range = None
    return made


def _dtype_in_tensor(kind: str | None) -> str | None:
    """Objects become text where all are that; TensorFlow takes no dates, and not all objects."""
    is_kept = kind in (*OF_NUMBERS, *TEXTS, UNREAD_ENTRIES)
    return kind if is_kept else UNKNOWN_ENTRIES


def _as_rows(arrays: Any) -> Any:
    """The rows of arrays, each alone."""

    def row(array: Any) -> Any:
        made = resized(array, lambda shape: shape[1:])
        if isinstance(array, Array) and isinstance(made, Array):
            made.own_range = known_range(array)
        return made

    return rebuilt(arrays, row)


def _as_arrays(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_as_arrays, value))
    if isinstance(value, dict):
        return {word: _as_arrays(part) for word, part in value.items()}
    if isinstance(value, Array | Open):
        return value
    try:
        sizes, made = sizes_of(value), NUMPY["array"](value)
        return made if isinstance(made, Array) else Array(sizes)
    except (QueryError, ValueError):  # of a list TensorFlow makes one tensor
        words = '(TensorFlow: "Can\'t convert non-rectangular")'
        raise refused(
            f"arrays of other shapes stand in a tuple, (X, y), not in a list {words}"
        ) from None


def _from_tensor_slices(tensors: Any, **_: Any) -> Dataset:
    tensors = as_data(tensors)
    arrays = _as_arrays(tensors)
    sizes = [leaf.shape[0] for leaf in within(arrays) if isinstance(leaf, Array) and leaf.shape]
    known = [*dict.fromkeys(size for size in sizes if isinstance(size, int))]
    if len(known) > 1:
        words = f'(TensorFlow: "Dimensions {known[0]} and {known[1]} are not compatible")'
        message = f"a data set takes as many entries of each array, and gets other numbers {words}"
        raise refused(message)
    return Dataset(_as_rows(arrays), count=next(iter(known), None))


def _zipped(*sets: Any, datasets: Any = None, **_: Any) -> Dataset:
    """`Dataset.zip((xs, ys))`, or as it is since TensorFlow 2.13: `Dataset.zip(xs, ys)`."""
    given = datasets or (sets[0] if len(sets) == 1 else sets)
    element, first = (rebuilt(given, attrgetter(f"own_{word}")) for word in ("element", "first"))
    parts = [*within(given)]
    counts = [part.own_count for part in parts]
    made = Dataset(
        element,
        first,
        any(part.own_varies for part in parts),
        None if None in counts else min(counts),
    )
    made.own_is_sure = all(part.own_is_sure for part in parts)
    are_as_many = len({*counts}) == 1 and None not in counts
    if are_as_many:
        return made
    return made.own_of_some().own_with(**{"own_count": None} if made.own_varies else {})


def specified(shape: Any = None, *_: Any, **__: Any) -> Any:
    """`tf.TensorSpec((None, 3), tf.float32)`"""
    if shape is None:
        return opened()
    return Array([opened("a size") if size is None else size for size in shape])


def _check_yielded(function: Any, expected: Any) -> None:
    """What a generator yields first is of the shapes that its signature says."""
    stream = session().evaluator.really(function)
    for element in stream.first(1) if isinstance(stream, Stream) else ():
        kinds = [type(part) for part in (element, expected)]
        if {*kinds} <= {list, tuple, dict} and kinds[0] is not kinds[1]:
            message = f"the generator yields a {kinds[0].__name__}, and its signature is a "
            refuse(f"{message}{kinds[1].__name__}", "did not match the expected structure")
            return
        for one, said in zip(within(element), within(expected), strict=False):
            are_known = isinstance(one, Array) and isinstance(said, Array)
            if are_known and differ(one.shape, said.shape):
                shapes = [str(part.shape).replace("a size", "None") for part in (one, said)]
                message = f"the generator yields {shapes[0]}, and its signature says {shapes[1]}"
                refuse(message, "where an element of shape")


def _from_generator(generator: Any, *given: Any, output_signature: Any = None, **named: Any) -> Any:
    if output_signature is not None:
        if "args" not in named:
            _check_yielded(generator, output_signature)
        return Dataset(output_signature)
    words = dict(zip(("output_types", "output_shapes"), given, strict=False)) | named
    types, shapes = words.get("output_types"), words.get("output_shapes")
    if types is None or isinstance(types, dict | Open) or shapes is None:
        return opened("data", "from_generator has no output_signature" * (shapes is None))
    parts = [specified(one) if isinstance(one, list | tuple) else opened() for one in shapes]
    return Dataset(tuple(parts)) if isinstance(types, tuple) else Dataset(specified(shapes))


def split_dataset(dataset: Any, *_: Any, **__: Any) -> Any:
    """Two data sets of the same elements, of which it is not known how many."""
    if isinstance(dataset, list | tuple | Array):
        arrays = _as_arrays(tuple(dataset) if isinstance(dataset, list) else dataset)
        dataset = Dataset(_as_rows(arrays))
    return [Dataset(dataset.own_of_some().own_element) for _ in range(2)]


def timeseries_dataset_from_array(
    data: Any, targets: Any, sequence_length: Any, *_: Any, batch_size: Any = 128, **named: Any
) -> Dataset:
    """Windows of a series, each with the target at its place; batched, where there is a size.
    Keras itself does not know how long they are, before the first is there."""
    many, *sample = sizes_of(data)
    if isinstance(many, int) and isinstance(sequence_length, int) and many < sequence_length:
        raise ValueError("there are fewer rows than a sequence has")
    for word in ("start_index", "end_index"):
        place = named.get(word)
        if isinstance(many, int) and isinstance(place, int) and place >= many:
            words = f"`{word}` must be lower than the length of the data"
            refuse(f"{word}={place} is no row of data that has {many}", words)
    labels = () if targets is None else (Array(sizes_of(targets)[1:]),)
    window, first = (Array((length, *sample)) for length in (opened("a length"), sequence_length))
    made = Dataset((window, *labels), (first, *labels)) if labels else Dataset(window, first)
    return made if batch_size is None else made.batch(batch_size)


def timeseries_generator(
    data: Any, targets: Any, length: Any, sampling_rate: Any = 1, *_: Any, **__: Any
) -> Dataset:
    """`TimeseriesGenerator`: batches of windows and of the targets after them."""
    windows = Array((-(-length // sampling_rate), *sizes_of(data)[1:]))
    return Dataset((windows, Array(sizes_of(targets)[1:]))).batch(128)


TF_DATA = Module("tensorflow.data", {
    "Dataset": Module("tensorflow.data.Dataset", {
        "from_tensor_slices": _from_tensor_slices,
        "from_tensors": lambda tensors, **_: Dataset(_as_arrays(tensors), count=1),
        "from_generator": _from_generator,
        "zip": _zipped,
    }),
    "AUTOTUNE": -1,
})  # fmt: skip
