"""The JSON Schema of a definition file, by which editors complete and check it.

Make it anew with `uv run python -m workbench.definitions.schema > params/definitions/schema.json`.
"""

import json
import sys

from workbench.definitions.model import Definition


def definition_schema() -> str:
    """The schema as the text of its file."""
    schema = Definition.model_json_schema(by_alias=True)
    about = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps({**about, **schema}, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(definition_schema())
