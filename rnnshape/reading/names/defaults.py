"""What code says for all layers that do not say it themselves: the place of channels, and of which
type their numbers are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rnnshape.errors import QueryError
from rnnshape.reading.names.session import session
from rnnshape.reading.python import Open, StandIn
from rnnshape.reading.python.doubts import conditions_now
from rnnshape.rules.kinds import is_dtype

FLOATX = ("bfloat16", "float16", "float32", "float64")
MIXED = ("mixed_bfloat16", "mixed_float16")
AS_IN_KERAS_1 = {"th": "channels_first", "tf": "channels_last"}


def of_all(name: str, named: Mapping[str, Any]) -> dict[str, Any]:
    """What a layer takes over, or an `Input`, whose type does not follow the policy."""
    said = session().defaults
    if name == "Input" or "dtype" not in named:
        fix_policy()
    dtype = said.get("floatx" if name == "Input" else "dtype")
    found = {"data_format": said.get("data_format"), "dtype": dtype}
    return {word: value for word, value in found.items() if value is not None}


def of_backend() -> Any:
    """The library that Keras computes with, as the code says it."""
    return session().evaluator.environ.own_said("KERAS_BACKEND", "tensorflow")


def fix_policy() -> None:
    """The first layer or model takes Keras' type of numbers as the policy of all after it."""
    said = session().defaults
    said.setdefault("dtype", said.get("floatx"))


@dataclass(frozen=True, repr=False)
class DTypePolicy(StandIn):
    """Of which types a layer's weights are, and what it computes."""

    name: str

    def __post_init__(self) -> None:
        if self.name not in MIXED and not is_dtype(self.name):
            raise QueryError(f"DTypePolicy takes the name of a type or policy, not {self.name!r}")

    @property
    def compute_dtype(self) -> str:
        return self.name.removeprefix("mixed_")

    @property
    def variable_dtype(self) -> str:
        return "float32" if self.name in MIXED else self.name

    def own_as_argument(self) -> str:
        return self.name


def set_policy(policy: Any) -> None:
    _set("dtype", policy if isinstance(policy, DTypePolicy | Open) else DTypePolicy(policy))


def policy_now() -> Any:
    fix_policy()
    found = session().defaults["dtype"]
    return found if isinstance(found, Open) else DTypePolicy(found or "float32")


def set_floatx(value: Any) -> None:
    if not isinstance(value, Open) and value not in FLOATX:
        raise QueryError(f"set_floatx takes one of {', '.join(map(repr, FLOATX))}")
    _set("floatx", value)


def set_data_format(data_format: Any) -> None:
    known = isinstance(data_format, str)
    _set("data_format", AS_IN_KERAS_1.get(data_format, data_format) if known else data_format)


def clear_session(*_: Any, **__: Any) -> None:
    session().counts.clear()
    session().defaults.pop("dtype", None)


def _set(word: str, value: Any) -> None:
    """Under a condition that is not known it is not known either."""
    because = conditions_now(session().evaluator)[-1:]
    value = value.name if isinstance(value, DTypePolicy) else value
    session().defaults[word] = because[0] if because else None if value == "float32" else value


def disable_eager_execution(*_: Any, **__: Any) -> None:
    message = "Keras trains nothing without eager execution: leave disable_eager_execution out"
    session().problem(message, words="only supports Python-style iteration in eager mode")


SETTING: dict[str, Callable[..., Any]] = {
    "clear_session": clear_session,
    "disable_eager_execution": disable_eager_execution,
    "run_functions_eagerly": lambda *_, **__: _set("run_functions_eagerly", True),
    "epsilon": lambda: 1e-7,
    "floatx": lambda: session().defaults.get("floatx") or "float32",
    "set_floatx": set_floatx,
    **dict.fromkeys(("dtype_policy", "global_policy"), policy_now),
    **dict.fromkeys(("set_dtype_policy", "set_global_policy"), set_policy),
    **dict.fromkeys(("set_image_data_format", "set_image_dim_ordering"), set_data_format),
    "image_data_format": lambda: session().defaults.get("data_format") or "channels_last",
}
