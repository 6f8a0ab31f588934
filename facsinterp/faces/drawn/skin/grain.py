"""Noise without seams, made once: what makes one skin's blotches and pores unlike another's."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.fft import irfft2, rfft2

from facsinterp.faces.drawn.surface.sheet import LEVELS, Sheet, coarser, pitch, texels


@lru_cache(maxsize=64)
def grain(size: float, floor: float | None = None, level: int = 0, stretch: float = 1.0) -> Sheet:
    """(H, W): tileable noise, mean 0 and deviation 1 at level 0, with grains of this size.

    `size`: head units; Gaussian noise of a ring of wavelengths about twice the size. Given a
    `floor`, only what rises above it is left: spots. `stretch`: how much longer than wide.
    """
    if level > 0:
        return coarser(grain(size, floor, level - 1, stretch))
    rows, columns = texels(0)
    rng = np.random.Generator(np.random.PCG64(round(size * 1e5)))
    white = rfft2(rng.standard_normal((rows, columns), dtype=np.float32))
    fy = np.fft.fftfreq(rows, pitch(0))[:, None].astype(np.float32) * stretch
    fx = np.fft.rfftfreq(columns, pitch(0))[None, :].astype(np.float32)
    octave = np.log2(np.maximum(np.hypot(fx, fy), 1e-6) * (2 * size))
    noise = irfft2(white * np.exp(-((octave / 0.99) ** 2)), s=(rows, columns))
    noise = (noise - noise.mean()) / noise.std()
    return np.asarray(noise if floor is None else np.maximum(noise - floor, 0), np.float32)


def shifted(
    rng: np.random.Generator,
    level: int,
    size: float,
    floor: float | None = None,
    stretch: float = 1.0,
) -> Sheet:
    """The noise of `grain` from a place by lot and perhaps mirrored, the same at all levels."""
    rows, columns = texels(LEVELS - 1)
    down, right = int(rng.integers(0, rows)), int(rng.integers(0, columns))
    mirrored = bool(rng.integers(0, 2))
    scale = 1 << (LEVELS - 1 - level)
    noise = grain(size, floor, level, stretch)
    noise = noise[:, ::-1] if mirrored else noise
    return np.asarray(np.roll(noise, (down * scale, right * scale), (0, 1)), np.float32)
