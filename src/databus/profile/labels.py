"""The label class of a record: all that policy needs to know of it (design 9)."""

from __future__ import annotations

from databus.model.labels import LabelClass
from databus.profile.election import Elected
from databus.profile.standing import Stand

OBJECTION = "objection"
"""Flag of a record a note stands on (domain 3.5, row 14)."""


def label_class(elected: Elected, stand: Stand) -> LabelClass:
    """The class of a record: labels of the event that speaks for it, its standing, its owner, and its flags."""
    lead, labels = elected.lead, elected.lead.labels
    flags = {*labels.flags, *stand.flags, *(flag for note in elected.notes for flag in note.labels.flags)}
    if elected.notes:
        flags.add(OBJECTION)
    return LabelClass(
        record_type=lead.record_type,
        subject_kind=lead.subject_kind,
        publication=labels.publication,
        commercial=labels.commercial,
        privacy=labels.privacy,
        standing=stand.standing,
        owner=lead.department,
        narrowed=tuple(sorted(labels.narrowed)),
        flags=tuple(sorted(flags)),
    )
