"""A notebook that ran, as a page: `jupyter nbconvert --to workbench notebook.ipynb`.

One file that fetches nothing. The prose comes first, each result before its code, and the code is
folded. A chart is a picture with its words, which a script replaces by the live one.
"""

from workbench.rendered.exporter import PageExporter, page_title

__all__ = ["PageExporter", "page_title"]
