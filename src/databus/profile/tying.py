"""What an event says of who its subject is, and which records that concerns."""

from __future__ import annotations

from hashlib import blake2b

from databus.model import keys
from databus.model.event import Event
from databus.profile.dossier import Dossiers, Touch
from databus.profile.groups import LINKS, WAY
from databus.profile.registers import Profile
from databus.profile.ties import Leads, Ties, counts


def tie(event: Event, profile: Profile, dossiers: Dossiers) -> list[Touch]:
    """Take over what an event that is a link, came along one, or is said of a linked subject tells; `profile` is its record's.

    The records it concerns: all of a subject that leads elsewhere now or no longer does, those with copies whose way counts now
    or no longer does, and all again, to be told on, where a key is named for the first time.
    """
    subject, record, way = event.subject_key, event.record_key, " ".join(event.via)
    sheet = dossiers.sheet(subject)
    if sheet.ties is None:
        sheet.ties = Ties()
    ties, before = sheet.ties, sheet.ties.leads()
    dossiers.moved.add(subject)
    ties.code = event.codes.get(keys.USCI) or ties.code
    if way:
        dossiers.groups.put(subject, WAY + _named(way), record, 1)
        ties.ways = sorted({*ties.ways, way})
    if any(register.event.link for register in profile.values()):
        dossiers.groups.put(subject, LINKS, record, 1)
        ties.hear(record, way, profile)
    touched = _turned(subject, ties, before, ties.leads())
    if event.link and event.link[0] == subject and event.link[1] not in ties.targets:
        _, target, code = event.link
        ties.targets[target] = code
        touched.append(Touch(subject, "", target=target))
    return touched


def _turned(subject: str, ties: Ties, before: Leads, now: Leads) -> list[Touch]:
    if before == now:
        return []
    if before.get(subject) != now.get(subject):
        return [Touch(subject, "")]
    turned = [way for way in ties.ways if counts(way, subject, before) != counts(way, subject, now)]
    return [Touch(subject, LINKS), *(Touch(subject, WAY + _named(way)) for way in turned)]


def _named(way: str) -> str:
    return blake2b(way.encode(), digest_size=8).hexdigest()
