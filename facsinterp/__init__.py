"""Which filters of a facial-expression CNN answer to which facial action units."""
