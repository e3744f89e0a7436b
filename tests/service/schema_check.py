"""Checks a value against a JSON schema: the keywords that the service's own description uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
KNOWN = {
    *("$ref", "type", "enum", "const", "anyOf", "pattern", "minimum", "maximum", "items"),
    *("properties", "required", "additionalProperties", "maxItems", "maxLength"),
}


def problems(value: Any, schema: Any, schemas: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Yield what is wrong with *value*, each with where it is."""
    if set(schema) - KNOWN:
        yield f"{at}: the schema has {set(schema) - KNOWN}, which is not checked"
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema and not any(
        not list(problems(value, each, schemas, at)) for each in schema["anyOf"]
    ):
        yield f"{at}: {value!r} is none of {schema['anyOf']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not one of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    kind = schema.get("type")
    if kind is not None:
        is_flag = isinstance(value, bool) and kind != "boolean"
        if is_flag or not isinstance(value, TYPES[kind]):
            yield f"{at}: {value!r} is no {kind}"
            return
    if "pattern" in schema and re.search(schema["pattern"], value) is None:
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    if isinstance(value, str | list):
        longest = schema.get("maxLength" if kind == "string" else "maxItems", len(value))
        if len(value) > longest:
            yield f"{at}: {value!r} is longer than {longest}"
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    if kind in ("integer", "number") and not low <= value <= high:
        yield f"{at}: {value!r} is not {low} to {high}"
    if kind == "array":
        for number, each in enumerate(value):
            yield from problems(each, schema.get("items", {}), schemas, f"{at}/{number}")
    if kind == "object":
        yield from problems_of_fields(value, schema, schemas, at)


def problems_of_fields(
    value: Mapping[str, Any], schema: Any, schemas: Mapping[str, Any], at: str
) -> Iterator[str]:
    """Yield what is wrong with the fields of an object."""
    fields = schema.get("properties", {})
    missing = [name for name in schema.get("required", ()) if name not in value]
    yield from (f"{at}: {name} is missing" for name in missing)
    for name, each in value.items():
        if name in fields:
            yield from problems(each, fields[name], schemas, f"{at}/{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{at}: there is {name}, which is not described"
