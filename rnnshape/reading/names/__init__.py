"""What stands for the names that code imports: ordinary Python objects, in place of the library's.

Calling a `Layer` on a `Tensor` adds a step to the network, as in Keras. Nothing here knows how
code is followed, and what follows it knows no Keras.
"""
