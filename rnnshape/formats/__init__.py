"""How blocks and reports are written: a module per format."""

SUFFIXES = (".svg", ".html", ".txt")  # of the files that can be exported
