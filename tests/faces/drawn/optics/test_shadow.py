"""The cast shadow falls where a ray to the lamp is stopped."""

import numpy as np

from facsinterp.faces.drawn.compiled import piece
from facsinterp.faces.drawn.optics import shadow
from facsinterp.faces.drawn.optics.lamps import lamps
from facsinterp.faces.drawn.optics.taking import shadow_side, taken
from facsinterp.faces.drawn.spec import Face, Setting
from facsinterp.faces.drawn.surface.mesh import Part
from tests.faces.drawn.optics.slow import hits


@piece
def _looked(room, points, normals, made):
    for i in range(len(points)):
        p, n = points[i], normals[i]
        made[i] = shadow.lit(room, (p[0], p[1], p[2]), (n[0], n[1], n[2]))


def test_shadow_falls_where_rays_are_stopped():
    face = Face(setting=Setting(light_x=0.45, light_y=-0.55))
    rest, seen, solid, _ = taken(face, 48, 1)
    room = lamps(face.setting)
    room = room._replace(near=shadow.cast(seen.points, rest.casting, room.aim, shadow_side(96)))
    shown = solid[solid >= 0]
    shown = shown[rest.part[shown] == Part.SKIN]
    corners = rest.triangles[shown]
    points = seen.points[corners].mean(axis=1)
    normals = seen.normals[corners].mean(axis=1)
    facing = normals @ room.key > 0.3
    points, normals = points[facing][::7], normals[facing][::7]
    made = np.zeros(len(points), np.float32)
    _looked(room, points, normals, made)
    stopped = np.array(
        [
            np.isfinite(far[far > 0]).any()
            for far in (
                hits(p + 0.03 * n, room.key.astype(np.float64), seen.points, rest.casting)
                for p, n in zip(points, normals, strict=True)
            )
        ]
    )
    clear = (made < 0.05) | (made > 0.95)
    assert clear.mean() > 0.8
    assert stopped.sum() > 5
    assert (~stopped).sum() > 30
    assert ((made < 0.5) == stopped)[clear].mean() > 0.95


def test_nothing_is_dark_beyond_the_map():
    room = lamps(Setting())._replace(near=np.ones((16, 16), np.float32))
    made = np.zeros(1, np.float32)
    _looked(room, np.array([[9.0, 0, 0]]), np.array([[0.0, 0, 1]]), made)
    assert made[0] == 1
