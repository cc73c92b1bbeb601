"""The question as JSON keeps to the schema that `opa check` holds the policies against."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from databus.model.disclosure import Caller, Permit, Question, Role
from databus.model.labels import Commercial, LabelClass, Privacy, Publication, Standing, SubjectKind
from databus.policy.question import as_input, digest
from policy_engine import POLICIES

SCHEMA = json.loads((POLICIES / "schemas" / "question.json").read_text("utf-8"))
WORDS = st.lists(st.text(max_size=8), max_size=3).map(tuple)
PERMITS = st.builds(
    Permit,
    *(st.text(max_size=8), st.integers(1, 9), st.sampled_from(["GRANT", "CONSENT"]), st.text(max_size=8)),
    *(WORDS, WORDS, WORDS, WORDS, WORDS),
    *(st.text(max_size=8), st.dates(), st.dates(), st.booleans()),
)
CLASSES = st.builds(
    LabelClass,
    *(st.text(max_size=8), st.sampled_from(SubjectKind), st.sampled_from(Publication), st.sampled_from(Commercial)),
    *(st.sampled_from(Privacy), st.sampled_from(Standing), st.text(max_size=8), WORDS, WORDS),
)
QUESTIONS = st.builds(
    Question,
    st.builds(Caller, st.text(max_size=8), st.sampled_from(Role), st.text(max_size=8)),
    *(st.text(max_size=4), st.sampled_from(["none", "self", "owner", "permit"]), st.none() | PERMITS, st.dates()),
    st.lists(CLASSES, max_size=3).map(tuple),
)
TYPES = {"string": str, "boolean": bool, "integer": int, "object": dict, "array": list, "null": type(None)}


@given(QUESTIONS)
def test_every_question_fits_the_schema(question: Question) -> None:
    fits(as_input(question), SCHEMA)


@given(QUESTIONS)
def test_ids_of_classes_survive_json(question: Question) -> None:
    read = json.loads(json.dumps(as_input(question)))
    assert {int(class_id) for class_id in read["classes"]} == {known.class_id for known in question.classes}


@given(QUESTIONS, QUESTIONS)
def test_two_questions_that_policy_could_tell_apart_have_two_digests(one: Question, other: Question) -> None:
    assert (digest(as_input(one), "r1") == digest(as_input(other), "r1")) == (as_input(one) == as_input(other))
    assert digest(as_input(one), "r1") != digest(as_input(one), "r2")


def fits(value: Any, schema: dict[str, Any]) -> None:
    wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert isinstance(value, tuple(TYPES[name] for name in wanted)), (value, wanted)
    assert "enum" not in schema or value in schema["enum"]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        assert set(schema.get("required", ())) <= set(value)
        for name, item in value.items():
            more = known.get(name, schema.get("additionalProperties"))
            assert more, f"{name} is not in the schema"
            fits(item, more)
    if isinstance(value, list):
        for item in value:
            fits(item, schema["items"])
