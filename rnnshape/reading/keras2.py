"""Names of Keras 1 and 2, how they are written today, and what Keras 3 does with each.

Data only. A test tries every entry in the Keras that is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from rnnshape.signatures import OPERATIONS, OPTIMIZERS
from rnnshape.training.losses import loss_named


class Today(NamedTuple):
    """How a name is written today, as code, and what Keras 3 does with the old one.

    Attributes:
        code: the spelling of today; empty where nothing takes its place, and it is left out.
        keras3: `refused` (raises), `warned` (goes on, and warns), `taken` (goes on, silently).
        keeps_value: whether an argument has the same value under its name of today.
    """

    code: str
    keras3: Literal["refused", "warned", "taken"] = "refused"
    keeps_value: bool = True

    def given(self, value: str) -> Today:
        """The same with the value that code gives it.

        >>> Today("learning_rate=0.001").given("0.01").code
        'learning_rate=0.01'
        """
        word, equals, _ = self.code.partition("=")
        is_same = equals and word.isidentifier() and self.keeps_value
        return self._replace(code=f"{word}={value}") if is_same else self


_LEFT_OUT = Today("")  # nothing takes its place
_INPUT = Today("Input(shape=(timesteps, features))", "warned")
_STRIDES = Today("strides=2")
_WORKERS = ("workers", "use_multiprocessing")

# By class or function, "layer" for every layer that has no line of its own.
ARGUMENTS: Mapping[str, Mapping[str, Today]] = {
    "layer": {
        "output_dim": Today("units=64"),
        "init": Today("kernel_initializer='glorot_uniform'"),
        "inner_init": Today("recurrent_initializer='orthogonal'"),
        "inner_activation": Today("recurrent_activation='hard_sigmoid'"),
        "forget_bias_init": Today("unit_forget_bias=True", keeps_value=False),
        "W_regularizer": Today("kernel_regularizer='l2'"),
        "U_regularizer": Today("recurrent_regularizer='l2'"),
        "b_regularizer": Today("bias_regularizer='l2'"),
        "W_constraint": Today("kernel_constraint='max_norm'"),
        "dropout_W": Today("dropout=0.2"),
        "dropout_U": Today("recurrent_dropout=0.2"),
        "bias": Today("use_bias=False"),
        "batch_input_shape": Today("Input(batch_shape=(32, timesteps, features))"),
        "batch_shape": Today("Input(batch_shape=(32, timesteps, features))"),
        "batch_size": Today("Input(shape=(timesteps, features), batch_size=32)"),
        "input_shape": _INPUT,
        "input_dim": _INPUT,
        "input_length": Today("Input(shape=(timesteps,))"),
        **dict.fromkeys(("time_major", "consume_less", "implementation"), _LEFT_OUT),
        "weights": Today("layer.set_weights(weights)"),
        "ragged": Today("Input(shape=(None, features), ragged=True)"),
        "border_mode": Today("padding='same'"),
        "subsample": _STRIDES,
        "subsample_length": _STRIDES,
        "dim_ordering": Today("data_format='channels_last'", keeps_value=False),
        "nb_filter": Today("filters=64"),
        "filter_length": Today("kernel_size=3"),
        "nb_row": Today("kernel_size=(3, 3)"),
        "nb_col": Today("kernel_size=(3, 3)"),
        "pool_length": Today("pool_size=2"),
        "stride": _STRIDES,
    },
    **{
        name: {"implementation": Today("", "taken")}
        for name in ("LSTM", "GRU", "LSTMCell", "GRUCell")
    },
    "Embedding": {
        "output_dim": Today("output_dim=64", "taken"),
        "input_dim": Today("input_dim=1000", "taken"),
        "input_length": Today("Input(shape=(timesteps,))", "warned"),
        "weights": Today("layer.set_weights(weights)", "taken"),
        "dropout": Today("SpatialDropout1D(0.2)"),
        "init": Today("embeddings_initializer='uniform'"),
    },
    "Dropout": {"p": Today("rate=0.5")},
    "Reshape": {"dims": Today("target_shape=(timesteps, features)")},
    "LeakyReLU": {"alpha": Today("negative_slope=0.3", "warned")},
    "BatchNormalization": {"mode": _LEFT_OUT, "fused": _LEFT_OUT},
    "SpatialDropout1D": {"input_shape": Today("Input(shape=(timesteps, features))")},
    "InputLayer": {
        "input_shape": Today("Input(shape=(timesteps, features))", "warned"),
        "batch_input_shape": Today("Input(batch_shape=(32, timesteps, features))", "taken"),
    },
    "Input": {"batch_input_shape": Today("Input(batch_shape=(32, timesteps, features))")},
    "Model": {"input": Today("inputs=inputs"), "output": Today("outputs=outputs")},
    "optimizer": {"lr": Today("learning_rate=0.001"), "decay": Today("", "warned")},
    "compile": dict.fromkeys(
        ("sample_weight_mode", "class_mode", "experimental_run_tf_function"), _LEFT_OUT
    ),
    "fit": {
        "nb_epoch": Today("epochs=10"),
        "samples_per_epoch": Today("steps_per_epoch=1", keeps_value=False),
        "nb_val_samples": Today("validation_steps=10", keeps_value=False),
        **dict.fromkeys(("show_accuracy", "nb_worker", "max_queue_size", *_WORKERS), _LEFT_OUT),
    },
    "predict": dict.fromkeys(_WORKERS, _LEFT_OUT),
    "ModelCheckpoint": {"period": Today("save_freq='epoch'", keeps_value=False)},
    "TensorBoard": {"write_grads": _LEFT_OUT},
    "l1": {"l": Today("l1=0.01")},
    "l2": {"l": Today("l2=0.01")},
}

# Attributes and methods of models, layers and tensors.
ATTRIBUTES: Mapping[str, Mapping[str, Today]] = {
    "model": {
        "fit_generator": Today("model.fit"),
        "evaluate_generator": Today("model.evaluate"),
        "predict_generator": Today("model.predict"),
        "predict_classes": Today("model.predict(X).argmax(axis=-1)"),
        "predict_proba": Today("model.predict(X)"),
        "reset_states": Today("model.layers[0].reset_state()"),
        "to_yaml": Today("model.to_json()"),
        "stateful": Today("layer.stateful"),
        **dict.fromkeys(("total_loss", "uses_learning_phase", "_make_predict_function"), _LEFT_OUT),
    },
    "layer": {
        "output_shape": Today("layer.output.shape"),
        "input_shape": Today("layer.input.shape"),
        "get_output_at": Today("layer.output"),
        "get_output_shape_at": Today("layer.output.shape"),
        "get_input_at": Today("layer.input"),
        "inbound_nodes": Today("layer._inbound_nodes"),
        "reset_states": Today("layer.reset_state()", "taken"),
    },
    "tensor": {
        "get_shape": Today("x.shape"),
        "_keras_shape": Today("x.shape"),
        "numpy": Today("model.predict(X)"),
    },
}

# Modules of which everything moved: `from keras.layers.recurrent import LSTM`.
_OF_LAYERS = """
    recurrent core embeddings convolutional convolutional_recurrent normalization wrappers merge
    advanced_activations pooling noise local cudnn_recurrent
"""
_OF_UTILS = "np_utils vis_utils generic_utils visualize_util"
MODULES: Mapping[str, str] = {
    **{f"keras.layers.{module}": "keras.layers" for module in _OF_LAYERS.split()},
    "keras.layers.experimental.preprocessing": "keras.layers",
    "keras.layers.experimental": "keras.layers",
    **{f"keras.utils.{module}": "keras.utils" for module in _OF_UTILS.split()},
    "keras.engine.topology": "keras.layers",
    "keras.engine.training": "keras.models",
    "keras.engine": "keras.layers",
    "keras.objectives": "keras.losses",
    "keras.initializations": "keras.initializers",
    "keras.preprocessing.text": "tensorflow.keras.preprocessing.text",
    "keras.wrappers.scikit_learn": "scikeras.wrappers",
    "keras.backend.tensorflow_backend": "keras.backend",
}

PRIVATE = "tensorflow.python.keras"  # what is left of it trains nothing
# Functions of tensors that TensorFlow has under another name, or in another module.
NAMES_OF_TENSORFLOW = {
    "concatenate": "tf.concat", "log": "tf.math.log", "sigmoid": "tf.math.sigmoid",
    "softmax": "tf.nn.softmax", "relu": "tf.nn.relu", "flip": "tf.reverse", "take": "tf.gather",
    "mean": "tf.reduce_mean",
    "sum": "tf.reduce_sum", "max": "tf.reduce_max", "min": "tf.reduce_min",
}  # fmt: skip
# Functions of `keras.backend` and of TensorFlow that are called otherwise in `keras.ops`.
OTHER_NAMES: Mapping[str, str] = {
    "concat": "concatenate", "div": "divide", "mul": "multiply", "sub": "subtract", "pow": "power",
    "permute_dimensions": "transpose", "reverse": "flip", "l2_normalize": "normalize",
    "truediv": "true_divide", "neg": "negative", "gather": "take", "batch_dot": "matmul",
    "clip_by_value": "clip",
}  # fmt: skip
_OF_BACKEND = {
    "int_shape": "shape", "dot": "matmul", "constant": "convert_to_tensor", "flatten": "reshape",
    "variable": "convert_to_tensor", "get_value": "convert_to_numpy", "eval": "convert_to_numpy",
}  # fmt: skip
# What is left of `keras.backend`; `tensorflow.keras.backend` has most of it.
_BACKEND_OF_TODAY = (
    "backend", "clear_session", "epsilon", "floatx", "get_uid", "image_data_format",
    "is_float_dtype", "is_int_dtype", "is_keras_tensor", "result_type", "set_epsilon",
    "set_floatx", "set_image_data_format", "standardize_dtype",
)  # fmt: skip


# Names that are gone from a module, and what is written instead.
_GONE = """
    keras.layers.LocallyConnected1D keras.layers.MaxoutDense keras.layers.Highway
    keras.engine.training.slice_X keras.legacy.interfaces keras.backend.learning_phase
    keras.backend.set_learning_phase keras.backend.get_session keras.backend.set_session
    tensorflow.Session tensorflow.get_default_graph
"""
NAMES: Mapping[str, Today] = {
    **dict.fromkeys(_GONE.split(), _LEFT_OUT),
    "keras.layers.CuDNNLSTM": Today("keras.layers.LSTM"),
    "keras.layers.CuDNNGRU": Today("keras.layers.GRU"),
    "keras.layers.TimeDistributedDense": Today("keras.layers.TimeDistributed(Dense(64))"),
    "keras.layers.merge": Today("keras.layers.Concatenate()([a, b])"),
    "keras.layers.Merge": Today("keras.layers.Concatenate()([a, b])"),
    "keras.layers.Deconvolution2D": Today("keras.layers.Conv2DTranspose"),
    "keras.layers.AtrousConvolution1D": Today("keras.layers.Conv1D(64, 3, dilation_rate=2)"),
    "keras.layers.ThresholdedReLU": Today("keras.layers.ReLU(threshold=1.0)"),
    "keras.layers.Recurrent": Today("keras.layers.RNN"),
    "keras.layers.ConvRNN2D": Today("keras.layers.RNN"),
    "keras.layers.AbstractRNNCell": Today("keras.layers.Layer"),
    "keras.layers.DenseFeatures": Today("keras.utils.FeatureSpace"),
    "keras.models.Graph": Today("keras.Model"),
    "keras.models.model_from_yaml": Today("keras.models.model_from_json"),
    "keras.utils.multi_gpu_model": Today("keras.distribution.DataParallel"),
    "keras.optimizers.adam_v2": Today("keras.optimizers"),
    "keras.optimizers.adam": Today("keras.optimizers.Adam"),
    "keras.regularizers.l1l2": Today("keras.regularizers.l1_l2"),
    "keras.regularizers.WeightRegularizer": Today("keras.regularizers.l1_l2"),
    "keras.constraints.maxnorm": Today("keras.constraints.max_norm"),
    "keras.initializers.normal": Today("keras.initializers.RandomNormal"),
    **{
        f"keras.preprocessing.{name}": Today(f"tensorflow.keras.preprocessing.{name}")
        for name in ("sequence.TimeseriesGenerator", "image.ImageDataGenerator")
    },
    "keras.engine.training.Model": Today("keras.Model"),
    "keras.backend.function": Today("keras.Model"),
    "keras.backend.placeholder": Today("keras.Input"),
    "keras.backend.set_image_dim_ordering": Today("keras.backend.set_image_data_format"),
    "tensorflow.contrib": Today("keras.layers"),
    "tensorflow.placeholder": Today("keras.Input"),
    "tensorflow.layers": Today("keras.layers"),
    "tensorflow.nn.rnn_cell": Today("keras.layers"),
    "tensorflow.nn.dynamic_rnn": Today("keras.layers.RNN"),
    "tensorflow.train.AdamOptimizer": Today("keras.optimizers.Adam"),
    "tensorflow.train.RMSPropOptimizer": Today("keras.optimizers.RMSprop"),
    "tensorflow.train.GradientDescentOptimizer": Today("keras.optimizers.SGD"),
    "tensorflow.set_random_seed": Today("tensorflow.random.set_seed"),
}

# Functions of losses and metrics: `keras` has the long names alone, `tensorflow.keras` the short.
_LONG_NAMES = {
    **{short: loss_named(short) for short in ("MSE", "mse", "MAE", "mae", "mape", "msle", "kld")},
    "logcosh": "log_cosh",
}
FUNCTIONS: Mapping[str, Today] = {
    f"{start}.{module}.{old}": Today(f"{start}.{module}.{today}")
    for short, long in _LONG_NAMES.items()
    for start, old, today in (
        ("keras", short, long),
        ("tensorflow.keras", long, short),
        ("tensorflow", long, short),
    )
    for module in ("losses", "metrics")
}


def argument(of: str, old: str) -> Today | None:
    """What is written today for an argument of a class or function; None if it is not gone.

    >>> argument("GRU", "inner_activation").code, argument("fit", "nb_epoch").code
    ("recurrent_activation='hard_sigmoid'", 'epochs=10')
    >>> argument("LSTM", "units") is None
    True
    """
    known = ARGUMENTS.get("optimizer" if of in OPTIMIZERS else of)
    if known and old in known:
        return known[old]
    is_layer = of[:1].isupper() and of not in ("Model", "Input", "InputLayer")
    return ARGUMENTS["layer"].get(old) if is_layer else None


def attribute(old: str, of: str = "") -> Today | None:
    """What is written today for an attribute of a `model`, `layer` or `tensor`.

    >>> attribute("predict_classes").code
    'model.predict(X).argmax(axis=-1)'
    """
    kinds = (of,) if of else tuple(ATTRIBUTES)
    return next((ATTRIBUTES[kind][old] for kind in kinds if old in ATTRIBUTES[kind]), None)


def name(dotted: str) -> Today | None:
    """What is written today for a module, or a name in one; `tensorflow.keras` as `keras`.

    >>> name("keras.layers.recurrent.LSTM").code, name("tensorflow.keras.layers.CuDNNLSTM").code
    ('keras.layers.LSTM', 'keras.layers.LSTM')
    >>> name("keras.backend.cast").code, name("tensorflow.keras.backend.cast")
    ('keras.ops.cast', None)
    """
    given = dotted
    if given == PRIVATE:
        return Today("tensorflow.keras")
    if given in FUNCTIONS:
        return FUNCTIONS[given]
    for prefix in ("tensorflow.keras.", "keras._tf_keras.keras.", "keras.api._v2.keras."):
        if dotted.startswith(prefix):
            dotted = f"keras.{dotted.removeprefix(prefix)}"
    if dotted in NAMES:
        is_there = given in (NAMES[dotted].code, "tensorflow.keras.layers.ThresholdedReLU")
        return None if is_there else NAMES[dotted]
    module, _, last = dotted.rpartition(".")
    if module == "keras.backend" and last not in (*_BACKEND_OF_TODAY, "tensorflow_backend"):
        today = {**OTHER_NAMES, **_OF_BACKEND}.get(last, last)
        is_known = today in OPERATIONS or last in _OF_BACKEND
        code = f"keras.ops.{today}" if is_known else f"tensorflow.keras.backend.{last}"
        return None if given.startswith("tensorflow.") else Today(code)
    for module in sorted(MODULES, key=len, reverse=True):
        if dotted == module or dotted.startswith(f"{module}."):
            moved = f"{MODULES[module]}{dotted.removeprefix(module)}"
            return NAMES.get(moved, Today(moved)) if moved != given else None
    return None
