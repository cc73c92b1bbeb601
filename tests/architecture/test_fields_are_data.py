"""Python holds no field name of a record type: those are data in `schemas/` (design 3)."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from architecture.tree import SRC, parsed, python_files
from databus.contract import catalogue
from databus.settings import CHECKOUT

# Words that mean something of the system's own beside being a field of some type.
OWN_WORDS = {
    "accepted": "a verdict",
    "address": "a mask of domain 3.6, and where a process listens",
    "after": "a generator of the sample, and a cursor's place",
    "amount": "an option of the mapping language, and a generator of the sample",
    "anonymous": "the caller without an account",
    "batch": "a level of checks (codes/dq_rule.yaml)",
    "cause": "of an error",
    "content": "a facet of a record (design 8), and a part of an OpenAPI answer",
    "currency": "an option of the mapping language",
    "date": "a kind of field",
    "facts": "a table of the store",
    "form": "a parameter of a check: which identifier it is",
    "from": "an option of the mapping language, an operator of a dataset's filter",
    "item": "of a request",
    "level": "of a log line, of a division",
    "mobile": "a mask of domain 3.6",
    "name": "of whatever has one",
    "nature": "of a record type (type.yaml)",
    "no": "an answer",
    "phone": "a generator of the sample",
    "result": "of a file that was published, of a question to OPA",
    "scope": "of a token",
    "status": "of a finding",
    "title": "the field a page puts above a record (type.yaml)",
    "to": "an operator of a dataset's filter, the class a narrowing leads to",
    "type": "of a value in Avro, JSON and YAML",
    "unit": "of a measurement",
    "until": "what ends a period (schemas/rules)",
    "url": "where a server is",
    "value": "of whatever has one",
    "year": "a generator of the sample",
}
# Places that may speak of a field, and why.
SPOKEN = {
    ("databus/gateway/examples.py", "doc_no"): "a sample answer in the API's description",
    ("databus/gateway/examples.py", "remark"): "a sample answer in the API's description",
    ("databus/testing/province/generators.py", "doc_no"): "a generator that type.yaml asks for by this name",
    ("databus/testing/province/generators.py", "counterparty_kind"): "a part of a subject that type.yaml asks for by this name",
}
INSIDE = re.compile(r"payload\.([a-z]\w*)|->>?\s*'([a-z]\w*)'")


def system_words() -> set[str]:
    """Fields of the system's own schemas: envelope, event, change, finding, permit, decision, register, head."""
    found: set[str] = set()
    for path in (CHECKOUT / "schemas" / "_envelope").glob("*.avsc"):
        found |= set(_names(json.loads(path.read_text("utf-8"))))
    return found


def _names(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from (field["name"] for field in schema.get("fields", ()))
        for value in schema.values():
            yield from _names(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _names(value)


def spoken(path: Path, fields: set[str]) -> Iterator[str]:
    """Fields named in the texts of a file, wherever such a text is more than a docstring."""
    tree = parsed(path)
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in loose:
            words = {node.value, *(word for pair in INSIDE.findall(node.value) for word in pair)}
            yield from words & fields


@pytest.fixture(scope="module")
def fields() -> set[str]:
    types = catalogue.load(CHECKOUT / "schemas").types.values()
    return {name for known in types for path in (*known.fields, *known.leaves) for name in path.split(".")} - system_words()


def test_no_field_of_a_type_is_named_in_python(fields: set[str]) -> None:
    assert len(fields) > 250
    files = [path for path in python_files() if SRC in path.parents]
    named = {(str(path.relative_to(SRC)), word) for path in files for word in spoken(path, fields - OWN_WORDS.keys())}
    assert named - SPOKEN.keys() == set()


def test_no_excuse_is_left_over(fields: set[str]) -> None:
    assert not [place for place in SPOKEN if place[1] not in set(spoken(SRC / place[0], fields))]
    assert OWN_WORDS.keys() <= fields | system_words()


def test_a_field_named_in_python_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "named.py"
    path.write_text('"""doc_no"""\nrow["fine_yuan"]\nquery = "select payload ->> \'doc_no\'"\nkey = f"{x}.payload.remark"\n', "utf-8")
    assert set(spoken(path, {"doc_no", "fine_yuan", "remark", "severity"})) == {"doc_no", "fine_yuan", "remark"}
