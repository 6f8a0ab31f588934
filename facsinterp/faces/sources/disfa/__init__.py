"""DISFA: videos of spontaneous expressions, every frame coded for twelve units."""

from facsinterp.faces.sources.disfa.source import SOURCE, DisfaOptions

__all__ = ["SOURCE", "DisfaOptions"]
