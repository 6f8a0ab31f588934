"""Motion magnification: small movements of a clip made larger, in a band of frequencies.

Eulerian, after Wu et al., "Eulerian video magnification for revealing subtle changes in the
world", ACM Transactions on Graphics 31(4), 2012: what changes in the band at each place of each
level of a Laplacian pyramid is added again, alpha times. Where the first-order expansion holds,
a movement grows by 1 + alpha; for waves too short for that, alpha is lowered.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from facsinterp.classic.checks import grey_faults, too_small
from facsinterp.errors import Fault, InputError

Clip = NDArray[np.float32]

# Burt & Adelson's (1983) generating kernel with a = 3/8.
_KERNEL: Final = np.array([1, 4, 6, 4, 1], np.float32) / 16
# The shortest side that is halved once more.
_SMALLEST: Final = 8


@dataclass(frozen=True)
class Magnification:
    """What is made larger: movements of `low` to `high` Hz, `alpha` times more than they are.

    Waves shorter than `shortest` px get less than `alpha` (equation 14 of Wu et al.: `shortest`
    is the wave for which the largest movement magnified by 1 + alpha is an eighth of it), and
    none below `shortest` / (1 + alpha). Raises InputError for settings without a meaning.
    """

    low: float
    high: float
    alpha: float = 10.0
    shortest: float = 16.0

    def __post_init__(self) -> None:
        InputError.raise_any(self._faults())

    def _faults(self) -> Iterator[Fault]:
        if not 0 < self.low < self.high < math.inf:
            yield Fault(
                "no band of frequencies",
                expected="0 < low < high, in Hz",
                got=f"{self.low} to {self.high}",
            )
        for name in ("alpha", "shortest"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                yield Fault(f"unusable {name}", name, expected="above 0", got=str(value))

    def alpha_of(self, wavelength: float) -> float:
        """How much of what changes in waves of this length, in pixels, is added."""
        allowed = (1 + self.alpha) * wavelength / self.shortest - 1
        return min(self.alpha, max(allowed, 0.0))


def magnify(clip: NDArray[np.uint8], rate: float, how: Magnification) -> NDArray[np.uint8]:
    """(frame, row, col) the clip with its movements magnified, rounded and clipped to 8 bits.

    `clip` is (frame, row, col) grey, `rate` its frames a second. The temporal filter is ideal,
    on the clip followed by its mirror image, so that one that ends elsewhere than it began
    does not jump. The last level of the pyramid, of the longest waves, is left as it is, as
    the authors' programs do; they leave out the first, too, where here alpha alone decides.
    Raises InputError for a clip that is not grey or too small, or whose frames are too few or
    too far apart for the band.
    """
    clip = np.asarray(clip)
    InputError.raise_any(grey_faults(clip, "frame, row, col", "clip"))
    least = (1, _SMALLEST, _SMALLEST)
    small = too_small(clip.shape, least, "clip")
    InputError.raise_any([*small, *_band_faults(len(clip), rate, how)])
    values = clip.astype(np.float32)
    *levels, last = laplacian_pyramid(values)
    added = np.zeros_like(last)
    for k, level in reversed(list(enumerate(levels))):
        # Level k holds waves of 2 ** (k + 1) to 2 ** (k + 2) px: their geometric mean.
        alpha = how.alpha_of(2.0 ** (k + 1.5))
        added = expand(added, level.shape) + alpha * _in_band(level, rate, how)
    return np.asarray(np.clip(np.rint(values + added), 0, 255), np.uint8)


def laplacian_pyramid(clip: Clip) -> list[Clip]:
    """Each frame split by wavelength, the shortest waves first; the last is what is left.

    Each level less than the one before in size by two; `expand`ed and added up from the last
    to the first they give the clip again.
    """
    levels = []
    while min(clip.shape[1:]) >= _SMALLEST:
        smaller = _smooth(clip)[:, ::2, ::2]
        levels.append(clip - expand(smaller, clip.shape))
        clip = smaller
    return [*levels, clip]


def expand(clip: Clip, shape: tuple[int, ...]) -> Clip:
    """A level at the size of the one before, every second pixel interpolated."""
    wide = np.zeros((len(clip), *shape[1:]), np.float32)
    wide[:, ::2, ::2] = clip
    return _smooth(wide) * 4  # mirrored at its edges, a quarter of the pixels is known


def _smooth(clip: Clip) -> Clip:
    for axis in (1, 2):
        clip = ndimage.convolve1d(clip, _KERNEL, axis=axis, mode="mirror")
    return clip


def _frequencies(frames: int, rate: float) -> NDArray[np.float64]:
    """Hz of each number of a discrete cosine transform along the frames."""
    return np.arange(frames) * rate / (2 * frames)


def _in_band(level: Clip, rate: float, how: Magnification) -> Clip:
    """What of a level changes at the frequencies of the band.

    The cosine transform is the Fourier transform of the frames followed by their mirror image.
    """
    hertz = _frequencies(len(level), rate)
    spectrum = fft.dct(level, axis=0, norm="ortho")
    spectrum[(hertz < how.low) | (hertz > how.high)] = 0
    return np.asarray(fft.idct(spectrum, axis=0, norm="ortho"), np.float32)


def _band_faults(frames: int, rate: float, how: Magnification) -> Iterator[Fault]:
    if not 0 < rate < math.inf:
        yield Fault("no frame rate", "rate", expected="frames a second, above 0", got=str(rate))
        return
    hertz = _frequencies(frames, rate)
    if not np.any((hertz >= how.low) & (hertz <= how.high)):
        yield Fault(
            "no frequency of the clip lies in the band",
            expected=f"some of {how.low} to {how.high} Hz",
            got=f"{frames} frames at {rate} Hz: multiples of {rate / (2 * max(frames, 1)):.3g} "
            f"up to {rate / 2:.3g}",
            do="choose a wider band, or clips with more frames",
        )
