"""CAS(ME)^3, Part A: micro-expressions within long videos, coded at their apex."""

from facsinterp.faces.sources.casme3.source import SOURCE, Casme3Options, read_annotations

__all__ = ["SOURCE", "Casme3Options", "read_annotations"]
