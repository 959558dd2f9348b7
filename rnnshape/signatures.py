"""The arguments of every Keras layer that can be asked about: their names, order and defaults.

`LAYERS` is the allow-list: what is not in it is never built. Each line is the signature that Keras
has in its newest version, and `**layer` stands for what every layer takes. The tests hold the
table against `inspect.signature` of the oldest and the newest Keras that is supported.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

__all__ = [
    "ACTIVATIONS",
    "ALIASES",
    "INPUT_ARGUMENTS",
    "LAYERS",
    "LAYERS_INSIDE",
    "REFUSED",
    "Signature",
    "module_of",
    "signature",
]

# Runs of arguments that several layers share.
SHARED = {
    "layer": "activity_regularizer=None, trainable=True, dtype=None, autocast=True, name=None"
}
RUN = "return_sequences=False, return_state=False, go_backwards=False, stateful=False"
GATES = "activation='tanh', recurrent_activation='sigmoid'"
INITIALIZERS = (
    "use_bias=True, kernel_initializer='glorot_uniform', recurrent_initializer='orthogonal', "
    "bias_initializer='zeros'"
)
REGULARIZERS = "kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None"
CONSTRAINTS = (
    "kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, dropout=0.0, "
    "recurrent_dropout=0.0"
)
KERNEL = (
    "use_bias=True, kernel_initializer='glorot_uniform', bias_initializer='zeros', "
    "kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, "
    "kernel_constraint=None, bias_constraint=None"
)
SCALE = "center=True, scale=True, beta_initializer='zeros', gamma_initializer='ones'"
LIMITS = (
    "beta_regularizer=None, gamma_regularizer=None, beta_constraint=None, gamma_constraint=None"
)

LAYERS = {
    "LSTM": (
        f"units, {GATES}, {INITIALIZERS}, unit_forget_bias=True, {REGULARIZERS}, "
        f"activity_regularizer=None, {CONSTRAINTS}, seed=None, {RUN}, unroll=False, "
        "use_cudnn='auto', *, implementation=2, zero_output_for_mask=False, **layer"
    ),
    "GRU": (
        f"units, {GATES}, {INITIALIZERS}, {REGULARIZERS}, activity_regularizer=None, "
        f"{CONSTRAINTS}, seed=None, {RUN}, unroll=False, reset_after=True, use_cudnn='auto', "
        "*, implementation=2, zero_output_for_mask=False, **layer"
    ),
    "SimpleRNN": (
        f"units, activation='tanh', {INITIALIZERS}, {REGULARIZERS}, "
        f"activity_regularizer=None, {CONSTRAINTS}, {RUN}, unroll=False, seed=None, "
        "*, zero_output_for_mask=False, **layer"
    ),
    "RNN": f"cell, {RUN}, unroll=False, zero_output_for_mask=False, **layer",
    "LSTMCell": (
        f"units, {GATES}, {INITIALIZERS}, unit_forget_bias=True, {REGULARIZERS}, "
        f"{CONSTRAINTS}, seed=None, *, implementation=2, **layer"
    ),
    "GRUCell": (
        f"units, {GATES}, {INITIALIZERS}, {REGULARIZERS}, {CONSTRAINTS}, reset_after=True, "
        "seed=None, *, implementation=2, **layer"
    ),
    "SimpleRNNCell": (
        f"units, activation='tanh', {INITIALIZERS}, {REGULARIZERS}, {CONSTRAINTS}, seed=None, "
        "**layer"
    ),
    "StackedRNNCells": "cells, **layer",
    "Bidirectional": "layer, merge_mode='concat', weights=None, backward_layer=None, **layer",
    "TimeDistributed": "layer, **layer",
    "ConvLSTM1D": (
        "filters, kernel_size, strides=1, padding='valid', data_format=None, "
        f"dilation_rate=1, {GATES}, {INITIALIZERS}, unit_forget_bias=True, {REGULARIZERS}, "
        f"activity_regularizer=None, {CONSTRAINTS}, seed=None, {RUN}, "
        "*, unroll=False, zero_output_for_mask=False, **layer"
    ),
    "ConvLSTM2D": (
        "filters, kernel_size, strides=1, padding='valid', data_format=None, "
        f"dilation_rate=1, {GATES}, {INITIALIZERS}, unit_forget_bias=True, {REGULARIZERS}, "
        f"activity_regularizer=None, {CONSTRAINTS}, seed=None, {RUN}, "
        "*, unroll=False, zero_output_for_mask=False, **layer"
    ),
    "ConvLSTM3D": (
        "filters, kernel_size, strides=1, padding='valid', data_format=None, "
        f"dilation_rate=1, {GATES}, {INITIALIZERS}, unit_forget_bias=True, {REGULARIZERS}, "
        f"activity_regularizer=None, {CONSTRAINTS}, seed=None, {RUN}, "
        "*, unroll=False, zero_output_for_mask=False, **layer"
    ),
    "Embedding": (
        "input_dim, output_dim, embeddings_initializer='uniform', "
        "embeddings_regularizer=None, embeddings_constraint=None, mask_zero=False, "
        "weights=None, lora_rank=None, lora_alpha=None, quantization_config=None, **layer"
    ),
    "Masking": "mask_value=0.0, **layer",
    "Dense": (
        f"units, activation=None, {KERNEL}, lora_rank=None, lora_alpha=None, "
        "quantization_config=None, **layer"
    ),
    "Activation": "activation, **layer",
    "ReLU": "max_value=None, negative_slope=0.0, threshold=0.0, **layer",
    "LeakyReLU": "negative_slope=0.3, *, alpha=None, **layer",
    "PReLU": (
        "alpha_initializer='Zeros', alpha_regularizer=None, alpha_constraint=None, "
        "shared_axes=None, **layer"
    ),
    "ELU": "alpha=1.0, **layer",
    "Softmax": "axis=-1, **layer",
    "Dropout": "rate, noise_shape=None, seed=None, **layer",
    "SpatialDropout1D": "rate, seed=None, name=None, dtype=None",
    "SpatialDropout2D": "rate, data_format=None, seed=None, name=None, dtype=None",
    "SpatialDropout3D": "rate, data_format=None, seed=None, name=None, dtype=None",
    "GaussianDropout": "rate, seed=None, **layer",
    "GaussianNoise": "stddev, seed=None, **layer",
    "AlphaDropout": "rate, noise_shape=None, seed=None, **layer",
    "ActivityRegularization": "l1=0.0, l2=0.0, **layer",
    "RepeatVector": "n, **layer",
    "Flatten": "data_format=None, **layer",
    "Reshape": "target_shape, **layer",
    "Permute": "dims, **layer",
    "Conv1D": (
        "filters, kernel_size, strides=1, padding='valid', data_format=None, "
        f"dilation_rate=1, groups=1, activation=None, {KERNEL}, **layer"
    ),
    "Conv2D": (
        "filters, kernel_size, strides=(1, 1), padding='valid', data_format=None, "
        f"dilation_rate=(1, 1), groups=1, activation=None, {KERNEL}, **layer"
    ),
    "Conv3D": (
        "filters, kernel_size, strides=(1, 1, 1), padding='valid', data_format=None, "
        f"dilation_rate=(1, 1, 1), groups=1, activation=None, {KERNEL}, **layer"
    ),
    "MaxPooling1D": (
        "pool_size=2, strides=None, padding='valid', data_format=None, name=None, **layer"
    ),
    "MaxPooling2D": (
        "pool_size=(2, 2), strides=None, padding='valid', data_format=None, name=None, **layer"
    ),
    "MaxPooling3D": (
        "pool_size=(2, 2, 2), strides=None, padding='valid', data_format=None, name=None, **layer"
    ),
    "AveragePooling1D": (
        "pool_size, strides=None, padding='valid', data_format=None, name=None, **layer"
    ),
    "AveragePooling2D": (
        "pool_size, strides=None, padding='valid', data_format=None, name=None, **layer"
    ),
    "AveragePooling3D": (
        "pool_size, strides=None, padding='valid', data_format=None, name=None, **layer"
    ),
    "GlobalMaxPooling1D": "data_format=None, keepdims=False, **layer",
    "GlobalAveragePooling1D": "data_format=None, keepdims=False, **layer",
    "ZeroPadding1D": "padding=1, data_format=None, **layer",
    "Cropping1D": "cropping=(1, 1), **layer",
    "UpSampling1D": "size=2, **layer",
    "BatchNormalization": (
        f"axis=-1, momentum=0.99, epsilon=0.001, {SCALE}, moving_mean_initializer='zeros', "
        f"moving_variance_initializer='ones', {LIMITS}, renorm=False, renorm_clipping=None, "
        "renorm_momentum=0.99, synchronized=False, **layer"
    ),
    "LayerNormalization": (
        f"axis=-1, epsilon=0.001, {SCALE}, {LIMITS}, *, rms_scaling=False, **layer"
    ),
    "Concatenate": "axis=-1, **layer",
    "Add": "**layer",
    "Multiply": "**layer",
    "Average": "**layer",
    # Measured by Keras alone: no rule has a word on these.
    "AdaptiveAveragePooling1D": "output_size, data_format=None, **layer",
    "AdaptiveAveragePooling2D": "output_size, data_format=None, **layer",
    "AdaptiveAveragePooling3D": "output_size, data_format=None, **layer",
    "AdaptiveMaxPooling1D": "output_size, data_format=None, **layer",
    "AdaptiveMaxPooling2D": "output_size, data_format=None, **layer",
    "AdaptiveMaxPooling3D": "output_size, data_format=None, **layer",
    "AdditiveAttention": "use_scale=True, dropout=0.0, **layer",
    "Attention": "use_scale=False, score_mode='dot', dropout=0.0, seed=None, **layer",
    "AugMix": (
        "value_range=(0, 255), num_chains=3, chain_depth=3, factor=0.3, alpha=1.0, "
        "all_ops=True, interpolation='bilinear', seed=None, data_format=None, **layer"
    ),
    "AutoContrast": "value_range=(0, 255), **layer",
    "CategoryEncoding": "num_tokens=None, output_mode='multi_hot', sparse=False, **layer",
    "CenterCrop": "height, width, data_format=None, **layer",
    "ContrastLimitedAdaptiveHistogramEqualization": (
        "value_range=(0, 255), clip_limit=4.0, tile_grid_size=(8, 8), data_format=None, **layer"
    ),
    "Conv1DTranspose": (
        "filters, kernel_size, strides=1, padding='valid', output_padding=None, "
        f"data_format=None, dilation_rate=1, activation=None, {KERNEL}, **layer"
    ),
    "Conv2DTranspose": (
        "filters, kernel_size, strides=(1, 1), padding='valid', output_padding=None, "
        f"data_format=None, dilation_rate=(1, 1), activation=None, {KERNEL}, **layer"
    ),
    "Conv3DTranspose": (
        "filters, kernel_size, strides=(1, 1, 1), padding='valid', data_format=None, "
        f"output_padding=None, dilation_rate=(1, 1, 1), activation=None, {KERNEL}, **layer"
    ),
    "Cropping2D": "cropping=((0, 0), (0, 0)), data_format=None, **layer",
    "Cropping3D": "cropping=((1, 1), (1, 1), (1, 1)), data_format=None, **layer",
    "CutMix": "factor=1.0, seed=None, data_format=None, **layer",
    "DepthwiseConv1D": (
        "kernel_size, strides=1, padding='valid', depth_multiplier=1, data_format=None, "
        "dilation_rate=1, activation=None, use_bias=True, "
        "depthwise_initializer='glorot_uniform', bias_initializer='zeros', "
        "depthwise_regularizer=None, bias_regularizer=None, activity_regularizer=None, "
        "depthwise_constraint=None, bias_constraint=None, **layer"
    ),
    "DepthwiseConv2D": (
        "kernel_size, strides=(1, 1), padding='valid', depth_multiplier=1, data_format=None, "
        "dilation_rate=(1, 1), activation=None, use_bias=True, "
        "depthwise_initializer='glorot_uniform', bias_initializer='zeros', "
        "depthwise_regularizer=None, bias_regularizer=None, activity_regularizer=None, "
        "depthwise_constraint=None, bias_constraint=None, **layer"
    ),
    "Discretization": (
        "bin_boundaries=None, num_bins=None, epsilon=0.01, output_mode='int', sparse=False, "
        "dtype=None, name=None"
    ),
    "Dot": "axes, normalize=False, **layer",
    "EinsumDense": (
        "equation, output_shape, activation=None, bias_axes=None, "
        "kernel_initializer='glorot_uniform', bias_initializer='zeros', "
        "kernel_regularizer=None, bias_regularizer=None, kernel_constraint=None, "
        "bias_constraint=None, lora_rank=None, lora_alpha=None, "
        "gptq_unpacked_column_size=None, quantization_config=None, **layer"
    ),
    "Equalization": "value_range=(0, 255), bins=256, data_format=None, **layer",
    "GlobalAveragePooling2D": "data_format=None, keepdims=False, **layer",
    "GlobalAveragePooling3D": "data_format=None, keepdims=False, **layer",
    "GlobalMaxPooling2D": "data_format=None, keepdims=False, **layer",
    "GlobalMaxPooling3D": "data_format=None, keepdims=False, **layer",
    "GroupNormalization": f"groups=32, axis=-1, epsilon=0.001, {SCALE}, {LIMITS}, **layer",
    "GroupQueryAttention": (
        "head_dim, num_query_heads, num_key_value_heads, dropout=0.0, use_bias=True, "
        "sliding_window=None, flash_attention=None, kernel_initializer='glorot_uniform', "
        "bias_initializer='zeros', kernel_regularizer=None, bias_regularizer=None, "
        "activity_regularizer=None, kernel_constraint=None, bias_constraint=None, "
        "use_gate=False, seed=None, **layer"
    ),
    "HashedCrossing": "num_bins, output_mode='int', sparse=False, name=None, dtype=None, **layer",
    "Hashing": "num_bins, mask_value=None, salt=None, output_mode='int', sparse=False, **layer",
    "Identity": "**layer",
    "MaxNumBoundingBoxes": "max_number, fill_value=-1, **layer",
    "Maximum": "**layer",
    "MelSpectrogram": (
        "fft_length=2048, sequence_stride=512, sequence_length=None, window='hann', "
        "sampling_rate=16000, num_mel_bins=128, min_freq=20.0, max_freq=None, "
        "power_to_db=True, top_db=80.0, mag_exp=2.0, min_power=1e-10, ref_power=1.0, "
        "**layer"
    ),
    "Minimum": "**layer",
    "MixUp": "alpha=0.2, data_format=None, seed=None, **layer",
    "MultiHeadAttention": (
        "num_heads, key_dim, value_dim=None, dropout=0.0, use_bias=True, output_shape=None, "
        "attention_axes=None, sliding_window=None, flash_attention=None, "
        "kernel_initializer='glorot_uniform', bias_initializer='zeros', "
        "kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, "
        "kernel_constraint=None, bias_constraint=None, use_gate=False, seed=None, **layer"
    ),
    "Normalization": "axis=-1, mean=None, variance=None, invert=False, **layer",
    "RMSNormalization": "axis=-1, epsilon=1e-06, **layer",
    "RandAugment": (
        "value_range=(0, 255), num_ops=2, factor=0.5, interpolation='bilinear', seed=None, "
        "data_format=None, **layer"
    ),
    "RandomBrightness": "factor, value_range=(0, 255), seed=None, **layer",
    "RandomColorDegeneration": "factor, value_range=(0, 255), data_format=None, seed=None, **layer",
    "RandomColorJitter": (
        "value_range=(0, 255), brightness_factor=None, contrast_factor=None, "
        "saturation_factor=None, hue_factor=None, seed=None, data_format=None, **layer"
    ),
    "RandomContrast": "factor, value_range=(0, 255), seed=None, **layer",
    "RandomCrop": "height, width, seed=None, data_format=None, name=None, **layer",
    "RandomElasticTransform": (
        "factor=1.0, scale=1.0, interpolation='bilinear', fill_mode='reflect', "
        "fill_value=0.0, value_range=(0, 255), seed=None, data_format=None, **layer"
    ),
    "RandomErasing": (
        "factor=1.0, scale=(0.02, 0.33), fill_value=None, value_range=(0, 255), seed=None, "
        "data_format=None, **layer"
    ),
    "RandomFlip": "mode='horizontal_and_vertical', seed=None, data_format=None, **layer",
    "RandomGaussianBlur": (
        "factor=1.0, kernel_size=3, sigma=1.0, value_range=(0, 255), data_format=None, "
        "seed=None, **layer"
    ),
    "RandomGrayscale": "factor=0.5, data_format=None, seed=None, **layer",
    "RandomHue": "factor, value_range=(0, 255), data_format=None, seed=None, **layer",
    "RandomInvert": "factor=1.0, value_range=(0, 255), seed=None, data_format=None, **layer",
    "RandomPerspective": (
        "factor=1.0, scale=1.0, interpolation='bilinear', fill_value=0.0, seed=None, "
        "data_format=None, **layer"
    ),
    "RandomPosterization": "factor, value_range=(0, 255), data_format=None, seed=None, **layer",
    "RandomRotation": (
        "factor, fill_mode='reflect', interpolation='bilinear', seed=None, fill_value=0.0, "
        "data_format=None, **layer"
    ),
    "RandomSaturation": "factor, value_range=(0, 255), data_format=None, seed=None, **layer",
    "RandomSharpness": "factor, value_range=(0, 255), data_format=None, seed=None, **layer",
    "RandomShear": (
        "x_factor=0.0, y_factor=0.0, interpolation='bilinear', fill_mode='reflect', "
        "fill_value=0.0, data_format=None, seed=None, **layer"
    ),
    "RandomTranslation": (
        "height_factor, width_factor, fill_mode='reflect', interpolation='bilinear', "
        "seed=None, fill_value=0.0, data_format=None, **layer"
    ),
    "RandomZoom": (
        "height_factor, width_factor=None, fill_mode='reflect', interpolation='bilinear', "
        "seed=None, fill_value=0.0, data_format=None, **layer"
    ),
    "Rescaling": "scale, offset=0.0, **layer",
    "Resizing": (
        "height, width, interpolation='bilinear', crop_to_aspect_ratio=False, "
        "pad_to_aspect_ratio=False, fill_mode='constant', fill_value=0.0, antialias=False, "
        "data_format=None, **layer"
    ),
    "ReversibleEmbedding": (
        "input_dim, output_dim, tie_weights=True, embeddings_initializer='uniform', "
        "embeddings_regularizer=None, embeddings_constraint=None, mask_zero=False, "
        "reverse_dtype=None, logit_soft_cap=None, **layer"
    ),
    "STFTSpectrogram": (
        "mode='log', frame_length=256, frame_step=None, fft_length=None, window='hann', "
        "periodic=False, scaling='density', padding='valid', expand_dims=False, "
        "data_format=None, **layer"
    ),
    "SeparableConv1D": (
        "filters, kernel_size, strides=1, padding='valid', data_format=None, "
        "dilation_rate=1, depth_multiplier=1, activation=None, use_bias=True, "
        "depthwise_initializer='glorot_uniform', pointwise_initializer='glorot_uniform', "
        "bias_initializer='zeros', depthwise_regularizer=None, pointwise_regularizer=None, "
        "bias_regularizer=None, activity_regularizer=None, depthwise_constraint=None, "
        "pointwise_constraint=None, bias_constraint=None, **layer"
    ),
    "SeparableConv2D": (
        "filters, kernel_size, strides=(1, 1), padding='valid', data_format=None, "
        "dilation_rate=(1, 1), depth_multiplier=1, activation=None, use_bias=True, "
        "depthwise_initializer='glorot_uniform', pointwise_initializer='glorot_uniform', "
        "bias_initializer='zeros', depthwise_regularizer=None, pointwise_regularizer=None, "
        "bias_regularizer=None, activity_regularizer=None, depthwise_constraint=None, "
        "pointwise_constraint=None, bias_constraint=None, **layer"
    ),
    "Solarization": (
        "addition_factor=0.0, threshold_factor=0.0, value_range=(0, 255), seed=None, **layer"
    ),
    "SpectralNormalization": "layer, power_iterations=1, **layer",
    "Subtract": "**layer",
    "UnitNormalization": "axis=-1, **layer",
    "UpSampling2D": "size=(2, 2), data_format=None, interpolation='nearest', **layer",
    "UpSampling3D": "size=(2, 2, 2), data_format=None, **layer",
    "ZeroPadding2D": "padding=(1, 1), data_format=None, **layer",
    "ZeroPadding3D": "padding=((1, 1), (1, 1), (1, 1)), data_format=None, **layer",
}

# What a layer's argument may be, beside plain data: `LSTM(3, kernel_regularizer=L2(0.01))`.
ARGUMENT_OBJECTS = {
    "initializers": {
        "Constant": "value=0.0",
        "GlorotNormal": "seed=None, input_axes=None, output_axes=None",
        "GlorotUniform": "seed=None, input_axes=None, output_axes=None",
        "HeNormal": "seed=None, input_axes=None, output_axes=None",
        "HeUniform": "seed=None, input_axes=None, output_axes=None",
        "IdentityInitializer": "gain=1.0",  # `Identity` is a layer's name too
        "LecunNormal": "seed=None, input_axes=None, output_axes=None",
        "LecunUniform": "seed=None, input_axes=None, output_axes=None",
        "Ones": "",
        "Orthogonal": "gain=1.0, seed=None",
        "RandomNormal": "mean=0.0, stddev=0.05, seed=None",
        "RandomUniform": "minval=-0.05, maxval=0.05, seed=None",
        "TruncatedNormal": "mean=0.0, stddev=0.05, seed=None",
        "VarianceScaling": (
            "scale=1.0, mode='fan_in', distribution='truncated_normal', seed=None, "
            "input_axes=None, output_axes=None"
        ),
        "Zeros": "",
    },
    "regularizers": {
        "L1": "l1=0.01",
        "L1L2": "l1=0.0, l2=0.0",
        "L2": "l2=0.01",
        "OrthogonalRegularizer": "factor=0.01, mode='rows'",
    },
    "constraints": {
        "MaxNorm": "max_value=2, axis=0",
        "MinMaxNorm": "min_value=0.0, max_value=1.0, rate=1.0, axis=0",
        "NonNeg": "",
        "UnitNorm": "axis=0",
    },
}

# Other names that Keras has for the same things.
ALIASES = {
    **{f"MaxPool{n}D": f"MaxPooling{n}D" for n in (1, 2, 3)},
    **{f"AvgPool{n}D": f"AveragePooling{n}D" for n in (1, 2, 3)},
    **{f"GlobalMaxPool{n}D": f"GlobalMaxPooling{n}D" for n in (1, 2, 3)},
    **{f"GlobalAvgPool{n}D": f"GlobalAveragePooling{n}D" for n in (1, 2, 3)},
    **{f"Convolution{n}D": f"Conv{n}D" for n in (1, 2, 3)},
    **{f"Convolution{n}DTranspose": f"Conv{n}DTranspose" for n in (1, 2, 3)},
    **{f"SeparableConvolution{n}D": f"SeparableConv{n}D" for n in (1, 2)},
    "constant": "Constant",
    "glorot_normal": "GlorotNormal",
    "glorot_uniform": "GlorotUniform",
    "he_normal": "HeNormal",
    "he_uniform": "HeUniform",
    "identity": "IdentityInitializer",
    "lecun_normal": "LecunNormal",
    "lecun_uniform": "LecunUniform",
    "ones": "Ones",
    "orthogonal": "Orthogonal",
    "OrthogonalInitializer": "Orthogonal",
    "random_normal": "RandomNormal",
    "random_uniform": "RandomUniform",
    "truncated_normal": "TruncatedNormal",
    "variance_scaling": "VarianceScaling",
    "zeros": "Zeros",
    "l1": "L1",
    "l2": "L2",
    "l1_l2": "L1L2",
    "orthogonal_regularizer": "OrthogonalRegularizer",
    "max_norm": "MaxNorm",
    "min_max_norm": "MinMaxNorm",
    "non_neg": "NonNeg",
    "unit_norm": "UnitNorm",
}

# How Keras' functions are named where a layer takes one: `activation=tf.nn.relu` is 'relu'.
ACTIVATIONS = tuple(
    re.findall(
        r"\w+",
        """
        celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh
        leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink
        softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh
        tanh_shrink threshold
        """,
    )
)

INPUT = (
    "shape=None, batch_size=None, dtype=None, sparse=None, batch_shape=None, name=None, "
    "optional=False"
)

# Arguments that are layers, without which nothing is known of the layer around them.
LAYERS_INSIDE = ("layer", "backward_layer", "cell", "cells")
# Keras 2 said of the first layer what it is given: Keras 3 has `Input` for that.
INPUT_ARGUMENTS = ("input_shape", "batch_input_shape", "input_dim", "input_length")

# Layers that are never built, and why.
REFUSED = {
    "Lambda": "it runs code",
    "TFSMLayer": "it reads files and runs what they hold",
    "TorchModuleWrapper": "it runs code of another framework",
    "JaxLayer": "it runs code of another framework",
    "FlaxLayer": "it runs code of another framework",
    "StringLookup": "it reads vocabularies from files",
    "IntegerLookup": "it reads vocabularies from files",
    "TextVectorization": "it reads vocabularies from files",
    "Pipeline": "it holds layers that are not recurrent ones",
    "CuDNNLSTM": "Keras 3 has no such layer: LSTM is the same",
    "CuDNNGRU": "Keras 3 has no such layer: GRU is the same",
}


class Signature(NamedTuple):
    """The arguments of one name, in Keras' order.

    Attributes:
        positional: those that may be given without their names.
        required: those that have no default.
        defaults: of all others, what Keras takes where nothing is given.
    """

    positional: tuple[str, ...]
    required: tuple[str, ...]
    defaults: Mapping[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.required, *self.defaults)


@cache
def module_of(name: str) -> str | None:
    """The module of Keras that has a name: `"layers"`, `"initializers"`, ...; None if none has.

    >>> module_of("LSTM"), module_of("L2"), module_of("Lambda")
    ('layers', 'regularizers', None)
    """
    if name in LAYERS or name == "Input":
        return "layers"
    return next((module for module, names in ARGUMENT_OBJECTS.items() if name in names), None)


@cache
def signature(name: str) -> Signature:
    """The signature of a name that `module_of` knows.

    >>> signature("Dropout").positional, signature("Dropout").required
    (('rate', 'noise_shape', 'seed'), ('rate',))
    """
    tables = ({"Input": INPUT}, LAYERS, *ARGUMENT_OBJECTS.values())
    return _signature(next(table[name] for table in tables if name in table))


def _signature(text: str) -> Signature:
    parsed = ast.parse(f"def signature({text}): ...").body[0]
    assert isinstance(parsed, ast.FunctionDef)
    given = parsed.args
    positional = tuple(argument.arg for argument in given.args)
    required = positional[: len(positional) - len(given.defaults)]
    optional = (*positional[len(required) :], *(argument.arg for argument in given.kwonlyargs))
    values = (ast.literal_eval(one) for one in (*given.defaults, *given.kw_defaults) if one)
    defaults = dict(zip(optional, values, strict=True))
    if given.kwarg:
        shared = _signature(SHARED[given.kwarg.arg]).defaults
        defaults |= {name: value for name, value in shared.items() if name not in defaults}
    return Signature(positional, required, defaults)
