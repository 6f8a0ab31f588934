"""One file a filter: its tiles where they should be, each as made alone."""

import numpy as np
import pytest
from PIL import Image

from facsinterp.report.charts.colours import GROUND, alone, enlarged, over, resized, warmed
from facsinterp.report.charts.sheets import (
    GAP,
    VIEWS,
    Look,
    Tile,
    Window,
    encoded,
    mean_face,
    most_columns,
    sheet,
)

RNG = np.random.default_rng(0)
FACE = RNG.integers(0, 256, (24, 24)).astype(np.uint8)
INSIDE = Window(4, 6, 9, 13)


def attribution(shape=(24, 24)):
    return RNG.normal(size=shape).astype(np.float32)


def tiles(found, count, tile):
    """Slowly: {(view, column): tile}, the rest of the sheet being ground."""
    seen = np.zeros(found.shape[:2], bool)
    cut = {}
    for row, view in enumerate(VIEWS):
        for column in range(count):
            part = (
                slice(row * (tile.rows + GAP), row * (tile.rows + GAP) + tile.rows),
                slice(column * (tile.cols + GAP), column * (tile.cols + GAP) + tile.cols),
            )
            cut[view, column] = found[part]
            seen[part] = True
    assert (found[~seen] == GROUND).all()
    assert {one.shape for one in cut.values()} == {(tile.rows, tile.cols, 3)}
    return cut


@pytest.mark.parametrize(
    ("size", "side"),
    [
        ((48, 48), (48, 48)),
        ((96, 96), (96, 96)),
        ((24, 36), (48, 72)),
        ((40, 20), (80, 40)),
        ((1, 1), (48, 48)),
        ((224, 224), (128, 128)),
        ((300, 150), (128, 64)),
        ((1, 500), (1, 128)),
    ],
)
def test_a_tile_is_a_whole_multiple_of_the_picture_or_smaller(size, side):
    assert Tile.of(*size) == Tile(*side)


@pytest.mark.parametrize("shape", [(24, 24), (24, 36), (40, 20)])
def test_each_tile_is_the_view_made_alone(shape):
    faces = [RNG.integers(0, 256, shape).astype(np.uint8) for _ in range(3)]
    maps = [attribution(shape) for _ in range(3)]
    looks = [Look(face, map_, None) for face, map_ in zip(faces, maps, strict=True)]
    tile = Tile.of(*shape)
    cut = tiles(sheet(looks, 1.5), 3, tile)
    size = tile.rows, tile.cols
    for column in range(3):
        ground, fine = enlarged(faces[column], *size), resized(maps[column], *size)
        assert (cut["overlay", column] == over(ground, fine, 1.5)).all()
        assert (cut["attribution", column] == alone(fine, 1.5)).all()
        assert (cut["crop", column] == ground[..., None]).all()


def test_one_scale_for_all_faces_of_a_filter():
    """The second face's map is half the first's: its colours are fainter, not the same."""
    strong = np.ones((24, 24), np.float32)
    cut = tiles(
        sheet([Look(FACE, strong, None), Look(FACE, strong / np.float32(2), None)], 1),
        2,
        Tile(48, 48),
    )
    first, second = (cut["attribution", column][25, 25].astype(int) for column in (0, 1))
    assert np.abs(second - GROUND).sum() < 0.8 * np.abs(first - GROUND).sum()


def test_a_face_that_may_not_be_shown_is_in_no_view():
    looks = [Look(None, attribution(), INSIDE), Look(FACE, attribution(), INSIDE)]
    cut = tiles(sheet(looks, 1), 2, Tile(48, 48))
    for view in VIEWS:
        assert (cut[view, 0] == GROUND).all()
        assert (cut[view, 1] != GROUND).any()


def crop(window, face=FACE):
    look = Look(face, np.zeros(face.shape[:2], np.float32), window)
    tile = Tile.of(*face.shape[:2])
    return tiles(sheet([look], 1), 1, tile)["crop", 0]


def test_the_field_fills_the_tile():
    assert (crop(Window(3, 5, 11, 13)) == enlarged(FACE[3:11, 5:13], 48, 48)[..., None]).all()
    assert (crop(Window(0, 0, 24, 24)) == enlarged(FACE, 48, 48)[..., None]).all()


def test_a_rectangular_field_keeps_its_shape():
    found = crop(Window(2, 5, 8, 17))
    assert (found[:24] == enlarged(FACE[2:8, 5:17], 24, 48)[..., None]).all()
    assert (found[24:] == GROUND).all()
    found = crop(Window(2, 5, 14, 8))
    assert (found[:, :12] == enlarged(FACE[2:14, 5:8], 48, 12)[..., None]).all()
    assert (found[:, 12:] == GROUND).all()


@pytest.mark.parametrize(
    ("window", "outside"),
    [
        (Window(-6, -6, 6, 6), (slice(0, 24), slice(0, 24))),
        (Window(18, 18, 30, 30), (slice(24, 48), slice(24, 48))),
        (Window(-12, 6, 12, 18), (slice(0, 24), slice(24, 48))),
    ],
)
def test_beyond_the_picture_there_is_only_ground(window, outside):
    """Slowly: each pixel of the tile is the field's pixel it lies in, or ground."""
    face = np.full((24, 24), 60, np.uint8)
    found = crop(window, face)
    times = min(48 / (window.bottom - window.top), 48 / (window.right - window.left))
    for i in range(48):
        for j in range(48):
            row, col = window.top + int(i // times), window.left + int(j // times)
            inside = 0 <= row < 24 and 0 <= col < 24 and row < window.bottom and col < window.right
            assert tuple(found[i, j]) == ((60, 60, 60) if inside else GROUND), (i, j)
    assert (found[outside] == GROUND).all()


def test_a_field_that_misses_the_picture_shows_ground():
    for window in (Window(-9, 0, -2, 7), Window(24, 3, 30, 9), Window(0, 40, 9, 49)):
        assert (crop(window) == GROUND).all()


def test_a_field_larger_than_the_picture_shows_all_of_it():
    found = crop(Window(-24, -24, 48, 48), np.full((24, 24), 60, np.uint8))
    assert (found[16:32, 16:32] == 60).all()
    assert (found == 60).all(axis=2).sum() == 16 * 16


def test_thumbnails_of_another_size_than_the_attribution():
    """The window is in pixels of the attribution."""
    face = np.zeros((48, 48), np.uint8)
    face[:, 24:] = 200
    map_ = np.zeros((24, 24), np.float32)
    cut = tiles(sheet([Look(face, map_, Window(0, 13, 8, 21))], 1), 1, Tile(48, 48))
    assert (cut["crop", 0] >= 195).all()
    assert (cut["overlay", 0][:, :20] < 5).all()


def test_coloured_faces():
    face = np.zeros((24, 24, 3), np.uint8)
    face[..., 0] = 150
    cut = tiles(sheet([Look(face, np.zeros((24, 24), np.float32), INSIDE)], 1), 1, Tile(48, 48))
    assert (cut["overlay", 0] == (150, 0, 0)).all()
    assert tuple(cut["crop", 0][0, 0]) == (150, 0, 0)


def test_as_many_columns_as_a_file_can_hold(tmp_path):
    tile = Tile.of(224, 224)
    count = most_columns(tile)
    look = Look(None, np.zeros((224, 224), np.float32), None)
    assert count * (tile.cols + GAP) - GAP <= 16_383 < (count + 1) * (tile.cols + GAP) - GAP
    (tmp_path / "a.webp").write_bytes(encoded(sheet([look] * count, 1)))
    assert (tmp_path / "a.webp").stat().st_size > 0


def test_the_mean_face_holds_attribution_left_and_peaks_right():
    ground = np.full((40, 40), 90, np.uint8)
    looked, place = np.zeros((2, 10, 10), np.float32)
    looked[:3, :3], place[-2:, -2:] = 0.02, 0.3
    found = mean_face(ground, looked, place)
    assert found.shape == (40, 80, 3)
    assert (found[:, :40] == warmed(ground, resized(looked, 40, 40))).all()
    assert (found[:, 40:] == warmed(ground, resized(place, 40, 40))).all()
    assert found[2, 2, 0] > found[2, 2, 2] + 80
    assert found[38, 78, 0] > found[38, 78, 2] + 80
    assert tuple(found[2, 78]) == tuple(found[38, 2]) == (90, 90, 90)


def test_what_is_written_looks_the_same(tmp_path):
    smooth = enlarged(FACE[:4, :4], 24, 24)
    found = sheet([Look(smooth, resized(attribution((3, 3)), 24, 24), INSIDE)] * 3, 2)
    (tmp_path / "a.webp").write_bytes(encoded(found))
    with Image.open(tmp_path / "a.webp") as picture:
        kept = np.asarray(picture.convert("RGB")).astype(float)
    assert kept.shape == found.shape
    assert np.abs(kept - found).mean() < 4
