"""Labels: which class is stricter, and the id under which a class is known on every row ever written."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.model.labels import (
    Commercial,
    LabelClass,
    Privacy,
    Publication,
    Secrecy,
    Standing,
    SubjectKind,
    narrows,
    parse_class,
    stricter,
)

WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
CLASSES = st.builds(
    LabelClass,
    record_type=WORDS,
    subject_kind=st.sampled_from(SubjectKind),
    publication=st.sampled_from(Publication),
    commercial=st.sampled_from(Commercial),
    privacy=st.sampled_from(Privacy),
    standing=st.sampled_from(Standing),
    owner=WORDS,
    narrowed=st.lists(WORDS, max_size=3).map(tuple),
    flags=st.lists(WORDS, max_size=3).map(tuple),
)
PENALTY = LabelClass(
    "ADMIN_PENALTY", SubjectKind.ORGANISATION, Publication.PUBLIC, Commercial.NONE, Privacy.NONE, Standing.SHOWN, owner="ecology"
)
LICENCE = LabelClass(
    "ADMIN_LICENCE",
    SubjectKind.PERSON,
    Publication.AUTHORISED,
    Commercial.CLAIMED,
    Privacy.PERSONAL,
    Standing.HELD,
    owner="transport",
    narrowed=("doc_no",),
    flags=("objection", "吉"),
)
ALL = tuple(Publication)


@pytest.mark.parametrize("a", ALL)
@pytest.mark.parametrize("b", ALL)
def test_the_stricter_of_two_classes(a: Publication, b: Publication) -> None:
    met = stricter(a, b)
    assert met == stricter(b, a)
    assert narrows(met, a) and narrows(met, b)
    assert stricter(a, a) == a and stricter(Publication.PUBLIC, a) == a and stricter(Publication.INTERNAL, a) == Publication.INTERNAL
    assert not [c for c in ALL if narrows(c, a) and narrows(c, b) and not narrows(c, met)], "the widest that both allow"
    for c in ALL:
        assert stricter(met, c) == stricter(a, stricter(b, c))


def test_consent_and_sharing_do_not_compare() -> None:
    assert stricter(Publication.AUTHORISED, Publication.GOV_SHARED) == Publication.INTERNAL
    assert not narrows(Publication.AUTHORISED, Publication.GOV_SHARED) and not narrows(Publication.GOV_SHARED, Publication.AUTHORISED)


@pytest.mark.parametrize("wide", ALL)
def test_narrower_is_an_order(wide: Publication) -> None:
    assert narrows(wide, wide) and narrows(wide, Publication.PUBLIC) and narrows(Publication.INTERNAL, wide)
    for middle in ALL:
        assert not (narrows(middle, wide) and narrows(wide, middle) and middle != wide)
        for narrow in ALL:
            assert narrows(narrow, wide) or not (narrows(narrow, middle) and narrows(middle, wide))


@pytest.mark.parametrize(
    ("known", "canonical", "class_id"),
    [
        (PENALTY, '["ADMIN_PENALTY","ORGANISATION","PUBLIC","NONE","NONE","SHOWN","ecology",[],[]]', 674744155460443554),
        (
            LICENCE,
            '["ADMIN_LICENCE","PERSON","AUTHORISED","CLAIMED","PERSONAL","HELD","transport",["doc_no"],["objection","吉"]]',
            -6198251754640954897,
        ),
    ],
)
def test_the_id_of_a_class_never_changes(known: LabelClass, canonical: str, class_id: int) -> None:
    assert (known.canonical, known.class_id) == (canonical, class_id)


@given(CLASSES)
def test_a_class_is_read_back_from_its_canonical_form(known: LabelClass) -> None:
    assert parse_class(known.canonical) == known
    assert -(2**63) <= known.class_id < 2**63


@given(CLASSES, CLASSES)
def test_two_classes_share_an_id_only_if_they_are_one(one: LabelClass, other: LabelClass) -> None:
    assert (one.class_id == other.class_id) == (one == other)


@pytest.mark.parametrize("name", [field.name for field in fields(LabelClass)])
def test_every_part_of_a_class_counts(name: str) -> None:
    assert replace(PENALTY, **{name: getattr(LICENCE, name)}).class_id != PENALTY.class_id


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '["A"]', PENALTY.canonical.replace("PUBLIC", "OPEN"), PENALTY.canonical.replace("[],[]", "[]")]
)
def test_what_is_no_class_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_class(text)


def test_secrets_are_refused_from_the_lowest_degree_on() -> None:
    assert [level for level in Secrecy if level.refused] == [Secrecy.MIMI, Secrecy.JIMI, Secrecy.JUEMI]
