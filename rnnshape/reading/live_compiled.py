"""How a live model was compiled, as Keras writes it down, and whether that fits the outputs."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from rnnshape.errors import first_words
from rnnshape.reading.symbolic import is_keras_own, left_as_it_is


def compile_config(model: Any) -> dict[str, Any]:
    """What Keras writes down of `compile`, with the names of its own functions: it writes those of
    the user's in the same way."""
    written, given = model.get_compile_config(), model._compile_config.config
    words = ("loss", "metrics", "weighted_metrics")
    return {**written, **{word: _named(written[word], given[word]) for word in words}}


def _named(written: Any, given: Any) -> Any:
    if isinstance(given, Mapping) and isinstance(written, dict):
        return {key: _named(part, given.get(key)) for key, part in written.items()}
    if isinstance(given, list | tuple) and isinstance(written, list | tuple):
        return [_named(*pair) for pair in zip(written, given, strict=True)]
    if inspect.isfunction(given):
        return given.__name__ if is_keras_own(given) else {"class_name": "?", "config": {}}
    return written


def refused_by_compile(model: Any) -> str:
    """What Keras refuses, whatever the data, of the losses, their weights and the metrics that a
    model was compiled with: it compares them with the outputs where it trains. Empty where that is
    nothing, or not known."""
    loss, metrics = (getattr(model, f"_compile_{of}", None) for of in ("loss", "metrics"))
    gives = getattr(getattr(model, "_functional", None) or model, "_outputs_struct", None)
    if loss is None or gives is None or not type(model).__module__.startswith("keras."):
        return ""
    with left_as_it_is(model):  # new metrics take names that Keras counts
        try:
            parts = loss._user_loss, loss._user_loss_weights
            type(loss)(*parts, output_names=loss.output_names).build(gives, gives)
            if metrics is not None:
                parts = metrics._user_metrics, metrics._user_weighted_metrics
                type(metrics)(*parts, output_names=metrics.output_names).build(gives, gives)
        except Exception as wrong:  # it is as `fit` would raise it, of whatever class
            is_plain = isinstance(wrong, ValueError | TypeError)
            return first_words(wrong) if is_plain else f"{type(wrong).__name__}: {wrong}"
    return ""
