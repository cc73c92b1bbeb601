"""What policy lets a reader see of a sealed original, asked as the API asks, and recorded before it is shown."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from databus.contract.catalogue import Contract
from databus.model.disclosure import Caller, DecisionRecord, Disclosed, Plan, Question, Role
from databus.model.labels import Commercial, LabelClass, Privacy, Publication, Standing, SubjectKind
from databus.policy.redaction import fit, redact
from databus.ports import Clock, Decider, Trail
from databus.quality.originals import Sent

ACTION, OWNER, NONE, PURPOSE = "quarantine.read", "owner", "none", "P01"
_LIFE = timedelta(minutes=1)


@dataclass(frozen=True)
class Seeing:
    """Asks policy and records; see `quality.pages.quarantine.See`."""

    contract: Contract
    decider: Decider
    trail: Trail
    clock: Clock

    async def __call__(self, caller: Caller, department: str, sent: Sent, request: str) -> Disclosed:
        """What may be seen; a refused original stands as a held record does.

        Raises:
            PolicyUnavailable: OPA does not answer. AuditUnavailable: it could not be recorded, and nothing is shown.
        """
        label, now = _label(sent, department), self.clock()
        own = caller.role is Role.DEPARTMENT and caller.organisation == department
        question = Question(caller, PURPOSE if own else "", OWNER if own else NONE, None, now.date(), (label,))
        revision, verdicts = await self.decider.decide(question)
        fields = self.contract.types[sent.record_type].fields
        plans = {class_id: fit(verdict, fields) for class_id, verdict in verdicts.items()}
        seen = redact(Plan("", revision, question, plans, now + _LIFE), label.class_id, sent.payload)
        outcome = "DENY" if not seen.fields else "PARTIAL" if seen.withheld else "ALLOW"
        made = DecisionRecord(
            decision_id=str(uuid.uuid4()), at=int(now.timestamp() * 1000), request_id=request, caller=caller.name, role=caller.role.value,
            organisation=caller.organisation, purpose=question.purpose, relation=question.relation, permit_id="", action=ACTION,
            subject_key="", outcome=outcome, reasons=tuple(sorted(set(seen.reasons))), records=(),
            disclosed={sent.record_type: tuple(seen.fields)} if seen.fields else {},
            withheld={sent.record_type: dict(seen.withheld)} if seen.withheld else {}, plan_id="", revision=revision,
        )  # fmt: skip
        await self.trail.record([made])
        return seen


def _label(sent: Sent, department: str) -> LabelClass:
    """Its class as it declares it; whatever it declares unclearly counts as the strictest."""
    told = sent.envelope
    return LabelClass(
        sent.record_type,
        SubjectKind(told["subject"]["kind"]) if told["subject"]["kind"] in SubjectKind.__members__ else SubjectKind.PERSON,
        Publication(told["publication_class"]) if told["publication_class"] in Publication.__members__ else Publication.INTERNAL,
        Commercial(told["commercial_secret"]) if told["commercial_secret"] in Commercial.__members__ else Commercial.CONFIRMED,
        Privacy(told["privacy"]) if told["privacy"] in Privacy.__members__ else Privacy.SENSITIVE,
        Standing.HELD,
        department,
    )
