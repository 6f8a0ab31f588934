"""Detectors: Khorrami's Haar crop step by step, YuNet and MediaPipe by stand-ins, clear errors."""

import sys
import types
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from facsinterp.errors import DataError
from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.preparing.finders import finder_for
from facsinterp.faces.preparing.haar import Haar
from facsinterp.faces.preparing.landmarker import MESH
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.preparing.prepare import Preparation, prepare, sight
from facsinterp.faces.preparing.windows import around_face
from facsinterp.faces.preparing.yunet import YuNet
from facsinterp.faces.sources.registry import source
from facsinterp.faces.table import FaceTable

SHARED = Path(__file__).parents[4] / "shared" / "data"


def photographs(folder):
    if not (SHARED / folder).is_dir():
        pytest.skip(f"{folder} not present")
    return SHARED / folder


@pytest.fixture(scope="module")
def drawn():
    """Faces large enough for a cascade."""
    corpus = source("drawn")
    options = corpus.Options.model_validate({"subjects": 6, "sequences": 1, "pixels": 160})
    faces = corpus.read(None, options)
    pictures = corpus.pictures(None, options).open(faces.column("path").tolist())
    return faces, [np.asarray(picture) for picture in pictures]


def khorrami_slowly(picture):
    """The published steps, one by one; None for a missed face."""
    side = min(picture.shape[:2])
    cascade = cv2.CascadeClassifier(
        str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml")
    )
    for neighbours in (5, 3):
        faces = cascade.detectMultiScale(
            picture, 1.3, neighbours, 0, (int(0.5 * side),) * 2, (int(0.8 * side),) * 2
        )
        if len(faces):
            x, y, w, h = faces[0]
            cropped = picture[y : y + h, x : x + w]
            return cv2.resize(cropped, (96, 96), interpolation=cv2.INTER_LINEAR)
    return None


def check_haar(pictures):
    found = missed = 0
    for picture in pictures:
        wanted = khorrami_slowly(picture)
        preparation = Preparation(96, crop="haar")
        if wanted is None:
            missed += 1
            with pytest.raises(ValueError, match="finds no face"):
                prepare(picture, preparation, finder=Haar())
        else:
            found += 1
            made = prepare(picture, preparation, finder=Haar())
            # OpenCV rounds its weights to 1/2048; at the rim of the box ours looks one pixel on.
            assert np.abs(made.astype(int) - wanted)[1:-1, 1:-1].max() <= 1
    return found, missed


def test_haar_is_the_published_crop_on_drawn_faces(drawn):
    found, _ = check_haar(drawn[1][::4])
    assert found > 0


@pytest.mark.real
def test_haar_is_the_published_crop_on_rendered_faces():
    root = photographs("ictfaces-ck") / "cohn-kanade-images"
    files = sorted(root.glob("*/*/*.png"))[::100]
    assert check_haar(np.asarray(Image.open(file)) for file in files) == (30, 0)


@pytest.mark.real
def test_haar_misses_are_skips_with_their_reason(tmp_path):
    """Of photographs that show the shoulders many faces are smaller than half the picture."""
    root = photographs("london-smiles")
    paths = [f"images/{number:03d}_neutral.jpg" for number in (1, 2, 3, 5, 7, 8)]
    faces = FaceTable.from_arrays(paths, [12], np.zeros((6, 1)), path=paths)
    pixels = Pixels.decode(faces, FilePictures(root), Preparation(96, crop="haar"), tmp_path)
    assert 0 < len(pixels) < 6
    assert {skip.reason for skip in pixels.skipped} == {"the Haar cascade finds no face"}
    assert len(pixels) + len(pixels.skipped) == 6


def test_haar_asks_again_with_fewer_neighbours_and_takes_the_first_box(monkeypatch):
    asked = []

    def boxes(_self, _picture, neighbours):
        asked.append(neighbours)
        return [[3, 4, 20, 20], [0, 0, 30, 30]] if neighbours < 5 else []

    monkeypatch.setattr(Haar, "_boxes", boxes)
    window = Haar().find(np.zeros((40, 50), np.uint8), 1.0).window
    assert asked == [5, 3]
    assert window.edges == (3, 4, 23, 24)


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (20, 20, 3)])
def test_a_picture_of_any_size_is_a_miss_and_no_crash(shape):
    with pytest.raises(ValueError, match=r"finds no face|OpenCV"):
        Haar().find(np.zeros(shape, np.uint8), 1.0)


def test_the_cascade_takes_its_box_as_it_is():
    with pytest.raises(ValueError, match="zoom"):
        Preparation(96, crop="haar", zoom=1.2)


class StandIn:
    """Two faces as FaceDetectorYN tells them, the second with the higher score."""

    faces: np.ndarray | None = np.array(
        [
            [0, 0, 9, 9, 1, 1, 2, 1, 1, 2, 1, 3, 2, 3, 0.7],
            [30, 30, 60, 80, 50, 60, 80, 64, 63, 76, 52, 95, 78, 98, 0.9],
        ],
        dtype=np.float32,
    )

    def setInputSize(self, size):
        self.size = size

    def detect(self, picture):
        assert picture.ndim == 3
        assert picture.shape[1::-1] == self.size
        return 1, self.faces


class Blind(StandIn):
    faces = None


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "model"
    file.write_bytes(b"weights")
    return file


@pytest.mark.parametrize("shape", [(120, 140), (120, 140, 3)])
def test_yunet_levels_the_eyes_of_the_face_with_the_highest_score(model, shape):
    window = YuNet(model, StandIn).find(np.zeros(shape, np.uint8), 1.0).window
    placed = window.placed(np.array([[50, 60], [80, 64]]), 96)
    assert placed[0, 1] == pytest.approx(placed[1, 1])
    assert placed[:, 0].mean() == pytest.approx(47.5)
    nearer = YuNet(model, StandIn).find(np.zeros(shape, np.uint8), 2.0).window
    np.testing.assert_allclose(2 * nearer.across, window.across)


@pytest.mark.real
def test_yunet_frames_a_face_as_its_landmarks_would(model):
    """The tip of the nose stands in for its base: the same size on average."""
    root = photographs("ictfaces-ck") / "Landmarks"
    ratios = []
    for file in sorted(root.glob("*/*/*_00000001_landmarks.txt"))[::7]:
        points = np.loadtxt(file)
        five = [points[[36, 39]].mean(axis=0), points[[42, 45]].mean(axis=0), points[30]]
        row = np.concatenate([np.zeros(4), *five, np.zeros(4), [1]])[None]
        stand = type("One", (StandIn,), {"faces": row.astype(np.float32)})
        window = YuNet(model, stand).find(np.zeros((128, 128), np.uint8), 1.0).window
        ratios.append(np.hypot(*window.across) / np.hypot(*around_face(points).across))
    assert np.mean(ratios) == pytest.approx(1, abs=0.03)
    assert np.std(ratios) < 0.08


def test_yunet_without_a_face_says_so(model):
    with pytest.raises(ValueError, match="finds no face"):
        YuNet(model, Blind).find(np.zeros((50, 50), np.uint8), 1.0)


def test_another_model_has_another_key(model):
    before = YuNet(model, StandIn).key
    assert before == YuNet(model, StandIn).key
    model.write_bytes(b"others!")
    assert YuNet(model, StandIn).key != before


def test_yunet_refuses_a_file_that_is_no_model(model):
    with pytest.raises(DataError, match="cannot read the model"):
        finder_for("yunet", {"yunet": model})


@pytest.fixture
def mediapipe(monkeypatch):
    """A stand-in for the package, that sees one mesh, whose point k lies at (k / 1000, 0.5)."""

    class Landmarker:
        @classmethod
        def create_from_options(cls, options):
            if Path(options.base_options.model_asset_path).read_bytes() != b"weights":
                raise RuntimeError("unable to open")
            return cls()

        def detect(self, image):
            assert image.data.shape[2] == 3
            points = np.tile([0.5, 0.5], (478, 1))
            points[:, 0] = np.arange(478) / 1000
            points[[33, 133]], points[[362, 263]], points[2] = (0.4, 0.4), (0.6, 0.4), (0.5, 0.55)
            mesh = [types.SimpleNamespace(x=x, y=y) for x, y in points]
            return types.SimpleNamespace(face_landmarks=[mesh] if image.data.any() else [])

    plain = types.SimpleNamespace
    base: Any = types.ModuleType("mediapipe")
    base.__version__ = "0"
    base.ImageFormat = plain(SRGB=1)
    base.Image = lambda image_format, data: plain(data=data)
    tasks: Any = types.ModuleType("mediapipe.tasks")
    python: Any = types.ModuleType("mediapipe.tasks.python")
    python.BaseOptions = lambda model_asset_path: plain(model_asset_path=model_asset_path)
    vision: Any = types.ModuleType("mediapipe.tasks.python.vision")
    vision.FaceLandmarkerOptions = lambda base_options, num_faces: plain(base_options=base_options)
    vision.FaceLandmarker = Landmarker
    base.tasks, tasks.python, python.vision = tasks, python, vision
    for module in (base, tasks, python, vision):
        monkeypatch.setitem(sys.modules, module.__name__, module)


def test_mediapipe_gives_68_points_of_its_mesh(mediapipe, model):
    picture = np.full((200, 100), 90, np.uint8)
    finder: Any = finder_for("mediapipe", {"mediapipe": model})
    found: Any = sight(picture, Preparation(48, crop="mediapipe"), finder=finder)
    assert found.points.shape == (68, 2)
    np.testing.assert_allclose(found.points[8], [152 / 1000 * 100 - 0.5, 99.5])  # the chin
    np.testing.assert_allclose(found.points[36], [39.5, 79.5])
    np.testing.assert_allclose(found.window.across, around_face(found.points).across)
    with pytest.raises(ValueError, match="finds no face"):
        finder.find(np.zeros((200, 100), np.uint8), 1.0)


def test_the_mesh_is_mapped_side_by_side():
    """Each point is named once, and the sides of the contour and the eyes are mirror images."""
    assert len(MESH) == len(set(MESH)) == 68
    oval = [10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400]
    oval += [377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67]
    oval += [109]
    mirrored = {point: oval[-place % len(oval)] for place, point in enumerate(oval)}
    assert [mirrored[point] for point in MESH[:17]] == list(MESH[16::-1])


def test_inner_points_of_the_mesh_are_on_their_sides():
    """Pairs of points that the mesh holds as mirror images, right then left of the person.

    Written down from the contours that MediaPipe names: lips, eyes and brows.
    """
    brows = [(71, 301), (63, 293), (105, 334), (66, 296), (107, 336)]
    eyes = [(33, 263), (160, 387), (158, 385), (133, 362), (153, 380), (144, 373)]
    nose = [(75, 305), (97, 326)]
    lips = [(61, 291), (39, 269), (37, 267), (84, 314), (181, 405)]
    inner = [(78, 308), (82, 312), (87, 317)]
    other = {a: b for pairs in (brows, eyes, nose, lips, inner) for a, b in pairs}
    other |= {b: a for a, b in other.items()}
    other |= {point: point for point in (168, 197, 5, 4, 2, 0, 17, 13, 14)}  # on the middle line
    # The 68 points and what each is when the picture is mirrored (Multi-PIE).
    swap = [*range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46]
    swap += [39, 38, 37, 36, 41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55]
    swap += [64, 63, 62, 61, 60, 67, 66, 65]
    assert [other[point] for point in MESH[17:]] == [MESH[place] for place in swap]
    down = [MESH[place] for place in (27, 28, 29, 30, 33, 51, 62, 66, 57)]
    assert down == [168, 197, 5, 4, 2, 0, 13, 14, 17]


def test_points_of_the_detector_are_recorded_where_the_faces_have_none(mediapipe, model, tmp_path):
    Image.fromarray(np.full((200, 100), 90, np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.zeros((200, 100), np.uint8)).save(tmp_path / "b.png")
    faces = FaceTable.from_arrays(["a", "b"], [12], [[0], [0]], path=["a.png", "b.png"])
    preparation = Preparation(48, crop="mediapipe")
    pixels = Pixels.decode(
        faces, FilePictures(tmp_path), preparation, tmp_path / "c", models={"mediapipe": model}
    )
    assert pixels.images.tolist() == ["a"]
    assert pixels.landmarks is not None
    assert pixels.landmarks[0, 36, 1] == pytest.approx(0.3 * 48 - 0.5, abs=1e-3)
    assert [(skip.path, skip.reason) for skip in pixels.skipped] == [
        ("b.png", "MediaPipe finds no face")
    ]


@pytest.mark.parametrize(
    ("crop", "package", "told"),
    [
        ("haar", "cv2", "opencv"),
        ("yunet", "cv2", "opencv"),
        ("mediapipe", "mediapipe", "mediapipe"),
    ],
)
def test_a_package_that_is_missing_is_named(crop, package, told, model, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DataError, match=f"pip install .*{told}"):
        finder_for(crop, {crop: model})


@pytest.mark.parametrize("crop", ["yunet", "mediapipe"])
def test_a_model_that_is_missing_is_asked_for(crop, tmp_path):
    with pytest.raises(DataError, match=f"add --model {crop}=FILE"):
        finder_for(crop, {})
    with pytest.raises(DataError, match="nothing at this path"):
        finder_for(crop, {crop: tmp_path / "gone.onnx"})
    pointer = tmp_path / "model.onnx"
    pointer.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(DataError, match="LFS pointer"):
        finder_for(crop, {crop: pointer})


def test_crops_without_a_detector_need_none():
    assert [finder_for(crop, {}) for crop in ("none", "centre", "landmarks")] == [None] * 3


def test_a_detector_is_no_instrument_for_pictures_that_differ_in_one_thing():
    assert Preparation(48, crop="yunet", zoom=1.3).held_still() == Preparation(
        48, crop="landmarks", zoom=1.3
    )
    assert Preparation(48, crop="centre").held_still() == Preparation(48, crop="centre")
