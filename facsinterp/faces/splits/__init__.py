"""Who trains, who validates and who tests: folds, the protocols of the field, what crosses."""
