"""Numbers on plain arrays: effects, nulls and corrections, without files or labels."""
