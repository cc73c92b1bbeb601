"""The whole profile behind one record: what an event changes in its subject's sheet, and what is told of that.

`take` moves the sheet before the record is judged, `attributed` tells what its attributes are now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from databus.contract.attributes import OTHER
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model import keys
from databus.model.change import AttributeState, Change, Kind
from databus.model.chunk import Output, State
from databus.model.event import Event
from databus.profile.answering import Answers, Cause
from databus.profile.attributes import stated
from databus.profile.charter import Charter
from databus.profile.checks import Weighed, weigh
from databus.profile.claims import Claim, claim_of, level_of, values_of
from databus.profile.dossier import Dossiers, Touch
from databus.profile.election import Elected
from databus.profile.overlay import Overlay
from databus.profile.registers import CONTENT, DELETE, Profile, deletes, source
from databus.profile.standing import Read, Submission

ATTRIBUTES = "attributes"


@dataclass(slots=True)
class Whole:
    """The subjects of a chunk."""

    charter: Charter
    dossiers: Dossiers
    answers: Answers
    read: Read
    claimed: tuple[Elected, Claim | None] | None = None

    def weigh(self, elected: Elected, submission: Submission | None, day: int) -> Weighed:
        """All checks of a record on a day."""
        return weigh(elected, self._claim(elected), submission, day, self.charter, self.dossiers)

    def take(self, event: Event, before: Elected | None, after: Elected, profile: Profile) -> list[Touch]:
        """Move the subject's sheet by an event; which other records that concerns."""
        uscc = event.codes.get(keys.USCI, "")
        touched = self._heard(event, profile, uscc) if self._authoritative(event) else []
        # By identity: a register that did not move is the same object, and a higher seq of equal content matters to authorities.
        if before is None or before.content is not after.content or (before.ends, before.torn) != (after.ends, after.torn):
            old = None if before is None else self._claim(before)
            touched += self.dossiers.move((event.subject_key, event.record_key), old, self._claim(after), uscc)
        return touched

    def attributed(self, event: Event, overlay: Overlay, step: Change) -> Iterator[tuple[Change | None, list[Output]]]:
        """The step that tells the attributes an event changed, and the findings on them."""
        subject, dossiers = event.subject_key, self.dossiers
        if subject not in dossiers.electing:
            return
        told, now = dossiers.elected(subject, event.codes.get(keys.USCI, ""))
        names = sorted(name for name in told if told[name] != now.get(name))
        states = tuple(stated(name, now.get(name), self.charter) for name in names)
        findings = list(self.answers.of_subject(subject, told, now, overlay, dossiers, Cause(event.event_id, event.known_at)))
        if findings:
            dossiers.moved.add(subject)
        yield (_attributed(step, states, overlay.next_pv(subject)) if states else None), findings

    def _heard(self, event: Event, profile: Profile, uscc: str) -> list[Touch]:
        if event.facet == DELETE:
            return self.dossiers.forget(event, uscc)
        own = deletes(profile.values()).get(source(event))
        if event.facet != CONTENT or not event.body or (own is not None and own.seq >= event.seq):
            return []
        return self.dossiers.hear(event, values_of(event, self.read(event)["payload"], self.charter), uscc)

    def _authoritative(self, event: Event) -> bool:
        if (event.record_type, event.department) not in self.charter.authorities:
            return False
        asserted = self.charter.asserted.get(event.record_type, ())
        return any(level_of(event, self.charter.attributes[name]) != OTHER for name, _ in asserted)

    def _claim(self, elected: Elected) -> Claim | None:
        # Asked for by the sheet and by the checks, one right after the other.
        if self.claimed is None or self.claimed[0] is not elected:
            submission = None if elected.content is None else self.read(elected.content)
            self.claimed = elected, claim_of(elected, submission, self.charter)
        return self.claimed[1]


def whole(contract: Contract, charter: Charter, codec: Codec, state: State, read: Read) -> Whole:
    """The subjects of a partition, for one chunk."""
    return Whole(charter, Dossiers(codec, state, charter), Answers(contract, charter, codec), read)


def _attributed(step: Change, states: Sequence[AttributeState], pv: int) -> Change:
    """The step about a subject's attributes; it belongs to no submission, and shows no record."""
    return replace(
        step,
        change_id=keys.derived_id("change", step.event_id, ATTRIBUTES),
        kind=Kind.ATTRIBUTED,
        pv=pv,
        submission_id="",
        causes=(step.event_id,),
        facet=ATTRIBUTES,
        fields=tuple(state.name for state in states),
        attributes=tuple(states),
        wake=None,
        body=None,
        own=False,
        said=None,
        duplicate_of="",
    )
