"""Designs written to disk: pictures, a table, the ground truth of every frame."""

from facsinterp.faces.drawn.writing.write import FORMS, Form, cached, written

__all__ = ["FORMS", "Form", "cached", "written"]
