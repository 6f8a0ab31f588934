"""The Toronto Face Database (TFD): 102,236 faces in a matrix, 4,178 of them with an expression."""

from facsinterp.faces.sources.tfd.source import SOURCE, TfdOptions

__all__ = ["SOURCE", "TfdOptions"]
