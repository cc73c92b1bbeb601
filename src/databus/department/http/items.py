"""What a request asks to publish, item by item: from JSON batches and CloudEvents to one shape, read no further than that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from databus.contract.catalogue import NAMESPACE
from databus.department.http import members
from databus.department.http.cloudevents import CloudEvent
from databus.department.http.members import TEXT_LENGTH, uuid_of
from databus.department.http.refusals import ATTRIBUTE, VALUE, Refusal, near
from databus.errors import Malformed, TooLarge
from databus.model.chunk import Headers

MOST = 1000
"""Items of one request."""

ITEM, BATCH = ("record_type", "envelope", "payload"), ("record_type", "envelope", "events")
_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to publish. `number` counts from 1; `payload` and `facts` are texts by the contract's own names (fields; `subject.…`,
    `envelope.…`); `recorded_at` is in milliseconds; `refusals` are what is wrong with its form already."""

    number: int
    record_type: str = ""
    catalog_code: str = ""
    system: str = ""
    submission_id: str = ""
    recorded_at: int | None = None
    payload: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    trace: Headers = ()
    refusals: tuple[Refusal, ...] = ()


def of_batch(value: Any) -> list[Item]:
    """The items of {"record_type", "envelope", "events": [{"record_type", "envelope", "payload"}]}.

    A record type and members of an envelope that stand beside `events` hold for every item that has none of its own.

    Raises:
        Malformed: it has another shape. TooLarge: more than `MOST` items.
    """
    if not isinstance(value, dict) or not isinstance(value.get("events"), list):
        raise Malformed('A batch is {"record_type": …, "envelope": …, "events": [{"payload": …}]}.', reason="shape")
    if unknown := sorted(value.keys() - set(BATCH)):
        raise Malformed(f"A batch has no member {unknown[0][:64]}{near(unknown[0], BATCH)}", member=unknown[0][:64])
    shared = value.get("envelope") or {}
    if not isinstance(shared, dict):
        raise Malformed("The envelope of a batch is an object.", member="envelope")
    require_count(len(value["events"]))
    return [_item(number, one, value.get("record_type"), shared) for number, one in enumerate(value["events"], start=1)]


def require_count(count: int) -> None:
    """Raises: Malformed for no item, TooLarge for more than `MOST`."""
    if not count:
        raise Malformed("There is nothing to publish: send at least one event.", reason="empty")
    if count > MOST:
        raise TooLarge(f"A request may have {MOST} events, this one has {count}.", limit=MOST)


def of_events(events: Iterable[CloudEvent | Malformed], *, types: Iterable[str]) -> Iterator[Item]:
    """An item per CloudEvent; a malformed one is refused with the attribute that is wrong. `types` are the record types."""
    known = tuple(types)
    for number, event in enumerate(events, start=1):
        if isinstance(event, Malformed):
            yield Item(number, refusals=(_malformed(event),))
            continue
        try:
            record_type = type_of(event, known)
        except Malformed as error:
            yield Item(number, refusals=(_malformed(error),))
            continue
        yield _of_event(number, event, record_type)


def type_of(event: CloudEvent, types: Iterable[str]) -> str:
    """The record type a CloudEvent is of: its `type` is the full name of the contract, and so is its `dataschema`.

    Raises:
        Malformed: names the attribute.
    """
    names = [f"{NAMESPACE}.{name}" for name in types]
    if event.type not in names:
        raise Malformed(
            f"The attribute type must be the full name of a contract, such as {names[0]}{near(event.type, names)}", attribute="type"
        )
    if event.dataschema and not re.search(
        rf"/registry/subjects/{re.escape(event.type)}/versions/([0-9]+|latest)(/schema)?$", event.dataschema
    ):
        raise Malformed(f"The attribute dataschema must be …/registry/subjects/{event.type}/versions/latest.", attribute="dataschema")
    if not isinstance(event.data, dict) or not isinstance(event.data.get("payload"), dict):
        raise Malformed('The attribute data must be {"envelope": …, "payload": …}.', attribute="data")
    if len(event.source) > TEXT_LENGTH:
        raise Malformed(f"The attribute source may have {TEXT_LENGTH} characters here: it names your system.", attribute="source")
    return event.type.removeprefix(f"{NAMESPACE}.")


def _of_event(number: int, event: CloudEvent, record_type: str) -> Item:
    told = {name: one for name, one in event.data.items() if name != "record_type"}
    extensions = {"source_seq": event.extensions.get("sequence"), "secrecy": event.extensions.get("secrecy")}
    shared = {name: str(one) for name, one in extensions.items() if one is not None}
    item = _item(number, told, record_type, shared)
    trace = str(event.extensions.get("traceparent", ""))
    return replace(
        item,
        system=item.system or event.source,
        submission_id=item.submission_id or uuid_of(event.id),
        recorded_at=event.time if item.recorded_at is None else item.recorded_at,
        trace=trace_of(trace),
        named=("cloudevent", event.source, event.id),
    )


def trace_of(text: str) -> Headers:
    """A W3C trace context as a header that follows the fact; nothing where it is none."""
    return (("traceparent", text.encode()),) if _TRACE.fullmatch(text) else ()


def _malformed(error: Malformed) -> Refusal:
    attribute = str(error.facts.get("attribute", ""))
    return Refusal(ATTRIBUTE, expected=error.detail, attribute=attribute)


def _item(number: int, raw: Any, record_type: Any, shared: Mapping[str, Any]) -> Item:
    if not isinstance(raw, dict):
        return Item(number, refusals=(Refusal(VALUE, expected="an object with envelope and payload"),))
    refused: list[Refusal] = []
    members.refuse_unknown(raw, ITEM, "", refused)
    kind = raw.get("record_type", record_type)
    if not members.is_text(kind):
        refused.append(Refusal(VALUE, "record_type", expected="the name of a record type"))
        kind = ""
    payload = members.object_of(raw, "payload", refused) or {}
    own = members.object_of(raw, "envelope", refused) or {}
    envelope = {**shared, **own} if shared else own
    fields, facts = members.cells(payload, refused), members.envelope_cells(envelope, refused)
    told = members.identity_of(envelope, refused)
    return Item(
        number,
        record_type=kind,
        catalog_code=told.catalog_code,
        system=told.system,
        submission_id=told.submission_id,
        recorded_at=told.recorded_at,
        payload=fields,
        facts=facts,
        refusals=tuple(refused),
    )
