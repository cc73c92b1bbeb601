"""A submission: one fact as a department sends it (design 5, 6)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from databus.contract.catalogue import Contract, RecordType
from databus.contract.codec import Codec
from databus.contract.entries import Entry
from databus.contract.identifiers import normalise_code
from databus.errors import NotAllowed, TooLarge, Undecodable, Unprocessable
from databus.model.chunk import Headers
from databus.model.keys import USCI, organisation_key, uuid8
from databus.model.labels import Publication, Secrecy, SubjectKind, narrows

LIMIT = 1 << 20
"""Largest submission in bytes (design 6)."""

MOST_FIXES = 32
"""Findings that one submission may name as mended."""

SCHEMES = (("uscc", USCI), ("reg_no", "CN-REG"), ("org_code", "CN-ORG"), ("tax_no", "CN-TAX"))
DEFAULTS: dict[str, Any] = {"op": "UPSERT", "secrecy": "NONE", "commercial_secret": "NONE", "privacy": "NONE", "withdrawn": False}
SUBMISSION_ID = "databus-submission-id"
OPEN = (Secrecy.NONE, Secrecy.WORK_SECRET)
"""Levels of secrecy that may be on this system; whatever else is declared counts as a state secret (domain 3.4)."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What goes into an inbox: the key, the framed value and the headers."""

    submission_id: str
    key: bytes
    value: bytes
    headers: Headers = field(default=())


def inbox_key(subject: Mapping[str, Any], *, secret: bytes) -> bytes:
    """An organisation's subject key, computable by anyone; a person's is an HMAC under the department's own secret."""
    if subject.get("kind") == SubjectKind.PERSON:
        number = f"{subject.get('id_type') or ''}|{normalise_code(str(subject.get('id_number') or ''))}"
        return _hidden(number, secret)
    for name, scheme in SCHEMES:
        if subject.get(name):
            return organisation_key(str(subject[name]), scheme=scheme).encode()
    return _hidden(str(subject.get("name") or ""), secret)


def _hidden(text: str, secret: bytes) -> bytes:
    return uuid8(hmac.digest(secret, text.encode(), "sha256")).encode()


def owned_entry(contract: Contract, record_type: RecordType, department: str) -> Entry:
    """The first catalogue entry under which a department publishes a type.

    Raises:
        NotAllowed: it publishes none of that type.
    """
    for entry in record_type.entries:
        if entry.department == department:
            return entry
    owners = ", ".join(sorted({entry.department for entry in record_type.entries}))
    raise NotAllowed(f"{department} publishes no {record_type.name}; {owners} may", department=department, record_type=record_type.name)


def refuse_secrets(envelope: Mapping[str, Any]) -> None:
    """Let nothing pass that is declared a state secret, or whose level cannot be told.

    Raises:
        Unprocessable: DQ-SEC-01.
    """
    if str(envelope.get("secrecy") or Secrecy.NONE) not in OPEN:
        raise Unprocessable("state secrets may not be sent to this system", rule="DQ-SEC-01", field="envelope.secrecy")


def _refuse_wider(envelope: Mapping[str, Any], entry: Entry) -> None:
    if not narrows(Publication(envelope["publication_class"]), entry.publication):
        raise Unprocessable(f"the class may not be wider than {entry.publication}", rule="DQ-SEC-03", field="envelope.publication_class")


def compose(
    cut: Mapping[str, Mapping[str, Any]],
    *,
    codec: Codec,
    record_type: RecordType,
    entry: Entry,
    system: str,
    submission_id: str,
    seq: int,
    now: int,
    secret: bytes,
    told: int | None = None,
    row: int = 0,
) -> Submission:
    """A submission from {"subject", "envelope", "payload"}; `now` and `told` are milliseconds since 1970.

    Raises:
        Unprocessable: a state secret (DQ-SEC-01) or a class wider than the catalogue's (DQ-SEC-03).
        Undecodable: a value does not fit its field.
        TooLarge: more than 1 MiB.
    """
    facts = {**DEFAULTS, "publication_class": entry.publication.value, **cut["envelope"]}
    fixes = facts.pop("fixes", None)
    try:
        refuse_secrets(facts)
        if facts["publication_class"] != entry.publication:
            _refuse_wider(facts, entry)
        subject = {"kind": "ORGANISATION", "name": "", **cut["subject"]}
        facts["submission_id"] = submission_id
        facts["catalog_code"] = entry.code
        facts["source_system"] = system
        facts["source_seq"] = int(facts.get("source_seq", seq))
        facts["subject"] = subject
        facts["recorded_at"] = now
        key = inbox_key(subject, secret=secret)
        value = codec.encode(record_type.full_name, {"envelope": facts, "payload": cut["payload"]})
    except (ValueError, TypeError) as error:
        raise Undecodable(f"the envelope does not fit its fields: {error}", record_type=record_type.name) from error
    if len(value) > LIMIT:
        raise TooLarge(f"a submission may have {LIMIT} bytes, this one has {len(value)}", size=len(value), limit=LIMIT)
    return Submission(submission_id, key, value, _headers(submission_id, secrecy=facts["secrecy"], row=row, fixes=fixes, told=told))


def _headers(submission_id: str, *, secrecy: str, row: int, fixes: str | None, told: int | None) -> Headers:
    headers = [(SUBMISSION_ID, submission_id.encode()), ("databus-secrecy", secrecy.encode())]
    if row:
        headers.append(("databus-row", b"%d" % row))
    # One header per finding: a row may have had several.
    headers += [("databus-fixes", finding.encode()) for finding in (fixes or "").split()[:MOST_FIXES]]
    if told is not None:
        headers.append(("databus-told-time", b"%d" % told))
    return tuple(headers)
