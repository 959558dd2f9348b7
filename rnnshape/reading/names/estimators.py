"""What scikit-learn splits and scales data with, and what such classes of the code derive from."""

from __future__ import annotations

from typing import Any

from rnnshape.reading.names.arrays import Array, differ, sizes_of
from rnnshape.reading.names.session import opened
from rnnshape.reading.python import Open, StandIn, own


class Folds(StandIn):
    """`KFold(5)`: of each fold the numbers of its samples, to train and to test with."""

    def __init__(self, n_splits: Any = 5, **_: Any) -> None:
        self.n_splits = n_splits

    def split(self, *_: Any) -> Any:
        if isinstance(self.n_splits, Open):
            return opened("the folds")
        size = opened("the samples of a fold")
        return [(Array((size,), dtype="int64"), Array((size,), dtype="int64"))] * self.n_splits


class Scaler(StandIn):
    """`MinMaxScaler()`: what it makes has the shape of what it is given, `(samples, features)`."""

    own_rank = 2

    def __init__(self, *_: Any, **__: Any) -> None:
        self.own_columns: tuple[Any, ...] = ()

    def fit(self, data: Any, *_: Any) -> Scaler:
        self.own_columns = tuple(sizes_of(data)[1:])
        return self

    def transform(self, data: Any, *_: Any) -> Any:
        shape = tuple(sizes_of(data))
        if len(shape) != self.own_rank or differ(shape[1:], self.own_columns or shape[1:]):
            raise ValueError("Expected an array of as many axes and features as before")
        return self.own_made(data, shape)

    inverse_transform = transform

    def own_made(self, _: Any, shape: tuple[Any, ...]) -> Any:
        return Array(shape)

    def fit_transform(self, data: Any, *_: Any) -> Any:
        return self.fit(data).transform(data)


class LabelEncoder(Scaler):
    own_rank = 1


class OneHotEncoder(Scaler):
    """A column for each category of each column."""

    def own_made(self, data: Any, shape: tuple[Any, ...]) -> Any:
        values = own(data, "own_values", ()) if shape[1:] == (1,) else ()
        return Array((shape[0], len(set(values)) or opened("the number of categories")))


class BaseEstimator(StandIn):
    """What a class of the code derives from, and gets nothing of that is followed."""


class OtherMixin(StandIn):
    """`RegressorMixin`, or `ClassifierMixin`: the same."""


class TransformerMixin(StandIn):
    def fit_transform(self: Any, X: Any, y: Any = None, **named: Any) -> Any:  # noqa: N803
        fitted = self.fit(X, **named) if y is None else self.fit(X, y, **named)
        return fitted.transform(X)


BASES = {
    "BaseEstimator": BaseEstimator,
    "TransformerMixin": TransformerMixin,
    **dict.fromkeys(("RegressorMixin", "ClassifierMixin"), OtherMixin),
}
SCALERS = {
    **dict.fromkeys(("MinMaxScaler", "StandardScaler", "RobustScaler", "MaxAbsScaler",
                     "Normalizer"), Scaler),
    "LabelEncoder": LabelEncoder, "OneHotEncoder": OneHotEncoder,
}  # fmt: skip
FOLDS = dict.fromkeys(("KFold", "StratifiedKFold", "TimeSeriesSplit"), Folds)
