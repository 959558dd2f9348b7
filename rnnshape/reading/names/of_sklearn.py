"""scikit-learn: what its functions and classes make of the shapes of data. What is not in a table
here is open."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rnnshape.errors import counted
from rnnshape.nest import within
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.dtypes import as_numbers, of_entries
from rnnshape.reading.names.frames import Frame
from rnnshape.reading.names.session import opened, refused
from rnnshape.reading.names.sizes import differ, known_sizes, size_of_table, sizes_of
from rnnshape.reading.python import Open, StandIn, opens_in, own
from rnnshape.training.data import shown


def train_test_split(*arrays: Any, test_size: Any = None, train_size: Any = None, **_: Any) -> Any:
    """Two parts of each array, of a list two lists: the part to test with is rounded up."""
    parts: list[Any] = []
    known: dict[int, None] = {}
    for array in arrays:
        if isinstance(array, Open):
            parts += [array.part("[...]"), array.part("[...]")]
            continue
        if isinstance(array, int | float):
            words = "Expected sequence or array-like"
            raise refused(f'train_test_split splits arrays: write test_size={array} ("{words}")')
        try:
            many, *sample = sizes_of(array)
        except ValueError:  # lists of different lengths stay lists
            parts += [opened("data"), opened("data")]
            continue
        known |= {many: None} if isinstance(many, int) else {}
        kept = [(size, *sample) for size in _parted(many, test_size, train_size)]
        if isinstance(array, Array):
            parts += map(array.own_like, kept)
        else:
            kind = of_entries(within(array))
            parts += [Array(shape, dtype=kind).tolist() for shape in kept]
    if len(known) > 1:
        many = " and ".join(map(str, known))
        raise refused(f"arrays of other numbers of samples, {many}, can't be split together")
    return parts


def _parted(many: Any, test_size: Any, train_size: Any) -> list[Any]:
    """How many samples there are to train and to test with."""
    if [*opens_in([many, test_size, train_size])]:
        return [opened("the number of samples")] * 2
    test = 0.25 if test_size is None and train_size is None else test_size
    train, test = (
        size if size is None or isinstance(size, int) else rounded(size * many)
        for size, rounded in ((train_size, math.floor), (test, math.ceil))
    )
    train, test = many - test if train is None else train, many - train if test is None else test
    if train <= 0 or test <= 0 or train + test > many:
        said = f"{max(0, train)} to train with and {max(0, test)} to test with"
        raise refused(f"{counted(many, 'sample')} can't be split into {said}")
    return [train, test]


def shuffled(*arrays: Any, n_samples: Any = None, **_: Any) -> Any:
    """`sklearn.utils.shuffle`: all in one other order, which is not known."""
    if n_samples is not None:
        return opened("data")
    made = [one.own_like(one.shape) if isinstance(one, Array) else opened("data") for one in arrays]
    return made if len(made) > 1 else made[0]


# The samples, features and classes of the sets of data that scikit-learn has.
PUBLISHED = {
    "load_breast_cancer": (569, 30, 2),
    "load_diabetes": (442, 10, None),
    "load_digits": (1797, 64, 10),
    "load_iris": (150, 4, 3),
    "load_wine": (178, 13, 3),
    "fetch_california_housing": (20640, 8, None),
}


class Bunch(StandIn):
    """`load_iris()`; what it has that is not here is open."""

    def __init__(self, data: Array, target: Array) -> None:
        self.data, self.target = data, target

    def own_reaches(self, name: str) -> bool:
        return not name.startswith(("own_", "_"))

    def __getattr__(self, name: str) -> Any:
        if not self.own_reaches(name):
            raise AttributeError(name)
        return opened()

    def __getitem__(self, name: Any) -> Any:
        return vars(self).get(name, opened())

    def __iter__(self) -> Any:  # else Python would ask for [0], [1], ... for ever
        return iter(("data", "target", opened()))


def _loader(samples: int, features: int, classes: int | None) -> Any:
    def load(*given: Any, return_X_y: Any = False, as_frame: Any = False, **named: Any) -> Any:  # noqa: N803
        if given or named or not (type(return_X_y) is type(as_frame) is bool):
            return opened("data")  # perhaps not all classes
        kind = Frame if as_frame else Array
        data, target = kind((samples, features)), kind((samples,))
        if classes is not None:
            target.own_dtype, target.own_range = "int64", (0, classes, 0)
        return (data, target) if return_X_y else Bunch(data, target)

    return load


def _maker(features: int, *, has_classes: bool = True) -> Any:
    def make(
        n_samples: Any = 100, n_features: Any = features, *_: Any, n_targets: Any = 1, **__: Any
    ) -> Any:
        if not all(isinstance(size, int | Open) for size in (n_samples, n_features, n_targets)):
            return opened("data")  # of each class another number of samples
        labels = () if type(n_targets) is int and n_targets == 1 else (n_targets,)
        kind = "int64" if has_classes else None
        return Array((n_samples, n_features)), Array((n_samples, *labels), dtype=kind)

    return make


class Folds(StandIn):
    """`KFold(5)`: of each fold the numbers of its samples, to train and to test with. Where these
    are as many in each fold, it is known how many."""

    def __init__(self, n_splits: Any = 5, **options: Any) -> None:
        self.n_splits, self.own_is_usual = n_splits, not options

    def split(self, X: Any, y: Any = None, *_: Any, **__: Any) -> Any:  # noqa: N803
        if isinstance(self.n_splits, Open):
            return opened("the folds")
        many: Any = None if isinstance(X, Open) else sizes_of(X)[0]
        labels = sizes_of(y)[:1] if isinstance(y, Array | list) else (many,)
        if differ((many,), labels):
            words = "Found input variables with inconsistent numbers of samples"
            raise refused(f"{words}: [{many}, {labels[0]}]")
        sizes: Any = [opened("the samples of a fold")] * 2
        if type(many) is int and type(self.n_splits) is int and 1 < self.n_splits <= many:
            sizes = self.own_sizes(many, *sizes)
        return iter([tuple(Array((size,), dtype="int64") for size in sizes)] * self.n_splits)

    def own_sizes(self, many: int, *unknown: Any) -> Sequence[Any]:
        test, left = divmod(many, self.n_splits)
        return unknown if left else (many - test, test)


class FoldsByClass(Folds):
    """`StratifiedKFold(5)`: the labels say where each sample goes."""

    def own_sizes(self, many: int, *unknown: Any) -> Sequence[Any]:
        return unknown


class FoldsInTime(Folds):
    """`TimeSeriesSplit(5)`: with each fold there are more samples to train with."""

    def own_sizes(self, many: int, *unknown: Any) -> Sequence[Any]:
        return (unknown[0], many // (self.n_splits + 1)) if self.own_is_usual else unknown


class TransformerMixin(StandIn):
    def fit_transform(self: Any, X: Any, y: Any = None, **named: Any) -> Any:  # noqa: N803
        fitted = self.fit(X, **named) if y is None else self.fit(X, y, **named)
        return fitted.transform(X)


class Scaler(TransformerMixin):
    """`MinMaxScaler()`: what it makes has the shape of what it is given, `(samples, features)`."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.own_columns: tuple[Any, ...] = ()

    def own_taken(self, data: Any) -> tuple[Any, ...]:
        if isinstance(data, Open):
            return tuple(size_of_table(f"{data.label}.shape[{axis}]") for axis in (0, 1))
        shape = tuple(sizes_of(data))
        if len(shape) != 2:
            given = shown(known_sizes(shape))
            raise refused(f"this takes (samples, features), not {given}: reshape it")
        return shape

    def own_check(self, shape: tuple[Any, ...], remedy: str) -> None:
        if self.own_columns and differ(shape[1:], self.own_columns):
            fitted = f"what was fitted to {self.own_columns[0]} columns is given {shape[1]}"
            raise refused(f"{fitted}: {remedy}")

    def fit(self, data: Any, *_: Any) -> Scaler:
        self.own_columns = self.own_taken(data)[1:]
        return self

    def transform(self, data: Any, *_: Any) -> Any:
        shape = self.own_taken(data)
        self.own_check(shape, "give it as many, or fit another for these")
        return Array(shape, dtype=as_numbers(own(data, "own_entries")))

    def inverse_transform(self, data: Any, *_: Any) -> Any:
        shape = self.own_taken(data)
        if self.own_columns != (1,):  # the numbers of one column NumPy repeats
            self.own_check(shape, "before training, fit another to y alone, as y.reshape(-1, 1)")
        made = Array(shape)
        made.own_is_predicted = own(data, "own_is_predicted", False)
        return made


class LabelEncoder(Scaler):
    own_labels: Sequence[Any] = ()  # in order, where the code writes them

    def own_taken(self, data: Any) -> tuple[Any, ...]:
        shape = _without_one(tuple(sizes_of(data)))
        if len(shape) != 1:
            raise refused(f"LabelEncoder takes (samples,), not {shown(known_sizes(shape))}")
        return shape

    def fit(self, data: Any, *_: Any) -> Scaler:
        self.own_labels = sorted({*_labels_in(data)})
        return super().fit(data)

    def transform(self, data: Any, *_: Any) -> Any:
        shape, labels = super().transform(data).shape, _labels_in(data)
        are_known = labels and {*labels} <= {*self.own_labels}
        numbers = [*map(self.own_labels.index, labels)] if are_known else ()
        made = Array(shape, tuple(numbers), "int64")
        made.own_coded = own(data, "own_entries")
        return made


def _labels_in(data: Any) -> Sequence[Any]:
    """The labels that code writes: texts, or numbers."""
    if isinstance(data, list | tuple):
        return data if len({*map(type, data)} & {str, int}) == 1 else ()
    is_written = own(data, "own_is_written", True)
    return () if is_written else (data.own_texts or data.own_numbers)


def _compared(y_true: Any, y_pred: Any, *_: Any, **__: Any) -> Open:
    """A metric: of as many labels as predictions, and as many columns of both."""
    shapes = [tuple(sizes_of(value)) for value in (y_true, y_pred)]
    one, other = map(_without_one, shapes)
    given = " and ".join(shown(known_sizes(shape)) for shape in shapes)
    if max(map(len, shapes)) > 2:
        raise refused(f"a metric of scikit-learn takes one or two axes, not {given}: reshape(-1)")
    may_be_one = any(isinstance(shape[-1], Open) for shape in shapes if len(shape) == 2)
    if () not in shapes and differ(one, other) and (len(one) == len(other) or not may_be_one):
        raise refused(f"a metric of scikit-learn compares arrays of one shape, not {given}")
    return opened("a number from data")


def _without_one(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    return shape[:-1] if len(shape) == 2 and type(shape[-1]) is int and shape[-1] == 1 else shape


# The names

EMPTY = ("BaseEstimator", "RegressorMixin", "ClassifierMixin")  # of what is followed here
BASES = {
    "TransformerMixin": TransformerMixin,
    **{name: type(name, (StandIn,), {}) for name in EMPTY},
}
SCALERS = {
    **dict.fromkeys(("MinMaxScaler", "StandardScaler", "RobustScaler", "MaxAbsScaler",
                     "Normalizer", "Binarizer", "PowerTransformer", "QuantileTransformer"), Scaler),
    "LabelEncoder": LabelEncoder,
}  # fmt: skip
FOLDS = {"KFold": Folds, "StratifiedKFold": FoldsByClass, "TimeSeriesSplit": FoldsInTime}
METRICS = dict.fromkeys(
    ("accuracy_score", "balanced_accuracy_score", "confusion_matrix", "classification_report",
     "f1_score", "precision_score", "recall_score", "mean_absolute_error", "mean_squared_error",
     "mean_absolute_percentage_error", "r2_score", "root_mean_squared_error"), _compared
)  # fmt: skip
SKLEARN: dict[str, dict[str, Any]] = {
    "base": BASES,
    "datasets": {
        **{name: _loader(*sizes) for name, sizes in PUBLISHED.items()},
        "make_classification": _maker(20),
        "make_regression": _maker(100, has_classes=False),
    },
    "metrics": METRICS,
    "model_selection": {"train_test_split": train_test_split, **FOLDS},
    "preprocessing": SCALERS,
    "utils": {"shuffle": shuffled},
    "utils.class_weight": {
        "compute_class_weight": lambda *_, **__: Array((opened("the number of classes"),)),
        "compute_sample_weight": lambda _=None, y=(), **__: Array(sizes_of(y)[:1]),
    },
}
