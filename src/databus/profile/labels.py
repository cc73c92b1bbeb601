"""The label class of a record: all that policy needs to know of it (design 9)."""

from __future__ import annotations

from functools import lru_cache

from databus.model.event import Labels
from databus.model.labels import Commercial, LabelClass, Privacy, stricter
from databus.profile.election import Elected
from databus.profile.standing import Stand

_COMMERCIAL, _PRIVACY = tuple(Commercial), tuple(Privacy)
OBJECTION = "objection"
"""Flag of a record a note stands on (domain 3.5, row 14)."""
# Few for all records there are, and the same one each time is equal at a glance.
_class = lru_cache(maxsize=1 << 12)(LabelClass)


def label_class(elected: Elected, stand: Stand) -> LabelClass:
    """The class of a record: labels of the event that speaks for it, its standing, its owner, and its flags."""
    lead, labels = elected.lead, _strictest(elected)
    flags = {*labels.flags, *stand.flags, *(flag for note in elected.notes for flag in note.labels.flags)}
    if elected.notes:
        flags.add(OBJECTION)
    return _class(
        lead.record_type,
        lead.subject_kind,
        labels.publication,
        labels.commercial,
        labels.privacy,
        stand.standing,
        lead.department,
        tuple(sorted(labels.narrowed)),
        tuple(sorted(flags)),
    )


def _strictest(elected: Elected) -> Labels:
    """Where sources label copies of one document differently, the stricter label counts (domain 4.2, 7)."""
    labels = elected.lead.labels
    for copy in elected.copies:
        other = copy.labels
        if other != labels:
            labels = Labels(
                publication=stricter(labels.publication, other.publication),
                commercial=max(labels.commercial, other.commercial, key=_COMMERCIAL.index),
                privacy=max(labels.privacy, other.privacy, key=_PRIVACY.index),
                narrowed=tuple(sorted({*labels.narrowed, *other.narrowed})),
                flags=tuple(sorted({*labels.flags, *other.flags})),
            )
    return labels
