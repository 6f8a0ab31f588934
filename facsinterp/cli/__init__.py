"""The command line: it parses words, calls the library, and draws progress. No logic."""

from facsinterp.cli.app import main

__all__ = ["main"]
