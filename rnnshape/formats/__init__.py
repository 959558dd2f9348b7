"""How blocks and reports are written: a module per format."""

__all__ = ["SUFFIXES"]

SUFFIXES = (".svg", ".html", ".txt")  # of the files that can be exported
