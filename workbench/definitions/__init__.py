"""Attribution definitions: the file, what it may say, and the same in plain English."""

from workbench.definitions.changes import TEXT_KEYS, definition_changes, definition_content
from workbench.definitions.examples import Example, definition_examples
from workbench.definitions.files import find_definition_file, read_definition
from workbench.definitions.model import Definition
from workbench.definitions.page import definition_page, examples_in_words
from workbench.definitions.parts import Approval, Bound, Credit, Gates, Rule

__all__ = [
    "TEXT_KEYS",
    "Approval",
    "Bound",
    "Credit",
    "Definition",
    "Example",
    "Gates",
    "Rule",
    "definition_changes",
    "definition_content",
    "definition_examples",
    "definition_page",
    "examples_in_words",
    "find_definition_file",
    "read_definition",
]
