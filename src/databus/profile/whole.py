"""The whole profile behind one record: what an event changes in its subject's sheet, and what is told of that.

`take` moves the sheet before the record is judged, `attributed` tells what its attributes are now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from databus.contract.attributes import OTHER
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model import keys
from databus.model.change import AttributeState, Change, Kind
from databus.model.chunk import Output, State
from databus.model.event import Event
from databus.model.nouns import replace
from databus.profile.answering import Answers, Cause
from databus.profile.attributes import stated
from databus.profile.charter import Charter
from databus.profile.checks import Weighed, weigh
from databus.profile.claims import Claim, claim_of, level_of, values_of
from databus.profile.dossier import Dossiers, Touch
from databus.profile.election import Elected
from databus.profile.groups import At, Groups
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
        uscc = event.codes.get(keys.USCI) or (ties.code if (ties := self.dossiers.ties(event.subject_key)) else "")
        # A copy says what stands, not what its source ever told: an authority's former words are known where it said them.
        touched = self._heard(event, profile, uscc) if not event.via and self._authoritative(event) else []
        if before is None or before.claims(after):
            touched += self.shift((event.subject_key, event.record_key), before, after, uscc)
        return touched

    def shift(self, at: At, before: Elected | None, after: Elected, uscc: str) -> list[Touch]:
        """Move the subject's sheet from one elected content of a record to another."""
        return self.dossiers.move(at, None if before is None else self._claim(before), self._claim(after), uscc)

    def attributed(
        self, name: str, uscc: str, cause: Cause, overlay: Overlay, step: Change
    ) -> Iterator[tuple[Change | None, list[Output]]]:
        """The step that tells the attributes of its subject that changed, and the findings on them; its id is made of `name`."""
        subject, dossiers = step.subject_key, self.dossiers
        if subject not in dossiers.electing:
            return
        told, now = dossiers.elected(subject, uscc)
        names = sorted(name for name in told if told[name] != now.get(name))
        states = tuple(stated(name, now.get(name), self.charter) for name in names)
        findings = list(self.answers.of_subject(subject, told, now, overlay, dossiers, cause))
        if findings:
            dossiers.moved.add(subject)
        yield (_attributed(step, states, overlay.next_pv(subject), name, cause) if states else None), findings

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
    return Whole(charter, Dossiers(codec, state, charter, Groups(codec, state)), Answers(contract, charter, codec), read)


def _attributed(step: Change, states: Sequence[AttributeState], pv: int, name: str, cause: Cause) -> Change:
    """The step about a subject's attributes; it belongs to no submission, and shows no record."""
    return replace(
        step,
        change_id=keys.derived_id("change", name, ATTRIBUTES),
        kind=Kind.ATTRIBUTED,
        pv=pv,
        submission_id="",
        causes=(cause.id,),
        original="",
        known_at=cause.at,
        facet=ATTRIBUTES,
        fields=tuple(state.name for state in states),
        attributes=tuple(states),
        wake=None,
        body=None,
        own=False,
        said=None,
        duplicate_of="",
    )
