"""Which studies are installed: plug-ins found by entry point, loaded when asked for."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from facsinterp.errors import PluginError
from facsinterp.study.contract import Study

GROUP: Final = "facsinterp.studies"


def installed() -> dict[str, EntryPoint]:
    """Entry point of each installed study by name, without loading any.

    Raises PluginError when two packages give one name.
    """
    return _unique(entry_points(group=GROUP))


def _unique(points: Iterable[EntryPoint]) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in points:
        other = found.setdefault(point.name, point)
        # One package seen twice (an editable install beside a wheel) is no quarrel.
        if other.value != point.value:
            message = (
                f"two packages give a study named {point.name!r}: "
                f"{other.value} and {point.value}; uninstall one of them"
            )
            raise PluginError(message)
    return dict(sorted(found.items()))


def load(name: str) -> type[Study]:
    """The study class of that name.

    Raises PluginError for an unknown name (with the nearest known one), for a plug-in
    that cannot be imported, and for one that is not a Study.
    """
    points = installed()
    if name not in points:
        near = difflib.get_close_matches(name, points, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        message = f"no study is named {name!r}{hint} Installed: {', '.join(points) or 'none'}."
        raise PluginError(message)
    try:
        study = points[name].load()
    except Exception as error:
        message = f"the study {name!r} ({points[name].value}) cannot be imported: {error!r}"
        raise PluginError(message) from error
    return _checked(name, study)


def _checked(name: str, study: object) -> type[Study]:
    """Told at loading, not in the middle of a run, when a class cannot be a study."""
    if not (inspect.isclass(study) and issubclass(study, Study)):
        message = f"the study {name!r} is {study!r}, not a subclass of facsinterp.Study"
        raise PluginError(message)
    if inspect.isabstract(study):
        missing = ", ".join(sorted(study.__abstractmethods__))
        message = f"the study {name!r} ({study.__qualname__}) does not define {missing}"
        raise PluginError(message)
    return study


def summary(study: type[Study]) -> str:
    """The first line of a study's docstring."""
    return (inspect.getdoc(study) or "").partition("\n")[0]
