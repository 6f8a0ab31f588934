"""Faces whose features know some action units, for tests of detectors."""

from dataclasses import replace

import numpy as np

from facsinterp.nets.detectors.coding import Coding

TRAIN, VALIDATION, TEST = np.arange(300), np.arange(300, 400), np.arange(400, 600)


def coded_faces(seed=0):
    """600 faces: unit 0 is plain, 1 is rare, 2 is not in the features, 3 is never there."""
    rng = np.random.default_rng(seed)
    present = rng.random((600, 4)) < (0.5, 0.1, 0.3, 0.0)
    intensity = np.where(present, rng.integers(1, 6, present.shape), 0).astype(float)
    features = rng.normal(size=(600, 9))
    features[:, 0] += 0.8 * intensity[:, 0]
    features[:, 1] += 3.0 * present[:, 1]
    features[:, 8] = 4  # a dead feature
    coded = np.ones_like(present)
    return features.astype(np.float32), Coding(present, coded, intensity)


def without(coding, rows, unit):
    """The same codes, but nobody looked for `unit` in `rows`; what stands there is nonsense."""
    present, coded, intensity = coding.present.copy(), coding.coded.copy(), coding.intensity.copy()
    coded[rows, unit] = False
    present[rows, unit] = ~present[rows, unit]
    intensity[rows, unit] = 5
    return replace(coding, present=present, coded=coded, intensity=intensity)
