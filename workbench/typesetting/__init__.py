"""Printed pages: data in, a tagged PDF out, set with the typesetter's own fonts.

Every text reaches a template as data, so that no name can act as markup.
"""

from workbench.typesetting.letters import missing_letters
from workbench.typesetting.sheet import typeset

__all__ = ["missing_letters", "typeset"]
