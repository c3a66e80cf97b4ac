"""The JSON Schema of a readout's texts, by which editors complete and check them.

Make it anew with `uv run python -m workbench.readout.schema > params/readouts/schema.json`.
"""

import json
import sys
from typing import Any, Final

from workbench.readout.texts import LONGEST_TEXT, MOST_TEXTS, ReadoutTexts

_ASKED: Final = {
    "decisions": "What will be done differently, and from when.",
    "asks": "What the reader is asked to approve, sign or name, and by when.",
    "learned": "What the period showed that was not known before.",
}


def readout_schema() -> str:
    """The schema as the text of its file; which letters the page can print, it does not say."""
    schema: dict[str, Any] = ReadoutTexts.model_json_schema()
    for key, description in _ASKED.items():
        text = {"type": "string", "pattern": r"^\s*\S[^\n]*\s*$", "maxLength": LONGEST_TEXT}
        schema["properties"][key] |= {
            "description": description,
            "maxItems": MOST_TEXTS,
            "items": text,
        }
    about = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps({**about, **schema}, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(readout_schema())
