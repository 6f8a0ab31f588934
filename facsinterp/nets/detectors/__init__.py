"""Detectors: what frozen features tell of each action unit, one by one or all at once."""
