"""Groups of pictures that show the same, against slow twins and traps."""

import io
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from facsinterp.errors import DataError
from facsinterp.faces import alike
from facsinterp.faces.alike import alike_groups
from facsinterp.testing import tiny_faces

SHARED = Path(__file__).parents[2] / "../shared/data"


def scene(seed, size=48, channels=()):
    """A smooth picture of low frequencies, of which no two are alike."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 6, *channels), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(picture)


def jpeg(picture, quality):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("L"))


def smaller(picture):
    size = picture.shape[1] // 2, picture.shape[0] // 2
    small = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(small.resize(picture.shape[::-1], Image.Resampling.BILINEAR))


def noisy(picture, spread=5):
    noise = np.random.default_rng(0).normal(0, spread, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def area_mean_slowly(picture, rows, cols):
    """Mean of each area, every pixel cut into rows x cols parts."""
    fine = np.kron(picture.astype(float), np.ones((rows, cols)))
    high, wide = picture.shape
    return fine.reshape(rows, high, cols, wide).mean(axis=(1, 3))


def alike_slowly(pictures):
    """Every pair compared, groups spread until nothing changes."""
    hashes, small = [], []
    for picture in pictures:
        areas = area_mean_slowly(picture, 8, 9)
        hashes.append([areas[r, c + 1] > areas[r, c] + 1e-9 for r in range(8) for c in range(8)])
        small.append(area_mean_slowly(picture, alike.GRID, alike.GRID).ravel())
    group = list(range(len(pictures)))
    for i in range(len(pictures)):
        for j in range(i):
            bits = sum(a != b for a, b in zip(hashes[i], hashes[j], strict=True))
            correlation = np.corrcoef(small[i], small[j])[0, 1]
            assert abs(correlation - alike.SAME) > 2e-4, "too near to be told by rounded pictures"
            if bits <= alike.NEAR and correlation >= alike.SAME:
                group = [min(group[i], group[j]) if g in (group[i], group[j]) else g for g in group]
    return [sorted(set(group)).index(g) for g in group]


@pytest.mark.parametrize("shape", [(48, 48), (31, 50), (7, 5), (64, 20)])
def test_against_every_pair_compared_slowly(shape):
    """Blends between scenes give pairs on either side of the bar, chains included."""
    ends = [np.asarray(Image.fromarray(scene(s)).resize(shape[::-1])) for s in range(4)]
    steps = np.linspace(0, 1, 11)
    blends = [
        np.rint((1 - t) * a + t * b).astype(np.uint8) for a, b in pairwise(ends) for t in steps
    ]
    order = np.random.default_rng(1).permutation(len(blends))
    pictures = np.stack(blends)[order]
    groups = alike_groups(pictures)
    assert groups.tolist() == alike_slowly(pictures)
    assert 1 < groups.max() + 1 < len(pictures)


def test_small_pictures_and_areas_are_exact_means():
    picture = np.random.default_rng(0).integers(0, 256, (1, 13, 29), dtype=np.uint8)
    for cells in ((8, 9), (24, 24), (1, 1), (13, 29)):
        areas = alike._areas(picture.astype(float), *cells)[0]
        assert areas / picture[0].size == pytest.approx(area_mean_slowly(picture[0], *cells))
        assert (areas == np.rint(areas)).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda p: jpeg(p, 75),
        lambda p: jpeg(p, 30),
        smaller,
        noisy,
        lambda p: np.rint(40 + 0.6 * p).astype(np.uint8),
        lambda p: np.rint(255 * (p / 255) ** 0.7).astype(np.uint8),
    ],
    ids=["jpeg75", "jpeg30", "half", "noise", "contrast", "gamma"],
)
def test_copies_are_found(change):
    pictures = [scene(seed, 128) for seed in range(20)]
    groups = alike_groups(np.stack([*pictures, *(change(p) for p in pictures)]))
    assert groups.tolist() == [*range(20), *range(20)]


@pytest.mark.parametrize(
    "change", [np.fliplr, np.flipud, lambda p: 255 - p], ids=["mirror", "turned", "negative"]
)
def test_what_shows_something_else_is_apart(change):
    pictures = [scene(seed, 64) for seed in range(10)]
    groups = alike_groups(np.stack([*pictures, *(change(p) for p in pictures)]))
    assert groups.tolist() == list(range(20))


def test_a_near_hash_is_not_enough():
    """Equal order of neighbouring areas, other brightness: only the correlation tells."""
    ramp = np.tile(np.linspace(0, 250, 72), (48, 1))
    bent = 250 * (ramp / 250) ** 4
    pictures = np.stack([ramp, bent]).astype(np.uint8)
    hashes, _ = alike._hashes_and_small(pictures)
    assert np.bitwise_count(hashes[0] ^ hashes[1]) <= alike.NEAR
    assert alike_groups(pictures).tolist() == [0, 1]


def test_a_high_correlation_is_not_enough(monkeypatch):
    """Faint waves on a strong slope turn the hash over and leave the correlation."""
    slope = np.tile(np.linspace(0, 120, 48)[:, None], (1, 72))
    wave = np.where(np.arange(72) // 8 % 2, 5, 0)
    pictures = np.stack([slope + 10 + wave, slope + 10 - wave]).astype(np.uint8)
    assert alike_groups(pictures).tolist() == [0, 1]
    assert alike_groups(pictures[[0, 1, 0, 1]]).tolist() == [0, 1, 0, 1]
    monkeypatch.setattr(alike, "NEAR", 64)
    assert alike_groups(pictures).tolist() == [0, 0]


def test_colour_counts_by_its_brightness():
    colour = np.stack([scene(seed, 40, (3,)) for seed in range(5)])
    luma = np.rint(colour @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    both = np.concatenate([colour, np.repeat(luma[..., None], 3, axis=3)])
    assert alike_groups(both).tolist() == [*range(5), *range(5)]
    grey = np.stack([scene(seed) for seed in range(5)])
    as_colour = np.repeat(grey[..., None], 3, axis=3)
    hashes, small = alike._hashes_and_small(grey)
    coloured_hashes, coloured_small = alike._hashes_and_small(as_colour)
    assert np.array_equal(hashes, coloured_hashes)
    assert np.array_equal(small, coloured_small)


def test_pictures_without_contrast_are_alike_and_like_no_other():
    flat = [np.full((20, 20), level, np.uint8) for level in (0, 7, 255)]
    pictures = np.stack([flat[0], scene(1, 20), flat[1], scene(2, 20), flat[2]])
    assert alike_groups(pictures).tolist() == [0, 1, 0, 2, 0]


def test_a_chain_is_one_group_whatever_its_ends():
    ends = scene(1).astype(float), scene(2).astype(float)
    chain = [np.rint((1 - t) * ends[0] + t * ends[1]) for t in np.linspace(0, 1, 60)]
    pictures = np.stack(chain).astype(np.uint8)
    assert not alike_groups(pictures).any()
    assert alike_groups(pictures[[0, -1]]).tolist() == [0, 1]


@given(st.permutations(list(range(12))))
def test_the_order_of_pictures_only_renumbers(order):
    pictures = np.stack(
        [p for seed in range(6) for p in (scene(seed, 32), noisy(scene(seed, 32), 1))]
    )
    groups = alike_groups(pictures[order])
    kind = np.array(order) // 2
    assert np.array_equal(groups[:, None] == groups, kind[:, None] == kind)
    first = [groups.tolist().index(g) for g in range(groups.max() + 1)]
    assert first == sorted(first)


@pytest.mark.parametrize("size", [1, 120, 420, 1 << 12])
def test_blocks_change_nothing(size, monkeypatch):
    rng = np.random.default_rng(3)
    pictures = np.stack([noisy(scene(int(s), 24), 3) for s in rng.integers(0, 25, 60)])
    expected = alike_groups(pictures)
    monkeypatch.setattr(alike, "_PAIRS", size)
    monkeypatch.setattr(alike, "_VALUES", size)
    assert np.array_equal(alike_groups(pictures), expected)


def test_threads_change_nothing(tmp_path):
    np.save(tmp_path / "p.npy", np.stack([noisy(scene(s % 40, 40), 9) for s in range(120)]))
    code = (
        "import numpy as np; from facsinterp.faces.alike import alike_groups;"
        f"print(alike_groups(np.load({str(tmp_path / 'p.npy')!r})).tolist())"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OPENBLAS_NUM_THREADS": n, "OMP_NUM_THREADS": n},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for n in ("1", "2")
    ]
    assert said[0] == said[1]


@pytest.mark.parametrize("count", [0, 1])
def test_few_pictures(count):
    assert alike_groups(np.zeros((count, 8, 8), np.uint8)).tolist() == [0] * count


def test_pictures_in_a_file_are_not_changed(tmp_path):
    np.save(tmp_path / "p.npy", np.stack([scene(1), scene(2), scene(1)]))
    pictures = np.load(tmp_path / "p.npy", mmap_mode="r")
    assert alike_groups(pictures).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((3, 8, 8)),
        np.zeros((8, 8), np.uint8),
        np.zeros((3, 8, 8, 4), np.uint8),
        np.zeros((3, 0, 8), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(wrong):
    with pytest.raises(DataError, match="pictures of another kind"):
        alike_groups(wrong)


def test_drawn_people_stay_apart():
    faces, pixels = tiny_faces(12, 4)
    groups = alike_groups(pixels.array)
    people = faces.column("subject")
    for group in range(groups.max() + 1):
        assert len(set(people[groups == group])) == 1
    assert groups.max() + 1 >= 12


@pytest.mark.real
def test_rendered_people_stay_apart_and_frames_of_one_moment_do_not():
    folder = SHARED / "ictfaces-ck/cohn-kanade-images"
    if not folder.is_dir():
        pytest.skip("shared/data/ictfaces-ck is not present")
    files = sorted(folder.rglob("*.png"))[:1500]
    pictures = np.stack([np.asarray(Image.open(file).convert("L")) for file in files])
    takes = np.array([file.parent.as_posix() for file in files])
    groups = alike_groups(pictures)
    for group in range(groups.max() + 1):
        assert len(set(takes[groups == group])) == 1
    together = (groups[1:] == groups[:-1])[takes[1:] == takes[:-1]]
    assert together.mean() > 0.9


@pytest.mark.real
def test_photographs_under_one_light_stay_apart_and_their_copies_do_not():
    folder = SHARED / "london-smiles/images"
    if not folder.is_dir():
        pytest.skip("shared/data/london-smiles is not present")
    files = sorted(folder.glob("*.jpg"))
    pictures = np.stack(
        [
            np.asarray(Image.open(f).convert("L").resize((128, 128), Image.Resampling.BOX))
            for f in files
        ]
    )
    assert len(set(alike_groups(pictures))) == len(files)
    copies = np.stack([smaller(jpeg(picture, 50)) for picture in pictures])
    groups = alike_groups(np.concatenate([pictures, copies]))
    assert groups.tolist() == [*range(len(files)), *range(len(files))]


def test_a_picture_without_contrast_is_like_no_picture_with_some():
    """Light from above and from below: nothing differs from left to right, as in a flat one."""
    above = np.repeat(np.arange(24, dtype=np.uint8)[:, None] * 8, 24, axis=1)
    below, flat = above[::-1], np.full((24, 24), 60, np.uint8)
    assert alike_groups(np.stack([above, below])).tolist() == [0, 1]
    groups = alike_groups(np.stack([flat, above, below, flat + 20]))
    assert groups.tolist() == [0, 1, 2, 0]
