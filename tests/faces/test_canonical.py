"""The mean face, and warps to it: against slow ways, and on drawn faces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import procrustes

from facsinterp.errors import DataError
from facsinterp.faces.canonical import (
    OUTLINE,
    Canonical,
    _border,
    canonical,
    outline,
    to_canonical,
    warp,
)
from facsinterp.faces.drawn import cast, landmarks, render
from facsinterp.faces.preparing.windows import around_face

SIZE = 48
FACES = [frame.face for frame in cast(8, 3, 21)]
POINTS = landmarks(FACES, SIZE).astype(float)
TARGET = canonical(POINTS, SIZE)
rows, cols = np.mgrid[:SIZE, :SIZE].astype(float)


def as_complex(points):
    return points[..., 0] + 1j * points[..., 1]


def moved(points, turn, scale, shift):
    c, s = np.cos(turn), np.sin(turn)
    return scale * points @ np.array([[c, s], [-s, c]]) + shift


def test_the_mean_is_the_leading_eigenvector_of_kent():
    """Kent 1994: the full Procrustes mean maximises the sum of |<z, m>|^2."""
    rough = POINTS + np.random.default_rng(2).normal(0, 8, POINTS.shape)
    z = as_complex(rough)
    z = z - z.mean(axis=1, keepdims=True)
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    leading = np.linalg.eigh(z.T @ z.conj())[1][:, -1]
    mean = as_complex(canonical(rough, SIZE).landmarks)
    mean = mean - mean.mean()
    assert abs(np.vdot(leading, mean)) / np.linalg.norm(mean) == pytest.approx(1, abs=1e-9)


def test_the_mean_lies_nearer_to_all_faces_than_any_of_them():
    def apart(shape):
        return sum(procrustes(one, shape)[2] for one in POINTS)

    assert apart(TARGET.landmarks) < min(apart(one) for one in POINTS)


def test_the_mean_is_framed_as_the_faces_are():
    """Its middle is the mean of theirs, its size the geometric mean, and it is upright."""
    middle = POINTS.mean(axis=(0, 1))
    np.testing.assert_allclose(TARGET.landmarks.mean(axis=0), middle, atol=1e-9)
    reach = np.sqrt(((POINTS - POINTS.mean(axis=1, keepdims=True)) ** 2).sum(axis=(1, 2)))
    own = np.sqrt(((TARGET.landmarks - middle) ** 2).sum())
    assert own == pytest.approx(np.exp(np.log(reach).mean()), rel=0.02)
    eyes = TARGET.landmarks[42:48].mean(axis=0) - TARGET.landmarks[36:42].mean(axis=0)
    assert abs(eyes[1] / eyes[0]) < 0.05


@settings(max_examples=10, deadline=None)
@given(st.floats(-1, 1), st.floats(0.5, 2), st.tuples(st.floats(-30, 30), st.floats(-30, 30)))
def test_the_mean_moves_with_the_faces(turn, scale, shift):
    there = canonical(moved(POINTS, turn, scale, shift), SIZE)
    np.testing.assert_allclose(
        there.landmarks, moved(TARGET.landmarks, turn, scale, shift), atol=1e-6
    )


def test_where_each_face_lies_does_not_change_the_mean_shape():
    rng = np.random.default_rng(3)
    scattered = np.stack(
        [moved(p, rng.uniform(-1, 1), rng.uniform(0.5, 2), rng.uniform(-9, 9, 2)) for p in POINTS]
    )
    assert procrustes(canonical(scattered, SIZE).landmarks, TARGET.landmarks)[2] < 1e-12


def test_faces_without_landmarks_do_not_count():
    some = np.concatenate([POINTS, np.full((2, 68, 2), np.nan), np.ones((1, 68, 2))])
    np.testing.assert_allclose(canonical(some, SIZE).landmarks, TARGET.landmarks)
    with pytest.raises(DataError, match="no face has landmarks"):
        canonical(some[-3:], SIZE)


def test_a_face_of_that_shape_stays_as_it_is():
    picture = np.random.default_rng(1).uniform(size=(3, SIZE, SIZE))
    bent = warp(TARGET.landmarks, TARGET, (SIZE, SIZE))
    assert bent.seen.all()
    np.testing.assert_allclose(bent.apply(picture), picture, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.floats(-0.4, 0.4), st.floats(0.5, 1.6), st.tuples(st.floats(-5, 5), st.floats(-5, 5)))
def test_a_face_that_is_only_moved_is_moved_back(turn, scale, shift):
    """Ramps say where each canonical pixel was looked up: all of them, border and all."""
    ramps = np.stack(np.meshgrid(np.arange(120.0), np.arange(90.0)))
    middle = np.array([60, 45])
    points = moved(TARGET.landmarks - SIZE / 2, turn, scale, middle + shift)
    bent = warp(points, TARGET, (90, 120))
    places = np.stack([cols, rows], axis=-1).reshape(-1, 2)
    expected = moved(places - SIZE / 2, turn, scale, middle + shift).reshape(SIZE, SIZE, 2)
    inside = ((expected > 0) & (expected < [119, 89])).all(axis=2)
    assert bent.seen[inside].all()
    found = bent.apply(ramps).transpose(1, 2, 0)
    np.testing.assert_allclose(found[inside], expected[inside], atol=1e-3)


def test_a_warp_is_affine_in_each_triangle():
    """Slowly: for each pixel its triangle, its three shares, and that place on the face."""
    points = POINTS[5]
    own, other = around_face(TARGET.landmarks), around_face(points)
    corner, across, there, along = own.corner, own.across, other.corner, other.across
    down, below = np.array([-across[1], across[0]]), np.array([-along[1], along[0]])
    border = [
        there + along * ((b - corner) @ across + 0) / (across @ across)
        + below * ((b - corner) @ down) / (across @ across)
        for b in _border(SIZE)
    ]  # fmt: skip
    mine = np.concatenate([TARGET.landmarks, _border(SIZE)])
    theirs = np.concatenate([points, border])
    bent = warp(points, TARGET, (SIZE, SIZE))
    found = bent.apply(np.stack([cols, rows]))
    checked = 0
    for y in range(0, SIZE, 3):
        for x in range(0, SIZE, 3):
            homes = []
            for triangle in TARGET.mesh.triangles:
                system = np.vstack([mine[triangle].T, np.ones(3)])
                if abs(np.linalg.det(system)) > 1e-9:
                    shares = np.linalg.solve(system, [x, y, 1])
                    if shares.min() >= -1e-9:
                        homes.append(shares @ theirs[triangle])
            assert homes, "every pixel lies in a triangle"
            if bent.seen[y, x] and (homes[0] >= 0).all() and (homes[0] <= SIZE - 1).all():
                np.testing.assert_allclose(found[:, y, x], homes[0], atol=1e-3)
                checked += 1
    assert checked > 200


@pytest.mark.parametrize("point", [8, 19, 24, 30, 36, 45, 48, 54, 57])
def test_a_dot_on_a_landmark_lands_on_the_canonical_one(point):
    fine = landmarks(FACES, 96).astype(float)
    target = canonical(fine, 96)
    y, x = np.mgrid[:96, :96]
    for points in fine[::4]:
        spot = np.exp(-((x - points[point, 0]) ** 2 + (y - points[point, 1]) ** 2) / 4)
        bent = np.nan_to_num(to_canonical(spot[None], points[None], target)[0])
        weight = np.where(bent > 0.7 * bent.max(), bent, 0)
        place = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
        assert np.abs(place - target.landmarks[point]).max() < 1


def test_a_warp_is_linear_and_an_average():
    rng = np.random.default_rng(4)
    one, two = rng.normal(size=(2, 1, SIZE, SIZE))
    bent = warp(POINTS[3], TARGET, (SIZE, SIZE))
    both = bent.apply(2.5 * one - two)
    np.testing.assert_allclose(both, 2.5 * bent.apply(one) - bent.apply(two), atol=1e-5)
    weights = bent.matrix.sum(axis=1).reshape(SIZE, SIZE)
    np.testing.assert_allclose(weights, bent.seen, atol=1e-6)
    assert bent.matrix.data.min() >= 0
    assert bent.apply(one.astype(np.float32)).dtype == np.float32


def test_each_face_is_bent_by_its_own_landmarks():
    pictures = render(FACES, SIZE).astype(np.float32)
    together = to_canonical(pictures, POINTS, TARGET)
    assert together.dtype == np.float32
    for i in (0, 7, 20):
        alone = warp(POINTS[i], TARGET, (SIZE, SIZE)).apply(pictures[i][None])[0]
        np.testing.assert_array_equal(together[i], alone)
    assert to_canonical(pictures[:0], POINTS[:0], TARGET).shape == (0, SIZE, SIZE)


def test_faces_without_landmarks_are_seen_nowhere():
    pictures = np.ones((3, SIZE, SIZE))
    points = np.stack([np.full((68, 2), np.nan), POINTS[0], np.ones((68, 2))])
    points[1, 20] = np.nan
    assert np.isnan(to_canonical(pictures, points, TARGET)).all()


def test_what_lies_beyond_the_picture_is_not_seen():
    beyond = warp(POINTS[0] + [SIZE / 2, 0], TARGET, (SIZE, SIZE))
    assert not beyond.seen[:, -SIZE // 4 :].any()
    assert beyond.seen[SIZE // 2, SIZE // 4]
    assert np.isnan(beyond.apply(np.ones((1, SIZE, SIZE)))[0][~beyond.seen]).all()


def test_folded_parts_are_not_seen_and_the_rest_is():
    folded = TARGET.landmarks.copy()
    folded[30] = folded[36]  # the tip of the nose on the right eye
    bent = warp(folded, TARGET, (SIZE, SIZE))
    x, y = np.rint(TARGET.landmarks[[27, 30]].mean(axis=0)).astype(int)
    assert not bent.seen[y - 3 : y + 4, x - 3 : x + 4].all()
    assert bent.seen.mean() > 0.9
    left = np.rint(TARGET.landmarks[[44, 47]].mean(axis=0)).astype(int)
    assert bent.seen[left[1], left[0]]


def test_pressed_lips_whose_landmarks_cross_are_still_seen():
    pressed = TARGET.landmarks.copy()
    upper, lower = [61, 62, 63], [67, 66, 65]
    pressed[upper], pressed[lower] = TARGET.landmarks[lower], TARGET.landmarks[upper]
    assert warp(pressed, TARGET, (SIZE, SIZE)).seen.all()


def test_a_target_that_is_no_face_is_refused():
    upside_down = Canonical(TARGET.landmarks * [1, -1], SIZE)
    with pytest.raises(ValueError, match="nose"):
        warp(POINTS[0], upside_down, (SIZE, SIZE))


def test_the_mean_of_warped_faces_is_sharper_at_the_eyes():
    people = [frame.face for frame in cast(20, 2, 22, last=1)]
    pictures, points = render(people, 96).astype(float), landmarks(people, 96)
    target = canonical(points, 96)
    eyes = target.landmarks[36:48]
    (left, top), (right, bottom) = (eyes.min(axis=0) - 4).astype(int), eyes.max(axis=0).astype(int)

    def sharpness(picture):
        down, across = np.gradient(picture)
        return np.hypot(down, across)[top : bottom + 4, left : right + 4].mean()

    bent = to_canonical(pictures, points, target).mean(axis=0)
    assert sharpness(bent) > 1.25 * sharpness(pictures.mean(axis=0))


def test_lines_join_all_points_once():
    lines = outline(TARGET.landmarks)
    assert sorted({i for line in OUTLINE.values() for i in line}) == list(range(68))
    assert all(len(lines[name]) == len(OUTLINE[name]) for name in OUTLINE)
    for name in ("right eye", "left eye", "outer lips", "inner lips"):
        np.testing.assert_array_equal(lines[name][0], lines[name][-1])
