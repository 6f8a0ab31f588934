"""AffectNet: photographs from the web, labelled by hand with expressions, valence and arousal."""

from facsinterp.faces.sources.affectnet.source import SOURCE, AffectNetOptions

__all__ = ["SOURCE", "AffectNetOptions"]
