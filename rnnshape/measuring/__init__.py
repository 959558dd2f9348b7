"""The measurement: a child process loads Keras, builds the layers and runs `model.predict`."""
