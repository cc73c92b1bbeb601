"""The oracle: from what was planned and what lies in the inboxes to every event, step, number, register, finding and row.

It is computed outside the system: what the departments meant is in the plan, and the merge is `retold` in its own words. Of
the system only the formats of its records and the derivation of ids are used.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.chaos.evidence import Evidence
from bench.chaos.linked import Linked, Maps, copied, joined, named
from bench.chaos.registers import require_registers
from bench.chaos.retold import CONTENT, LINK, Retold, Stands, retell
from bench.chaos.rows import require_away, require_rows
from bench.chaos.verdict import DOUBLED, GAPS, LOST, STALE, Verdict
from databus.bus.topics import MARKER
from databus.contract import wire
from databus.contract.codec import Codec
from databus.contract.values import jsonable
from databus.model import keys
from databus.model.change import Change
from databus.model.chunk import Record
from databus.model.event import Event
from databus.model.labels import Standing
from databus.testing.province.planned import Planned

WHOLE = ("DQ-CONS-", "DQ-REF-", "DQ-UNI-")
"""Rules that need more than one event: the profiler asks them."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A submission where it lies, and what was meant by it."""

    planned: Planned
    record: Record


def judge(planned: Sequence[Planned], evidence: Evidence, codec: Codec, maps: Maps) -> Verdict:
    """Everything that is wrong with a run; `maps` are the types that map codes."""
    verdict, linked = Verdict(), Linked()
    sent = _sent(planned, evidence.inboxes, codec, verdict)
    events = _events(sent, evidence.events, codec, maps, verdict)

    def away(event: Event) -> bool:
        linked.hear(event)
        return bool(linked.leads(event.subject_key))

    told = retell(events, away)
    verdict.noted["told under other keys"] = sum(1 for _ in copied(told, linked))
    changes = list(_changes(evidence.changes, codec))
    _require_steps(told, changes, Counter(_ids(evidence.events, codec)), sent, codec, verdict)
    _require_numbers(changes, {event.subject_key for event in events}, verdict)
    require_registers(told, linked, changes, evidence.registers, codec, verdict)
    findings = wire.issued(codec, (record.value for record in evidence.findings))
    _require_findings(sent, {(one.event_id, one.rule, str(one.verdict)) for one in findings}, verdict)
    verdict.each({row["finding_id"] for row in evidence.stored_findings}, {one.finding_id for one in findings}, "row of finding")
    whole = joined(told, linked)
    contents = {at: _content(whole.stands(at), sent, maps) for at in whole.records}
    require_rows(whole, linked, contents, changes, evidence, verdict)
    passed_on = {(at[0], at[1]) for at, _, _ in copied(told, linked)}
    require_away((told.records.keys() | passed_on) - whole.records.keys(), evidence, verdict)
    _require_sum(planned, evidence, verdict)
    return verdict


def _sent(planned: Sequence[Planned], inboxes: Iterable[Record], codec: Codec, verdict: Verdict) -> dict[str, Sent]:
    """Submissions by the id of the event they should become."""
    plans, found, times = {one.submission_id: one for one in planned}, dict[str, Sent](), Counter[str]()
    for record in inboxes:
        if record.value is None:
            verdict.noted["markers"] += any(name == MARKER for name, _ in record.headers)
            continue
        name = codec.decode(record.value)[1]["envelope"]["submission_id"]
        times[name] += 1
        if name in plans:
            found[keys.derived_id("event", record.topic, record.partition, record.offset)] = Sent(plans[name], record)
    verdict.each(set(times), set(plans), "submission in an inbox")
    verdict.noted["sent again"] = sum(times.values()) - len(times)
    return found


def _changes(records: Iterable[Record], codec: Codec) -> Iterator[tuple[Record, Change]]:
    # The ticks among them say how far time has come.
    for record in records:
        if record.value is not None and codec.name(record.value) == "databus.Change":
            yield record, wire.decode_change(codec, record.value)


def _ids(events: Iterable[Record], codec: Codec) -> Iterable[str]:
    return (event.event_id for record in events if (event := _event(record, codec)) is not None and event.submission_id)


def _event(record: Record, codec: Codec) -> Event | None:
    # Other nouns travel in `events` too: what a day or a release asks for is no submission.
    if record.value is None or codec.name(record.value) != "databus.Event":
        return None
    return wire.decode_event(codec, record.value)


def _events(sent: Mapping[str, Sent], records: Iterable[Record], codec: Codec, maps: Maps, verdict: Verdict) -> list[Event]:
    """Each accepted submission once, a map of codes once under every key it names, in the order of the log; repeats must say the
    same under the same id."""
    first: dict[str, tuple[Event, bytes | None]] = {}
    for record in records:
        event = _event(record, codec)
        if event is None:
            continue
        known = first.setdefault(event.event_id, (event, record.value))
        if known[0] is not event:
            verdict.noted["events repeated"] += 1
            verdict.same(record.value, known[1], DOUBLED, f"repeat of event {event.event_id}")
    accepted = {name for name, one in sent.items() if one.planned.outcome == "ACCEPTED"}
    verdict.each({name for name, (event, _) in first.items() if not event.original}, accepted, "event")
    under = defaultdict[str, set[tuple[str, str]]](set)
    for event, _ in first.values():
        under[event.original or event.event_id].add((event.subject_key, event.record_key))
    for name in accepted & set(first):
        one, event = sent[name], first[name][0]
        place = event.submission_id, event.department, str(event.op), event.seq, event.known_at, event.body
        meant = one.planned.submission_id, one.planned.department, one.planned.cut["envelope"]["op"], one.planned.seq
        keys_named = named(one.planned, maps)
        verdict.same(under[name], keys_named or under[name], STALE, f"keys under which event {name} lies")
        # Each of a map's events names one code alone, so none is what was sent.
        body = event.body if keys_named else one.record.value
        # What is told of the past is known since then; nobody knows what has not been.
        known_at = min(one.planned.told, one.record.timestamp)
        verdict.same(place, (*meant, known_at, body), STALE, f"event {name}")
    return [event for event, _ in first.values()]


def _require_steps(
    told: Retold,
    changes: Sequence[tuple[Record, Change]],
    repeats: Mapping[str, int],
    sent: Mapping[str, Sent],
    codec: Codec,
    verdict: Verdict,
) -> None:
    own, consequences = defaultdict[str, list[Change]](list), Counter[str]()
    for _, change in changes:
        if change.submission_id:
            own[change.event_id].append(change)
        else:
            held = {name for name in change.causes if change.change_id == keys.derived_id("change", name, "consequence")}
            consequences.update(held)
            verdict.noted["steps of time or of the whole"] += not held
    verdict.each(set(own), set(told.steps), "step of event")
    for name, expected in told.steps.items():
        made = own.get(name, [])
        if not made:
            continue
        verdict.same(str(made[0].kind), expected.kind, STALE, f"kind of the step of event {name}")
        verdict.require(len(made) <= repeats[name], DOUBLED, f"{len(made)} steps of event {name}, which came {repeats[name]} times")
        verdict.require(len(made) >= repeats[name], LOST, f"{len(made)} steps of event {name}, which came {repeats[name]} times")
        verdict.require(not any(again.kind.changing for again in made[1:]), DOUBLED, f"event {name} moved a profile twice")
        verdict.same(consequences[name], int(expected.consequence), DOUBLED, f"steps held because of event {name}")
        if expected.speaks and name in sent:
            body = made[0].body
            payload = {} if body is None else _stated(codec.decode(body)[1]["payload"])
            verdict.same(payload, _stated(sent[name].planned.cut["payload"]), STALE, f"content after event {name}")


def _require_numbers(changes: Sequence[tuple[Record, Change]], own: set[str], verdict: Verdict) -> None:
    """`pv` dense per subject, and each step of a record begins where the one before it ended.

    Subjects other than our `own` have a history from before: a day may have moved them.
    """
    numbers, ends = defaultdict[str, list[int | None]](list), dict[tuple[str, str], Change]()
    for _, change in changes:
        if not change.kind.changing:
            verdict.same(change.pv, None, GAPS, f"number of step {change.change_id}")
            continue
        numbers[change.subject_key].append(change.pv)
        if not change.kind.of_record:
            continue
        before = ends.get((change.subject_key, change.record_key))
        # What is under another key stands nowhere here.
        was = None if before is None or before.standing is Standing.MOVED else before.standing
        if before is not None or change.subject_key in own:
            verdict.same(change.was, was, STALE, f"where the record stood before step {change.change_id}")
        ends[change.subject_key, change.record_key] = change
    for subject, found in numbers.items():
        first = 1 if subject in own else found[0] or 0
        verdict.same(found, list(range(first, first + len(found))), GAPS, f"numbers of subject {subject}")


def _require_findings(sent: Mapping[str, Sent], findings: set[tuple[str, str, str]], verdict: Verdict) -> None:
    by_event = defaultdict[str, dict[str, str]](dict)
    for event_id, rule, said in findings:
        by_event[event_id][rule] = said
    for name, one in sent.items():
        stops = {rule for rule, said in by_event[name].items() if said in "RH"}
        if one.planned.outcome == "ACCEPTED":
            # What needs the whole profile never keeps an event out.
            unexpected = {rule for rule in stops if not rule.startswith(WHOLE)}
            verdict.require(not unexpected, DOUBLED, f"finding {unexpected} for event {name}, which is right")
            verdict.same("DQ-UNI-03" in stops, one.planned.effect == "EQUIVOCAL", STALE, f"finding of equivocation for event {name}")
        else:
            verdict.require(one.planned.rule in stops, LOST, f"finding {one.planned.rule} for {name}")


def _content(stands: Mapping[tuple[str, str], Stands], sent: Mapping[str, Sent], maps: Maps) -> dict[str, Any] | None:
    """What a record should say in the end; None where it has no content. Of a map's record: its one code."""
    found = [one.event for (_, facet), one in stands.items() if facet == CONTENT or (facet == LINK and not one.event.withdrawn)]
    one = sent.get(found[0].original or found[0].event_id) if found else None
    if one is None:
        return None
    told = one.planned.cut["payload"]
    if one.planned.record_type in maps:
        codes = maps[one.planned.record_type]
        others = {old.field for old, code in codes.told(told) if f"{old.scheme}|{code}" not in found[0].record_key}
        told = {name: value for name, value in told.items() if name not in others and name != codes.status}
    return _stated(told)


def _stated(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {name: jsonable(value) for name, value in payload.items() if value is not None}


def _require_sum(planned: Sequence[Planned], evidence: Evidence, verdict: Verdict) -> None:
    expected = Counter((one.effect or one.outcome).lower() for one in planned)
    for name in sorted({*expected, "rejected", "held", "changing", "history", "duplicate", "equivocal"}):
        found = getattr(evidence.count, name)
        if found != expected[name]:
            verdict.wrong(LOST if found < expected[name] else DOUBLED, f"the sum says {found} {name} instead of {expected[name]}")
    verdict.same(evidence.count.refused, 0, DOUBLED, "refused submissions")
