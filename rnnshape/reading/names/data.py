"""What loads and prepares data under the names of Keras' utilities: what it makes of shapes, with
the words of texts that the code writes; and the modules that have data. What is not in a table here
is open."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from rnnshape.input_shapes import UNKNOWN_ENTRIES, UNREAD_ENTRIES
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.datasets import (
    TF_DATA,
    specified,
    split_dataset,
    timeseries_dataset_from_array,
    timeseries_generator,
)
from rnnshape.reading.names.dtypes import together
from rnnshape.reading.names.functions import on_numbers
from rnnshape.reading.names.generators import PyDataset
from rnnshape.reading.names.of_numpy import NUMPY, OF_NUMPY_ALONE
from rnnshape.reading.names.of_pandas import PANDAS
from rnnshape.reading.names.of_sklearn import SKLEARN
from rnnshape.reading.names.of_tensorflow import EagerTensor
from rnnshape.reading.names.ranges import drawn_from, known_range
from rnnshape.reading.names.session import opened, refused, session
from rnnshape.reading.names.sizes import CLASSES, SIZE_OF_TABLE, differ, sizes_of
from rnnshape.reading.python import IsOpenError, Module, Open, StandIn, opens_in, own

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


class Tokenizer(StandIn):
    """`Tokenizer().fit_on_texts(["one text", "another"])`: of other texts its words are open."""

    own_what = "a Tokenizer"

    def __init__(
        self,
        num_words: Any = None,
        filters: Any = FILTERS,
        lower: Any = True,
        split: Any = " ",
        char_level: Any = False,
        oov_token: Any = None,
        **_: Any,
    ) -> None:
        self.num_words, self.oov_token = num_words, oov_token
        self.own_how = (filters, lower, split, char_level)
        self.word_counts: Any = {}
        self.word_index: Any = opened("words")  # code that is not read may fit it

    index_word = property(lambda tokens: {n: word for word, n in tokens.word_index.items()})

    def fit_on_texts(self, texts: Any) -> None:
        try:
            counts = Counter(self.word_counts)
            counts.update(word for words in self.own_words(texts) for word in words)
        except IsOpenError as wrong:
            self.word_counts, self.word_index = wrong.value, wrong.value
            return
        self.word_counts = dict(counts)
        first = [] if self.oov_token is None else [self.oov_token]
        words = [*first, *(word for word, _ in counts.most_common())]
        self.word_index = dict(zip(words, range(1, len(words) + 1), strict=True))

    def own_words(self, texts: Any) -> list[list[str]]:
        """The words of each text, or its letters."""
        filters, lower, split, by_letters = self.own_how
        are_plain = type(split) is type(filters) is str and type(lower) is type(by_letters) is bool
        if isinstance(self.word_counts, Open) or type(texts) not in (list, tuple):
            raise IsOpenError(opened("words"))
        if not are_plain or len(split) != 1 or any(type(text) is not str for text in texts):
            raise IsOpenError(opened("words"))
        texts = [text.lower() if lower else text for text in texts]
        if by_letters:
            return [[*text] for text in texts]
        between = str.maketrans(dict.fromkeys(filters, split))
        return [[*filter(None, text.translate(between).split(split))] for text in texts]

    def texts_to_sequences(self, texts: Any) -> list[list[int]]:
        index, most = self.word_index, self.num_words
        for found in opens_in([index, most]):
            raise IsOpenError(found)
        other = index.get(self.oov_token)
        known = {word: n for word, n in index.items() if not most or n < most}
        numbers = ([known.get(word, other) for word in words] for words in self.own_words(texts))
        return [[number for number in row if number is not None] for row in numbers]

    def texts_to_matrix(self, texts: Any, mode: Any = "binary") -> Array:
        many = len(texts) if isinstance(texts, list | tuple) else opened("the number of texts")
        return Array((many, self.num_words or len(self.word_index) + 1))


def to_categorical(x: Any, num_classes: Any = None, **_: Any) -> Any:
    """One more axis of as many entries as there are classes."""
    x = x if isinstance(x, Array) else NUMPY["array"](x)
    shape = tuple(sizes_of(x))
    last = shape[-1] if len(shape) > 1 else 0
    if isinstance(last, Open) and last.stands_for == SIZE_OF_TABLE:
        raise IsOpenError(last)  # one column, of which no axis is left, or several
    if not isinstance(last, Open) and last == 1:
        shape = shape[:-1]
    below, drawn = known_range(x)[1:]
    if num_classes is None:
        is_largest = drawn in (0, below) and not isinstance(x, EagerTensor)  # of a batch it may be
        of_all = below if is_largest else None
        num_classes = int(max(x.own_values)) + 1 if x.own_values else of_all
        if num_classes is None:  # only numbers would tell, or `--let`
            found = opened(f"{opened().label}.shape[-1]")
            is_drawn = drawn > 1
            is_of_file = UNREAD_ENTRIES in (x.own_dtype, x.own_coded)
            found.stands_for = CLASSES if is_drawn or is_of_file else None
            num_classes = session().evaluator.named_by_let(found)
    if type(num_classes) is int and below is not None and below > num_classes:
        what = f"{'random ' * bool(drawn)}labels up to {(drawn or below) - 1}"
        words = f'(Keras: "is out of bounds for axis 1 with size {num_classes}")'
        raise refused(f"to_categorical is given {what}, and {num_classes} classes {words}")
    return Array((*shape, num_classes))


def normalized(x: Any, *_: Any, **__: Any) -> Array:
    """`keras.utils.normalize`, which makes rows of one axis."""
    sizes = sizes_of(x)
    return Array(sizes if len(sizes) > 1 else (1, *sizes))


def pad_sequences(
    sequences: Any,
    maxlen: Any = None,
    dtype: Any = None,
    padding: Any = "pre",
    truncating: Any = "pre",
    value: Any = 0,
) -> Any:
    """`(samples, maxlen)` and the features of an entry, with the numbers that the code writes."""
    rows = sequences if isinstance(sequences, list | tuple) else ()
    if any(isinstance(one, str) and not one.isdigit() for one in rows) and dtype in (None, "int32"):
        words = '(Keras: "invalid literal for int()")'
        raise refused(f"pad_sequences takes lists of numbers, and is given texts {words}")
    if any(isinstance(one, int | float) for one in rows):
        words = '(Keras: "`sequences` must be a list of iterables")'
        raise refused(f"pad_sequences takes a list of lists, [[1, 2], [3]], not of numbers {words}")
    if isinstance(sequences, Array) and len(sequences.shape) > 1:
        many, longest, *features = sequences.shape
        made = Array((many, longest if maxlen is None else maxlen, *features))
        made.own_dtype = together([sequences.own_entries])
        return made
    row = next(iter(rows), getattr(sequences, "row", None))
    is_filled = bool(own(sequences, "own_written"))  # with what nobody knows
    is_length = isinstance(maxlen, int) and "float" not in str(dtype) and not is_filled
    # Where words are embedded these are most likely such; what is no text may come in vectors.
    is_text = session().embeds or "Embedding" in session().evaluator.source.text
    entries = row if isinstance(row, list | tuple) else [row]
    if not (is_length and is_text) and any(isinstance(entry, Open | None) for entry in entries):
        return opened("padded sequences")
    features = sizes_of(row)[1:] if isinstance(row, Array | list) else ()
    are_known = rows and all(isinstance(row, list | tuple) for row in rows)
    if maxlen is None and are_known:
        maxlen = max(map(len, rows))
    if features or not (are_known and isinstance(maxlen, int)) or [*opens_in([sequences])]:
        many = opened("the number of sequences")
        if isinstance(sequences, list | tuple | Array):
            many = sequences.shape[0] if isinstance(sequences, Array) else len(sequences)
        lengths: list[Any] = [one.shape[0] if isinstance(one, Array) else opened() for one in rows]
        if maxlen is None and rows and not [*opens_in(lengths)]:
            maxlen = max(lengths)
        longest = opened("the longest sequence") if maxlen is None else maxlen
        others = [one.shape[1:] for one in rows if isinstance(one, Array)]
        if any(differ(features, other) for other in others):
            words = '(Keras: "is different from expected shape")'
            raise refused(f"pad_sequences is given other features than {features} {words}")
        made = Array((many, longest, *features))
        if own(sequences, "own_entries") == UNKNOWN_ENTRIES:  # it may be of text
            made.own_dtype = UNKNOWN_ENTRIES
        return made
    padded = []
    for row in rows:
        kept = [*row[max(0, len(row) - maxlen) :]] if truncating == "pre" else [*row[:maxlen]]
        others = [value] * (maxlen - len(kept))
        padded.append(others + kept if padding == "pre" else kept + others)
    return NUMPY["array"](padded)


# What `load_data` of Keras' data sets returns: the samples to train and to test with, the shape of
# one and of its label, and how many classes there are.
PUBLISHED: dict[str, tuple[int, int, tuple[int, ...], tuple[int, ...], int | None]] = {
    "mnist": (60_000, 10_000, (28, 28), (), 10),
    "fashion_mnist": (60_000, 10_000, (28, 28), (), 10),
    "cifar10": (50_000, 10_000, (32, 32, 3), (1,), 10),
    "cifar100": (50_000, 10_000, (32, 32, 3), (1,), 100),
    "imdb": (25_000, 25_000, (), (), 2),
    "reuters": (8_982, 2_246, (), (), 46),
    "boston_housing": (404, 102, (13,), (), None),
    "california_housing": (16_512, 4_128, (8,), (), None),
}


def _loader(train: int, test: int, sample: Any, label: Any, classes: int | None) -> Any:
    def load_data(*given: Any, label_mode: Any = "fine", **named: Any) -> Any:
        is_whole = len(given) < 2 and not {"test_split", "maxlen", "version"}.intersection(named)
        samples = (train, test) if is_whole else (opened("samples"), opened("samples"))

        def labels(many: Any) -> Array:
            made = Array((many, *label))
            is_usual = not given and isinstance(label_mode, str) and label_mode == "fine"
            made.own_range = (0, classes, 0) if is_usual and classes is not None else None
            return made

        kind = None if sample else "object"  # lists of several lengths
        return tuple((Array((many, *sample), dtype=kind), labels(many)) for many in samples)

    return load_data


def drawn(*_: Any, **__: Any) -> Any:
    """A number of Python's `random`."""
    return session().evaluator.named_by_let(replace(opened(), is_number=True))


def _randint(a: Any, b: Any) -> Any:
    """Which has both of its bounds."""
    return drawn_from(drawn(), a, b + 1)


def _randrange(start: Any, stop: Any = None, step: Any = 1) -> Any:
    return drawn_from(drawn(), *((0, start) if stop is None else (start, stop)))


# The names

RANDOM = ("gauss", "random", "uniform")  # each a number
OF_BOUNDS: dict[str, Any] = {"randint": _randint, "randrange": _randrange}
_NUMPY = {**NUMPY, **OF_NUMPY_ALONE, "shape": sizes_of}
KERAS_DATA: dict[str, Any] = {
    "timeseries_dataset_from_array": timeseries_dataset_from_array,
    "TimeseriesGenerator": timeseries_generator,
    **{
        name: Module(f"keras.datasets.{name}", {"load_data": _loader(*sizes)})
        for name, sizes in PUBLISHED.items()
    },
    **dict.fromkeys(("PyDataset", "Sequence"), PyDataset),
    "TensorSpec": specified,
    "TensorShape": lambda dims=None: opened("a shape") if dims is None else tuple(dims),
    "split_dataset": split_dataset,
    "to_categorical": to_categorical,
    "pad_sequences": pad_sequences,
    "Tokenizer": Tokenizer,
}  # fmt: skip
MODULES_OF_DATA: dict[str, object] = {
    "tensorflow.data": TF_DATA,
    **dict.fromkeys(("keras.utils.normalize", "tensorflow.keras.utils.normalize"), normalized),
    "pandas": PANDAS,
    "random": Module("random", dict.fromkeys(RANDOM, drawn) | OF_BOUNDS),
    "numpy": Module("numpy", {name: on_numbers(name, one) for name, one in _NUMPY.items()}),
    "sklearn": Module("sklearn", {}),
    **{f"sklearn.{name}": Module(f"sklearn.{name}", names) for name, names in SKLEARN.items()},
}
