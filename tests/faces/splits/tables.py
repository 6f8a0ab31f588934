"""Face tables made by hand, laid out as each protocol expects them."""

import numpy as np

from facsinterp.faces.table import FaceTable


def table(rows, **columns):
    """A table of rows (subject, sequence, expression); other columns by name."""
    subject, sequence, expression = zip(*rows, strict=True)
    return FaceTable.from_arrays(
        [f"i{i:04d}" for i in range(len(rows))],
        [12],
        np.zeros((len(rows), 1)),
        subject=subject,
        sequence=sequence,
        expression=expression,
        **columns,
    )


def ckplus(shown):
    """Sequences of CK+ as its source reads them: a neutral face, then three of the emotion.

    `shown`: (subject, emotion) of each sequence; "" has codes and no emotion.
    """
    return table(
        [
            (f"S{subject:03d}", f"S{subject:03d}-{q}", expression)
            for q, (subject, emotion) in enumerate(shown)
            for expression in ("neutral", emotion, emotion, emotion)
        ]
    )


def clips(shown):
    """One face for each (subject, expression)."""
    return table([(subject, f"{subject}-{q}", label) for q, (subject, label) in enumerate(shown)])
