"""One corpus, one module: each reads a data set's own layout into a `FaceTable`."""
