"""What the rule says of each layer, word for word: names, axes, meanings, relations, notes.

No word of it decides a shape, so that nothing but this table would notice a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rnnshape.errors import QueryError
from rnnshape.expression import Call, calls_within
from rnnshape.rules import axes_of_input, facts_of, has_rule, registry
from rnnshape.rules.arguments import check
from rnnshape.rules.facts import WHEN_RUN, Axis, Facts, Tensor
from rnnshape.rules.inputs import called_with
from rnnshape.rules.kinds import KINDS, kind_of
from rnnshape.signatures import LAYERS, OPERATIONS, signature
from tests.calls import called, parse
from tests.test_rules_against_keras import described

SIZES = {
    "batch": 2,
    "timesteps": 5,
    "features": 4,
    "rows": 4,
    "columns": 6,
    "depth": 3,
    "channels": 2,
}

# A line for each output and weight: name, axes, role, meaning; then the relations; then the notes.
# ruff: noqa: E501
SAID = """
LSTM(3)
    o (batch, units) output: last output, after the last timestep
    kernel (features, 4*units) weight: times the input, columns for input, forget, cell, output
    recurrent_kernel (units, 4*units) weight: times the hidden state before
    bias (4*units,) weight: added to their sum

LSTM(3, return_sequences=True)
    o (batch, timesteps, units) output: output at every timestep
    weights of LSTM(3)

LSTM(3, return_state=True)
    o (batch, units) output: last output, after the last timestep
    h (batch, units) hidden state: hidden state after the last timestep
    c (batch, units) cell state: cell state after the last timestep
    weights of LSTM(3)
    o == h

LSTM(3, return_sequences=True, return_state=True)
    o (batch, timesteps, units) output: output at every timestep
    h (batch, units) hidden state: hidden state after the last timestep
    c (batch, units) cell state: cell state after the last timestep
    weights of LSTM(3)
    o[:, -1] == h

LSTM(3, return_sequences=True, return_state=True, go_backwards=True, use_bias=False)
    o (batch, timesteps, units) output: output at every timestep, from the last to the first
    h (batch, units) hidden state: hidden state after the first timestep
    c (batch, units) cell state: cell state after the first timestep
    kernel (features, 4*units) weight: times the input, columns for input, forget, cell, output
    recurrent_kernel (units, 4*units) weight: times the hidden state before
    o[:, -1] == h
    ! use_bias=False: this layer can't use the fast cuDNN kernel
    ! go_backwards=True: o runs from the last timestep to the first

LSTM(3, return_state=True, go_backwards=True)
    o (batch, units) output: last output, after the first timestep
    h (batch, units) hidden state: hidden state after the first timestep
    c (batch, units) cell state: cell state after the first timestep
    weights of LSTM(3)
    o == h
    ! go_backwards=True: o is the output after the first timestep

GRU(3)
    o (batch, units) output: last output, after the last timestep
    kernel (features, 3*units) weight: times the input, columns for update, reset, hidden
    recurrent_kernel (units, 3*units) weight: times the hidden state before
    bias (2, 3*units) weight: one for the kernel, one for the recurrent kernel, because reset_after=True

GRU(3, return_sequences=True, return_state=True)
    o (batch, timesteps, units) output: output at every timestep
    h (batch, units) hidden state: hidden state after the last timestep
    weights of GRU(3)
    o[:, -1] == h
    ! GRU has no cell state, so one tensor less than an LSTM

GRU(3, reset_after=False)
    o (batch, units) output: last output, after the last timestep
    kernel (features, 3*units) weight: times the input, columns for update, reset, hidden
    recurrent_kernel (units, 3*units) weight: times the hidden state before
    bias (3*units,) weight: added to their sum
    ! reset_after=False: this layer can't use the fast cuDNN kernel

LSTM(3, stateful=True, activation='relu', recurrent_dropout=0.2)
    o (batch, units) output: last output, after the last timestep
    weights of LSTM(3)
    ! stateful=True: sample i of a batch goes on from the states of sample i of the one before, so all have as many, here 2; layer.reset_state() starts anew
    ! activation='relu', recurrent_dropout=0.2: this layer can't use the fast cuDNN kernel

Masking() -> GlobalMaxPooling1D()
    o (batch, features) output: the largest over all timesteps
    !! GlobalMaxPooling1D takes no mask: what is padded counts, too

GRU(3, use_bias=False)
    o (batch, units) output: last output, after the last timestep
    kernel (features, 3*units) weight: times the input, columns for update, reset, hidden
    recurrent_kernel (units, 3*units) weight: times the hidden state before
    ! use_bias=False: this layer can't use the fast cuDNN kernel

SimpleRNN(3)
    o (batch, units) output: last output, after the last timestep
    kernel (features, units) weight: times the input
    recurrent_kernel (units, units) weight: times the hidden state before
    bias (units,) weight: added to their sum

SimpleRNN(3, return_state=True)
    o (batch, units) output: last output, after the last timestep
    h (batch, units) hidden state: hidden state after the last timestep
    weights of SimpleRNN(3)
    o == h
    ! SimpleRNN has no cell state, so one tensor less than an LSTM

RNN([LSTMCell(3), GRUCell(2)], return_state=True)
    o (batch, units) output: last output, after the last timestep
    h_1 (batch, units) hidden state: hidden state of cell 1 after the last timestep
    c_1 (batch, units) cell state: cell state of cell 1 after the last timestep
    h_2 (batch, units) hidden state: hidden state of cell 2 after the last timestep
    kernel_1 (features, 4*units) weight: times the input, columns for input, forget, cell, output
    recurrent_kernel_1 (units, 4*units) weight: times the hidden state before
    bias_1 (4*units,) weight: added to their sum
    kernel_2 (features, 3*units) weight: times the input, columns for update, reset, hidden
    recurrent_kernel_2 (units, 3*units) weight: times the hidden state before
    bias_2 (2, 3*units) weight: one for the kernel, one for the recurrent kernel, because reset_after=True
    o == h_2

RNN([GRUCell(3), SimpleRNNCell(2)], return_state=True)
    o (batch, units) output: last output, after the last timestep
    h_1 (batch, units) hidden state: hidden state of cell 1 after the last timestep
    h_2 (batch, units) hidden state: hidden state of cell 2 after the last timestep
    kernel_1 (features, 3*units) weight: times the input, columns for update, reset, hidden
    recurrent_kernel_1 (units, 3*units) weight: times the hidden state before
    bias_1 (2, 3*units) weight: one for the kernel, one for the recurrent kernel, because reset_after=True
    kernel_2 (features, units) weight: times the input
    recurrent_kernel_2 (units, units) weight: times the hidden state before
    bias_2 (units,) weight: added to their sum
    o == h_2
    ! GRU and SimpleRNN have no cell state, so one tensor less than an LSTM

RNN(SimpleRNNCell(3), return_state=True, go_backwards=True)
    o (batch, units) output: last output, after the first timestep
    h (batch, units) hidden state: hidden state after the first timestep
    weights of SimpleRNN(3)
    o == h
    ! go_backwards=True: o is the output after the first timestep
    ! SimpleRNN has no cell state, so one tensor less than an LSTM

Bidirectional(LSTM(3, return_state=True))
    o (batch, 2*units) output: last output, forward and backward concatenated
    h1 (batch, units) hidden state: forward hidden state after the last timestep
    c1 (batch, units) cell state: forward cell state after the last timestep
    h2 (batch, units) hidden state: backward hidden state after the first timestep
    c2 (batch, units) cell state: backward cell state after the first timestep
    forward weights of LSTM(3)
    backward weights of LSTM(3)
    o == concat(h1, h2)
    ! a decoder that takes these states needs 2*units: concat(h1, h2), concat(c1, c2)

Bidirectional(LSTM(3, return_sequences=True, return_state=True))
    o (batch, timesteps, 2*units) output: output at every timestep, forward and backward concatenated
    h1 (batch, units) hidden state: forward hidden state after the last timestep
    c1 (batch, units) cell state: forward cell state after the last timestep
    h2 (batch, units) hidden state: backward hidden state after the first timestep
    c2 (batch, units) cell state: backward cell state after the first timestep
    weights of Bidirectional(LSTM(3, return_state=True))
    o[:, -1, :U] == h1
    o[:, 0, U:] == h2
    ! a decoder that takes these states needs 2*units: concat(h1, h2), concat(c1, c2)

Bidirectional(LSTM(3, return_sequences=True, return_state=True), merge_mode=None)
    o1 (batch, timesteps, units) output: forward output at every timestep
    o2 (batch, timesteps, units) output: backward output at every timestep
    h1 (batch, units) hidden state: forward hidden state after the last timestep
    c1 (batch, units) cell state: forward cell state after the last timestep
    h2 (batch, units) hidden state: backward hidden state after the first timestep
    c2 (batch, units) cell state: backward cell state after the first timestep
    weights of Bidirectional(LSTM(3, return_state=True))
    o1[:, -1] == h1
    o2[:, 0] == h2
    ! a decoder that takes these states needs 2*units: concat(h1, h2), concat(c1, c2)

Bidirectional(GRU(3, return_state=True), merge_mode='sum')
    o (batch, units) output: last output, forward and backward summed
    h1 (batch, units) hidden state: forward hidden state after the last timestep
    h2 (batch, units) hidden state: backward hidden state after the first timestep
    forward weights of GRU(3)
    backward weights of GRU(3)
    o == h1 + h2
    ! merge_mode='sum' leaves units, not 2*units
    ! GRU has no cell state, so one tensor less than an LSTM in each direction
    ! a decoder that takes these states needs 2*units: concat(h1, h2)

Bidirectional(SimpleRNN(3, return_state=True), merge_mode='mul')
    o (batch, units) output: last output, forward and backward multiplied
    h1 (batch, units) hidden state: forward hidden state after the last timestep
    h2 (batch, units) hidden state: backward hidden state after the first timestep
    forward weights of SimpleRNN(3)
    backward weights of SimpleRNN(3)
    o == h1 * h2
    ! merge_mode='mul' leaves units, not 2*units
    ! SimpleRNN has no cell state, so one tensor less than an LSTM in each direction
    ! a decoder that takes these states needs 2*units: concat(h1, h2)

Bidirectional(SimpleRNN(3, return_state=True), merge_mode='ave')
    o (batch, units) output: last output, forward and backward averaged
    h1 (batch, units) hidden state: forward hidden state after the last timestep
    h2 (batch, units) hidden state: backward hidden state after the first timestep
    weights of Bidirectional(SimpleRNN(3, return_state=True), merge_mode='mul')
    o == (h1 + h2) / 2
    ! merge_mode='ave' leaves units, not 2*units
    ! SimpleRNN has no cell state, so one tensor less than an LSTM in each direction
    ! a decoder that takes these states needs 2*units: concat(h1, h2)

Bidirectional(SimpleRNN(3, return_state=True), merge_mode=None)
    o1 (batch, units) output: last forward output, after the last timestep
    o2 (batch, units) output: last backward output, after the first timestep
    h1 (batch, units) hidden state: forward hidden state after the last timestep
    h2 (batch, units) hidden state: backward hidden state after the first timestep
    weights of Bidirectional(SimpleRNN(3, return_state=True), merge_mode='mul')
    o1 == h1
    o2 == h2
    ! SimpleRNN has no cell state, so one tensor less than an LSTM in each direction
    ! a decoder that takes these states needs 2*units: concat(h1, h2)

Bidirectional(LSTM(3, return_sequences=True, return_state=True), merge_mode='sum')
    o (batch, timesteps, units) output: output at every timestep, forward and backward summed
    h1 (batch, units) hidden state: forward hidden state after the last timestep
    c1 (batch, units) cell state: forward cell state after the last timestep
    h2 (batch, units) hidden state: backward hidden state after the first timestep
    c2 (batch, units) cell state: backward cell state after the first timestep
    weights of Bidirectional(LSTM(3, return_state=True))
    ! merge_mode='sum' leaves units, not 2*units
    ! a decoder that takes these states needs 2*units: concat(h1, h2), concat(c1, c2)
    ! o[:, -1] is no sum of h1 and h2: each stands at its own end of the sequence

Bidirectional(RNN([GRUCell(3), LSTMCell(2)], return_state=True))
    o (batch, 2*units) output: last output, forward and backward concatenated
    h1_1 (batch, units) hidden state: forward hidden state of cell 1 after the last timestep
    h1_2 (batch, units) hidden state: forward hidden state of cell 2 after the last timestep
    c1_2 (batch, units) cell state: forward cell state of cell 2 after the last timestep
    h2_1 (batch, units) hidden state: backward hidden state of cell 1 after the first timestep
    h2_2 (batch, units) hidden state: backward hidden state of cell 2 after the first timestep
    c2_2 (batch, units) cell state: backward cell state of cell 2 after the first timestep
    forward_kernel_1 (features, 3*units) weight: times the input, columns for update, reset, hidden
    forward_recurrent_kernel_1 (units, 3*units) weight: times the hidden state before
    forward_bias_1 (2, 3*units) weight: one for the kernel, one for the recurrent kernel, because reset_after=True
    forward_kernel_2 (features, 4*units) weight: times the input, columns for input, forget, cell, output
    forward_recurrent_kernel_2 (units, 4*units) weight: times the hidden state before
    forward_bias_2 (4*units,) weight: added to their sum
    backward_kernel_1 (features, 3*units) weight: times the input, columns for update, reset, hidden
    backward_recurrent_kernel_1 (units, 3*units) weight: times the hidden state before
    backward_bias_1 (2, 3*units) weight: one for the kernel, one for the recurrent kernel, because reset_after=True
    backward_kernel_2 (features, 4*units) weight: times the input, columns for input, forget, cell, output
    backward_recurrent_kernel_2 (units, 4*units) weight: times the hidden state before
    backward_bias_2 (4*units,) weight: added to their sum
    o == concat(h1_2, h2_2)

Bidirectional(LSTM(3), backward_layer=GRU(4, go_backwards=True))
    o (batch, units + backward units) output: last output, forward and backward concatenated
    forward weights of LSTM(3)
    backward weights of GRU(3)
    !! Keras' summary() says 6 in place of 7: it takes the backward layer for one like the forward layer

Bidirectional(GRU(3, return_state=True), backward_layer=LSTM(4, return_state=True, go_backwards=True))
    o (batch, units + backward units) output: last output, forward and backward concatenated
    h1 (batch, units) hidden state: forward hidden state after the last timestep
    h2 (batch, units) hidden state: backward hidden state after the first timestep
    forward weights of GRU(3)
    backward weights of LSTM(3)
    o == concat(h1, h2)
    !! Keras' summary() says 6 in place of 7: it takes the backward layer for one like the forward layer
    !! Keras returns as many states of the backward layer as of the forward: no c2

Masking() -> Bidirectional(LSTM(3, return_sequences=True, return_state=True))
    o (batch, timesteps, 2*units) output masked: output at every timestep, forward and backward concatenated
    h1 (batch, units) hidden state: forward hidden state after the last timestep
    c1 (batch, units) cell state: forward cell state after the last timestep
    h2 (batch, units) hidden state: backward hidden state after the first timestep
    c2 (batch, units) cell state: backward cell state after the first timestep
    weights of Bidirectional(LSTM(3, return_state=True))
    ! a decoder that takes these states needs 2*units: concat(h1, h2), concat(c1, c2)
    ! a mask may come in: at masked timesteps o is zero, and its last need not be h

Masking() -> LSTM(3, return_state=True, zero_output_for_mask=True)
    o (batch, units) output: last output, after the last timestep
    h (batch, units) hidden state: hidden state after the last timestep
    c (batch, units) cell state: cell state after the last timestep
    weights of LSTM(3)
    ! a mask may come in: at masked timesteps o is zero, and its last need not be h

Masking() -> LSTM(3, return_sequences=True, return_state=True)
    o (batch, timesteps, units) output masked: output at every timestep
    h (batch, units) hidden state: hidden state after the last timestep
    c (batch, units) cell state: cell state after the last timestep
    weights of LSTM(3)
    o[:, -1] == h

ConvLSTM1D(3, 2, return_state=True)
    o (batch, rows, filters) output: last output, after the last timestep
    h (batch, rows, filters) hidden state: hidden state after the last timestep
    c (batch, rows, filters) cell state: cell state after the last timestep
    kernel (kernel rows, channels, 4*filters) weight: times the input, columns for input, forget, cell, output
    recurrent_kernel (kernel rows, filters, 4*filters) weight: times the hidden state before
    bias (4*filters,) weight: added to their sum
    o == h

ConvLSTM2D(3, 2, data_format='channels_first')
    o (batch, filters, rows, columns) output: last output, after the last timestep
    kernel (kernel rows, kernel columns, channels, 4*filters) weight: times the input, columns for input, forget, cell, output
    recurrent_kernel (kernel rows, kernel columns, filters, 4*filters) weight: times the hidden state before
    bias (4*filters,) weight: added to their sum

Bidirectional(ConvLSTM3D(2, (1, 2, 1), return_sequences=True, return_state=True))
    o (batch, timesteps, depth, rows, columns, 2*filters) output: output at every timestep, forward and backward concatenated
    h1 (batch, depth, rows, columns, filters) hidden state: forward hidden state after the last timestep
    c1 (batch, depth, rows, columns, filters) cell state: forward cell state after the last timestep
    h2 (batch, depth, rows, columns, filters) hidden state: backward hidden state after the first timestep
    c2 (batch, depth, rows, columns, filters) cell state: backward cell state after the first timestep
    forward_kernel (kernel depth, kernel rows, kernel columns, channels, 4*filters) weight: times the input, columns for input, forget, cell, output
    forward_recurrent_kernel (kernel depth, kernel rows, kernel columns, filters, 4*filters) weight: times the hidden state before
    forward_bias (4*filters,) weight: added to their sum
    backward_kernel (kernel depth, kernel rows, kernel columns, channels, 4*filters) weight: times the input, columns for input, forget, cell, output
    backward_recurrent_kernel (kernel depth, kernel rows, kernel columns, filters, 4*filters) weight: times the hidden state before
    backward_bias (4*filters,) weight: added to their sum
    o[:, -1, ..., :U] == h1
    o[:, 0, ..., U:] == h2
    ! a decoder that takes these states needs 2*filters: concat(h1, h2), concat(c1, c2)

TimeDistributed(Dense(3))
    o (batch, timesteps, units) output: of every timestep: weighted sums of the features
    kernel (features, units) weight: times the input
    bias (units,) weight: added
    ! Dense(3) alone does the same: it takes each timestep by itself

TimeDistributed(Sequential([Dense(3), Dropout(0.5)]))
    o (batch, timesteps, units) output: of every timestep: the input as it came: only in training some of it is changed
    weights of TimeDistributed(Dense(3))

TimeDistributed(LSTM(3))
    o (batch, timesteps, units) output: of every timestep: last output, after the last timestep
    weights of LSTM(3)

Embedding(9, 3, mask_zero=True)
    o (batch, timesteps, output_dim) output masked: the row of each whole number
    embeddings (input_dim, output_dim) weight: a row for each whole number
    below 9

Dense(3)
    o (batch, timesteps, units) output: weighted sums of the features
    weights of TimeDistributed(Dense(3))

Dense(3, use_bias=False)
    o (batch, timesteps, units) output: weighted sums of the features
    kernel (features, units) weight: times the input

Dropout(0.5)
    o (batch, timesteps, features) output: the input as it came: only in training some of it is changed

SpatialDropout2D(0.5, data_format='channels_first')
    o (batch, channels, rows, columns) output: the input as it came: only in training some of it is changed

ActivityRegularization(0.1)
    o (batch, timesteps, features) output: the input as it came

Activation('relu')
    o (batch, timesteps, features) output: the activation of each number

Softmax()
    o (batch, timesteps, features) output: shares that add up to 1

PReLU(shared_axes=1)
    o (batch, timesteps, features) output: the activation of each number
    alpha (1, features) weight: the slope below zero

Flatten()
    o (batch, features) output: all numbers in one row

Reshape((-1, 2))
    o (batch, timesteps, features) output: the same numbers in another shape

Permute((2, 1))
    o (batch, features, timesteps) output: the input with its axes in another order

RepeatVector(3)
    o (batch, timesteps, features) output: the input at every timestep

Conv1D(3, 2)
    o (batch, timesteps, filters) output: each filter at every place
    kernel (kernel timesteps, features, filters) weight: times each window of the input
    bias (filters,) weight: added to each filter

Conv2D(4, (2, 3), groups=2, data_format='channels_first')
    o (batch, filters, rows, columns) output: each filter at every place
    kernel (kernel rows, kernel columns, channels, filters) weight: times each window of the input
    bias (filters,) weight: added to each filter

Conv3D(3, 2, use_bias=False)
    o (batch, depth, rows, columns, filters) output: each filter at every place
    kernel (kernel depth, kernel rows, kernel columns, channels, filters) weight: times each window of the input

MaxPooling1D(2)
    o (batch, timesteps, features) output: the largest of each window

AveragePooling2D(2)
    o (batch, rows, columns, channels) output: the mean of each window

GlobalMaxPooling1D()
    o (batch, features) output: the largest over all timesteps

GlobalAveragePooling1D('channels_first', keepdims=True)
    o (batch, features, timesteps) output: the mean over all timesteps

ZeroPadding1D(1)
    o (batch, timesteps, features) output: the input with zeros before and after

Cropping1D(1)
    o (batch, timesteps, features) output: the input without its ends

UpSampling1D(2)
    o (batch, timesteps, features) output: each timestep several times

BatchNormalization(renorm=True)
    o (batch, timesteps, features) output: the input, shifted and scaled by statistics of the training
    gamma (features,) weight: times the result
    beta (features,) weight: added to the result
    moving_mean (features,) weight: what is subtracted
    moving_variance (features,) weight: what is divided by, squared
    moving_stddev (features,) weight: used in training only
    renorm_mean (features,) weight: used in training only
    renorm_stddev (features,) weight: used in training only
    ! the moving mean and variance are not trained, but count as parameters

LayerNormalization(axis=(1, 2))
    o (batch, timesteps, features) output: the input with mean 0 and variance 1
    gamma (timesteps, features) weight: times the result
    beta (timesteps, features) weight: added to the result

LSTM(3, return_sequences=True) -> Conv1D(2, 2)
    o (batch, timesteps, filters) output: each filter at every place
    weights of Conv1D(3, 2)

Bidirectional(LSTM(3)) -> Dense(2)
    o (batch, units) output: weighted sums of the features
    weights of TimeDistributed(Dense(3))

Conv1DTranspose(3, 2)
    o (batch, timesteps, filters) output: each filter, added up around every place
    kernel (kernel timesteps, filters, features) weight: times each place of the input
    bias (filters,) weight: added to each filter

Conv2DTranspose(3, 2, strides=2, padding='same', use_bias=False)
    o (batch, rows, columns, filters) output: each filter, added up around every place
    kernel (kernel rows, kernel columns, filters, channels) weight: times each place of the input

DepthwiseConv1D(2, depth_multiplier=3)
    o (batch, timesteps, 3*features) output: each filter at every place
    kernel (kernel timesteps, features, depth_multiplier) weight: times each window of one channel
    bias (3*features,) weight: added to each filter

SeparableConv1D(3, 2)
    o (batch, timesteps, filters) output: each filter at every place
    depthwise_kernel (kernel timesteps, features, depth_multiplier) weight: times each window of one channel
    pointwise_kernel (1, features, filters) weight: times all channels at one place
    bias (filters,) weight: added to each filter

AdaptiveMaxPooling1D(2)
    o (batch, timesteps, features) output: the largest of each part

AdaptiveAveragePooling2D((2, 3))
    o (batch, rows, columns, channels) output: the mean of each part

GlobalMaxPooling2D()
    o (batch, channels) output: the largest over all places

GlobalAveragePooling3D(keepdims=True)
    o (batch, depth, rows, columns, channels) output: the mean over all places

ZeroPadding2D(((1, 0), 2))
    o (batch, rows, columns, channels) output: the input with zeros before and after

Cropping3D(((0, 1), 1, 0))
    o (batch, depth, rows, columns, channels) output: the input without its ends

UpSampling2D((2, 3))
    o (batch, rows, columns, channels) output: each place several times

GroupNormalization(2)
    o (batch, timesteps, features) output: the input, each group of its entries with mean 0 and variance 1
    gamma (features,) weight: times the result
    beta (features,) weight: added to the result

RMSNormalization()
    o (batch, timesteps, features) output: the input with a mean square of 1
    scale (features,) weight: times the result

UnitNormalization()
    o (batch, timesteps, features) output: the input with a length of 1

Normalization()
    o (batch, timesteps, features) output: the input, shifted and scaled by statistics of the data
    mean (features,) weight: what is subtracted
    variance (features,) weight: what is divided by, squared
    count () weight: how many numbers were seen
    ! mean and variance are not trained, but count as parameters: adapt() computes them

Normalization(mean=0.5, variance=2)
    o (batch, timesteps, features) output: the input, shifted and scaled by statistics of the data

Rescaling(0.5)
    o (batch, timesteps, features) output: the input times scale, plus offset

Identity()
    o (batch, timesteps, features) output: the input as it came

EinsumDense('abc,cd->abd', (None, 3), bias_axes='d')
    o (batch, timesteps, d) output: sums of products
    kernel (features, d) weight: times the input
    bias (d,) weight: added

EinsumDense('abc,cde->abde', (5, 3, 2), bias_axes='d')
    o (batch, timesteps, d, e) output: sums of products
    kernel (features, d, e) weight: times the input
    bias (d, 1) weight: added

EinsumDense('...a,ab->...b', 3)
    o (batch, timesteps, units) output: sums of products
    kernel (features, units) weight: times the input

SpectralNormalization(Dense(3))
    o (batch, timesteps, units) output: weighted sums of the features
    kernel (features, units) weight: times the input
    vector_u (1, units) weight: not trained
    bias (units,) weight: added

get_item('[:, -1, :]')
    o (batch, features) output: a part of the input

exp()
    o (batch, timesteps, features) output: exp of each number

add(x2=1)
    o (batch, timesteps, features) output: add of inputs and 1

sum(axis=1)
    o (batch, features) output: sum over timesteps

argmax(axis=-1)
    o (batch, timesteps) output: argmax over features

moments(1)
    mean (batch, features) output: the mean
    variance (batch, features) output: the mean square of the distances from it

softmax()
    o (batch, timesteps, features) output: softmax along the axis

sort()
    o (batch, timesteps, features) output: sort along the axis

flip(axis=1)
    o (batch, timesteps, features) output: the same numbers in another order

cumsum()
    o (batch * timesteps * features,) output: cumsum of all numbers in one row

one_hot(3)
    o (batch, timesteps, features, num_classes) output: 1 at the place of each whole number

repeat(3, axis=1)
    o (batch, timesteps, features) output: each entry several times

tile((1, 2, 1))
    o (batch, 2*timesteps, features) output: the input several times

reshape((-1, 20))
    o (batch, features) output: the same numbers in another shape

ravel()
    o (batch * timesteps * features,) output: all numbers in one row

transpose((0, 2, 1))
    o (batch, features, timesteps) output: the input with its axes in another order

swapaxes(1, 2)
    o (batch, features, timesteps) output: the input with two axes exchanged

moveaxis(1, 2)
    o (batch, features, timesteps) output: the input with its axes in another order

norm(axis=2)
    o (batch, timesteps) output: norm over features

tril()
    o (batch, timesteps, features) output: the input with zeros on one side of the diagonal

expand_dims(1)
    o (batch, 1, timesteps, features) output: the same numbers in another shape

squeeze()
    o (batch, timesteps, features) output: the same numbers in another shape

broadcast_to((2, 5, 4))
    o (batch, timesteps, features) output: the input, repeated where it has one entry

take(axis=1, indices=(0, 2))
    o (batch, timesteps, features) output: what the indices pick

split(2, axis=-1)
    o1 (batch, timesteps, features) output: part 1 of 2
    o2 (batch, timesteps, features) output: part 2 of 2

unstack(axis=-1)
    o1 (batch, timesteps) output: part 1 of 4
    o2 (batch, timesteps) output: part 2 of 4
    o3 (batch, timesteps) output: part 3 of 4
    o4 (batch, timesteps) output: part 4 of 4

top_k(2)
    values (batch, timesteps, features) output: the largest
    indices (batch, timesteps, features) output: their places
"""


def entries(text: str) -> dict[str, list[str]]:
    """What is said of each; `weights of` another, or those of a direction, were spelled out before."""
    found: dict[str, list[str]] = {}
    for block in text.strip().split("\n\n"):
        name, *lines = map(str.strip, block.splitlines())
        found[name] = []
        for line in lines:
            direction, is_other, other = line.rpartition("weights of ")
            weights = [one for one in found.get(other, ()) if " weight: " in one]
            prefix = direction.replace(" ", "_")
            found[name] += [prefix + one for one in weights] if is_other else [line]
    return found


TABLE = entries(SAID)


def facts_from_the_start(text: str) -> Facts:
    """What is said of the last layer of a chain whose input has the axes that the first takes."""
    layers = [parse(part) for part in text.split(" -> ")]
    axes = tuple(Axis(name, SIZES[name]) for name in axes_of_input(layers[0]))
    tensor = Tensor("inputs", axes, "the input", "input")
    for layer in layers:
        facts = facts_of(layer, [tensor])
        assert facts is not None
        tensor, last = facts.outputs[0], facts
    return last


def said(facts: Facts) -> Iterator[str]:
    for one in (*facts.outputs, *facts.weights):
        masked = " masked" if one.masked else ""
        yield f"{one.name} {one.labels} {one.role}{masked}: {one.meaning}"
    yield from (relation.claim for relation in facts.relations)
    yield from (f"!! {warning}" for warning in facts.warnings)
    yield from (f"! {note}" for note in facts.notes)
    if facts.whole_numbers_below:
        yield f"below {facts.whole_numbers_below}"


# The same of what takes several tensors: q, v and k differ in their timesteps or features.
# A mask comes with q.
SEVERAL = """
Attention(use_scale=True)([q, v], return_attention_scores=True)
    o (batch, timesteps, features) output masked: what the query finds in the value
    scores (batch, query, key) output: how much each entry of the value counts for the query
    scale () weight: times what is compared

Attention()([z, z])
    o (batch, features) output: what the query finds in the value
    !! without timesteps, the samples of a batch attend to each other: a recurrent layer before it takes return_sequences=True

AdditiveAttention()([q, v, k])
    o (batch, timesteps, features) output masked: what the query finds in the value
    scale (features,) weight: times what is compared

MultiHeadAttention(2, 3)(q, v, attention_mask=m, return_attention_scores=True)
    o (batch, timesteps, features) output masked: what the query finds in the value
    scores (batch, heads, query, key) output masked: how much each entry of the value counts for the query
    query_kernel (features, heads, key_dim) weight: times the query
    query_bias (heads, key_dim) weight: added to their product
    key_kernel (features, heads, key_dim) weight: times the key
    key_bias (heads, key_dim) weight: added to their product
    value_kernel (features, heads, key_dim) weight: times the value
    value_bias (heads, key_dim) weight: added to their product
    attention_output_kernel (heads, key_dim, features) weight: times what is found
    attention_output_bias (features,) weight: added to their product

MultiHeadAttention(2, 3, value_dim=5, use_bias=False, use_gate=True, output_shape=(2, 7))(q, v, key=k)
    o (batch, timesteps, output, output) output masked: what the query finds in the value
    query_kernel (features, heads, key_dim) weight: times the query
    key_kernel (features, heads, key_dim) weight: times the key
    gate_kernel (features, heads, value_dim) weight: times the query, to let parts of the result through
    value_kernel (features, heads, value_dim) weight: times the value
    attention_output_kernel (heads, value_dim, output, output) weight: times what is found

GroupQueryAttention(3, 4, 2)(q, v, k, return_attention_scores=True)
    o (batch, timesteps, features) output masked: what the query finds in the value
    scores (batch, query heads, query, key) output masked: how much each entry of the value counts for the query
    query_kernel (features, query heads, head_dim) weight: times the query
    query_bias (query heads, head_dim) weight: added to their product
    key_kernel (features, key and value heads, head_dim) weight: times the key
    key_bias (key and value heads, head_dim) weight: added to their product
    value_kernel (features, key and value heads, head_dim) weight: times the value
    value_bias (key and value heads, head_dim) weight: added to their product
    attention_output_kernel (query heads, head_dim, features) weight: times what is found
    attention_output_bias (features,) weight: added to their product

Dot(2)([q, v])
    o (batch, timesteps, timesteps) output: products of q and v, summed over the features

concatenate(axis=1)([x, v])
    o (batch, timesteps, features) output: x, v one after the other

stack(axis=1)([x, y])
    o (batch, stack, timesteps, features) output: x, y as entries of a new axis

where()(x, y, y)
    o (batch, timesteps, features) output: one or the other

einsum('btf,bsf->bts')(x, v)
    o (batch, timesteps, timesteps) output: sums of products

einsum('b...,bf->b...f')(x, z)
    o (batch, timesteps, features, features) output: sums of products

Attention(score_mode='concat')([q, v])
    o (batch, timesteps, features) output masked: what the query finds in the value
    concat_score_weight () weight: times the scores

MultiHeadAttention(2, 3, sliding_window=2, attention_axes=-2, use_bias=False)(x, y, return_attention_scores=True)
    o (batch, timesteps, features) output: what the query finds in the value
    scores (batch, heads, query, key) output: how much each entry of the value counts for the query
    query_kernel (features, heads, key_dim) weight: times the query
    key_kernel (features, heads, key_dim) weight: times the key
    value_kernel (features, heads, key_dim) weight: times the value
    attention_output_kernel (heads, key_dim, features) weight: times what is found

matmul()(x, w)
    o (batch, timesteps, features) output: sums of products

dot()(x, w)
    o (batch, timesteps, batch, features) output: sums of products

tensordot(axes=((2,), (1,)))(x, w)
    o (batch, timesteps, batch, features) output: sums of products
"""

OF_SEVERAL = entries(SEVERAL)
SHAPES: dict[str, Any] = dict.fromkeys("qxy", (5, 4)) | dict.fromkeys("vk", (3, 4))
SHAPES |= {"w": (4, 3), "m": (1, 3), "z": (7,), "p": (3, 5, 4)}


@pytest.mark.parametrize("text", OF_SEVERAL)
def test_every_word_of_the_rule_of_several_tensors(text: str) -> None:
    call, positional, keywords = called(text, SHAPES)
    facts = facts_of(call, called_with(call, positional, keywords))
    assert facts is not None
    assert list(said(facts)) == OF_SEVERAL[text]


@pytest.mark.parametrize("text", TABLE)
def test_every_word_of_the_rule(text: str) -> None:
    assert list(said(facts_from_the_start(text))) == TABLE[text]


# What becomes of (2, 5, 4).
MADE = """
repeat(3, axis=1) -> (2, 15, 4)
repeat((1, 2, 1, 0, 3), axis=1) -> (2, 7, 4)
repeat(2) -> (80,)
tile((3, 2)) -> (2, 15, 8)
tile((2, 1, 1, 3)) -> (2, 2, 5, 12)
one_hot(3, axis=1) -> (2, 3, 5, 4)
reshape((-1, 10)) -> (4, 10)
expand_dims((1, -1)) -> (2, 1, 5, 4, 1)
broadcast_to((3, 2, 5, 4)) -> (3, 2, 5, 4)
sum(axis=1, keepdims=True) -> (2, 1, 4)
argmax(axis=-1) -> (2, 5)
cumsum() -> (40,)
transpose() -> (4, 5, 2)
swapaxes(0, 2) -> (4, 5, 2)
moveaxis(0, 2) -> (5, 4, 2)
moveaxis((0, 1), (2, 0)) -> (5, 4, 2)
norm(axis=1, keepdims=True) -> (2, 1, 4)
triu() -> (2, 5, 4)
take(indices=(0, 2), axis=1) -> (2, 2, 4)
take(indices=(0, 2)) -> (2,)
get_item('[:, 1::2, 1]') -> (2, 2)
get_item('[..., None, -3:]') -> (2, 5, 1, 3)
split((1, 3), axis=1) -> (2, 1, 4), (2, 2, 4), (2, 2, 4)
array_split(3, axis=1) -> (2, 2, 4), (2, 2, 4), (2, 1, 4)
unstack(axis=-1) -> (2, 5), (2, 5), (2, 5), (2, 5)
top_k(2) -> (2, 5, 2), (2, 5, 2)
Reshape((2, -1)) -> (2, 2, 10)
Permute((2, 1)) -> (2, 4, 5)
Conv1D(3, 2, strides=2) -> (2, 2, 3)
Conv1D(3, 2, dilation_rate=3) -> (2, 2, 3)
Conv1D(3, 2, padding='same', strides=2) -> (2, 3, 3)
Conv1DTranspose(3, 2, strides=3) -> (2, 15, 3)
Conv1DTranspose(3, 2, strides=3, output_padding=1) -> (2, 15, 3)
Conv1DTranspose(3, 3, padding='same', output_padding=0, strides=2) -> (2, 9, 3)
SeparableConv1D(6, 3, depth_multiplier=2) -> (2, 3, 6)
MaxPooling1D(2, strides=3) -> (2, 2, 4)
AveragePooling1D(3, padding='same') -> (2, 2, 4)
GlobalMaxPooling1D(keepdims=True) -> (2, 1, 4)
AdaptiveAveragePooling1D(3) -> (2, 3, 4)
ZeroPadding1D((1, 2)) -> (2, 8, 4)
Cropping1D((1, 2)) -> (2, 2, 4)
UpSampling1D(3) -> (2, 15, 4)
"""


@pytest.mark.parametrize("line", MADE.strip().splitlines())
def test_what_becomes_of_lengths(line: str) -> None:
    text, _, shapes = line.partition(" -> ")
    facts = facts_of(parse(text), [described((2, 5, 4))])
    assert facts is not None
    assert ", ".join(str(tensor.shape) for tensor in facts.outputs) == shapes


@pytest.mark.parametrize(
    "text",
    [
        "MultiHeadAttention(2, 3, sliding_window=2)(p, p)",
        "MultiHeadAttention(2, 3, attention_axes=0)(z, z)",
        "MultiHeadAttention(2, 3, flash_attention=True)(x, y)",
    ],
)
def test_of_some_attention_keras_alone_can_tell(text: str) -> None:
    call, positional, keywords = called(text, SHAPES)
    assert facts_of(call, called_with(call, positional, keywords)) is None


def test_every_rule_has_words_in_the_table() -> None:
    spoken = {
        call.name
        for text in TABLE
        for part in text.split(" -> ")
        for call in calls_within(parse(part))
    }
    spoken |= {"Concatenate", "Add"}  # below
    spoken |= {call.name for call, *_ in (called(text, SHAPES) for text in OF_SEVERAL)}
    rules: dict[object, set[str]] = {}
    for name, function in registry._RULES.items():
        rules.setdefault(function, set()).add(name)
    assert not [names for names in rules.values() if not names & spoken]


def test_every_rule_is_of_a_layer_or_an_operation_that_can_be_asked_about() -> None:
    assert set(registry._RULES) <= {*LAYERS, *OPERATIONS, "Sequential"}


assert not has_rule("no such layer")  # for it, all rules were looked for
RULES_OF_LAYERS = [name for name in registry._RULES if name in LAYERS]


WHERE_KINDS_ARE = "what is more has a line in KINDS of rules/kinds.py, or stands in WITHOUT_KIND"
CELLS = ("LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells")

# What takes any value at all, and what the rule of the layer checks itself.
WITHOUT_KIND = """
    use_bias unit_forget_bias return_sequences return_state go_backwards stateful unroll
    implementation zero_output_for_mask autocast reset_after mask_zero keepdims center scale renorm
    synchronized rms_scaling lora_alpha quantization_config mask_value renorm_clipping
    renorm_momentum cell layer weights backward_layer use_gate use_scale flash_attention invert
    normalize gptq_unpacked_column_size
"""


def test_every_argument_of_a_layer_with_a_rule_is_checked() -> None:
    taken = {
        (name, argument)
        for name in RULES_OF_LAYERS
        for argument in signature(name).names
        if kind_of(name, argument) is None
    }
    found = {argument for _, argument in taken}
    assert found == set(WITHOUT_KIND.split()), WHERE_KINDS_ARE


def test_every_kind_is_of_an_argument_that_a_layer_has() -> None:
    known = [*RULES_OF_LAYERS, *CELLS]
    names = {name for one in known for name in signature(one).names}
    assert {key.rpartition(".")[2] for key in KINDS} <= names


@pytest.mark.parametrize("name", RULES_OF_LAYERS)
def test_an_argument_of_no_possible_kind_is_refused(name: str) -> None:
    taken = []
    for argument in signature(name).names:
        try:
            check(Call(name, ((argument, ("no", "such")),)))
            taken.append(argument)
        except QueryError as wrong:
            assert wrong.message.startswith(f"{name} takes {argument} as ")  # noqa: PT017
    passed_over = {"activity_regularizer"} if name == "SimpleRNN" else set()
    assert set(taken) <= {*WITHOUT_KIND.split(), *passed_over}, WHERE_KINDS_ARE


@pytest.mark.parametrize("value", ["auto", True, False])
def test_cudnn_is_asked_for_as_keras_has_it(value: object) -> None:
    assert facts_from_the_start(f"LSTM(3, use_cudnn={value!r})").outputs


PLAIN = ["Activation('relu')", "ELU()", "LeakyReLU()", "ReLU()", "Softmax()"]


@pytest.mark.parametrize(
    ("activation", "known"), [*((one, True) for one in PLAIN), ("PReLU()", False)]
)
def test_a_layer_can_be_an_activation_where_it_brings_no_weights(
    activation: str, known: bool
) -> None:
    inputs = Tensor("inputs", (Axis("batch", 2), Axis("features", 4)))
    facts = facts_of(parse(f"Dense(3, activation={activation})"), [inputs])
    assert (facts is not None) is known


@pytest.mark.parametrize(
    ("own", "around"),
    [
        ("dtype='float16'", ""),
        ("", "dtype='float16'"),
        ("dtype='float16'", "backward_layer=LSTM(3, return_state=True, go_backwards=True)"),
        ("", "backward_layer=LSTM(3, return_state=True, go_backwards=True, dtype='float16')"),
    ],
)
def test_outputs_that_are_rounded_have_no_relations(own: str, around: str) -> None:
    text = f"Bidirectional(LSTM(3, return_state=True, {own}), {around})"
    assert not facts_from_the_start(text).relations
    assert facts_from_the_start("Bidirectional(LSTM(3, return_state=True))").relations


@pytest.mark.parametrize("word", ["U", "concat", "not a name"])
def test_outputs_are_not_renamed_to_what_relations_mean(word: str) -> None:
    facts = facts_from_the_start("Bidirectional(LSTM(3, return_state=True))")
    assert facts.renamed((word,)) == facts
    renamed = facts.renamed(("out", "state_h"))
    assert [one.name for one in renamed.outputs] == ["out", "state_h", "c1", "h2", "c2"]
    assert [one.claim for one in renamed.relations] == ["out == concat(state_h, h2)"]


def test_a_tensor_shows_its_shape_and_its_axes() -> None:
    axes = (Axis("batch", 2), 2 * Axis("units", 3))
    assert repr(Tensor("o", axes)) == "<Tensor o (2, 6) = (batch, 2*units)>"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Concatenate()", "a, b side by side"),
        ("Concatenate(axis=1)", "a, b one after the other"),
        ("Add()", "the sum of a, b"),
        ("Subtract()", "the difference of a, b"),
        ("Maximum()", "the largest of a, b"),
        ("Minimum()", "the smallest of a, b"),
        ("Multiply()", "the product of a, b"),
        ("Average()", "the mean of a, b"),
    ],
)
def test_what_becomes_of_two_tensors(text: str, meaning: str) -> None:
    axes = (Axis("batch", 2), Axis("timesteps", 5), Axis("units", 4))
    facts = facts_of(parse(text), [Tensor("a", axes), Tensor("b", axes, mask=axes[:2])])
    assert facts is not None
    [output] = facts.outputs
    assert (output.name, output.meaning) == ("o", meaning)
    assert output.masked == text.startswith("Concatenate")  # a sum needs a mask of each
    assert output.labels == {
        "Concatenate()": "(batch, timesteps, 2*units)",
        "Concatenate(axis=1)": "(batch, 2*timesteps, units)",
    }.get(text, "(batch, timesteps, units)")


@pytest.mark.parametrize(
    ("one", "other", "label", "length"),
    [
        (Axis("units", 3), Axis("units", 3), "2*units", 6),
        (2 * Axis("units", 3), Axis("units", 3), "3*units", 9),
        (Axis("units", 3), Axis("units", 4), "units", 7),
        (Axis("units", 3), Axis("features", 4), "units + features", 7),
    ],
)
def test_two_axes_joined(one: Axis, other: Axis, label: str, length: int) -> None:
    joined = one + other
    assert (joined.label, joined.length, joined.static_length) == (label, length, None)
    assert (
        one + Axis("units", 4, static_length=3, follows_from=WHEN_RUN)
    ).static_length == one.length + 3


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("TimeDistributed(Conv2D(3, 2))", "batch timesteps rows columns channels"),
        ("TimeDistributed(LSTM(3))", "batch timesteps timesteps features"),
        ("TimeDistributed(Bidirectional(GRU(3)))", "batch timesteps timesteps features"),
        ("TimeDistributed(Conv1D(3, 2))", "batch timesteps timesteps features"),
        ("TimeDistributed(GlobalMaxPooling1D())", "batch timesteps timesteps features"),
        ("TimeDistributed(Dropout(0.5))", "batch timesteps features"),
        ("TimeDistributed(Embedding(9, 3))", "batch timesteps timesteps"),
        ("TimeDistributed(Dense(3))", "batch timesteps features"),
    ],
)
def test_what_a_layer_of_every_step_takes_where_nobody_says_it(text: str, names: str) -> None:
    assert axes_of_input(parse(text)) == tuple(names.split())


@pytest.mark.parametrize(
    "names",
    [
        "batch",
        "batch, features",
        "batch, timesteps, features",
        "batch, rows, columns, channels",
        "batch, depth, rows, columns, channels",
        "batch, axis 1, axis 2, axis 3, axis 4, axis 5",
    ],
)
def test_the_axes_of_a_tensor_of_which_only_the_rank_is_known(names: str) -> None:
    named = tuple(names.split(", "))
    assert axes_of_input(parse("Dense(3)"), len(named)) == named
