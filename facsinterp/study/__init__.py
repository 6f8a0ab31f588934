"""Asking: definitions, plug-ins, and the run from faces to a report."""
