"""Data that is published, under the names of Keras: the shapes of what loads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.session import opened
from rnnshape.reading.python import Module

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


# The names

OF_KERAS = {
    name: Module(f"keras.datasets.{name}", {"load_data": _loader(*sizes)})
    for name, sizes in PUBLISHED.items()
}
