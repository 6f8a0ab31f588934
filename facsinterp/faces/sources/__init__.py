"""One corpus, one room or module: each reads a data set's own layout into a `FaceTable`."""
