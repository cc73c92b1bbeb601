"""Values drawn for a schema, whatever it is made of: parts in parts, lists of lists, maps of maps."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

FEW = 3
_PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "string": st.text(max_size=FEW) | st.sampled_from(["字" * 30, "x" * 64]),
    "bytes": st.binary(max_size=FEW),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    # Longer ones are left to fastavro.
    "long": st.integers(-(2**54), 2**54) | st.integers(-200, 200),
}


def values(schema: Any, known: dict[str, Any] | None = None, namespace: str = "") -> st.SearchStrategy[Any]:
    """Values that fastavro writes under this schema."""
    known = {} if known is None else known
    match schema:
        case list():
            return st.one_of([values(branch, known, namespace) for branch in schema])
        case str():
            return {**known, **_PLAIN}[schema if schema in known or schema in _PLAIN else f"{namespace}.{schema}"]
        case {"logicalType": "date"}:
            return st.dates()
        case {"logicalType": "decimal", "precision": precision}:
            scale = schema.get("scale", 0)
            return st.decimals(-(10 ** (precision - scale)) + 1, 10 ** (precision - scale) - 1, places=scale)
        case {"type": "record" | "enum"}:
            return _named(schema, known, schema.get("namespace", namespace))
        case {"type": "array", "items": items}:
            return st.lists(values(items, known, namespace), max_size=FEW)
        case {"type": "map", "values": inner}:
            return st.dictionaries(st.text(max_size=FEW), values(inner, known, namespace), max_size=FEW)
        case {"type": inner}:
            return values(inner, known, namespace)
    raise ValueError(f"nothing is drawn for {schema}")


def _named(schema: Any, known: dict[str, Any], namespace: str) -> st.SearchStrategy[Any]:
    if schema["type"] == "enum":
        made = st.sampled_from(schema["symbols"])
    else:
        made = st.fixed_dictionaries({field["name"]: values(field["type"], known, namespace) for field in schema["fields"]})
    name = schema["name"]
    known[name if "." in name else f"{namespace}.{name}"] = made
    return made
