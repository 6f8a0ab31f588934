"""What is noticed in the pictures before anything is learnt from them."""

import numpy as np
import pytest
from PIL import Image

from facsinterp.study.corpus import look
from facsinterp.study.locate import DataPlaces
from facsinterp.study.parse import parse_spec
from tests.study.test_run import Listener

DEFINITION = """
study = "dead-filters"
question = "Who is who?"
faces = { source = "manifest", size = 16 }
network = { import = "tests.study.small:small", train = { hold_out = 0.5 } }
"""


def looked(folder, subjects, pictures):
    """Faces of these subjects; equal numbers are equal pictures."""
    drawn = np.random.default_rng(2).integers(0, 256, (max(pictures) + 1, 16, 16), dtype=np.uint8)
    rows = ["path,subject,AU12"]
    for i, (subject, picture) in enumerate(zip(subjects, pictures, strict=True)):
        Image.fromarray(drawn[picture]).save(folder / f"{i}.png")
        rows.append(f"{i}.png,{subject},{i % 2}")
    (folder / "faces.csv").write_text("\n".join(rows))
    listener = Listener()
    spec = parse_spec(DEFINITION, name="who")
    return look(spec.faces, DataPlaces(folder), folder / "out", listener), listener


@pytest.mark.parametrize(
    ("subjects", "pictures", "named"),
    [
        ("aabb", (0, 1, 2, 3), ""),
        ("aabb", (0, 0, 2, 3), ""),  # one person may hold still
        ("aabb", (0, 1, 2, 1), "1.png = 3.png"),
        ("abcd", (0, 0, 1, 1), "0.png = 1.png; 2.png = 3.png"),
        ("ab" * 7, (0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6), "and 2 more"),
    ],
)
def test_one_picture_under_two_names_is_told(tmp_path, subjects, pictures, named):
    found, listener = looked(tmp_path, subjects, pictures)
    warnings = [text for text in found.faces.found.warnings if "equal in every pixel" in text]
    assert len(warnings) == bool(named)
    assert all(named in text for text in warnings)
    assert [f"faces: {text}" for text in warnings] == [
        text for text in listener.news if "equal in every pixel" in text
    ]
