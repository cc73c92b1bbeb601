"""What a steward may let pass, and every waiver that lets nothing pass."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws

from databus.access.signing import signing_key
from databus.contract import wire
from databus.errors import Conflict, Malformed
from databus.model.finding import Answer, FindingStatus, Tracked
from databus.model.keys import organisation_key
from databus.quality import checker, waivers
from databus.quality.waivers import Waiver
from quality.inbox import PLATFORM_KEY, QUARANTINE_KEY, RECEIVED, Inbox, Seen

PENALTY = "ADMIN_PENALTY"
HELD = {"violation_facts": "当事人（220000190001010018）"}
KEY = organisation_key("91220102YYYY000207").encode()
DAY = 86_400_000


def pem(curve: Any = None) -> bytes:
    made = ec.generate_private_key(curve or ec.SECP256R1())
    return made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


STEWARD, STRANGER = signing_key(pem(), purpose="waivers"), signing_key(pem(), purpose="waivers")


@pytest.fixture(scope="module")
def gate(inbox: Inbox) -> Inbox:
    """An inbox whose checker knows the steward's key."""
    made = Inbox(inbox.contract, inbox.codec)
    made.run = checker.processor(
        inbox.contract, inbox.codec, platform_key=PLATFORM_KEY, quarantine_key=QUARANTINE_KEY, told_time=False, waiver_key=STEWARD
    )
    return made


def waiver(gate: Inbox, changes: dict[str, Any] | None = None, **more: Any) -> Waiver:
    held = gate.send(PENALTY, changes or HELD)
    tracked = [Tracked(one, None, None) for one in held.findings]
    made = waivers.waive(
        tracked, key=KEY, value=gate.encoded(PENALTY, changes or HELD), by="steward", reason="号码为虚构示例", now=RECEIVED
    )
    return replace(made, **more)


def again(gate: Inbox, token: str, changes: dict[str, Any] | None = None, **how: Any) -> Seen:
    return gate.send(PENALTY, changes or HELD, headers=(("databus-waiver", token.encode()),), offset=8, **how)


def test_a_waived_submission_passes_and_its_findings_are_answered_by_the_steward(gate: Inbox) -> None:
    held = gate.send(PENALTY, HELD)
    assert not held.events and held.rules == {"DQ-SEC-02"}
    passed = again(gate, waivers.sign(waiver(gate), STEWARD))
    assert passed.event and not passed.findings
    told = [wire.decode_told(gate.codec, output.value or b"") for output in passed.outcome.outputs if output.topic == "findings"]
    (answer,) = [one for one in told if isinstance(one, Answer)]
    assert (answer.finding_id, answer.status, answer.by) == (held.findings[0].finding_id, FindingStatus.FIXED, "steward")
    assert (answer.reason, answer.event_id) == ("号码为虚构示例", passed.event.event_id)


@pytest.mark.parametrize(
    "token",
    [
        lambda gate: waivers.sign(waiver(gate), STRANGER),
        lambda gate: waivers.sign(waiver(gate), STEWARD)[:-4] + "AAAA",
        lambda gate: waivers.sign(waiver(gate, department="ecology"), STEWARD),
        lambda gate: waivers.sign(waiver(gate, sha256="0" * 64), STEWARD),
        lambda gate: waivers.sign(waiver(gate, until=RECEIVED - 1), STEWARD),
        lambda gate: waivers.sign(waiver(gate, signed_at=RECEIVED + DAY), STEWARD),
        lambda gate: jws.serialize_compact({"alg": "ES256", "typ": "databus-receipt"}, json.dumps(asdict(waiver(gate))), STEWARD),
        lambda gate: jws.serialize_compact({"alg": "ES256", "typ": "databus-waiver"}, "[]", STEWARD),
        lambda gate: "",
        lambda gate: "x" * 20_000,
    ],
    ids=["forged", "tampered", "another department", "another submission", "run out", "not yet", "a receipt", "no waiver", "empty", "long"],
)
def test_no_other_waiver_lets_anything_pass(gate: Inbox, token: Any) -> None:
    seen = again(gate, token(gate))
    assert not seen.events and seen.rules == {"DQ-SEC-02", "DQ-FMT-03"}
    assert seen.finding("DQ-FMT-03").field == "databus-waiver"


def test_a_waiver_is_good_for_its_very_bytes_key_and_inbox(gate: Inbox) -> None:
    token = waivers.sign(waiver(gate), STEWARD)
    other = {**HELD, "envelope.source_seq": 99}
    assert again(gate, token, other).rules == {"DQ-SEC-02", "DQ-FMT-03"}
    assert "DQ-FMT-03" in again(gate, token, key=organisation_key("91220000YYYY00012A").encode()).rules
    assert "DQ-FMT-03" in again(gate, token, department="ecology").rules
    assert "DQ-FMT-03" in gate.send(PENALTY, headers=(("databus-waiver", token.encode()),)).rules, (
        "a good submission brings no waiver of another"
    )


def test_what_the_waiver_does_not_name_still_holds_and_what_rejects_rejects(gate: Inbox) -> None:
    narrow = waivers.sign(waiver(gate, waived=(("DQ-ACC-09", "fine_yuan"),)), STEWARD)
    assert again(gate, narrow).rules == {"DQ-SEC-02"}
    rejected = {**HELD, "doc_no": None}
    both = waiver(
        gate,
        sha256=waivers.digest(KEY, gate.encoded(PENALTY, rejected)),
        waived=(("DQ-SEC-02", "violation_facts"), ("DQ-COM-01", "doc_no")),
    )
    assert again(gate, waivers.sign(both, STEWARD), rejected).rules == {"DQ-COM-01"}


def test_without_the_key_no_waiver_is_believed(gate: Inbox, inbox: Inbox) -> None:
    assert again(inbox, waivers.sign(waiver(gate), STEWARD)).rules == {"DQ-SEC-02", "DQ-FMT-03"}


def test_a_waived_late_submission_keeps_its_warnings(gate: Inbox) -> None:
    token = waivers.sign(waiver(gate, until=RECEIVED + 90 * DAY), STEWARD)
    assert again(gate, token, timestamp=RECEIVED + 60 * DAY).rules == {"DQ-TIM-01"}


@pytest.mark.parametrize(
    "changes",
    [
        {**HELD, "doc_no": None},
        {"remark": "x", "reg_no": "110108000000015"},
        {"uscc": None, "envelope.subject.uscc": None},
        {"envelope.subject.uscc": None},
    ],
    ids=["rejected as well", "only warned", "about nobody", "about nobody, by the envelope"],
)
def test_not_everything_can_be_waived(gate: Inbox, changes: dict[str, Any]) -> None:
    found = [Tracked(one, None, None) for one in gate.send(PENALTY, changes).findings]
    if {one.finding.field for one in found} == {"uscc"}:
        token = waivers.waive(found, key=b"", value=gate.encoded(PENALTY, changes), by="s", reason="确无代码", now=RECEIVED)
        assert again(gate, waivers.sign(token, STEWARD), changes, key=None).rules == {"DQ-COM-02"}
        return
    with pytest.raises(Conflict):
        waivers.waive(found, key=KEY, value=b"", by="s", reason="确无代码", now=RECEIVED)


def test_a_waiver_has_a_reason_and_is_given_once(gate: Inbox) -> None:
    (one,) = gate.send(PENALTY, HELD).findings
    with pytest.raises(Malformed):
        waivers.waive([Tracked(one, None, None)], key=KEY, value=b"", by="s", reason=" 好 ", now=RECEIVED)
    fixed = Answer(one.finding_id, one.department, FindingStatus.FIXED, by="s", at=1)
    with pytest.raises(Conflict):
        waivers.waive([Tracked(one, None, fixed)], key=KEY, value=b"", by="s", reason="号码为虚构", now=RECEIVED)
