"""The extended Cohn-Kanade database (CK+), and its first release (CK)."""

from facsinterp.faces.sources.ckplus.source import CONSENTED, SOURCE, CkPlusOptions

__all__ = ["CONSENTED", "SOURCE", "CkPlusOptions"]
