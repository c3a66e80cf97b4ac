"""The executive readout: figures, sentences, and the page that never runs to a second one."""

from workbench.readout.figures import ReadoutFigures, readout_figures
from workbench.readout.page import readout_page, readout_picture
from workbench.readout.texts import ReadoutTexts, read_readout_texts

__all__ = [
    "ReadoutFigures",
    "ReadoutTexts",
    "read_readout_texts",
    "readout_figures",
    "readout_page",
    "readout_picture",
]
