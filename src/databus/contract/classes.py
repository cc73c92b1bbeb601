"""The label classes a record of each type can have: what may be withheld of a type is told from these, whatever there is (design 9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from databus.contract.catalogue import Contract, RecordType
from databus.model.labels import Commercial, LabelClass, Privacy, Publication, Standing, SubjectKind

KINDS = (SubjectKind.ORGANISATION, SubjectKind.PERSON)
CLOSING = (
    *({"publication": one} for one in Publication if one is not Publication.PUBLIC),
    *({"standing": one} for one in Standing if one is not Standing.SHOWN),
    {"commercial": Commercial.CONFIRMED},
    {"privacy": Privacy.SENSITIVE},
    {"flags": ("work_secret",)},
)
"""What can close a record, each alone: a record that several things close gives one of their reasons."""


def possible(contract: Contract) -> tuple[LabelClass, ...]:
    """Classes that stand for all of them: of each type and kind of subject an open record, and one for everything that can close it.

    The owner is the type's only department, or empty where there are several: whoever asks, another one has such records. Alike ones
    of all types stand together, since policy judges once what differs in nothing it asks.
    """
    of_types = [list(_of_type(contract.types[name])) for name in sorted(contract.types)]
    return tuple(one for alike in zip(*of_types, strict=True) for one in alike)


def _of_type(record_type: RecordType) -> Iterator[LabelClass]:
    owners = {owner.department for owner in record_type.owners}
    owner = owners.pop() if len(owners) == 1 else ""
    for kind in KINDS:
        open_one = LabelClass(record_type.name, kind, Publication.PUBLIC, Commercial.NONE, Privacy.NONE, Standing.SHOWN, owner)
        yield open_one
        yield from (replace(open_one, **closed) for closed in CLOSING)  # type: ignore[arg-type]
