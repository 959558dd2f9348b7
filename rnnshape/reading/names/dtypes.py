"""What dtypes are called, where that matters for a shape."""

from __future__ import annotations

DTYPES: dict[object, str] = {
    **dict.fromkeys((str, "str"), "<U"),
    **dict.fromkeys((object, "object", "O"), "object"),
    **dict.fromkeys((bool, "bool"), "bool"),
    **dict.fromkeys((int, "int", "int32", "int64", "uint8"), "int64"),
}


def dtype_of(dtype: object) -> str | None:
    """What a dtype is called, where that matters here; None of others."""
    if isinstance(dtype, str) and dtype.startswith("datetime64"):
        return "datetime64"
    return DTYPES.get(dtype) if isinstance(dtype, str | type) else None
