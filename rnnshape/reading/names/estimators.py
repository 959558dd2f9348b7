"""What scikit-learn splits, scales and compares data with, and what such classes of the code derive
from."""

from __future__ import annotations

from typing import Any

from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.dtypes import as_numbers
from rnnshape.reading.names.session import opened, refused
from rnnshape.reading.names.sizes import differ, sizes_of
from rnnshape.reading.python import Open, StandIn, own
from rnnshape.training.data import shown


class Folds(StandIn):
    """`KFold(5)`: of each fold the numbers of its samples, to train and to test with."""

    def __init__(self, n_splits: Any = 5, **_: Any) -> None:
        self.n_splits = n_splits

    def split(self, *_: Any) -> Any:
        if isinstance(self.n_splits, Open):
            return opened("the folds")
        size = opened("the samples of a fold")
        return [(Array((size,), dtype="int64"), Array((size,), dtype="int64"))] * self.n_splits


class TransformerMixin(StandIn):
    def fit_transform(self: Any, X: Any, y: Any = None, **named: Any) -> Any:  # noqa: N803
        fitted = self.fit(X, **named) if y is None else self.fit(X, y, **named)
        return fitted.transform(X)


class Scaler(TransformerMixin):
    """`MinMaxScaler()`: what it makes has the shape of what it is given, `(samples, features)`."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.own_columns: tuple[Any, ...] = ()

    def own_taken(self, data: Any) -> tuple[Any, ...]:
        shape = tuple(sizes_of(data))
        if len(shape) != 2:
            raise refused(f"this takes (samples, features), not {_written(shape)}: reshape it")
        return shape

    def own_check(self, shape: tuple[Any, ...]) -> None:
        if self.own_columns and differ(shape[1:], self.own_columns):
            fitted = f"what was fitted to {self.own_columns[0]} columns is given {shape[1]}"
            raise refused(f"{fitted}: fit another to these")

    def fit(self, data: Any, *_: Any) -> Scaler:
        self.own_columns = self.own_taken(data)[1:]
        return self

    def transform(self, data: Any, *_: Any) -> Any:
        shape = self.own_taken(data)
        self.own_check(shape)
        return Array(shape, dtype=as_numbers(own(data, "own_entries")))

    def inverse_transform(self, data: Any, *_: Any) -> Any:
        shape = self.own_taken(data)
        if self.own_columns != (1,):  # the numbers of one column NumPy repeats
            self.own_check(shape)
        return Array(shape)


class LabelEncoder(Scaler):
    def own_taken(self, data: Any) -> tuple[Any, ...]:
        shape = _without_one(tuple(sizes_of(data)))
        if len(shape) != 1:
            raise refused(f"LabelEncoder takes (samples,), not {_written(shape)}")
        return shape


def _compared(y_true: Any, y_pred: Any, *_: Any, **__: Any) -> Open:
    """A metric: of as many labels as predictions, and as many columns of both."""
    shapes = [tuple(sizes_of(value)) for value in (y_true, y_pred)]
    one, other = map(_without_one, shapes)
    given = " and ".join(map(_written, shapes))
    if max(map(len, shapes)) > 2:
        raise refused(f"a metric of scikit-learn takes one or two axes, not {given}: reshape(-1)")
    may_be_one = any(isinstance(shape[-1], Open) for shape in shapes if len(shape) == 2)
    if () not in shapes and differ(one, other) and (len(one) == len(other) or not may_be_one):
        raise refused(f"a metric of scikit-learn compares arrays of one shape, not {given}")
    return opened("a number from data")


def _without_one(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    return shape[:-1] if len(shape) == 2 and type(shape[-1]) is int and shape[-1] == 1 else shape


def _written(shape: tuple[Any, ...]) -> str:
    return shown(tuple(size if isinstance(size, int) else None for size in shape))


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
FOLDS = dict.fromkeys(("KFold", "StratifiedKFold", "TimeSeriesSplit"), Folds)
METRICS = dict.fromkeys(
    ("accuracy_score", "balanced_accuracy_score", "confusion_matrix", "classification_report",
     "f1_score", "precision_score", "recall_score", "mean_absolute_error", "mean_squared_error",
     "mean_absolute_percentage_error", "r2_score", "root_mean_squared_error"), _compared
)  # fmt: skip
