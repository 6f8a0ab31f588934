"""NovaEmotions: faces of people who played a game that answers to their expressions."""

from facsinterp.faces.sources.novaemotions.source import SOURCE, NovaEmotionsOptions

__all__ = ["SOURCE", "NovaEmotionsOptions"]
