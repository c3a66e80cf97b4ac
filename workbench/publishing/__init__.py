"""The tables of a finished run, handed on to where others read them; see docs/publishing.md."""

from workbench.publishing.run import Published
from workbench.publishing.targets import publish

__all__ = ["Published", "publish"]
