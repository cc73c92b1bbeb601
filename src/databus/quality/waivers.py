"""A steward lets a held submission pass: a signed word on these very bytes, carried in a header when they are published again.

A compact JWS (ES256). It names the department, the hash of key and value, what is waived as rule and field, the findings this
ends, who says so and until when. Only what holds (H) can be waived; what rejects is not the steward's to forgive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from joserfc.jwk import ECKey

from databus.access import signing
from databus.errors import Conflict, Malformed
from databus.model.finding import OPEN, Tracked, Verdict
from databus.quality.answers import LONGEST, SHORTEST
from databus.quality.masking import without_persons

TYPE = "databus-waiver"
LIFE = timedelta(days=7)
NO_SUBJECT = ("DQ-COM-02", "envelope.subject")
"""A fact about nobody cannot be let pass: there is no profile it would go into."""
_LEEWAY_MS = 60_000


@dataclass(frozen=True, slots=True)
class Waiver:
    """`sha256` is of key and value of the submission; `waived` are rules and fields; times are in milliseconds."""

    department: str
    sha256: str
    waived: tuple[tuple[str, str], ...]
    findings: tuple[str, ...]
    by: str
    reason: str
    signed_at: int
    until: int


def digest(key: bytes | None, value: bytes) -> str:
    """SHA-256 of a submission's key and value, each led by its length."""
    parts = (key or b"", value)
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()


def waive(found: Sequence[Tracked], *, key: bytes | None, value: bytes, by: str, reason: str, now: int) -> Waiver:
    """The waiver of all that holds one submission, `found` being everything that was found in it.

    Raises:
        Malformed: no reason of 4 to 500 characters is given.
        Conflict: something rejects the submission, nothing holds it, it tells of nobody, or it was let pass before.
    """
    told = " ".join(reason.split())
    if not SHORTEST <= len(told) <= LONGEST:
        raise Malformed(f"Say in {SHORTEST} to {LONGEST} characters why this may pass.", parameter="reason")
    rejecting = sorted({one.finding.rule for one in found if one.finding.verdict is Verdict.REJECT})
    holding = [one for one in found if one.finding.verdict is Verdict.HOLD]
    if rejecting:
        raise Conflict(f"{', '.join(rejecting)} rejects this submission; only what is held can be let pass.", rules=rejecting)
    if any((one.finding.rule, one.finding.field) == NO_SUBJECT for one in holding):
        raise Conflict("No code tells whom this submission is about; it must be published anew with one.", rules=[NO_SUBJECT[0]])
    if not any(one.status in OPEN for one in holding):
        raise Conflict("Nothing holds this submission any more.")
    return Waiver(
        department=holding[0].finding.department,
        sha256=digest(key, value),
        waived=tuple((one.finding.rule, one.finding.field) for one in holding),
        findings=tuple(one.finding.finding_id for one in holding),
        by=by,
        reason=without_persons(told),
        signed_at=now,
        until=now + int(LIFE.total_seconds() * 1000),
    )


def sign(waiver: Waiver, key: ECKey) -> str:
    """The waiver as it travels."""
    return signing.sign(asdict(waiver), key, kind=TYPE)


def read(token: bytes, key: ECKey) -> Waiver:
    """The waiver in a header.

    Raises:
        Malformed: it is none, or not signed by this key.
    """
    told = signing.signed(token, key, kind=TYPE)
    try:
        pairs = tuple((str(rule), str(field)) for rule, field in told.pop("waived"))
        return Waiver(**{**told, "waived": pairs, "findings": tuple(told["findings"])})
    except (ValueError, TypeError, KeyError) as error:
        raise Malformed("this is no waiver that was signed here") from error


def refusal(waiver: Waiver, *, department: str, key: bytes | None, value: bytes, at: int) -> str:
    """Why a waiver is not one for this submission, taken at an instant by the broker; empty if it is."""
    if waiver.department != department or waiver.sha256 != digest(key, value):
        return "a waiver of this very submission"
    if not waiver.signed_at - _LEEWAY_MS <= at <= waiver.until:
        return "a waiver that has not run out"
    return ""
