"""A table of faces that the user writes: one row an image."""

from facsinterp.faces.sources.manifest.source import SOURCE, ManifestOptions

__all__ = ["SOURCE", "ManifestOptions"]
