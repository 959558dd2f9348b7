"""What is known of a model, of the data and of a call that trains: plain data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import floor
from typing import Any, Literal, NamedTuple, TypeAlias

from rnnshape.errors import Problem, as_tuple, printable
from rnnshape.expression import Unknown

Size: TypeAlias = int | None  # None: not known
Sizes: TypeAlias = tuple[Size, ...]
# The shape of an output of which not even the rank is known: this very object.
UNKNOWN: Sizes = (None,)
Kind: TypeAlias = Literal["data", "labels", "samples"]
DataOrigin: TypeAlias = Literal["tensorflow", "generator", "code"]
Method: TypeAlias = Literal[
    "fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch", "__call__"
]
USUAL_BATCH = 32  # samples, as Keras has it where no batch size is given
BATCHED = ("fit", "evaluate", "predict")
WITHOUT_LABELS = ("predict", "predict_on_batch", "__call__")


# What makes an array of rows of pandas' tables and columns, and of a tensor.
OF_TABLE, OF_COLUMN, OF_TENSOR = ".to_numpy()", ".to_frame().to_numpy()", ".numpy()"


@dataclass(frozen=True, slots=True)
class Data:
    """An array that is given to a model.

    Attributes:
        name: as the code calls it: `"X"`.
        shape: its sizes, the samples first; None where even their number is not known.
        dtype: its kind of entries, as NumPy writes it; of a list `"list"`, or `"list of text"`;
            `UNKNOWN_ENTRIES` where it may hold no numbers.
        values_from, values_below: the smallest of its whole numbers, and one more than the largest;
            of random ones, some are surely that small and that large.
        drawn_below: one more than the largest that random numbers may be.
        unknown: what its shape follows from, where not all of it is known.
        known_at_run: whether TensorFlow knows all of its sizes only when a batch is there.
        of: the data set of which it is an element; is_batched: whether that surely is a batch.
        is_one_hot: whether its last axis is that of several classes, however many these are.
        as_rows: what makes an array of it where it is pandas', of which `X[..., None]` is none, or
            a tensor, which has no `argmax`.
        origin: what the data set is: of `tf.data`, a generator, or a class of the code's own.
    """

    name: str
    shape: Sizes | None
    dtype: str | None = None
    values_from: int | None = None
    values_below: int | None = None
    of: str = ""
    as_rows: str = ""
    origin: DataOrigin = "tensorflow"
    drawn_below: int = 0
    is_batched: bool = False
    known_at_run: bool = False
    is_one_hot: bool = False
    unknown: Unknown | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", printable(self.name))  # it may be any text, as a key

    @property
    def samples(self) -> Size:
        return self.shape[0] if self.shape else None

    @property
    def is_open(self) -> bool:
        """Whether nothing is known of it: it may be no array."""
        return self.shape is None and self.dtype is None

    @property
    def may_be_single(self) -> bool:
        """Whether an element of a data set may be one sample, and no batch."""
        first = self.shape[:1] if self.shape else (None,)
        return bool(self.of) and not (self.origin == "code" or self.is_batched or first == (None,))

    def __str__(self) -> str:
        return self.name if self.shape is None else f"{self.name} {shown(self.shape)}"

    @property
    def set_in_code(self) -> str:
        """What code calls the data set, or may call it."""
        return "dataset" if " " in self.of else self.of

    def with_elements(self, names: str, made: str) -> str:
        """Code that makes others of the elements of the data set of which it is a part.

        >>> Data("X of ds", None, of="ds").with_elements("x, y", "y, x")
        'ds = ds.map(lambda x, y: (y, x))'
        """
        of = self.set_in_code
        if self.origin == "tensorflow":
            return f"{of} = {of}.map(lambda {names}: ({made}))"
        return f"{of} = (({made}) for {names} in {of})"


NOT_GIVEN = Data("", None)  # in the place of labels that there are none of


class Port(NamedTuple):
    """An input or an output of a model.

    Attributes:
        name: the name that Keras gives it: an `Input`'s, or that of the layer that it comes from.
        shape: its sizes, the batch first; of an input None where it takes any, of an output None
            where the size is not known.
        masked: of an output, whether a mask reaches it.
        needed: of an input, the sizes that the layers behind it need by themselves, None where
            they take any. A Sequential model checks no others, and none a last one of 1.
        whole_numbers_below: of an input that goes into an Embedding, its `input_dim`.
        dtype: of an input, its dtype where it is written.
        takes_one_step: of an input, whether its layers do.
        units_of: of an output, the layer whose units are its last size, with `{}` in their place:
            `"Dense({}, activation='relu')"`.
        is_repeated: of an output, whether a RepeatVector says how many steps it has.
        returns_sequences: of an output, whether the last recurrent layer before it returns
            sequences, where that layer may as well not; None where there is no such layer.
        takes_mask: whether a mask comes to that layer.
        takes_flattened: of an output, whether a Dense makes it of what no recurrent layer returned.
        is_described: of an input, whether the model has an `Input` by now, which Keras checks X
            against before any layer does.
        place: which of all that its layer returns.
        is_of_batch: of an output, whether its first axis is the batch; is_of_pairs: whether
            another is the batch too.
    """

    name: str
    shape: Sizes
    masked: bool = False
    needed: Sizes | None = None
    whole_numbers_below: int | None = None
    dtype: str | None = None
    units_of: str | None = None
    is_repeated: bool = False
    returns_sequences: bool | None = None
    takes_mask: bool = False
    takes_flattened: bool = False
    is_described: bool = True
    takes_one_step: bool = True
    place: int = 0
    is_of_batch: bool = True
    is_of_pairs: bool = False

    @property
    def has_samples(self) -> bool:
        """Whether an output has one row for each sample, and nothing of others in it."""
        return self.is_of_batch and not self.is_of_pairs

    def __str__(self) -> str:
        return f"{self.name} {shown(self.shape).replace('(?', '(batch', 1)}".lstrip()


class Model(NamedTuple):
    """A model: what goes in, what comes out.

    Attributes:
        is_sequential: whether Keras compares no sizes of data with those of its inputs.
        takes_other_sizes: whether it does no longer: once it has traced a model for some data, it
            traces it again for any size in which other data differs.
    """

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    is_sequential: bool = True
    is_stateful: bool = False
    takes_other_sizes: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A loss or a metric as it is written: `BinaryCrossentropy(from_logits=True)`."""

    name: str
    arguments: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingCall:
    """A call that gives data to a model.

    Attributes:
        x, y: in the order of the model's inputs and outputs.
        losses: for each output, as `compile` got it; None where it has none, or an unknown one.
        has_own_loss: whether it is one of the code's own, for all of them.
        has_loss_each: whether `compile` got a list or a dictionary of losses.
        metrics: for each output; has_weighted: whether any is of `weighted_metrics`.
        validation: the same call of `validation_data`.
        batch_size: as it is written; None where it is not, and Keras takes 32; 0 where it is not
            known. `validation_batch_size` is the same, unless another is written.
        has_steps, has_validation_steps: whether it says how many batches are used.
        is_validation: whether it stands for what `validation_data` gives.
        is_sure: whether the code surely comes there, and trains or answers something.
        is_first: whether no such call was before, of which Keras keeps what it has traced.
        is_traced: the same of data that comes in the same way, since it was compiled.
        own_step: what of the model the code has written itself, as `train_step`: nobody knows what
            that takes, and the samples alone are counted.
        class_weights: the keys of `class_weight`.
        weights: `sample_weight`, where it is one array.
        file, line, column: where it stands; lines and columns count from 1.
        code: the text of that line.
        network: the `Network` of the model as it was then, where it is another by now.
        refused: what Keras refuses of how the model was compiled, whatever the data.
        unknown: why nobody knows whether the model takes these data.
    """

    call: Method
    x: tuple[Data, ...]
    y: tuple[Data, ...] = ()
    losses: tuple[Function | None, ...] = ()
    has_own_loss: bool = False
    has_loss_each: bool = False
    metrics: tuple[tuple[Function, ...], ...] = ()
    has_weighted: bool = False
    validation: TrainingCall | None = None
    is_validation: bool = False
    batch_size: int | None = None
    validation_batch_size: int | None = None
    has_steps: bool = False
    has_validation_steps: bool = False
    is_sure: bool = True
    is_first: bool = True
    is_traced: bool = False
    own_step: str = ""
    validation_split: float | None = None
    class_weights: tuple[object, ...] = ()
    weights: Data | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    code: str = ""
    network: object = None
    refused: str = ""
    unknown: str = ""

    @property
    def is_batched(self) -> bool:
        """Whether Keras counts the samples, and cuts them into batches."""
        return self.call in BATCHED

    @property
    def takes_labels(self) -> bool:
        return self.call not in WITHOUT_LABELS

    @property
    def rows(self) -> Size:
        """How many samples are in the first batch."""
        samples = self.x[0].samples if self.x else None
        if samples is None or not self.is_batched or self.x[0].of:
            return samples
        if self.batch_size == 0:
            return None
        return min(self.kept(samples), self.batch_size or USUAL_BATCH)

    @property
    def last_rows(self) -> Size:
        """How many are in the last batch."""
        samples = self.x[0].samples if self.x else None
        if not (samples and self.rows) or samples == self.rows:
            return self.rows
        return self.kept(samples) % self.rows or self.rows

    def kept(self, samples: int) -> int:
        """How many samples `validation_split` leaves to train with."""
        split = self.validation_split if self.call == "fit" and not self.validation else None
        return floor(samples * (1.0 - split)) if split and 0 < split <= 1 else samples

    @property
    def with_validation(self) -> tuple[TrainingCall, ...]:
        """It, and the call of `validation_data` beside it."""
        return (self, self.validation) if self.validation else (self,)

    @property
    def arrays(self) -> tuple[Data, ...]:
        """All that it gives the model."""
        every = (data for each in self.with_validation for data in (*each.x, *each.y))
        return tuple(data for data in every if data != NOT_GIVEN)

    def has(self, problem: Problem) -> bool:
        """Whether a problem is of this very call: of those of a loop, by the shape."""
        place = (problem.call, problem.file, problem.line, problem.column)
        weights = filter(None, (each.weights for each in self.with_validation))
        given = [(data.name, data.shape) for data in (*self.arrays, *weights)]
        is_here = place == (self.call, self.file, self.line, self.column)
        return is_here and (problem.name is None or (problem.name, problem.shape) in given)

    def __str__(self) -> str:
        return self._calling(filter(None, (data.name for data in (*self.x, *self.y))))

    @property
    def written(self) -> str:
        """Its arrays as code gives them: `fit([a, b], y, validation_data=(c, d))`."""
        given = [listed(part) for part in (self.x, self.y) if part]
        if self.validation:
            later = (listed(part) for part in (self.validation.x, self.validation.y) if part)
            given.append(f"validation_data=({', '.join(later)})")
        is_part = self.is_validation
        return f"validation_data=({', '.join(given)})" if is_part else self._calling(given)

    def _calling(self, given: Iterable[str]) -> str:
        return f"{'model' if self.call == '__call__' else self.call}({', '.join(given)})"

    def problem(
        self, kind: Kind, message: str, data: Data | None = None, words: str = "", **fields: Any
    ) -> Problem:
        """What does not fit, at this call; `words` are Keras' own, if it says anything."""
        message += f' (Keras: "{words}")' if words else ""
        place = Problem(kind, message, self.call, self.file, self.line, self.column)
        if data is not None:
            place = replace(place, name=data.name, shape=data.shape)
            if data.of:  # the name of an element is no code
                texts = (text for text in fields.get("remedies", ()) if data.name not in text)
                fields["remedies"] = tuple(texts)
            if data.as_rows and "remedies" in fields:
                used = r"\." if data.as_rows == OF_TENSOR else "[.[]"  # a tensor has `x[None]`
                table = re.compile(rf"(?<![\w.]){re.escape(data.name)}(?={used})")
                remedies = (table.sub(rf"\g<0>{data.as_rows}", text) for text in fields["remedies"])
                fields["remedies"] = tuple(remedies)
        return replace(place, **fields)


def listed(part: Sequence[Data]) -> str:
    names = ", ".join(data.name for data in part)
    return f"[{names}]" if len(part) > 1 else names


def shown(shape: Iterable[Size], unknown: str = "?") -> str:
    """A shape as code writes it.

    >>> shown((16,)), shown((16, None)), shown((16, None), unknown="any")
    ('(16,)', '(16, ?)', '(16, any)')
    """
    return as_tuple(unknown if size is None else str(size) for size in shape)


def counted(what: str, named: Sequence[Data | Port]) -> str:
    """How many arrays, inputs or outputs there are, and their names.

    >>> counted("array", [Data("X", None), Data("Z", None)])
    '2 arrays (X, Z)'
    """
    names = ", ".join(name.name for name in named)
    return f"{len(named)} {what}{'s' * (len(named) != 1)} ({names})"
