"""The classes that stand for all a record of a type can have."""

from __future__ import annotations

from pathlib import Path

from databus.contract.catalogue import load
from databus.contract.classes import possible
from databus.model.labels import Publication, Standing, SubjectKind

CONTRACT = load(Path(__file__).parents[2] / "schemas")


def test_every_type_has_the_same_ones_whatever_has_been_published() -> None:
    found = possible(CONTRACT)
    by_type = {name: {one for one in found if one.record_type == name} for name in CONTRACT.types}
    assert sum(map(len, by_type.values())) == len(found) == len({one.class_id for one in found})
    assert len({len(ones) for ones in by_type.values()}) == 1
    for ones in by_type.values():
        assert {one.publication for one in ones} == set(Publication) and {one.standing for one in ones} == set(Standing)
        assert {one.subject_kind for one in ones} == {SubjectKind.ORGANISATION, SubjectKind.PERSON}


def test_the_owner_is_somebody_else_unless_a_type_has_one_owner() -> None:
    owners = {one.record_type: one.owner for one in possible(CONTRACT)}
    assert owners["TAX_CREDIT"] == "taxation", "its only department has nothing kept from it"
    assert owners["ADMIN_LICENCE"] == "", "of the licences of others, any department may have something kept from it"
