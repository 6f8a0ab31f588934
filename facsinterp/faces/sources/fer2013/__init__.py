"""FER2013, with its own labels or those of FER+, in the forms that are passed around."""

from facsinterp.faces.sources.fer2013.source import SOURCE, Fer2013Options

__all__ = ["SOURCE", "Fer2013Options"]
