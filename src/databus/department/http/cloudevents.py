"""CloudEvents 1.0.2 in JSON and over HTTP: structured, batch and binary. Pure: JSON and headers in, events out.

Every refusal names the attribute that is wrong: the fact `attribute` of the error.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

from databus.department.http import strict
from databus.errors import Malformed

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
PREFIX = "ce-"
REQUIRED = ("specversion", "id", "source", "type")
OPTIONAL = ("datacontenttype", "dataschema", "subject", "time")

Value = str | int | bool
"""An attribute: a text, a whole number of 32 bits, or a truth value."""

_LONGEST = 2048
_NAME = re.compile(r"[a-z0-9]{1,64}")
_JSON = re.compile(r"application/([a-z0-9.!#$&^_+-]+\+)?json", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,12})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+", re.ASCII)
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:", re.ASCII)
_LEAST, _MOST = -(2**31), 2**31 - 1


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One event. `time` is in milliseconds since 1970; `data` is what its JSON says, numbers as `strict.Numeral`."""

    id: str
    source: str
    type: str
    data: Any
    time: int | None = None
    subject: str = ""
    dataschema: str = ""
    extensions: Mapping[str, Value] = field(default_factory=dict)


def batch_of(value: Any) -> list[CloudEvent | Malformed]:
    """The events of a batch in their order, each malformed one as its refusal.

    Raises:
        Malformed: no JSON array.
    """
    if not isinstance(value, list):
        raise Malformed("A batch is a JSON array of CloudEvents.", reason="shape")
    return [_tried(one) for one in value]


def _tried(value: Any) -> CloudEvent | Malformed:
    try:
        return event_of(value)
    except Malformed as error:
        return error


def in_binary_mode(headers: Iterable[str]) -> bool:
    """Whether headers, named in lower case, tell of an event in binary mode."""
    return any(name.startswith(PREFIX) for name in headers)


def binary(headers: Iterable[tuple[str, str]], data: Any) -> CloudEvent:
    """The event of a request in binary mode: attributes from `ce-…` headers, the body is its data.

    Raises:
        Malformed: its fact `attribute` names what is missing, given twice or wrong.
    """
    found: dict[str, Any] = {}
    for told, text in headers:
        name = told.lower()
        attribute = "datacontenttype" if name == "content-type" else name.removeprefix(PREFIX)
        if name != "content-type" and not name.startswith(PREFIX):
            continue
        if name == f"{PREFIX}datacontenttype":
            _refuse("datacontenttype", "is the header Content-Type in binary mode")
        if attribute in ("data", "database64"):
            _refuse(attribute, "is the body in binary mode")
        if attribute in found:
            _refuse(attribute, "is given twice")
        found[attribute] = text if attribute == "datacontenttype" else _unescaped(attribute, text)
    return _event(_attributes(found), data)


def event_of(value: Any) -> CloudEvent:
    """The event in a JSON object.

    Raises:
        Malformed: its fact `attribute` names what is missing or wrong.
    """
    if not isinstance(value, dict):
        raise Malformed("A CloudEvent is a JSON object.", reason="shape")
    if "data" in value and "data_base64" in value:
        _refuse("data_base64", "stands beside data; an event has one of them")
    attributes = _attributes({name: one for name, one in value.items() if name not in ("data", "data_base64") and one is not None})
    if value.get("data_base64") is not None:
        return _event(attributes, _json("data_base64", _decoded(value["data_base64"])))
    if value.get("data") is None:
        _refuse("data", "is missing: what happened stands in it")
    return _event(attributes, value["data"])


def _event(attributes: Mapping[str, Value], data: Any) -> CloudEvent:
    kind = str(attributes.get("datacontenttype", "application/json"))
    if not _JSON.fullmatch(kind.partition(";")[0].strip().lower()):
        _refuse("datacontenttype", "must be application/json: contracts are read as JSON here, as Avro on the bus")
    return CloudEvent(
        id=str(attributes["id"]),
        source=str(attributes["source"]),
        type=str(attributes["type"]),
        data=data,
        time=_milliseconds(str(attributes["time"])) if "time" in attributes else None,
        subject=str(attributes.get("subject", "")),
        dataschema=str(attributes.get("dataschema", "")),
        extensions={name: one for name, one in attributes.items() if name not in (*REQUIRED, *OPTIONAL)},
    )


def _attributes(raw: Mapping[str, Any]) -> dict[str, Value]:
    for name in raw:
        if not _NAME.fullmatch(name):
            _refuse(name[:64], "is no name of an attribute: a to z and 0 to 9 only")
    for name in REQUIRED:
        if name not in raw:
            _refuse(name, "is missing")
    found = {name: _value(name, one) for name, one in raw.items()}
    for name in (*REQUIRED, *OPTIONAL):
        if name in found and (not isinstance(found[name], str) or not found[name]):
            _refuse(name, "must be a text that is not empty")
    if found["specversion"] != "1.0":
        _refuse("specversion", "must be 1.0")
    _require_reference("source", str(found["source"]))
    if "dataschema" in found:
        _require_reference("dataschema", str(found["dataschema"]), absolute=True)
    return found


def _value(name: str, raw: Any) -> Value:
    if isinstance(raw, strict.Numeral):
        if not re.fullmatch(r"-?\d{1,10}", raw, re.ASCII) or not _LEAST <= int(raw) <= _MOST:
            _refuse(name, "may be a whole number of 32 bits, or a text")
        return int(raw)
    if isinstance(raw, bool):
        return raw
    if not isinstance(raw, str):
        _refuse(name, "must be a text, a whole number, true or false")
    if len(raw) > _LONGEST:
        _refuse(name, f"may have {_LONGEST} characters")
    if any(_forbidden(ord(character)) for character in raw):
        _refuse(name, "holds a character that no attribute may hold")
    return raw


def _forbidden(code: int) -> bool:
    """Control characters, surrogates and non-characters (CloudEvents 1.0.2, type system: String)."""
    return code <= 0x1F or 0x7F <= code <= 0x9F or 0xD800 <= code <= 0xDFFF or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


def _require_reference(name: str, text: str, *, absolute: bool = False) -> None:
    what = "a URI" if absolute else "a URI or a part of one"
    try:
        urlsplit(text)
    except ValueError:
        _refuse(name, f"must be {what}")
    if not _URI.fullmatch(text) or _ESCAPE.search(text) or (absolute and not _SCHEME.match(text)):
        _refuse(name, f"must be {what}")


def _milliseconds(text: str) -> int:
    if not _TIME.fullmatch(text):
        _refuse("time", "must be an instant such as 2026-09-03T08:30:00+08:00 (RFC 3339)")
    try:
        # Python reads microseconds at most.
        plain = re.sub(r"\.(\d{1,6})\d*", r".\1", text.upper().replace("Z", "+00:00"))
        return int(datetime.fromisoformat(plain).timestamp() * 1000)
    except (ValueError, OverflowError):
        _refuse("time", "is no instant of the calendar")


def _unescaped(name: str, text: str) -> str:
    """The value of a header: percent-encoded UTF-8 (HTTP binding 1.0.2, 3.1.3.2)."""
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    if not text.isascii():
        _refuse(name, "must be percent-encoded where it is not ASCII")
    if _ESCAPE.search(text):
        _refuse(name, "holds a % that begins no escape")
    try:
        return re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), text.encode()).decode("utf-8")
    except UnicodeDecodeError:
        _refuse(name, "is not UTF-8 once it is decoded")


def _decoded(raw: Any) -> bytes:
    if not isinstance(raw, str) or isinstance(raw, strict.Numeral):
        _refuse("data_base64", "must be a text in base64")
    try:
        return base64.b64decode(raw.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        _refuse("data_base64", "is not base64")


def _json(name: str, body: bytes) -> Any:
    try:
        return strict.parse(body)
    except Malformed as error:
        raise Malformed(f"{name}: {error.detail}", **{**error.facts, "attribute": name}) from error


def _refuse(attribute: str, why: str) -> NoReturn:
    shown = attribute.encode("utf-8", "replace").decode()
    raise Malformed(f"The attribute {shown} {why}.", attribute=shown)
