"""RAF-DB: faces from the web that some forty people labelled each; RAF-AU adds units to others."""

from facsinterp.faces.sources.rafdb.source import COMPOUND, SOURCE, RafDbOptions

__all__ = ["COMPOUND", "SOURCE", "RafDbOptions"]
