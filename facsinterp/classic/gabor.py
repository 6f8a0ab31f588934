"""Gabor magnitudes: how strong waves of each length and orientation are, place by place.

Bartlett, Littlewort and colleagues read expressions from the magnitudes of 8 orientations and
of wavelengths in steps of half an octave, 2 to 32 px in faces of 90 px, by support vector
machines (Littlewort et al., "Dynamics of facial expression extracted automatically from video",
Image and Vision Computing 24(6), 2006). The five in the middle of their nine are used here,
as shares of the side: at 48 px that named more validation faces right than the same pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from facsinterp.classic.checks import grey_faults, too_small
from facsinterp.errors import Fault, InputError

WAVELENGTHS: Final = tuple(2 ** (step / 2) / 24 for step in range(5))
"""In sides of the picture: 4 to 16 px of 96."""
ORIENTATIONS: Final = 8
WIDTH: Final = 0.56
"""Standard deviation of the Gaussian window in wavelengths: about one octave of bandwidth."""
# Standard deviations of the widest window by which pictures are continued, mirrored.
_BEYOND: Final = 1.5
# Pictures transformed at a time: some 10 MB of waves for faces of 96 px.
_BATCH: Final = 64


def gabor_magnitudes(
    images: NDArray[np.uint8],
    *,
    samples: int = 16,
    wavelengths: Sequence[float] | None = None,
) -> NDArray[np.float32]:
    """(image, feature) magnitudes at `samples` x `samples` places, in standard deviations of grey.

    `images` is (image, row, col) grey, 0 to 255; each is brought to mean 0 and standard
    deviation 1 first, one without contrast to 0. `wavelengths` are in pixels; None: those of
    `WAVELENGTHS`, of the longer side, and 2 px where they would be shorter. Features go by
    wavelength, then orientation (of the wave's direction, from the columns' towards the
    rows'), then place along rows. Raises InputError for pictures that are not grey, more
    places than pixels, or wavelengths below 2 px.
    """
    images = np.asarray(images)
    InputError.raise_any(grey_faults(images, "image, row, col", "images"))
    InputError.raise_any(too_small(images.shape[1:], (samples, samples), "images"))
    if wavelengths is None:
        wavelengths = [max(2.0, share * max(images.shape[1:])) for share in WAVELENGTHS]
    InputError.raise_any(_wave_faults(wavelengths))
    rows, cols = (_places(side, samples) for side in images.shape[1:])
    found = np.empty((len(images), len(wavelengths) * ORIENTATIONS, samples, samples), np.float32)
    bank: NDArray[np.float32] | None = None
    for start in range(0, len(images), _BATCH):
        spectra, edge = _spectra(images[start : start + _BATCH], max(wavelengths))
        if bank is None:
            bank = transfer(spectra.shape[1:], wavelengths)
        for k, passed in enumerate(bank):
            waves = fft.ifft2(spectra * passed)
            places = waves[:, edge + rows[:, None], edge + cols]
            found[start : start + _BATCH, k] = np.abs(places)
    return found.reshape(len(images), -1)


def transfer(shape: tuple[int, ...], wavelengths: Sequence[float]) -> NDArray[np.float32]:
    """(wave, row, col) what each complex Gabor filter passes of each frequency of an FFT.

    1 at its own frequency, and nothing of a constant: what the Gaussian window would pass of
    it is taken away in the window's own shape.
    """
    v, u = np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])
    bank = []
    for wave in wavelengths:
        steep = 2 * (np.pi * WIDTH * wave) ** 2
        for angle in np.arange(ORIENTATIONS) * np.pi / ORIENTATIONS:
            across, along = np.cos(angle) / wave, np.sin(angle) / wave
            peak = np.exp(-steep * ((u - across) ** 2 + (v - along) ** 2))
            constant = np.exp(-steep / wave**2)
            bank.append(peak - constant * np.exp(-steep * (u**2 + v**2)))
    return np.stack(bank).astype(np.float32)


def _wave_faults(wavelengths: Sequence[float]) -> Iterator[Fault]:
    wrong = [wave for wave in wavelengths if not 2 <= wave < math.inf]
    if wrong or not len(wavelengths):
        yield Fault(
            "pixels cannot hold these wavelengths",
            "wavelengths",
            expected="one or more, each 2 px or longer",
            got=", ".join(map(str, wrong)) or "none",
        )


def _places(side: int, samples: int) -> NDArray[np.int64]:
    """The middles of `samples` equal parts of a side, as pixels."""
    return ((np.arange(samples) + 0.5) * side / samples - 0.5).round().astype(np.int64)


def _spectra(images: NDArray[np.uint8], longest: float) -> tuple[NDArray[np.complex64], int]:
    """Spectra of pictures of standard contrast, continued by their mirror image; and by how much.

    The middle of the continuation is where an FFT joins the two ends.
    """
    values = images.astype(np.float32)
    values -= values.mean(axis=(1, 2), keepdims=True)
    contrast = values.std(axis=(1, 2), keepdims=True)
    np.divide(values, contrast, out=values, where=contrast > 0)
    edge = math.ceil(_BEYOND * WIDTH * longest)
    more = [(edge, fft.next_fast_len(side + 2 * edge) - side - edge) for side in values.shape[1:]]
    wide = np.pad(values, ((0, 0), *more), mode="symmetric")
    return np.asarray(fft.fft2(wide), np.complex64), edge
