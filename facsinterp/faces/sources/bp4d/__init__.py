"""BP4D-Spontaneous and BP4D+: videos of people in tasks that elicit emotions, coded by frame."""

from facsinterp.faces.sources.bp4d.source import PROTOCOL, SOURCE, Bp4dOptions

__all__ = ["PROTOCOL", "SOURCE", "Bp4dOptions"]
