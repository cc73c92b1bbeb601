"""Members of an envelope and a payload as texts by the contract's own names, and what about them is wrong already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from databus.department.cells import ENVELOPE, SUBJECT
from databus.department.files.row import has_structure, structured
from databus.department.http import strict
from databus.department.http.refusals import VALUE, Refusal, near

OWN = ("submission_id", "catalog_code", "source_system", "recorded_at", "subject")
"""Members of an envelope that are no cells."""
KNOWN = (*ENVELOPE, *OWN)
_KNOWN, _SUBJECT = frozenset(KNOWN), frozenset(SUBJECT)
TEXT_LENGTH = 64
"""Longest id, code or name of a system."""

_PLACES = {name: f"envelope.{name}" for name in ENVELOPE}
_PARTS = {name: f"subject.{name}" for name in SUBJECT}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_LAST_MS = 253_402_300_799_000
_TOLD = 5
"""So many unknown names of one object are told; looking for what was meant takes time."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What an envelope says of the submission itself; `recorded_at` is in milliseconds."""

    submission_id: str = ""
    catalog_code: str = ""
    system: str = ""
    recorded_at: int | None = None


def is_text(value: Any) -> bool:
    """True for a text; a number is none."""
    return type(value) is str


def object_of(raw: Mapping[str, Any], name: str, refused: list[Refusal]) -> Mapping[str, Any] | None:
    """A member that is an object or absent."""
    told = raw.get(name)
    if told is not None and not isinstance(told, dict):
        refused.append(Refusal(VALUE, name, expected="an object"))
        return None
    return told


def refuse_unknown(names: Iterable[str], known: tuple[str, ...], part: str, refused: list[Refusal]) -> None:
    """Nothing that is sent is left out unsaid."""
    for name in islice(sorted(set(names).difference(known)), _TOLD):
        refused.append(Refusal(VALUE, f"{part}{name[:64]}", expected=" | ".join(known), suggestion=near(name, known, bare=True)))


def identity_of(envelope: Mapping[str, Any], refused: list[Refusal]) -> Identity:
    """Ids, entry, system and time of writing."""
    written, entry, system = (_short(envelope.get(name), name, refused) for name in ("submission_id", "catalog_code", "source_system"))
    identity = uuid_of(written)
    if written and not identity:
        refused.append(Refusal(VALUE, "envelope.submission_id", written, "a UUID"))
    recorded, at = envelope.get("recorded_at"), None
    if isinstance(recorded, strict.Numeral) and recorded.isdigit() and int(recorded) <= _LAST_MS:
        at = int(recorded)
    elif recorded is not None:
        refused.append(Refusal(VALUE, "envelope.recorded_at", expected="milliseconds since 1970"))
    return Identity(identity, entry, system, at)


def _short(value: Any, name: str, refused: list[Refusal]) -> str:
    if value is None:
        return ""
    if is_text(value) and len(value) <= TEXT_LENGTH:
        return str(value)
    refused.append(Refusal(VALUE, f"envelope.{name}", expected=f"a text of at most {TEXT_LENGTH} characters"))
    return ""


def envelope_cells(envelope: Mapping[str, Any], refused: list[Refusal]) -> dict[str, str]:
    """The envelope's facts as `envelope.…`, its subject as `subject.…`."""
    if not envelope.keys() <= _KNOWN:
        refuse_unknown(envelope, KNOWN, "envelope.", refused)
    subject = object_of(envelope, "subject", refused) or {}
    if not subject.keys() <= _SUBJECT:
        refuse_unknown(subject, SUBJECT, "envelope.subject.", refused)
    told = {_PLACES[name]: value for name, value in envelope.items() if value is not None and name in _PLACES}
    told |= {_PARTS[name]: value for name, value in subject.items() if value is not None and name in _PARTS}
    return cells(told, refused)


def cells(told: Mapping[str, Any], refused: list[Refusal]) -> dict[str, str]:
    """Values as texts, by their names; what says nothing is left out."""
    found: dict[str, str] = {}
    for name, value in told.items():
        if value is None:
            continue
        text = value if isinstance(value, str) else _text(value)
        if text is None:
            expected = "a text, a number, true, false, null, an object, or a list either of objects or of texts"
            refused.append(Refusal(VALUE, name[:64], expected=expected))
        elif text:
            found[name] = text
    return found


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return structured(value) if has_structure(value) else None


def uuid_of(text: str) -> str:
    """The text if it is a UUID, in its usual form; else nothing."""
    if _UUID.fullmatch(text):
        return text
    try:
        return str(UUID(text)) if len(text) == 36 else ""
    except ValueError:
        return ""
