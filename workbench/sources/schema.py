"""The JSON Schema of a mapping file, by which editors complete and check it.

Make it anew with `uv run python -m workbench.sources.schema > params/sources/schema.json`.
"""

import json
import sys
from copy import deepcopy
from typing import Any, Final

from workbench.sources.mapping import SET_BY_INGEST, TABLES_BY_NAME, Mapping

_TEXT_OR_NOTHING: Final = {"type": ["string", "number", "boolean", "null"]}
_NAME: Final = {"type": "string"}


def mapping_schema() -> str:
    """The schema as the text of its file: with the short forms, and each table's own columns.

    What only reading the file can tell, such as two names of one thing, it lets pass.
    """
    schema = Mapping.model_json_schema(by_alias=True)
    parts = schema["$defs"]
    part, table = parts.pop("Part"), parts.pop("TableMapping")
    tables = {}
    for name, contract in TABLES_BY_NAME.items():
        columns = [column for column in contract.dtypes() if column != SET_BY_INGEST]
        parts[f"part_of_{name}"] = _part(part, columns)
        tables[name] = _table(table, name, columns)
    schema["properties"]["tables"] |= {"properties": tables, "additionalProperties": False}
    _short_forms(parts)
    about = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps({**about, **schema}, indent=2, ensure_ascii=False) + "\n"


def _part(part: dict[str, Any], columns: list[str]) -> dict[str, Any]:
    own = deepcopy(part)
    made_of = {"$ref": "#/$defs/Column"}
    own["properties"]["columns"] = {
        "type": "object",
        "properties": dict.fromkeys(columns, made_of),
        "additionalProperties": False,
    }
    return own


def _table(table: dict[str, Any], name: str, columns: list[str]) -> dict[str, Any]:
    own = deepcopy(table)
    own["properties"]["from"] = _one_or_many({"$ref": f"#/$defs/part_of_{name}"})
    combine = own["properties"]["combine"]["anyOf"][0]
    combine["propertyNames"] = {"enum": columns}
    return {"anyOf": [{"const": "empty"}, own]} if name == "touches" else own


def _short_forms(parts: dict[str, Any]) -> None:
    """What the model takes for more than it is: a word for a list of one, a number for a text."""
    column, choice = parts["Column"], parts["Choice"]
    for key in ("from", "formats"):
        column["properties"][key] = _one_or_many(_NAME)
    for key in ("value", "missing", "otherwise"):
        column["properties"][key] = _TEXT_OR_NOTHING
    column["properties"]["words"] = {
        "type": ["object", "null"],
        "additionalProperties": _TEXT_OR_NOTHING,
    }
    parts["Column"] = {"anyOf": [*_one_or_many(_NAME)["anyOf"], column]}
    for key in ("is", "not"):
        choice["properties"][key] = _one_or_many(_TEXT_OR_NOTHING)
    parts["Choice"] = {"anyOf": [*_one_or_many(_TEXT_OR_NOTHING)["anyOf"], choice]}
    lookup = parts["Lookup"]["properties"]
    one_pair = {**lookup["on"], "minProperties": 1, "maxProperties": 1}
    lookup["on"] = {"anyOf": [_NAME, one_pair]}
    parts["FileFormat"]["properties"]["sheets"] = _one_or_many(_NAME)


def _one_or_many(one: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [one, {"type": "array", "items": one}]}


if __name__ == "__main__":
    sys.stdout.write(mapping_schema())
