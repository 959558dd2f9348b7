"""What Keras refuses is refused by the rule, with the reason, and what Keras takes is not."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rnnshape.errors import QueryError
from rnnshape.expression import Call, parse
from rnnshape.rules import facts_of, started
from rnnshape.rules.facts import Axis, Facts, Nested, Tensor
from tests.conftest import KerasInProcess
from tests.test_rules_against_keras import Keras, Shape, described, facts_along, random_numbers

THREE: Shape = (2, 5, 4)


@pytest.fixture(scope="module")
def keras(keras_measurer: KerasInProcess) -> Keras:
    return Keras(keras_measurer)


def layers_of(text: str) -> list[Call]:
    return [parse(part) for part in text.split(" -> ")]


def refusal_of(text: str, shape: Shape) -> str:
    with pytest.raises(QueryError) as refused:
        facts_along(layers_of(text), described(shape))
    return refused.value.message


# A chain and the shape of what it is given, and under it what is said.
# ruff: noqa: E501
REFUSED = """
LSTM(64, activation='rellu') of (2, 5, 4)
    LSTM takes activation as the name of one of Keras' activations, not 'rellu'; did you mean relu? (Keras: "Could not interpret activation function identifier")
Dense(3, activation='threshold') of (2, 5, 4)
    Dense takes activation as the name of one of Keras' activations, not 'threshold' (Keras: "Could not interpret activation function identifier")
LSTM(0) of (2, 5, 4)
    LSTM takes units as a whole number, 1 or more, not 0 (Keras: "expected a positive integer")
GRU(2.5) of (2, 5, 4)
    GRU takes units as a whole number, 1 or more, not 2.5 (Keras: "expected a positive integer")
LSTM(3, kernel_initializer='he_norml') of (2, 5, 4)
    LSTM takes kernel_initializer as the name of one of Keras' initializers, not 'he_norml'; did you mean he_normal? (Keras: "Could not interpret initializer function identifier")
LSTM(3, kernel_initializer='constant') of (2, 5, 4)
    LSTM takes kernel_initializer as the name of one of Keras' initializers, not 'constant' (Keras: "Could not interpret initializer function identifier")
LSTM(3, kernel_initializer=L2(0.1)) of (2, 5, 4)
    LSTM takes kernel_initializer as the name of one of Keras' initializers, not L2(l2=0.1) (Keras: "Could not interpret initializer function identifier")
GRU(3, kernel_regularizer='l3') of (2, 5, 4)
    GRU takes kernel_regularizer as the name of one of Keras' regularizers, not 'l3' (Keras: "Could not interpret regularizer identifier")
GRU(3, bias_constraint='nonneg') of (2, 5, 4)
    GRU takes bias_constraint as the name of one of Keras' constraints, not 'nonneg'; did you mean NonNeg? (Keras: "Could not interpret constraint identifier")
GRU(3, dropout='a') of (2, 5, 4)
    GRU takes dropout as a number, not 'a'
GRU(3, seed=1.5) of (2, 5, 4)
    GRU takes seed as a whole number or None, not 1.5
GRU(3, use_cudnn='yes') of (2, 5, 4)
    GRU takes use_cudnn as 'auto', True or False, not 'yes'
LSTM(3, name='a/b') of (2, 5, 4)
    LSTM takes name as a text without '/', not 'a/b' (Keras: "must be a string and cannot contain character `/`")
LSTM(3, trainable=None) of (2, 5, 4)
    LSTM takes trainable as True or False, not None
LSTM(3, dtype='float31') of (2, 5, 4)
    LSTM takes dtype as the name of a float or of a policy such as 'mixed_float16', not 'float31'; did you mean float32? (Keras: "Cannot convert to a mixed precision DTypePolicy")
Dropout(1.5) of (2, 5, 4)
    Dropout takes rate as a number from 0 to 1, not 1.5 (Keras: "Expected a float value between 0 and 1")
Dropout(0.5, noise_shape=3) of (2, 5, 4)
    Dropout takes noise_shape as a shape or None, not 3
Embedding(True, 3) of (2, 5)
    Embedding takes input_dim as a whole number, 1 or more, not True (Keras: "expected a positive integer")
RepeatVector(0) of (2, 4)
    RepeatVector takes n as a whole number, 1 or more, not 0 (Keras: "expected a positive integer")
Conv1D(3, 2, padding='full') of (2, 5, 4)
    Conv1D takes padding as one of 'valid', 'same', 'causal', not 'full'
MaxPooling1D(2, padding='SAME') of (2, 5, 4)
    MaxPooling1D takes padding as one of 'valid', 'same', not 'SAME'; did you mean same?
Conv1D(3, (2, 2)) of (2, 5, 4)
    Conv1D takes kernel_size as a whole number, 1 or more, not (2, 2) (Keras: "must be a tuple of 1 integers")
Conv1D(3, 2, data_format='first') of (2, 5, 4)
    Conv1D takes data_format as one of 'channels_last', 'channels_first', None, not 'first'
Reshape((-1, -1)) of (2, 5, 4)
    Reshape takes target_shape as a tuple of whole numbers, one of which may be -1, not (-1, -1) (Keras: "There must be at most one unknown dimension (-1)")
Permute((1, 1)) of (2, 5, 4)
    Permute takes dims as a tuple of 1, 2, ... in another order, not (1, 1) (Keras: "The set of indices in `dims` must be consecutive and start from 1")
LeakyReLU(-1) of (2, 5, 4)
    LeakyReLU takes negative_slope as a number, 0 or more, not -1 (Keras: "cannot be a negative value")
Bidirectional(LSTM(3), merge_mode='conact') of (2, 5, 4)
    Bidirectional takes merge_mode as one of 'concat', 'sum', 'mul', 'ave', None, not 'conact'; did you mean concat?
Dense(3, bias_initializer='identity') of (2, 5, 4)
    identity makes matrices only, and the bias of Dense has 1 axis (Keras: "must be at least two-dimensional", "can only be used for 2D matrices")
ConvLSTM1D(3, 2, recurrent_initializer='identity') of (2, 5, 4, 3)
    identity makes matrices only, and the recurrent_kernel of ConvLSTM1D has 3 axes (Keras: "must be at least two-dimensional", "can only be used for 2D matrices")
Conv1D(3, 2, kernel_initializer='identity') of (2, 5, 4)
    identity makes matrices only, and the kernel of Conv1D has 3 axes (Keras: "must be at least two-dimensional", "can only be used for 2D matrices")
LSTM(3, bias_initializer=None) of (2, 5, 4)
    LSTM needs a bias_initializer, or unit_forget_bias=False (Keras: "'NoneType' object is not callable")
Dense(3, lora_rank=2, kernel_constraint='non_neg') of (2, 5, 4)
    Dense takes lora_rank or kernel_constraint, not both (Keras: "Lora is incompatible with")
TimeDistributed(Dense(0)) of (2, 5, 4)
    Dense takes units as a whole number, 1 or more, not 0 (Keras: "expected a positive integer")
RNN([LSTMCell(3), GRUCell(0)]) of (2, 5, 4)
    GRUCell takes units as a whole number, 1 or more, not 0 (Keras: "expected a positive integer")
LSTM(64) -> LSTM(32) of (2, 5, 4)
    LSTM(32) takes (batch, timesteps, features), but LSTM(64) before it returns (batch, units): give it return_sequences=True (Keras: "expected ndim=3, found ndim=2")
LSTM(64, return_sequences=True) -> RepeatVector(3) of (2, 5, 4)
    RepeatVector(3) takes (batch, features), but LSTM(64, return_sequences=True) before it returns (batch, timesteps, units): leave out its return_sequences=True (Keras: "expected ndim=2, found ndim=3")
Dense(3) -> LSTM(2) of (2, 4)
    LSTM(2) takes (batch, timesteps, features), but Dense(3) before it returns (batch, units): put RepeatVector(timesteps) between them (Keras: "expected ndim=3, found ndim=2")
LSTM(3) of (2, 4)
    LSTM(3) takes (batch, timesteps, features), but the input is (batch, features): describe another with Input(...) (Keras: "expected ndim=3, found ndim=2")
Embedding(9, 4) -> Flatten() -> LSTM(2) of (2, 5)
    LSTM(2) takes (batch, timesteps, features), but Flatten() before it returns (batch, features): put RepeatVector(timesteps) between them (Keras: "expected ndim=3, found ndim=2")
TimeDistributed(LSTM(3)) of (2, 5, 4)
    LSTM(3) takes (batch, timesteps, features), but what each timestep holds is (batch, features): describe another with Input(...) (Keras: "expected ndim=3, found ndim=2")
TimeDistributed(Dense(3)) of (2, 4)
    TimeDistributed(Dense(3)) takes (batch, timesteps, ...), but is given (batch, features) (Keras: "should be passed an `input_shape` with at least 3 dimensions")
Conv2D(3, 2) of (2, 5, 4)
    Conv2D(3, 2) takes (batch, rows, columns, channels), but the input is (batch, timesteps, features): describe another with Input(...) (Keras: "expected min_ndim=4, found ndim=3")
ConvLSTM1D(3, 2) of (2, 5, 4)
    ConvLSTM1D(3, 2) takes (batch, timesteps, rows, channels), but the input is (batch, timesteps, features): describe another with Input(...) (Keras: "expected ndim=4, found ndim=3")
Permute((1, 3, 2)) of (2, 5, 4)
    Permute((1, 3, 2)) takes (batch, rows, columns, channels), but the input is (batch, timesteps, features): describe another with Input(...) (Keras: "expected ndim=4, found ndim=3")
Conv1D(3, 6) of (2, 5, 4)
    Conv1D(3, 6) has nothing left: it needs 6 timesteps, and is given 5. Give it a smaller kernel_size, or padding='same' (Keras: "Computed output size would be zero or negative")
ConvLSTM1D(3, 5, dilation_rate=2) of (2, 2, 8, 1)
    ConvLSTM1D(3, 5, dilation_rate=2) has nothing left: it needs 9 rows, and is given 8. Give it a smaller kernel_size, or padding='same' (Keras: "Computed output size would be zero or negative")
Conv1D(3, 2, strides=2, dilation_rate=2) of (2, 5, 4)
    Conv1D takes strides or dilation_rate, not both, larger than 1 (Keras: "`strides > 1` not supported in conjunction with `dilation_rate > 1`")
Conv1D(3, 2, groups=2) of (2, 5, 4)
    Conv1D(3, 2, groups=2) can't share 3 filters out among 2 groups (Keras: "must be evenly divisible by the number of groups")
Conv1D(3, 2, groups=3) of (2, 5, 4)
    Conv1D(3, 2, groups=3) can't share 4 features out among 3 groups (Keras: "must be evenly divisible by the number of groups")
MaxPooling1D(6) of (2, 5, 4)
    MaxPooling1D(pool_size=6) has nothing left: it needs 6 timesteps, and is given 5. Give it a smaller pool_size, or padding='same' (Keras: "Computed output size would be zero or negative")
Cropping1D((2, 3)) of (2, 5, 4)
    Cropping1D(cropping=(2, 3)) takes away 5 of 5 timesteps: nothing is left (Keras: "must be smaller than the input length")
Reshape((3, 4)) of (2, 5, 4)
    Reshape((3, 4)) needs 12 numbers, and is given 20: (batch, timesteps, features) is (2, 5, 4) (Keras: "The total size of the tensor must be unchanged")
Reshape((-1, 3)) of (2, 5, 4)
    Reshape((-1, 3)) needs 3 numbers or a multiple, and is given 20: (batch, timesteps, features) is (2, 5, 4) (Keras: "The total size of the tensor must be unchanged")
Softmax(axis=3) of (2, 5, 4)
    Softmax(axis=3) is given (batch, timesteps, features), which has no axis 3 (Keras: "out of range", "out of bounds")
Softmax(axis=()) of (2, 5, 4)
    Softmax(axis=()) needs an axis at least
BatchNormalization(axis=3) of (2, 5, 4)
    BatchNormalization(axis=3) is given (batch, timesteps, features), which has no axis 3 (Keras: "out of range", "out of bounds")
LayerNormalization(axis=(1, -2)) of (2, 5, 4)
    LayerNormalization(axis=(1, -2)) names an axis twice (Keras: "duplicate")
BatchNormalization(axis=0) of (None, 5, 4)
    BatchNormalization(axis=0) can't keep a weight for each entry of a batch: choose another axis (Keras: "Shapes used to initialize variables must be fully-defined")
PReLU(shared_axes=3) of (2, 5, 4)
    PReLU(shared_axes=3) is given (batch, timesteps, features), which has no axis 3 (Keras: "out of range", "out of bounds")
Masking((1, 2)) of (2, 5, 4)
    Masking(mask_value=(1, 2)) takes one mask_value, or 4 of them
Flatten() -> Dense(3) of (2, None, 4)
    Dense(3) needs to know the number of features: give it in the Input's shape in place of None (Keras: "Shapes used to initialize variables must be fully-defined")
Permute((2, 1)) -> GRU(3) of (2, None, 4)
    GRU(3) needs to know the number of features: give it in the Input's shape in place of None (Keras: "Shapes used to initialize variables must be fully-defined")
PReLU() of (2, None, 4)
    PReLU() needs to know the number of timesteps: give it in the Input's shape in place of None (Keras: "Shapes used to initialize variables must be fully-defined")
LSTM(3, stateful=True) of (None, 5, 4)
    LSTM(3, stateful=True) keeps its states from batch to batch, and so needs a fixed batch size: give the Input a batch_size (Keras: "the batch size must be static")
RNN(Dense(3)) of (2, 5, 4)
    RNN takes LSTMCell, GRUCell or SimpleRNNCell, not Dense(3) (Keras: "should have a `state_size` attribute")
RNN(LSTM(3)) of (2, 5, 4)
    RNN takes cells, not layers: LSTMCell in place of LSTM
RNN([]) of (2, 5, 4)
    RNN needs a cell at least (Keras: "list index out of range")
RNN(StackedRNNCells(LSTMCell(3))) of (2, 5, 4)
    StackedRNNCells takes a list of cells
RNN([LSTMCell(3)], unroll=True) of (2, 5, 4)
    RNN can't run a list of one cell with unroll=True: give it the cell itself, RNN(LSTMCell(3)) (Keras: "list index out of range")
Masking() -> RNN([GRUCell(3)]) of (2, 5, 4)
    RNN can't run a list of one cell where a mask comes in: give it the cell itself, RNN(GRUCell(3)) (Keras: "don't have the same nested structure")
Bidirectional(Dense(3)) of (2, 5, 4)
    Bidirectional takes a recurrent layer as layer, not Dense
Bidirectional(LSTM(3, go_backwards=True)) of (2, 5, 4)
    Bidirectional adds the backward direction itself: leave out go_backwards=True, or give a backward_layer (Keras: "should have different `go_backwards` value")
Bidirectional(LSTM(3), backward_layer=LSTM(3)) of (2, 5, 4)
    one of the two layers must go backwards and the other not: give backward_layer go_backwards=True (Keras: "should have different `go_backwards` value")
Bidirectional(LSTM(3), backward_layer=LSTM(3, return_state=True, go_backwards=True)) of (2, 5, 4)
    both layers must have the same return_state: here False and True (Keras: "expected to have the same value for attribute return_state")
Bidirectional(LSTM(3, return_state=True), backward_layer=GRU(3, return_state=True, go_backwards=True)) of (2, 5, 4)
    with return_state=True the backward layer needs as many states as the forward layer: here 1 and 2 (Keras: "Output with path is not connected to `inputs`")
Bidirectional(LSTM(3), merge_mode='sum', backward_layer=LSTM(4, go_backwards=True)) of (2, 5, 4)
    merge_mode='sum' needs both directions equally wide: the forward layer has 3 units and the backward layer 4 (Keras: "Incompatible shapes")
Bidirectional(LSTM(3), backward_layer=LSTM(4, go_backwards=True)) -> Dense(1) of (2, 5, 4)
    Dense(1) is given 7 features, and Keras builds it for 6: it can't run. Give both directions the same units
Bidirectional(LSTM(3, stateful=True, return_state=True)) of (2, 5, 4)
    Bidirectional can't return the states of a stateful layer: leave out return_state or stateful (Keras: "unsupported operand type(s) for *: 'generator' and 'int'")
TimeDistributed(LSTM(3, return_state=True)) of (2, 5, 4, 3)
    TimeDistributed(LSTM(3, return_state=True)) can't return several tensors for every timestep (Keras: "Cannot convert '5' to a shape")
Masking() -> Softmax() of (2, 5, 4)
    Softmax() takes no mask of timesteps: put it where no mask comes in, or take Activation('softmax') (Keras: "The `mask` must be broadcastable to `inputs`")
Masking() -> ConvLSTM1D(3, 2) of (2, 3, 5, 2)
    ConvLSTM1D(3, 2) takes a mask of (batch, timesteps), but the one that comes in is (batch, axis 1, axis 2) (Keras: "must be broadcastable")
Masking() -> TimeDistributed(LSTM(3)) -> LSTM(2) of (2, 5, 6, 2)
    LSTM(2) takes a mask of (batch, timesteps), but the one that comes in is (batch, axis 1, axis 2) (Keras: "must be broadcastable")
Masking() -> GlobalAveragePooling1D('channels_first') of (2, 5, 4)
    GlobalAveragePooling1D(data_format='channels_first') is given a mask of (batch, timesteps), which does not fit its 4 features (Keras: "must be broadcastable")
GRU('a') of (2, 5, 4)
    GRU takes units as a whole number, 1 or more, not 'a' (Keras: "expected a positive integer")
Bidirectional(3) of (2, 5, 4)
    Bidirectional takes a layer, not 3 (Keras: "Please initialize with a `keras.layers.Layer` instance")
TimeDistributed(3) of (2, 5, 4)
    TimeDistributed takes a layer, not 3 (Keras: "Please initialize with a `keras.layers.Layer` instance")
Bidirectional(LSTM(3), backward_layer=Dense(3)) of (2, 5, 4)
    Bidirectional takes a recurrent layer as backward_layer, not Dense
Bidirectional(LSTM(3), backward_layer=3) of (2, 5, 4)
    backward_layer takes a layer, not 3
SpatialDropout1D(0.5) of (2, 4)
    SpatialDropout1D(0.5) takes (batch, timesteps, features), but the input is (batch, features): describe another with Input(...) (Keras: "expected ndim=3, found ndim=2")
SpatialDropout2D(0.5) of (2, 5, 4)
    SpatialDropout2D(0.5) takes (batch, rows, columns, channels), but the input is (batch, timesteps, features): describe another with Input(...) (Keras: "expected ndim=4, found ndim=3")
Dropout('a') of (2, 5, 4)
    Dropout takes rate as a number from 0 to 1, not 'a' (Keras: "Expected a float value between 0 and 1")
GaussianNoise(2) of (2, 5, 4)
    GaussianNoise takes stddev as a number from 0 to 1, not 2 (Keras: "Expected a float value between 0 and 1")
ActivityRegularization(-1) of (2, 5, 4)
    ActivityRegularization takes l1 as a number, 0 or more, not -1
ReLU(max_value=-1) of (2, 5, 4)
    ReLU takes max_value as a number, 0 or more, or None, not -1
ReLU(threshold=-1) of (2, 5, 4)
    ReLU takes threshold as a number, 0 or more, not -1 (Keras: "cannot be a negative value")
ELU('a') of (2, 5, 4)
    ELU takes alpha as a number, not 'a'
LeakyReLU(alpha=-1) of (2, 5, 4)
    LeakyReLU takes alpha as a number, 0 or more, not -1 (Keras: "cannot be a negative value")
BatchNormalization(axis=(1, 2)) of (2, 5, 4)
    BatchNormalization takes axis as the number of an axis, not (1, 2)
LayerNormalization(axis=None) of (2, 5, 4)
    LayerNormalization takes axis as the number of an axis, or several of them, not None
Softmax(axis='a') of (2, 5, 4)
    Softmax takes axis as the number of an axis, or several of them, or None, not 'a'
PReLU(shared_axes='a') of (2, 5, 4)
    PReLU takes shared_axes as the number of an axis, or several of them, or None, not 'a'
BatchNormalization(momentum='a') of (2, 5, 4)
    BatchNormalization takes momentum as a number, not 'a'
LayerNormalization(epsilon='a') of (2, 5, 4)
    LayerNormalization takes epsilon as a number, not 'a'
Embedding(9, 0) of (2, 5)
    Embedding takes output_dim as a whole number, 1 or more, not 0 (Keras: "expected a positive integer")
Embedding(9, 3, weights=0.5) of (2, 5)
    Embedding takes weights as None, not 0.5
Embedding(9, 3, lora_rank=2, embeddings_constraint='non_neg') of (2, 5)
    Embedding takes lora_rank or embeddings_constraint, not both (Keras: "Lora is incompatible with")
UpSampling1D(True) of (2, 5, 4)
    UpSampling1D takes size as a whole number, 1 or more, not True (Keras: "expected a positive integer")
ZeroPadding1D(-1) of (2, 5, 4)
    ZeroPadding1D takes padding as a whole number, 0 or more, or 2 of them, not -1 (Keras: "must be a tuple of 2 integers")
Cropping1D('a') of (2, 5, 4)
    Cropping1D takes cropping as a whole number, 0 or more, or 2 of them, not 'a' (Keras: "must be a tuple of 2 integers")
Dense(3, lora_rank=-1) of (2, 5, 4)
    Dense takes lora_rank as a whole number, 1 or more, or None, not -1
ConvLSTM1D(3, 2, padding='causal') of (2, 2, 5, 1)
    ConvLSTM1D takes padding as one of 'valid', 'same', not 'causal'
ConvLSTM2D(0, 2) of (2, 2, 5, 5, 1)
    ConvLSTM2D takes filters as a whole number, 1 or more, not 0 (Keras: "expected a positive integer")
Conv2D(3, 2, strides=(1, 0)) of (2, 5, 5, 1)
    Conv2D takes strides as a whole number, 1 or more, or 2 of them, not (1, 0) (Keras: "must be a tuple of 2 integers")
AveragePooling2D((2, 2, 2)) of (2, 5, 5, 1)
    AveragePooling2D takes pool_size as a whole number, 1 or more, or 2 of them, not (2, 2, 2) (Keras: "must be a tuple of 2 integers")
MaxPooling3D(2, strides=0) of (2, 4, 4, 4, 1)
    MaxPooling3D takes strides as a whole number, 1 or more, or 3 of them, not 0 (Keras: "must be a tuple of 3 integers")
Conv1D(3, 2, groups=0) of (2, 5, 4)
    Conv1D takes groups as a whole number, 1 or more, not 0 (Keras: "expected a positive integer")
Conv2D(3, 2, padding='causal') of (2, 5, 5, 1)
    Conv2D takes padding as one of 'valid', 'same', not 'causal'
Conv3D(3, 3) of (2, 4, 2, 4, 1)
    Conv3D(3, 3) has nothing left: it needs 3 rows, and is given 2. Give it a smaller kernel_size, or padding='same' (Keras: "Computed output size would be zero or negative")
GRU(3, recurrent_initializer='identty') of (2, 5, 4)
    GRU takes recurrent_initializer as the name of one of Keras' initializers, not 'identty'; did you mean Identity? (Keras: "Could not interpret initializer function identifier")
Dense(3, use_bias=True, activity_regularizer='l5') of (2, 5, 4)
    Dense takes activity_regularizer as the name of one of Keras' regularizers, not 'l5' (Keras: "Could not interpret regularizer identifier")
Dense(2) of (2,)
    Dense(2) takes (batch, ..., features), but is given (batch,) (Keras: "expected min_ndim=2, found ndim=1")
Bidirectional(LSTM(3, return_sequences=True), backward_layer=LSTM(4, return_sequences=True, go_backwards=True)) -> Reshape((42,)) of (2, 6, 2)
    Reshape((42,)) needs 42 numbers, and is given 42, which Keras takes for 36: (batch, timesteps, units + backward units) is (2, 6, 7) (Keras: "The total size of the tensor must be unchanged")
GlobalMaxPooling1D() of (2, 4)
    GlobalMaxPooling1D() takes (batch, timesteps, features), but the input is (batch, features): describe another with Input(...) (Keras: "expected ndim=3, found ndim=2")
Flatten('last') of (2, 5, 4)
    Flatten takes data_format as one of 'channels_last', 'channels_first', None, not 'last'
ConvLSTM1D(2, 2) of (2, 3, None, 2)
    ConvLSTM1D(2, 2) needs to know the number of rows: give it in the Input's shape in place of None (Keras: "Shapes used to initialize variables must be fully-defined")
Masking() -> TimeDistributed(GlobalAveragePooling1D()) -> LSTM(2) of (2, 5, 6, 2)
    LSTM(2) takes a mask of (batch, timesteps), but the one that comes in is (batch, axis 1, axis 2) (Keras: "must be broadcastable")
Bidirectional(ConvLSTM1D(3, 2), backward_layer=ConvLSTM1D(3, 3, go_backwards=True)) of (2, 3, 8, 2)
    merge_mode='concat' needs both directions equally wide: the forward layer has 7 rows and the backward layer 6 (Keras: "Incompatible shapes")
TimeDistributed(Bidirectional(LSTM(3), merge_mode=None)) of (2, 5, 4, 3)
    TimeDistributed(Bidirectional(LSTM(3), merge_mode=None)) can't return several tensors for every timestep (Keras: "Cannot convert '5' to a shape")
"""
ROWS = REFUSED.strip().splitlines()
MESSAGES = {chain: message.strip() for chain, message in zip(ROWS[::2], ROWS[1::2], strict=True)}


@pytest.mark.parametrize("question", MESSAGES)
def test_it_is_refused_with_the_reason(question: str, keras: Keras) -> None:
    text, _, written = question.rpartition(" of ")
    shape = ast.literal_eval(written)
    assert refusal_of(text, shape) == MESSAGES[question]
    fixed = shape if "stateful=True, return" in text else (None, *shape[1:])
    with pytest.raises(Exception):  # noqa: B017, PT011  # Keras raises whatever it stumbles over
        keras.chained(layers_of(text), fixed, random_numbers(shape, zeros=False))


TAKEN: list[tuple[str, Shape]] = [
    ("LSTM(True)", THREE),
    ("LSTM(3, return_sequences='no', return_state=1)", THREE),
    ("LSTM(3, dropout=7, recurrent_dropout=-1, implementation=9)", THREE),
    ("LSTM(3, kernel_regularizer=MaxNorm(2), kernel_constraint=L2(0.1))", THREE),
    ("SimpleRNN(3, activity_regularizer='no such')", THREE),
    ("LSTM(3, unroll=True)", (None, None, 4)),
    ("GRU(3, bias_initializer='orthogonal')", THREE),
    ("Dense(3, activation=LeakyReLU(0.1), kernel_initializer='identity')", THREE),
    ("Conv1D(3, 2, padding='Same', data_format='Channels_First')", THREE),
    ("Bidirectional(LSTM(3), weights=(1, 2))", THREE),
    ("Bidirectional(LSTM(1), merge_mode='sum', backward_layer=LSTM(3, go_backwards=True))", THREE),
    ("Bidirectional(LSTM(3, go_backwards=True), backward_layer=GRU(4))", THREE),
    ("PReLU(shared_axes=(0, -1))", THREE),
    ("LayerNormalization(axis=())", THREE),
    ("LayerNormalization(axis=0, scale=False, center=False)", THREE),
    ("LayerNormalization(axis=(-1, 1))", THREE),
    ("LayerNormalization(scale=False, rms_scaling=True)", THREE),
    ("Softmax(axis=None)", THREE),
    ("Reshape((None, 2))", THREE),
    ("Flatten() -> Reshape((-1, 2)) -> LSTM(3)", (None, None, 4)),
    ("Masking() -> LSTM(3, return_sequences=True) -> Flatten() -> Softmax()", THREE),
    ("Masking() -> RNN([LSTMCell(3)], unroll=True)", THREE),
    ("Masking() -> ConvLSTM1D(3, 2, padding='same')", (2, 3, 5, 2)),
    ("RNN([LSTMCell(3)], unroll=True)", (2, 1, 4)),
    (
        "TimeDistributed(Bidirectional(LSTM(3), backward_layer=GRU(4, go_backwards=True)))",
        (2, 3, 2, 2),
    ),
    ("BatchNormalization(renorm=True)", THREE),
    ("Activation(None)", THREE),
    ("GRU(3, dtype='mixed_float16')", THREE),
    ("Dense(3, dtype='float16')", THREE),
    ("Dense(3, dtype='bfloat16')", THREE),
    ("Dense(3, dtype='float64')", THREE),
    ("Dense(3, dtype='mixed_bfloat16')", THREE),
]


@pytest.mark.parametrize(("text", "shape"), TAKEN, ids=[one[0] for one in TAKEN])
def test_what_keras_takes_is_not_refused(text: str, shape: Shape, keras: Keras) -> None:
    layers = layers_of(text)
    found = facts_along(layers, described(shape))
    numbers = random_numbers(shape, zeros=True)
    answers = keras.chained(layers, (None, *shape[1:]), numbers)
    for facts, answer in zip(found, answers, strict=True):
        assert facts is not None
        given = [tuple(size for size in one.shape[1:]) for one in answer.arrays]
        assert [one.shape[1:] for one in facts.outputs] == given
        assert [one.shape for one in facts.weights] == answer.weights


@pytest.mark.parametrize("masked", [1, 2, 3, 5])
@pytest.mark.parametrize("sizes", [(1, 4), (2, 1), (2, 3), (3, 5), (5, 2), (1, 1), (1, 2)])
@pytest.mark.parametrize(
    "text",
    [
        "GlobalAveragePooling1D()",
        "GlobalAveragePooling1D(data_format='channels_first')",
        "Softmax()",
        "Softmax(axis=1)",
    ],
)
def test_a_mask_is_taken_where_keras_can_use_it(
    text: str, sizes: tuple[int, int], masked: int, keras: Keras
) -> None:
    call, given = parse(text), described((2, *sizes))
    mask = (given.axes[0], Axis("timesteps", masked))
    numbers, flags = random_numbers((2, *sizes), zeros=False), np.ones((2, masked), bool)
    try:
        made = keras.build(call)(numbers, mask=flags).shape
    except Exception:  # whatever Keras stumbles over
        made = None
    try:
        facts = facts_of(call, [replace(given, mask=mask)])
        taken = facts.outputs[0].shape if facts else None
    except QueryError:
        taken = None
    assert taken == made


BEYOND = [
    "Dense(4, activation='glu')",
    "Dense(3, dtype='int8_from_float32')",
    "Dense(3, activation=PReLU())",
]


@pytest.mark.parametrize(
    "text",
    [
        *BEYOND,
        "TimeDistributed(Dense(4, activation='glu'))",
        "RNN([StackedRNNCells([GRUCell(3)]), GRUCell(2)])",
        "UnitNormalization()",
    ],
)
def test_of_some_things_keras_alone_can_tell(text: str, keras: Keras) -> None:
    layers = layers_of(text)
    assert facts_along(layers, described(THREE)) == [None]
    assert keras.chained(layers, (None, 5, 4), random_numbers(THREE, zeros=False))


def test_the_place_of_what_is_wrong_is_known() -> None:
    with pytest.raises(QueryError) as refused:
        facts_of(parse("TimeDistributed(Dense(3, activation='rellu'))"), [described(THREE)])
    assert refused.value.details[1].index("^") == len("TimeDistributed(Dense(3, ")


# Several tensors.


def named(name: str, *sizes: int | None) -> Tensor:
    tensor = described((2, *sizes))
    return Tensor(name, tensor.axes, "", "output")


MERGES: list[tuple[str, list[tuple[int | None, ...]], tuple[int, ...] | str]] = [
    ("Concatenate()", [(5, 4), (5, 2)], (2, 5, 6)),
    ("Concatenate(axis=1)", [(5, 4), (3, 4)], (2, 8, 4)),
    ("Concatenate(axis=-2)", [(5, 4), (3, 4), (1, 4)], (2, 9, 4)),
    ("Concatenate(axis=0)", [(5, 4), (5, 4)], (4, 5, 4)),
    ("Concatenate()", [(4,)], (2, 4)),
    ("Concatenate()", [(5, 4), (4, 4)], "a (2, 5, 4), b (2, 4, 4)"),
    ("Concatenate()", [(5, 4), (4,)], "tensors that differ along its axis only"),
    ("Concatenate(axis=3)", [(5, 4), (5, 4)], "which has no axis 3"),
    ("Add()", [(5, 4), (5, 4)], (2, 5, 4)),
    ("Multiply()", [(5, 4), (4,)], (2, 5, 4)),
    ("Average()", [(5, 4), (1, 4), (5, 1)], (2, 5, 4)),
    ("Add()", [(5, 4), (7, 5, 4)], (2, 7, 5, 4)),
    (
        "Add()",
        [(5, 4), (5, 3)],
        "takes tensors of one shape, but is given a (2, 5, 4), b (2, 5, 3)",
    ),
    ("Add()", [(5, 4), (5,)], "Inputs have incompatible shapes"),
]


@pytest.mark.parametrize(("text", "shapes", "expected"), MERGES)
def test_layers_that_take_several_tensors(
    text: str, shapes: list[tuple[int | None, ...]], expected: Any, keras: Keras
) -> None:
    call = parse(text)
    tensors = [named(name, *sizes) for name, sizes in zip("abc", shapes, strict=False)]
    inputs = [keras.keras.Input(sizes) for sizes in shapes]
    if isinstance(expected, str):
        with pytest.raises(QueryError) as refused:
            facts_of(call, tensors)
        assert expected in refused.value.message
        with pytest.raises((ValueError, IndexError)):
            keras.build(call)(inputs)
        return
    facts = facts_of(call, tensors)
    assert facts is not None
    assert facts.outputs[0].shape == expected
    model = keras.keras.Model(inputs, keras.build(call)(inputs))
    model.run_eagerly = True
    numbers = [random_numbers((2, *sizes), zeros=False) for sizes in shapes]
    assert model.predict(numbers, verbose=0).shape == expected


def test_one_tensor_is_what_most_layers_take() -> None:
    with pytest.raises(QueryError, match=r"^Dense\(3\) takes one tensor, and is called with 2$"):
        facts_of(parse("Dense(3)"), [described(THREE), described(THREE)])


# States to start from.


def states_of(text: str) -> tuple[Tensor, ...]:
    call = parse(text)
    facts = facts_of(call, [described(THREE)])
    assert facts is not None
    return facts.returned_by(call).outputs[1:]


def start(text: str, given: Nested) -> Facts:
    call = parse(text)
    facts = facts_of(call, [described(THREE)])
    assert facts is not None
    return started(call, facts, given)


BOTH = "Bidirectional(LSTM(64, return_state=True))"
H, C = named("h", 3), named("c", 3)
WIDE = named("x", 4)


@pytest.mark.parametrize("believed", [None, 5])
def test_a_state_of_a_size_that_keras_gets_wrong_is_refused(believed: int | None) -> None:
    call = parse("ConvLSTM1D(3, 2)")
    facts = facts_of(call, [described((2, 5, 4, 1))])
    assert facts is not None
    axes = (Axis("batch", 2), Axis("rows", 3), Axis("filters", 3, believed=believed))
    states = (Tensor("h", axes), Tensor("c", axes))
    if believed is None:
        assert started(call, facts, states).outputs
    else:
        with pytest.raises(QueryError, match="takes h and c"):
            started(call, facts, states)


STARTS: list[tuple[str, Nested, str]] = [
    ("LSTM(3)", (H, C), ""),
    ("LSTM(3)", (C, H), ""),
    ("LSTM(3)", (H,), "LSTM(3) takes h and c of (batch, 3) as initial_state; it is given h of"),
    ("LSTM(3)", (H, C, H), "it is given h, c and h of (batch, 3)"),
    ("LSTM(3)", (H, WIDE), "it is given h of (batch, 3), x of (batch, 4)"),
    ("LSTM(3)", H, "it is given h of (batch, 3)"),
    ("LSTM(3)", ((H, C),), "nest them as the cells do"),
    ("GRU(3)", H, ""),
    ("GRU(3)", (H, C), ""),
    (
        "GRU(3)",
        (WIDE,),
        "GRU(3) takes h of (batch, 3) as initial_state; it is given x of (batch, 4)",
    ),
    ("SimpleRNN(3)", (H, C), "SimpleRNN(3) takes h of (batch, 3)"),
    ("Bidirectional(LSTM(3))", (H, C, H, C), ""),
    ("Bidirectional(LSTM(3))", (H, C), "takes h1, c1, h2 and c2 of (batch, 3)"),
    ("Bidirectional(GRU(3))", (H, H), ""),
    ("Bidirectional(GRU(3))", (H, H, H), ""),
    ("Bidirectional(GRU(3))", (H,), "takes h1 and h2 of (batch, 3)"),
    ("RNN([LSTMCell(3), GRUCell(4)])", ((H, C), WIDE), ""),
    ("RNN([LSTMCell(3), GRUCell(4)])", ((H, C), (WIDE,)), ""),
    ("RNN([LSTMCell(3), GRUCell(4)])", (H, C, WIDE), "nest them as the cells do"),
    ("RNN([LSTMCell(3)])", ((H, C),), ""),
    ("RNN([LSTMCell(3)])", (H, C), "nest them as the cells do"),
    ("RNN(LSTMCell(3))", (H, C), ""),
]


@pytest.mark.parametrize(("text", "given", "message"), STARTS)
def test_initial_state_is_checked_before_keras_does(
    text: str, given: Nested, message: str, keras: Keras
) -> None:
    inputs: list[Any] = [keras.keras.Input((5, 4))]
    arrays: list[Any] = [random_numbers(THREE, zeros=False)]

    def tensor(one: Nested) -> Any:
        if isinstance(one, Tensor):
            inputs.append(keras.keras.Input(one.shape[1:]))
            arrays.append(np.ones(one.shape, np.float32))
            return inputs[-1]
        return [tensor(part) for part in one]

    def answer() -> Any:
        output = keras.build(parse(text))(inputs[0], initial_state=tensor(given))
        model = keras.keras.Model(inputs, output)
        model.run_eagerly = True
        return model.predict(arrays, verbose=0)

    if not message:
        start(text, given)
        answer()
        return
    with pytest.raises(QueryError) as refused:
        start(text, given)
    assert message in refused.value.message
    with pytest.raises(Exception):  # noqa: B017, PT011  # Keras raises whatever it stumbles over
        answer()


def test_the_states_of_both_directions_fit_a_decoder_of_twice_the_units() -> None:
    with pytest.raises(QueryError) as refused:
        start("LSTM(64)", states_of(BOTH))
    assert refused.value.message == (
        "LSTM(64) takes h and c of (batch, 64) as initial_state; "
        "Bidirectional(LSTM(64, return_state=True)) gives h1, c1, h2, c2: "
        "give Concatenate()([h1, h2]) and Concatenate()([c1, c2]) to LSTM(128) "
        '(Keras: "list index out of range", "Matrix size-incompatible")'
    )


def test_the_states_of_both_directions_may_have_sizes_of_their_own() -> None:
    backward = "GRU(4, return_state=True, go_backwards=True)"
    both = f"Bidirectional(GRU(3, return_state=True), backward_layer={backward})"
    with pytest.raises(QueryError, match=r"give Concatenate\(\)\(\[h1, h2\]\) to GRU\(7\) "):
        start("GRU(5)", states_of(both))


def test_states_of_another_width_ask_for_as_many_units() -> None:
    with pytest.raises(QueryError, match=r"gives h, c of 4 units: give it as many"):
        start("LSTM(3)", states_of("LSTM(4, return_state=True)"))


SO = "of the same shape, Keras takes it so"


@pytest.mark.parametrize(
    ("text", "given", "notes"),
    [
        ("LSTM(3)", "h1 c1", []),
        ("LSTM(3)", "c1 h1", [f"initial_state gives LSTM c1 as h, h1 as c: {SO}"]),
        ("LSTM(3)", "h1 h2", [f"initial_state gives LSTM h2 as c: {SO}"]),
        ("GRU(3)", "h1", []),
        ("GRU(3)", "h1 c1", ["GRU passes over c1"]),
        (
            "GRU(3)",
            "c1 h1 h2",
            [f"initial_state gives GRU c1 as h: {SO}", "GRU passes over h1, h2"],
        ),
        ("Bidirectional(LSTM(3))", "h1 c1 h2 c2", []),
        (
            "Bidirectional(LSTM(3))",
            "h1 h2 c1 c2",
            [f"initial_state gives Bidirectional h2 as c1, c1 as h2: {SO}"],
        ),
        ("Bidirectional(GRU(3))", "h1 h2", []),
        ("Bidirectional(GRU(3))", "h1 c1 h2 c2", ["Bidirectional passes over c1, c2"]),
        (
            "Bidirectional(GRU(3))",
            "h1 c1 h2",
            [f"initial_state gives Bidirectional c1 as h2: {SO}", "Bidirectional passes over h2"],
        ),
    ],
)
def test_states_that_are_taken_for_others_or_not_at_all_have_a_note(
    text: str, given: str, notes: list[str]
) -> None:
    known = states_of("Bidirectional(LSTM(3, return_state=True))")
    states = {state.name: state for state in known}
    assert start(text, tuple(states[name] for name in given.split())).notes == tuple(notes)


def test_no_other_layer_takes_states() -> None:
    with pytest.raises(QueryError, match=r"Dense takes no initial_state: it is no recurrent layer"):
        start("Dense(3)", (H,))


def test_where_a_mask_comes_in_and_states_too_no_relation_is_claimed() -> None:
    call = parse("LSTM(3, return_state=True)")
    for masked in (False, True):
        facts = facts_of(call, [described(THREE, masked=masked)])
        assert facts is not None
        assert len(started(call, facts, (H, C), masked=masked).relations) == (not masked)
