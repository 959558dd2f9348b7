"""Data that is published, under the names of Keras and scikit-learn: the shapes of what loads or
makes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.session import opened
from rnnshape.reading.python import Module, Open

Shape = tuple[Any, ...]

# What `load_data` of Keras' data sets returns: the samples to train and to test with, the shape of
# one and of its label, and how many classes there are.
PUBLISHED: dict[str, tuple[int, int, Shape, Shape] | tuple[int, int, Shape, Shape, int]] = {
    "mnist": (60_000, 10_000, (28, 28), (), 10),
    "fashion_mnist": (60_000, 10_000, (28, 28), (), 10),
    "cifar10": (50_000, 10_000, (32, 32, 3), (1,), 10),
    "cifar100": (50_000, 10_000, (32, 32, 3), (1,), 100),
    "imdb": (25_000, 25_000, (), (), 2),
    "reuters": (8_982, 2_246, (), (), 46),
    "boston_housing": (404, 102, (13,), ()),
    "california_housing": (16_512, 4_128, (8,), ()),
}


def _loader(
    train: int, test: int, sample: Shape, label: Shape, classes: int | None = None
) -> Callable[..., Any]:
    def load_data(*given: Any, label_mode: Any = "fine", **named: Any) -> Any:
        is_whole = len(given) < 2 and not {"test_split", "maxlen", "version"}.intersection(named)
        samples = (train, test) if is_whole else (opened("samples"), opened("samples"))

        def labels(many: Any) -> Array:
            made = Array((many, *label))
            is_usual = not given and isinstance(label_mode, str) and label_mode == "fine"
            made.own_classes = classes if is_usual else None
            return made

        return tuple((Array((many, *sample)), labels(many)) for many in samples)

    return load_data


def _bunch(samples: int, features: int) -> Callable[..., Any]:
    def load(*some: Any, return_X_y: Any = False, as_frame: Any = False, **named: Any) -> Any:  # noqa: N803
        data, target = Array((samples, features)), Array((samples,))
        if as_frame is not False or some or "n_class" in named:
            return opened("data")
        both = {"data": data, "target": target}
        return (data, target) if return_X_y is True else Module("a bunch", both)

    return load


def _made_up(features: int) -> Callable[..., Any]:
    """`make_regression(100, 9)`"""

    def make(
        n_samples: Any = 100,
        n_features: Any = features,
        *more: Any,
        n_targets: Any = 1,
        **named: Any,
    ) -> Any:
        returned = {"coef", "return_centers", "return_X_y"}.intersection(named)
        if more or returned or not isinstance(n_samples, int | Open):
            return opened("data")
        labels = (n_samples,) if n_targets == 1 else (n_samples, n_targets)
        return Array((n_samples, n_features)), Array(labels)

    return make


# The names

OF_KERAS = {
    name: Module(f"keras.datasets.{name}", {"load_data": _loader(*sizes)})
    for name, sizes in PUBLISHED.items()
}
OF_SKLEARN = {
    "load_iris": _bunch(150, 4),
    "load_wine": _bunch(178, 13),
    "load_digits": _bunch(1_797, 64),
    "load_diabetes": _bunch(442, 10),
    "load_breast_cancer": _bunch(569, 30),
    "make_regression": _made_up(100),
    "make_classification": _made_up(20),
    "make_blobs": _made_up(2),
}
