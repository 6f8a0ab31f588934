"""Section 4 and table 4 of Breuer & Kimmel (2017): micro-expressions by a CNN and an LSTM."""
