"""Networks trained on one data set and asked about the faces of another."""
