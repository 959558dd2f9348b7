"""Functions of TensorFlow and of `keras.backend` that are not as NumPy or `keras.ops` have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from rnnshape.input_shapes import UNKNOWN_ENTRIES
from rnnshape.nest import rebuilt, within
from rnnshape.reading import graph
from rnnshape.reading.names.arrays import Array, array_of_shape, surely
from rnnshape.reading.names.dtypes import COMPARISONS
from rnnshape.reading.names.of_numpy import NUMPY, OF_NUMPY_ALONE
from rnnshape.reading.names.of_shapes import ARRAYS, multiplied, of_shape
from rnnshape.reading.names.session import opened
from rnnshape.reading.names.sizes import sizes_given, sizes_of
from rnnshape.reading.names.symbolic_tensors import is_batch, is_of_tensorflow
from rnnshape.reading.names.tensor_shapes import SizesOfTensorFlow
from rnnshape.reading.names.tensor_sizes import SizesInTensor
from rnnshape.reading.python import IsOpenError, Open

# The axis where none is given, of TensorFlow and of `keras.backend`.
USUAL_AXES = {"argmax": (0, -1), "argmin": (0, -1), "concatenate": (0, -1), "cumprod": (0, 0),
              "cumsum": (0, 0), "expand_dims": (-1, -1)}  # fmt: skip


class EagerTensor(Array):
    """What TensorFlow and `keras.ops` make of data: it has fewer names than an array of NumPy's,
    and is read only. `own_is_float32` is whether that is surely its dtype."""

    own_what = "a tensor"
    own_is_float32 = False

    numpy = Array.copy
    shape = property(lambda tensor: SizesOfTensorFlow(vars(tensor)["shape"]), Array.shape.fset)

    def get_shape(self) -> Any:
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Says in code that `tf.data` follows what TensorFlow does not know itself."""
        if isinstance(shape, list | tuple) and len(shape) == len(self.shape):
            pairs = zip(self.shape, shape, strict=True)
            self.shape = tuple(old if isinstance(old, int) else new or old for old, new in pairs)

    def own_lacks(self, name: str) -> bool:
        return name not in OF_TENSORS

    def __getitem__(self, index: object) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        is_mask = isinstance(index, Array) and index.own_kind() in ("bool", "")
        if not is_mask and any(isinstance(part, Array) and part.shape for part in parts):
            raise surely(TypeError("only integers and slices are valid indices of a tensor"))
        if any(isinstance(part, list) for part in parts):  # it is taken for a tuple
            raise IsOpenError(opened("data"))
        return as_tensor(super().__getitem__(index), self.own_is_float32)

    def __iter__(self) -> Any:
        return map(as_tensor, super().__iter__())

    def __setitem__(self, index: object, value: object) -> None:
        raise surely(TypeError("a tensor does not support item assignment"))

    def own_like(self, shape: Sequence[Any]) -> Array:
        made: Array = as_tensor(super().own_like(shape), self.own_is_float32)
        return made

    def own_operated(self, other: Any, function: Callable[[Any, Any], Any] | None = None) -> Any:
        """TensorFlow makes no dtype of two: of which the tensors are has to be known."""
        made = super().own_operated(other, function)
        is_alike = self.own_is_float32 or not any(isinstance(n, float) for n in within([other]))
        if isinstance(other, EagerTensor):
            is_alike = other is self or (self.own_is_float32 and other.own_is_float32)
        if isinstance(made, Array) and not is_alike:
            made.own_dtype = UNKNOWN_ENTRIES
        return as_tensor(made, self.own_is_float32 and function not in COMPARISONS)

    def own_changed(self, other: Any, function: Callable[[Any, Any], Any] | None = None) -> Any:
        return self.own_operated(other, function)

    def __matmul__(self, other: Any) -> Any:
        return as_tensor(multiplied(self, other))

    def __rmatmul__(self, other: Any) -> Any:
        return as_tensor(multiplied(other, self))

    @staticmethod
    def own_beside(made: Any) -> Any:
        """What an operator makes of an array and a tensor behind it."""
        return as_tensor(made)


NAMES = """
    backing_device consumers cpu device dtype eval experimental_ref get_shape gpu graph is_packed
    name ndim numpy op ref set_shape shape value_index
"""
OF_TENSORS = frozenset(NAMES.split())


def as_tensor(made: Any, is_float32: bool = False) -> Any:
    """The same as TensorFlow has it."""
    if type(made) is not Array:
        return made
    tensor = EagerTensor(made.shape)
    vars(tensor).update(vars(made))
    tensor.own_is_float32 = is_float32
    return tensor


def as_data(value: Any) -> Any:
    """The same with data for each tensor that layers have computed of data."""

    def of_tensor(leaf: Any) -> Any:
        if id(leaf) not in computed:
            return leaf
        name = leaf.maker.names.get(leaf.output) or "data"
        try:
            sizes = [
                replace(size, label=f"{name}.shape[{axis}]") if isinstance(size, Open) else size
                for axis, size in enumerate(leaf.shape)
            ]
        except IsOpenError as wrong:
            return wrong.value
        return as_tensor(array_of_shape(sizes))

    computed = {id(leaf) for leaf in graph.tensors_in(value) if graph.are_computed([leaf])}
    return rebuilt(value, of_tensor) if computed else value


def _of_tensors(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def made(*given: Any, **named: Any) -> Any:
        is_usual = "dtype" not in named and name in ("normal", "uniform", "truncated_normal")
        return as_tensor(function(*given, **named), is_usual)

    return made


class TopK(list[Any]):
    """What `tf.math.top_k` returns: two tensors that have names."""

    values = property(lambda both: both[0])
    indices = property(lambda both: both[1])


def as_of_tensorflow(function: Any, made: Any) -> Any:
    """What a function of `keras.ops` makes, as TensorFlow's own returns it."""
    is_named = function.own_name == "top_k" and is_of_tensorflow(function.own_path)
    return TopK(map(as_tensor, made)) if is_named else rebuilt(made, as_tensor)


def as_of_ops(name: str, path: str, given: Any, named: dict[str, Any]) -> Any:
    """What a function of TensorFlow, or of `keras.backend`, is given, as `keras.ops` takes it."""
    is_own, is_of_backend = is_of_tensorflow(path), path.endswith("backend")
    if name in USUAL_AXES and len(given) + len(named) == 1 and (is_own or is_of_backend):
        named["axis"] = USUAL_AXES[name][is_of_backend]
    if name == "l2_normalize" and isinstance((*given, named.get("axis"))[1], list | tuple):
        raise IsOpenError(opened("l2_normalize(...)", "its axes in a list are not read"))
    if name == "repeat" and is_of_backend and given[1:]:  # which is another
        given, named["n"] = [*given[:1], *given[2:]], given[1]
    if name == "split" and is_own:
        sizes = named.get("indices_or_sections")
        if isinstance(sizes, Array):
            sizes = sizes.own_values or [opened("lengths")]
        if isinstance(sizes, list | tuple):  # they are lengths, and no places
            if not all(type(size) is int and size >= 0 for size in sizes):
                raise IsOpenError(opened("split(...)"))
            named["indices_or_sections"] = [*accumulate(sizes)][:-1]
    return given, named


def sizes_joined(given: Sequence[Any]) -> SizesInTensor:
    """`tf.concat([tf.shape(x)[:1], [12]], 0)`: the sizes, where the batch is among them."""
    leaves = [*within([*given[:1]])]
    rows = (leaf if isinstance(leaf, Array) and leaf.own_values else [leaf] for leaf in leaves)
    sizes = [part for row in rows for part in row]
    return SizesInTensor(sizes if any(map(is_batch, sizes)) else ())


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, int | float) for one in within(value))


# The names

OF_TENSORFLOW = {  # as NumPy has them, but for these
    **NUMPY,
    "constant": lambda value, dtype=None, shape=None, **_: (
        Array(sizes_given(shape)) if shape is not None
        else NUMPY["array" if _are_numbers(value) else "constant"](value)),
    "eye": lambda num_rows, num_columns=None, batch_shape=None, *_, **__: Array(
        (*(batch_shape or ()), num_rows, num_rows if num_columns is None else num_columns)),
    "split": lambda value, indices_or_sections, axis=0: (
        OF_NUMPY_ALONE["split"](value, indices_or_sections, axis)),
    "where": lambda *given, **named: (
        NUMPY["where"](*given, **named) if len(given) + len(named) > 1 else opened("where(...)")),
}  # fmt: skip


def _resized(
    images: Any, size: Any, method: Any = 0, preserve_aspect_ratio: Any = False, *_: Any, **__: Any
) -> Any:
    """One image, or a batch of them, of another height and width."""
    sizes, wanted = sizes_of(images), sizes_given(size)
    is_known = sizes is not None and len(sizes) in (3, 4) and len(wanted) == 2
    is_known &= preserve_aspect_ratio is False
    return Array((*sizes[:-3], *wanted, sizes[-1])) if is_known else opened("an image")


def _padded(image: Any, target_height: Any, target_width: Any, *_: Any, **__: Any) -> Any:
    return _resized(image, (target_height, target_width))


OF_IMAGES = "tensorflow.image"
IMAGES: dict[str, Callable[..., Any]] = {  # its functions
    "resize": _resized,
    **dict.fromkeys(("resize_with_crop_or_pad", "resize_with_pad"), _padded),
    **dict.fromkeys(
        ("adjust_brightness", "adjust_contrast", "adjust_hue", "adjust_saturation",
         "convert_image_dtype", "flip_left_right", "flip_up_down", "per_image_standardization",
         "random_brightness", "random_contrast", "random_flip_left_right", "random_flip_up_down",
         "random_hue", "random_saturation"),
        lambda image, *_, **__: Array(sizes_of(image)),
    ),
    "grayscale_to_rgb": lambda images: (  # which TensorFlow takes as a tensor alone
        Array((*images.shape[:-1], 3)) if isinstance(images, EagerTensor) else opened("an image")),
    "rgb_to_grayscale": lambda images: Array((*sizes_of(images)[:-1], 1)),
}  # fmt: skip


def _between(usual: str | None = None) -> Callable[..., Any]:
    """Random numbers between two bounds, which are known of whole ones."""

    def made(
        shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = usual, *_: Any, **__: Any
    ) -> Any:
        array = of_shape(0)(shape, dtype=dtype)
        are_whole = isinstance(array, Array) and (array.own_dtype or "").startswith(("int", "uint"))
        if are_whole and type(minval) is type(maxval) is int:
            array.own_bounds = minval, maxval
        return array

    return made


# As TensorFlow and Keras have them, which take the shape first.
RANDOM_TENSORS = {
    name: _of_tensors(name, function)
    for name, function in {
        **ARRAYS,
        **dict.fromkeys(("binomial", "gamma", "normal", "poisson"), of_shape(0)),
        "randint": _between("int64"),
        "uniform": _between(),
        "shuffle": lambda x, *_, **__: Array(sizes_of(x)),
        "categorical": lambda logits, num_samples, *_, **__: Array(
            (sizes_of(logits)[0], num_samples), dtype="int64"
        ),
    }.items()
}
