"""The average face: a closed, symmetric mesh with the measures of an adult's head."""

from collections import Counter

import numpy as np
import pytest

from facsinterp.faces.drawn.surface import eyelids, lips, skull
from facsinterp.faces.drawn.surface.mean import mean_face
from facsinterp.faces.drawn.surface.mesh import Part, normals
from facsinterp.faces.drawn.surface.unroll import unrolled

FACE = mean_face()
POINTS, GROUPS = FACE.points.astype(np.float64), FACE.groups
LIDS = [f"lid_{half}_{side}" for side in ("right", "left") for half in ("upper", "lower")]
LIPS = ["lip_upper", "lip_lower"]


def edges():
    """Every edge of the mesh and how many triangles share it, with how often each way round."""
    sides = np.concatenate([FACE.triangles[:, [i, (i + 1) % 3]] for i in range(3)])
    return Counter(map(tuple, sides.tolist()))


def test_it_is_skin_of_a_bounded_number_of_points():
    assert 4500 < len(POINTS) <= 5500
    assert (FACE.part == Part.SKIN).all()
    assert len(np.unique(FACE.triangles)) == len(POINTS)
    np.testing.assert_allclose(FACE.uv, unrolled(FACE.points), atol=1e-6)


def test_edges_lie_in_two_triangles_but_at_the_named_openings():
    ways = edges()
    assert max(ways.values()) == 1  # neighbours run along a common edge in opposite directions
    open_ends = {side for a, b in ways if (b, a) not in ways for side in (a, b)}
    openings = [GROUPS["neck"]]
    for pair in (LIDS[:2], LIDS[2:], LIPS):
        openings += [GROUPS[f"{name}_inner"][-1] for name in pair]
    expected = set(np.concatenate(openings).tolist())
    # The lips' slit is open along its line too: upper and lower edge are different points.
    assert open_ends == expected


@pytest.mark.parametrize("name", LIDS + LIPS)
def test_bands_run_from_one_end_to_the_other(name):
    band, inner = GROUPS[name], GROUPS[f"{name}_inner"]
    rows, columns = (
        (lips.LIP_ROWS, lips.COLUMNS) if name in LIPS else (eyelids.LID_ROWS, eyelids.COLUMNS)
    )
    assert band.shape == (rows, columns)
    np.testing.assert_array_equal(band[0], inner[0])
    x = POINTS[band[0], 0]
    outwards = np.diff(x if name in LIPS or name.endswith("left") else -x)
    assert (outwards > 0).all()
    away = np.diff(POINTS[band[:, 2:-2], 1], axis=0)
    assert (away < 0).all() if "upper" in name else (away > 0).all()


@pytest.mark.parametrize(("upper", "lower"), [LIDS[:2], LIDS[2:], LIPS])
def test_upper_and_lower_bands_share_their_corners(upper, lower):
    for end in ("", "_inner"):
        a, b = GROUPS[upper + end], GROUPS[lower + end]
        np.testing.assert_array_equal(a[:, [0, -1]], b[:, [0, -1]])
        assert not set(a[:, 1:-1].ravel()) & set(b[:, 1:-1].ravel())


def test_the_lips_are_closed_and_the_eyes_open():
    rows = [POINTS[GROUPS[name][0]] for name in LIPS]
    np.testing.assert_array_equal(*rows)
    for pair in (LIDS[:2], LIDS[2:]):
        upper, lower = (POINTS[GROUPS[name][0], 1] for name in pair)
        assert (lower[2:-2] - upper[2:-2] > 0.03).all()


def test_lids_cover_the_eyeball_and_their_edges_reach_it():
    for name in LIDS:
        eye = eyelids.EYE * [1 if name.endswith("left") else -1, 1, 1]
        away = np.linalg.norm(POINTS[GROUPS[name]] - eye, axis=-1)
        assert (away[:3] > eyelids.RADIUS).all()
        behind = np.linalg.norm(POINTS[GROUPS[f"{name}_inner"][-1]] - eye, axis=-1)
        assert (behind < eyelids.RADIUS).all()


def test_right_and_left_are_mirror_images():
    places = {tuple(row) for row in np.round(POINTS, 4).tolist()}
    assert sum((-x + 0.0, y, z) in places for x, y, z in places) / len(places) > 0.999
    right, left = (POINTS[GROUPS[f"lid_upper_{side}"]] for side in ("right", "left"))
    np.testing.assert_allclose(right * [-1, 1, 1], left, atol=1e-6)


def test_normals_point_outwards():
    normal = normals(FACE.points, FACE.triangles).astype(np.float64)
    hidden = np.concatenate([GROUPS[f"{n}_inner"].ravel() for n in LIDS + LIPS])
    seen = np.setdiff1d(np.arange(len(POINTS)), hidden)
    ahead = skull.field(POINTS[seen] + 0.02 * normal[seen])
    assert np.mean(ahead > skull.field(POINTS[seen])) > 0.985


def test_openness_is_a_share_and_least_where_the_face_is_hollow():
    assert FACE.open.min() >= 0
    assert FACE.open.max() <= 1
    front = np.linalg.norm(POINTS - [0, -0.6, 1.4], axis=1).argmin()
    assert FACE.open[front] > 0.9
    for name in LIPS:
        assert FACE.open[GROUPS[f"{name}_inner"][-1]].mean() < 0.6


def profile(y):
    """z of the midline in front at heights y."""
    return skull.in_front(np.zeros(len(y)), np.asarray(y))[:, 2]


@pytest.mark.parametrize(
    ("x", "y", "z"),
    [
        (0.0, -0.06, 1.42),  # nasion
        (0.0, -0.25, 1.50),  # glabella
        (0.0, 0.86, 1.54),  # upper lip's border
        (0.0, 1.11, 1.50),  # lower lip's border
        (0.0, 1.22, 1.41),  # mentolabial fold
        (0.0, 1.42, 1.44),  # pogonion
        (0.0, 1.62, 1.34),  # gnathion
        (0.645, -0.015, 1.06),  # outer canthus
        (0.55, 0.35, 1.18),  # front of the cheekbone
    ],
)
def test_places_of_the_face_have_an_adults_depth(x, y, z):
    got = skull.in_front(np.array([x]), np.array([y]))[0, 2]
    assert got == pytest.approx(z, rel=0.03)


def test_the_face_has_an_adults_measures():
    """Head units; within 3 %."""
    y = np.arange(0.4, 0.75, 0.005)
    tip = profile(y).argmax()
    assert (y[tip], profile(y)[tip]) == pytest.approx((0.57, 1.78), rel=0.05)
    assert POINTS[:, 1].min() == pytest.approx(-1.58, rel=0.03)
    assert POINTS[:, 2].min() == pytest.approx(-1.30, rel=0.03)
    wide = POINTS[np.abs(POINTS[:, 1] + 0.7) < 0.1, 0].max()
    assert wide == pytest.approx(1.07, rel=0.03)
    corner = POINTS[GROUPS["lip_upper"][0, -1]]
    assert tuple(corner) == pytest.approx((0.365, 0.98, 1.30), rel=0.03)
    inner, outer = POINTS[GROUPS["lid_upper_left"][0, [0, -1]]]
    assert (inner[0], outer[0]) == pytest.approx((0.23, 0.645), rel=0.03)
    assert inner[1] - outer[1] == pytest.approx(0.03, abs=0.003)
    upper, lower = (POINTS[GROUPS[f"lid_{half}_left"][0], 1] for half in ("upper", "lower"))
    assert (lower - upper).max() == pytest.approx(0.15, rel=0.03)
    middle = POINTS[[GROUPS[name][-1, lips.COLUMNS // 2] for name in LIPS], 1]
    assert tuple(middle) == pytest.approx((0.86, 1.11), rel=0.03)
