"""What the filters answered: the sweep over all faces and the store it fills."""
