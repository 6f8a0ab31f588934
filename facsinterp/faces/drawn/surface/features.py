"""What makes a face of the skull: brows, sockets, cheeks, nose, muzzle and chin."""

from __future__ import annotations

from typing import Final

import numpy as np

from facsinterp.faces.drawn.surface.solids import ellipsoid, rod

# Of the left half, in this order; the right half is its mirror image.
FEATURES: Final = np.stack(
    [
        # Temple
        ellipsoid((1.24, -0.28, 0.92), (0.18, 0.34, 0.42), 0.40, yaw=0.5, cut=True),
        # Brow ridge and its outer part
        rod((0.04, -0.225, 1.335), (0.45, -0.27, 1.20), (0.10, 0.08), 0.25),
        rod((0.45, -0.27, 1.195), (0.72, -0.15, 0.91), (0.08, 0.07), 0.25),
        # Cheekbone
        rod((0.50, 0.34, 0.92), (0.87, 0.20, 0.25), (0.12, 0.05), 0.28),
        # Muzzle, the cheek's fat beside it, chin, the fold above it
        ellipsoid((0.0, 0.95, 1.145), (0.33, 0.42, 0.355), 0.22),
        ellipsoid((0.45, 0.60, 0.92), (0.22, 0.26, 0.20), 0.30),
        ellipsoid((0.0, 1.42, 1.18), (0.22, 0.165, 0.165), 0.24),
        ellipsoid((0.0, 1.225, 1.555), (0.30, 0.07, 0.13), 0.16, cut=True),
        # Socket, root of the nose; then the lids over the eyeball and the fold above them
        ellipsoid((0.42, 0.0, 1.39), (0.50, 0.175, 0.31), 0.18, yaw=0.42, cut=True),
        ellipsoid((0.0, 0.03, 1.60), (0.30, 0.17, 0.16), 0.24, cut=True),
        rod((0.28, -0.205, 1.215), (0.64, -0.18, 1.055), (0.09, 0.085), 0.12),
        rod((0.30, 0.225, 1.14), (0.60, 0.215, 0.985), (0.07, 0.07), 0.12),
        ellipsoid((0.443, 0.0, 1.085), (0.197, 0.208, 0.208), 0.05),
        # Nose: pyramid, ridge, tip, wings, columella
        rod((0.04, -0.05, 1.23), (0.11, 0.50, 1.34), (0.09, 0.12), 0.18),
        rod((0.0, -0.08, 1.26), (0.0, 0.42, 1.605), (0.075, 0.085), 0.18),
        ellipsoid((0.0, 0.550, 1.645), (0.115, 0.095, 0.130), 0.10),
        ellipsoid((0.158, 0.560, 1.485), (0.078, 0.082, 0.14), 0.07, pitch=-0.25, yaw=0.3),
        rod((0.0, 0.60, 1.66), (0.0, 0.655, 1.46), (0.05, 0.04), 0.06),
        # Nostrils, philtrum
        ellipsoid((0.088, 0.645, 1.55), (0.042, 0.04, 0.09), 0.04, pitch=-0.3, yaw=-0.3, cut=True),
        rod((0.0, 0.71, 1.545), (0.0, 0.845, 1.59), (0.05, 0.055), 0.06, cut=True),
    ]
)
