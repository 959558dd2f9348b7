"""What is read of functions that prepare data is what the functions themselves make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnnshape.reading.code import follower
from rnnshape.reading.names.arrays import Array
from rnnshape.reading.names.datasets import Dataset
from rnnshape.reading.python import Open
from rnnshape.source import Source

IMPORTS = """
import numpy as np
import tensorflow as tf
import keras
from sklearn.datasets import load_iris, load_wine, load_digits, load_diabetes, load_breast_cancer
from sklearn.datasets import make_blobs, make_classification, make_regression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.preprocessing import Binarizer, PowerTransformer, QuantileTransformer
"""
# Of `a` and `b`, which have the shapes of a grid, and of what the code writes itself.
OF_NUMPY = """
np.zeros((3, 4))
np.zeros(5)
np.ones(shape=(2, 3))
np.full((2, 3), 7)
np.empty((4, 1))
np.random.rand(4, 3)
np.random.randn(4)
np.random.random((2, 5))
np.random.random(6)
np.random.normal(0, 1, (4, 3))
np.random.normal(size=(4, 3))
np.random.uniform(0, 1, 5)
np.random.randint(0, 5, size=(3, 2))
np.random.randint(5, size=4)
np.random.randint(0, 5, 6)
np.random.choice(5, 7)
np.random.choice([1, 2, 3], size=(2, 2))
np.random.choice(5)
np.random.permutation(6)
np.random.permutation(a)
np.random.default_rng(1).normal(size=(3, 2))
np.random.default_rng(1).integers(0, 9, (3, 2))
np.random.poisson(3, 8)
np.random.binomial(5, 0.5, (3, 2))
np.arange(7)
np.arange(2, 9, 3)
np.arange(2, 9, step=3)
np.arange(9, step=2)
np.arange(stop=4)
np.arange(9, 2, -2)
np.arange(7.5)
np.arange(0, 1, 0.1)
np.linspace(0, 1)
np.linspace(0, 1, 9)
np.linspace(0, 1, num=9)
np.linspace(a, 1, 4)
np.linspace(0, b, 4, axis=-1)
[*np.linspace(0, 1, 5, retstep=True)][0]
np.eye(4)
np.eye(3, 5)
np.eye(3, M=5)
np.zeros_like(a)
np.full_like(a, 2)
np.ones_like(a, shape=(2, 5))
np.array([[1, 2], [3, 4]])
np.array([1.5, 2])
np.array([[1, 2], [3]])
np.array([1, 2], ndmin=2)
np.array(a, ndmin=3)
np.array(['a', 'b'])
np.array([['a', 'b']], dtype=object)
np.array([True, False])
np.array(range(5))
np.array([range(3), [4, 5, 6]])
np.array([range(10)]).astype('float32')
np.array([a, b])
np.array(a)
np.asarray([a, a, a])
np.asarray(a, dtype='float32')
np.array([row for row in a])
[*np.array([4, 5])]
a.reshape(-1)
a.reshape(-1, 2)
a.reshape((a.shape[0], -1))
a.reshape(a.shape[0], -1, 1)
a.reshape(6, 7)
a.reshape(*a.shape, 1)
np.reshape(a, (-1, 2))
np.expand_dims(a, 0)
np.expand_dims(a, -1)
np.expand_dims(a, axis=1)
np.expand_dims(a, 5)
a[np.newaxis]
a[..., np.newaxis]
a[:, None]
a[:, :, None]
a.squeeze()
np.squeeze(a)
np.squeeze(a, axis=-1)
np.squeeze(a, 0)
np.squeeze(a, 3)
a.T
a.transpose()
np.transpose(a)
np.transpose(a, None)
np.transpose(a, (1, 0))
np.transpose(a, (0, 2, 1))
a.transpose(0, 2, 1)
np.swapaxes(a, 0, 1)
a.swapaxes(0, -1)
np.moveaxis(a, -1, 0)
np.rollaxis(a, 1)
np.ravel(a)
a.ravel()
a.flatten()
a[0]
a[-1]
a[:3]
a[2:]
a[:-2]
a[::2]
a[-3:]
a[:, 0]
a[:, -1]
a[:, :2]
a[:, [0, 2]]
a[[0, 1], [0, 1]]
a[:, [0, 1], [0, 1]]
a[[0, 1], :, [0, 1]]
a[0, :, [0, 1]]
a[[0, 1], 0]
np.zeros((9, 4))[np.arange(9), np.ones(9, int)]
np.prod(np.array([2, 3]))
np.prod([a, a])
np.prod(a, axis=0)
np.prod(a, 1)
a[[0, 2, 2]]
a[..., 0]
a[(0, 1), :]
a[a > 2, ...]
a[..., a > 2]
np.arange(6)[True]
a[:, -1, :]
a[1:4, :2]
a[99]
a[a > 0.5]
a[a[:, 0] > 0.5]
a[a[:, 0] > 0.5, 0]
a[np.isnan(a[:, 0]), 0]
a[np.isin(a[:, 0], [1, 2]), 0]
a[np.any(a > 0.5, axis=1), 0]
a[np.arange(6), np.argmin(a, axis=1)]
np.arange(9)[2:5]
np.arange(9)[4]
np.concatenate([a, b])
np.concatenate((a, b), axis=1)
np.concatenate([a, b], axis=-1)
np.concatenate([a, a[:2]])
np.stack([a, b])
np.stack([a, b], axis=1)
np.stack([a, b], axis=-1)
np.stack([a, b], axis=4)
np.vstack([a, b])
np.hstack([a, b])
np.hstack((a, a))
np.dstack([a, b])
np.column_stack([a, b])
np.column_stack((a, a[:, :1]))
np.append(a, b)
np.append(a, b, axis=0)
np.append([1, 2], 3)
np.repeat(a, 2)
np.repeat(a, 2, axis=0)
np.repeat(a, 3, axis=-1)
a.repeat(2, axis=0)
np.tile(a, 2)
np.tile(a, (2, 1))
np.tile(a, (2, 1, 1))
np.split(a, 2)
np.split(a, [2, 4])
np.split(a, 4, axis=-1)
np.array_split(a, 4)
np.array_split(a, 2, axis=1)
np.vsplit(a, 3)
np.delete(a, 0, axis=0)
np.insert(a, 1, 0, axis=0)
np.flip(a)
np.roll(a, 1)
np.roll(a, 1, axis=0)
np.pad(a, 1)
np.abs(np.fft.rfft(a, axis=-1))
np.diff(a, axis=0)
np.cumsum(a, axis=0)
np.cumsum(a)
np.take(a, [0, 1], axis=0)
np.where(a > 0, a, b)
np.where(a > 0)
np.unique(a)
np.unique(np.random.rand(4, 3), axis=0)
np.unique(np.array([1, 2, 2]))
np.setdiff1d(np.arange(9), [2, 3])
np.setdiff1d(np.random.randint(2, 4, 9), [1])
np.bincount(np.random.randint(12, 14, 9), minlength=10)
np.sort(a, axis=0)
np.argsort(a)
np.argwhere(a > 0.5)
np.convolve(np.random.rand(30), np.ones(5) / 5, mode='valid')
np.convolve(np.random.rand(30), np.ones(5), 'same')
np.convolve(np.ravel(a), [1, 2, 1])
np.convolve(a, [1, 2, 1])
np.convolve(np.ones(4), np.random.rand(9), mode='same')
np.correlate(np.random.rand(9), np.random.rand(4))
np.correlate(np.random.rand(4), np.random.rand(9), 'full')
np.correlate(np.random.rand(4), np.zeros(0))
np.convolve(np.ravel(a), [1, 2, 1], 'all')
np.nanmedian(a, 0)
np.ptp(a, axis=0)
np.atleast_2d(a)
np.broadcast_to(a, (2, *a.shape))
np.lib.stride_tricks.sliding_window_view(a, 3, axis=0)
np.meshgrid(np.arange(3), np.arange(4))
np.dot(a, a.T)
np.matmul(a, a.T)
np.matmul(a, a.tolist())
np.dot(a, [1, 2])
np.dot(a[0], a[0])
np.dot(np.array([[1, 2], [3, 4]]), np.array([1, 2]))
np.inner(a, b)
np.tensordot(a, a, 0)
np.tensordot(a, b, axes=([-1], [-1]))
np.einsum('...a,...b->...ba', a, b)
np.einsum('ab,cd->dbca', a, b)
np.outer(a, np.arange(4))
a.tolist()
a.tolist()[:2]
np.array(a.tolist())
[rows := a.tolist(), rows.append(rows[0]), np.array(rows)][-1]
np.array(a.tolist() * 2)
np.array([1, 2, 3])[np.array([True, False, True])]
[some := np.array([3, 1, 2]), some.sort(), some][-1]
[some := np.array([3, 1, 2]), np.random.shuffle(some), some[:2]][-1].shape
a.mean()
a.mean(axis=0)
a.mean(axis=3)
a.mean(0)
a.sum(axis=-1)
a.max(axis=1)
a.std(axis=(0, 1))
a.mean(axis=0, keepdims=True)
np.mean(a, axis=1)
np.sum(a, axis=(0, -1))
np.max(a, axis=0)
np.min(a, 0, keepdims=True)
np.argmax(a, axis=-1)
a.argmax(1)
a.argmin(axis=0)
np.any(a, axis=0)
np.median(a, axis=0)
np.percentile(a, 5, axis=0)
np.array([3, 9, 4]).max()
np.max([3, 9, 4])
np.max([3, 9, 4], keepdims=True)
a.sum(0, np.float32)
max(np.array([3, 9, 4]))
len(a)
len(np.array([3, 9, 4]))
len(set(np.random.randint(0, 5, size=40)))
len(set(np.random.randint(0, 5, size=40).tolist()))
len([one for one in np.random.rand(7) if one > 0.5])
a + b
a * 2
a * [1, 2, 3, 4]
(1, 2, 3, 4) + a
a == (1, 2)
a == None
np.zeros((2, 4)) == range(4)
a != 'x'
2 * a
1 - a
a / 255.0
a ** 2
-a
a + a[0]
a - a.mean(axis=0)
(a - a.min()) / (a.max() - a.min())
a > 0.5
(a > 0.5) & (b > 0)
a % 2
a // 2
np.arange(6) % 4
(2 ** np.arange(3, 6)).tolist()
(10 - np.arange(3)).tolist()
(np.arange(4) ** 2 - 1).tolist()
[(2 ** np.arange(61, 64)).tolist()[0], (np.arange(2, 4) ** 64).tolist()[0]]
(10**18 * np.arange(9, 11)).tolist()[:1]
np.arange(4)[:, None] + np.arange(3)[None, :]
np.arange(4, dtype="float32")
np.arange(4, dtype=int)[::-1]
np.zeros((9, 4))[np.arange(4)[:, None] + np.arange(3)[None, :] * 2]
np.zeros((9, 4))[np.random.randint(0, 5, (2, 3)) - 1]
np.zeros((3, 4))[np.zeros((3, 1)) + np.zeros((1, 4)) > 1]
np.array([0.5, 1.7, -1.2]).astype(int).tolist()
np.array([1, 2]).astype('float32').tolist()
np.lib.stride_tricks.as_strided(a, (2, 3), (0, 0))
np.lib.stride_tricks.as_strided(a)
np.abs(a)
np.clip(a, 0, 1)
np.exp(a)
np.add(a, b)
np.arctan2(a, b)
np.mod(a, 24)
np.sinh(np.tan(np.deg2rad(a)) + np.radians(a))
a[np.isfinite(a[:, 0])]
a[np.logical_or(np.isnan(a[:, 0]), np.logical_not(a[:, 0]))]
np.maximum(a, 0)
a.astype('float32')
a.astype(int)
a.astype(str)
a.astype(object)
a.astype('object')[:2]
np.array(['x', 'y'])[::-1]
np.arange(5).astype('int32')
np.arange(5).astype(bool)
a.copy()
np.array([1, 2]).tolist()
np.prod(a.shape)
a.size
a.ndim
np.eye(4)[np.array([1, 2, 3])]
np.eye(4)[np.random.randint(0, 4, 9)]
"""
OF_SKLEARN = """
train_test_split(a)
train_test_split(a, b, test_size=0.3)
train_test_split(a, b, test_size=2)
train_test_split(a, train_size=0.5)
train_test_split(a, a.astype(str), test_size=0.25)
train_test_split([1, 2, 3, 4, 5], test_size=0.4)
[load_iris().data, load_wine().target, load_digits(return_X_y=True)]
[load_diabetes(return_X_y=True), load_breast_cancer().target]
make_regression(50, 9, n_targets=2)
[make_classification(40), make_blobs(n_samples=30), make_regression()]
make_regression(50, 9, 9, 2)
[load_digits(n_class=5).data, load_digits(n_class=5, return_X_y=True)]
QuantileTransformer(n_quantiles=5).fit_transform(a)
Binarizer().fit(a).transform(b)
PowerTransformer().fit_transform(a)
[make_regression(9, coef=True), make_blobs([5, 6]), make_blobs(9, return_centers=True)]
MinMaxScaler().fit_transform(a)
StandardScaler().fit(a).transform(b)
LabelEncoder().fit_transform(np.array(['x', 'y', 'x']))
OneHotEncoder(sparse_output=False).fit_transform(np.array([[1], [2], [2], [5]]))
OneHotEncoder().fit_transform(a).toarray()
MinMaxScaler().fit(a).inverse_transform(b)
MinMaxScaler().fit(a[:, :1]).inverse_transform(b)
LabelEncoder().fit(np.array([['x'], ['y']])).inverse_transform(np.array([[0], [1], [1]]))
OneHotEncoder().fit(np.array([['x'], ['y']])).inverse_transform(np.eye(2))
"""
OF_KERAS = """
keras.utils.to_categorical(np.array([0, 2, 1]))
keras.utils.to_categorical([0, 2, 1])
keras.utils.to_categorical(np.array([[0], [3]]))
keras.utils.to_categorical(np.random.randint(0, 3, 8), 3)
keras.utils.to_categorical(np.random.randint(0, 3, (8, 5)), num_classes=4)
keras.utils.to_categorical(np.random.randint(0, 3, 8))
keras.utils.pad_sequences([[1, 2, 3], [4]])
keras.utils.pad_sequences([[1, 2, 3], [4]], maxlen=2)
keras.utils.pad_sequences([[1, 2, 3], [4]], maxlen=2, padding='post', truncating='post')
keras.utils.pad_sequences([[1, 2, 3], [4]], maxlen=5, padding='post', value=9)
keras.utils.pad_sequences([np.zeros((2, 3)), np.zeros((4, 3))], dtype='float32')
keras.utils.pad_sequences([np.zeros((2, 3)), np.zeros((4, 3))], maxlen=5)
tf.random.categorical(np.zeros((6, 4)), 2)
tf.zeros((3, 4))
tf.ones([2, 3])
tf.random.normal((4, 5))
tf.random.uniform(shape=[2, 3])
tf.random.uniform((4,), maxval=5, dtype=tf.int32)
tf.constant([[1, 2], [3, 4]])
tf.expand_dims(a, -1)
tf.reshape(a, (-1, 2))
tf.reshape(a, [-1])
tf.transpose(a)
tf.squeeze(a)
tf.stack([a, b])
tf.stack([a, b], axis=1)
tf.concat([a, b], 0)
tf.concat([a, b], axis=-1)
tf.tile(a, [2] * len(a.shape))
tf.repeat(a, 2, axis=0)
tf.cast(a, tf.float32)
tf.one_hot([0, 1, 2], 4)
tf.one_hot([0, 1, 2], 4, axis=0)
tf.one_hot([0, 1, 2], 4, 1.0, 0.0)
tf.one_hot([0, 1, 2], 4, 1.0, 0.0, 1)
keras.ops.one_hot([0, 1, 2], 4, 1)
keras.ops.one_hot([[0, 1, 2]], 4, axis=1)
tf.one_hot(np.array([0, 1, 2]), depth=4)
tf.reduce_mean(a, axis=0)
tf.reduce_sum(a, -1)
tf.convert_to_tensor(a)
tf.range(5)
tf.cumsum(a)
tf.where(a > 0.5)
tf.where(a > 0.5)[:2]
tf.random.shuffle(a)
[*tf.split(a, 1)]
[*tf.split(np.zeros((2, 4)), [1, 3], axis=1)]
[*tf.split(value=np.zeros((2, 4)), num_or_size_splits=[1, 3], axis=1)]
tf.concat(axis=0, values=[a, a])
tf.argmax(a)
tf.argmax(a, axis=-1)
tf.keras.backend.argmax(a)
tf.keras.backend.concatenate([tf.zeros((2, 3))] * 2)
tf.constant(0.0, tf.float32, [2, 3])
tf.constant([1, 2, 3, 4], shape=(2, 2))
tf.eye(3, num_columns=4)
keras.random.randint((2, 3), 0, 5)
keras.utils.pad_sequences([[[1, 2]], [[3, 4], [5, 6]]])
[*tf.math.top_k(a, 1)]
tf.range(5, delta=2)
tf.linspace(0.0, 1.0, 7)
tf.data.Dataset.from_tensor_slices(a)
tf.data.Dataset.from_tensor_slices((a, b)).batch(4)
tf.data.Dataset.from_tensor_slices((a, b)).shuffle(5).batch(4, drop_remainder=True).repeat()
tf.data.Dataset.from_tensor_slices({'x': a, 'y': b}).cache().batch(2).prefetch(2).take(1)
tf.data.Dataset.from_tensor_slices((a, b)).map(lambda x, y: (x, y, y)).batch(3)
tf.data.Dataset.from_tensor_slices(a).window(3, shift=1).flat_map(lambda w: w.batch(3))
tf.data.Dataset.from_tensor_slices((a, b)).window(3).flat_map(lambda x, y: x.batch(3)).batch(2)
tf.data.Dataset.from_tensors(a).unbatch()
keras.utils.timeseries_dataset_from_array(a, b, sequence_length=3)
keras.utils.timeseries_dataset_from_array(a, None, 2, batch_size=2)
keras.utils.timeseries_dataset_from_array(a, b, 2, batch_size=None)
"""
SHAPES = [((6,), (6,)), ((6, 4), (6, 4)), ((6, 4), (6, 3)), ((6, 4, 3), (6, 4, 3)), ((6, 1), (6,)),
          ((1, 4), (6, 4)), ((6, 4, 1), (6, 4, 2))]  # fmt: skip


def read(text: str, results: int, accused: set[str] | None = None) -> list[Any]:
    """What code makes of the names r0, r1, ...; the lines that are said to be wrong are added."""
    evaluator = follower({"n": 6}, None)
    source = Source(text, "line ", len(text) + 1)
    evaluator.read(source, source.statements(), evaluator.module)
    if accused is not None:
        accused |= {told.place.line for told in evaluator.messages if told.place}
    return [evaluator.module.names.get(f"r{number}", Open("nothing")) for number in range(results)]


def agrees(read: Any, real: Any) -> bool:
    """Whether nothing else is said than what is true; open is all that is not known."""
    if isinstance(read, Open):
        return True
    if isinstance(read, Dataset):
        return all(agrees(read.own_element, element) for element in real.take(20))
    if isinstance(read, dict):
        return all(agrees(read[word], real[word]) for word in real)
    if isinstance(read, list | tuple) and isinstance(real, list | tuple):
        return len(read) == len(real) and all(map(agrees, read, real))
    if not isinstance(read, Array):
        return bool(np.all(read == real))
    if (read.own_dtype == "list") != isinstance(real, list):
        return False
    shape = np.shape(real) if isinstance(real, list) else tuple(real.shape)
    sizes = zip(read.shape, shape, strict=False)
    if len(shape) != len(read.shape) or not all(
        size is Open or isinstance(size, Open) or size == other for size, other in sizes
    ):
        return False
    if read.own_values and list(read.own_values) != np.asarray(real).ravel().tolist():
        return False
    kinds = {"list": "", "<U": "U", "object": "O", "bool": "b", "int64": "iu"}
    return getattr(getattr(real, "dtype", None), "kind", "") in kinds.get(
        read.own_dtype or "", "UObiuf"
    )


def is_known(read: Any) -> bool:
    if isinstance(read, list | tuple):
        return all(map(is_known, read))
    if isinstance(read, Array):
        return not any(isinstance(size, Open) for size in read.shape)
    return not isinstance(read, Open)


# Of these the answer depends on numbers that are not in the code, or on Keras while it runs.
DEPENDS_ON_DATA = (
    "a > 0.5]", "0.5, 0]", "), 0]", "axis=1)]", "9), [1])", "bincount", "retstep",
    "np.where(a > 0)", "np.unique(a)", "[a[:, 0] >", "to_categorical(np.random.randint",
    "OneHotEncoder().fit", "np.random.choice(5)", "dtype=object", "Dataset", "timeseries", "rows",
    "() * 2", "** 64", "> 1]", "(a, 1)]", "tf.where", "a > 2", "[True]", "np.unique(np.random",
    "np.argwhere", "a[np.isfinite(", "a[np.logical_or(", "coef=True", "n_class",
)  # fmt: skip


def compared(rows: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    one, other = shapes
    expressions = rows.strip().splitlines()
    names: dict[str, Any] = {}
    arrays = f"a = np.random.random({one})\nb = np.random.random({other})\n"
    code = "".join(f"r{number} = {text}\n" for number, text in enumerate(expressions))
    exec((IMPORTS if rows is not OF_NUMPY else "import numpy as np\n") + arrays, names)
    accused: set[str] = set()
    found = read(IMPORTS + arrays + code, len(expressions), accused)
    differ, unknown = [], []
    for number, (text, said) in enumerate(zip(expressions, found, strict=True)):
        try:
            real = eval(text, names)
        except Exception:
            if not isinstance(said, Open):
                differ.append((text, "refused"))
            continue
        if not agrees(said, real) or f"r{number} = {text}" in accused:
            differ.append((text, getattr(real, "shape", real)))
        is_data = isinstance(real, list | tuple) or np.ndim(real)
        if is_data and not is_known(said) and not any(word in text for word in DEPENDS_ON_DATA):
            unknown.append(text)
    assert not differ, differ
    assert not unknown, f"open, and of no word in DEPENDS_ON_DATA: {unknown}"


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_what_functions_of_numpy_make(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    compared(OF_NUMPY, shapes)


@pytest.mark.keras
@pytest.mark.parametrize("rows", [OF_SKLEARN, OF_KERAS], ids=["sklearn", "keras"])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_what_other_functions_make(
    rows: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    compared(rows, shapes)


@pytest.mark.parametrize("sizes", ["4, 3", "4", ""])
def test_what_is_said_beside_an_open_size_is_true_whatever_it_is(sizes: str) -> None:
    """The number of samples is not known: what is said all the same holds for each."""
    expressions = OF_NUMPY.strip().splitlines()
    arrays = f"a = np.random.random((many, {sizes}))\nb = np.random.random((many, {sizes}))\n"
    code = "".join(f"r{number} = {text}\n" for number, text in enumerate(expressions))
    found = read(f"import numpy as np\nmany = unknown()\n{arrays}{code}", len(expressions))
    differ = []
    for many in (6, 7, 12):
        names: dict[str, Any] = {"many": many}
        exec("import numpy as np\n" + arrays, names)
        for text, said in zip(expressions, found, strict=True):
            try:
                real = eval(text, names)
            except Exception:
                continue
            if not agrees(said, real):
                differ.append((many, text))
    assert differ == []
