"""What is said of two or more tensors that a layer combines, and that do not go together."""

from __future__ import annotations

import re

from rnnshape.explaining.messages import SHAPE, Advice, Said, Shape, changes, shape_of


def merged(said: Said) -> Advice:
    """`Add` and others, which combine entry by entry."""
    a, b = said.shape("a"), said.shape("b")
    text = (
        f"The layer combines its inputs entry by entry, and they are {said['a']} and {said['b']} "
    )
    return Advice(f"{text}(without the batch).", together(a, b, without_batch=True))


def side_by_side(said: Said) -> Advice:
    """`Concatenate`, in whose message the shapes have their batch."""
    shapes = [
        shape for text in re.findall(SHAPE, said["shapes"][1:-1]) if (shape := shape_of(text))
    ]
    text = (
        f"Concatenate joins {said['shapes'] or 'its inputs'} along one axis, by default the last; "
        "all other axes must be equal."
    )
    others = [one for one in shapes[1:] if one[:-1] != shapes[0][:-1]] or shapes[1:]
    a, b = (shapes[0], others[0]) if others else (None, None)
    return Advice(text, together(a, b, without_batch=False, is_joined=True))


def together(
    a: Shape | None, b: Shape | None, *, without_batch: bool, is_joined: bool = False
) -> tuple[str, ...]:
    """Changes after which two tensors can be combined, or joined along an axis."""
    if not a or not b:
        more = changes("of other ranks", timesteps="timesteps")
        return (*changes("of other timesteps", axis=1, lacking=""), *more)
    if len(a) != len(b):
        longer = max(a, b, key=len)
        timesteps = longer[0 if without_batch else 1]
        fits = abs(len(a) - len(b)) == 1 and a[-1] == b[-1]
        found = changes("of other ranks", timesteps=timesteps or "timesteps" if fits else "")
        return found if is_joined else found[:-1]  # what is flattened has other sizes
    pairs = enumerate(zip(a, b, strict=True))
    places = [n for n, (m, k) in pairs if m != k and not (n == 0 and None in (m, k))]
    if places == [len(a) - 1]:
        return changes("of one width", width=a[-1])
    if len(a) + without_batch == 4 and (is_joined or len(a) - 1 not in places):
        first = 1 - without_batch
        return rows_and_columns("of other rows", a[first : first + 2], b[first : first + 2])
    axis = places[0] + without_batch if len(places) == 1 else ""
    sizes = [shape[places[0]] for shape in (a, b)] if axis == 1 else []
    known = [size for size in sizes if size is not None]
    lacking = max(known) - min(known) if len(known) > 1 and len(a) + without_batch == 3 else ""
    found = changes("of other timesteps", axis=axis, lacking=lacking)
    return found or (changes("of other ranks", timesteps="") if is_joined else ())


def rows_and_columns(name: str, a: Shape, b: Shape) -> tuple[str, ...]:
    """Changes after which images of other rows and columns are of one size: a layer's output, or
    two branches of a model. The smaller is made some times as large, or has zeros at its ends."""
    if None in (*a, *b) or 0 in (*a, *b):
        return ()
    sizes = [(m, n) for m, n in zip(a, b, strict=True) if m and n]
    lacking = [n - m for m, n in sizes]
    is_smaller, is_larger = (any(sign * size > 0 for size in lacking) for sign in (1, -1))
    if is_smaller == is_larger:
        return ()
    times = {max(pair) / min(pair) for pair in sizes}
    both = ", ".join(f"(0, {abs(size)})" for size in lacking)
    padding, cropping = f"ZeroPadding2D(({both}))", f"Cropping2D(({both}))"
    if len(times) == 1 and (many := times.pop()).is_integer():
        padding, cropping = f"UpSampling2D({many:.0f})", f"MaxPooling2D({many:.0f})"
    (smaller, larger), layer = (("a", "b"), padding) if is_smaller else (("b", "a"), cropping)
    parts = {"padding": padding, "cropping": cropping, "smaller": smaller, "larger": larger}
    return changes(name, layer=layer, **parts)


def multiplied(said: Said) -> Advice:
    """`Dot`: along which axes the sizes are equal."""
    a, b = said.shape("a") or (), said.shape("b") or ()
    pairs = [(i, j) for i, m in enumerate(a) for j, n in enumerate(b) if i and j and m == n]
    sizes = f"{said['m']} and {said['n']}"
    text = f"Dot multiplies along one axis of each input, and their sizes are {sizes}."
    axes = str(pairs[-1]) if pairs else "" if a else "(2, 2)"
    return Advice(text, changes("of one size", axes=axes, width=said["m"]))
