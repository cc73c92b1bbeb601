"""How the cell of a column becomes a value: the options of the mapping language, made ready once per file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from databus.contract.codes import Codes
from databus.contract.fields import Field
from databus.department.convert import (
    DAYS,
    POWERS,
    Unreadable,
    amount_of,
    boolean_of,
    currency_of,
    date_of,
    number_of,
    plain,
    plain_text,
    value_of,
)
from databus.department.days import pattern_of
from databus.errors import BadMapping
from databus.model.event import Op
from databus.model.labels import Commercial, Privacy, Publication, SubjectKind

Read = Callable[[str, Codes], object]
"""A reader: the text of a cell and the code lists → a value; None if it says nothing.

Raises (when called):
    Unreadable: the text is no value of its field.
"""

SUBJECT = ("kind", "name", "uscc", "org_code", "reg_no", "tax_no", "id_type", "id_number")
ENVELOPE_DAYS = ("valid_from", "valid_to", "decided_at")
ENVELOPE_TEXTS = ("secrecy", "legal_basis", "admin_division", "severity", "reason", "note", "fixes")
WORDS: Mapping[str, tuple[str, ...]] = {
    "subject.kind": tuple(SubjectKind),
    "envelope.op": tuple(Op),
    "envelope.publication_class": tuple(Publication),
    "envelope.commercial_secret": tuple(Commercial),
    "envelope.privacy": tuple(Privacy),
}
"""Facts beside the payload that must be one of these words."""

_WORDED = tuple(place.removeprefix("envelope.") for place in WORDS if place.startswith("envelope."))
ENVELOPE = (*ENVELOPE_DAYS, *ENVELOPE_TEXTS, *_WORDED, "source_seq", "withdrawn")
OPTIONS = frozenset({"from", "words", "lookup", "amount", "currency", "formats", "otherwise"})

_KNOWN_WORDS, _LONGEST_WORD = 1_000, 64
_LONG = 18
"""Digits beyond which a whole number may be too long for its field."""
_LAST_POWER = max(POWERS.values())


def reader(place: str, field: Field | None, options: Mapping[str, Any], codes: Codes) -> Read:
    """The reader of one value. `place` is `subject.…`, `envelope.…` or the name of `field`.

    Raises:
        BadMapping: an option that does not exist, cannot be meant here, or names what does not exist.
    """
    unknown = options.keys() - OPTIONS
    if unknown or not isinstance(options.get("from"), str):
        raise bad(place, f"needs `from`, a column, and knows only {', '.join(sorted(OPTIONS))}")
    read = _special(place, field, options, codes) or own(place, field, _formats(place, field, options))
    if "words" not in options:
        return read
    words = _words(place, field, options["words"], codes)
    return partial(_worded, words=words, read=_nothing if "otherwise" in options else read)


def constant(place: str, field: Field | None, value: object, codes: Codes) -> object:
    """A value that is true of every row, read like a cell.

    Raises:
        BadMapping: it is no value of its field, or not in its code list.
    """
    if value is None or (isinstance(value, date) and field is not None and field.kind == "date"):
        return value
    if isinstance(value, list) and field is not None and field.kind == "strings":
        return [constant(place, field, item, codes) for item in value] if not all(isinstance(item, str) for item in value) else value
    if isinstance(value, list | dict):
        raise bad(place, f"cannot be {value}")
    try:
        read = own(place, field, DAYS)(str(value), codes)
    except Unreadable as error:
        raise bad(place, f"cannot be {value}: expected {error.expected}") from error
    if field is not None and field.code and isinstance(read, str) and not codes.known(field.code, read):
        raise bad(place, f"cannot be {value}, which the code list {field.code} does not have")
    return read


def as_it_is(text: str, codes: Codes) -> object:
    """The reader of a text."""
    return plain_text(text)


def own(place: str, field: Field | None, formats: tuple[str, ...]) -> Read:
    """The reader of a cell without options: by the kind of its field."""
    if field is not None:
        if field.code is not None:
            return _coded(field, field.code)
        return as_it_is if field.kind == "string" else lambda text, codes: value_of(text, field, formats=formats)
    if place in WORDS:
        return _remembered(partial(_word, listed=place.partition(".")[2], known=WORDS[place]))
    match place.removeprefix("envelope."):
        case name if name in ENVELOPE_DAYS:
            return lambda text, codes: date_of(text, formats)
        case "withdrawn":
            return lambda text, codes: boolean_of(text)
        case "source_seq":
            return lambda text, codes: int(text) if text.isascii() and text.isdigit() and len(text) <= _LONG else int(number_of(text, 0))
        case "secrecy":
            # What is no level is left as it is: an unclear one counts as the highest (domain 3.4).
            return _remembered(lambda text, codes: codes.find("secrecy", text) or text)
        case _:
            return as_it_is


def bad(place: str, text: str) -> BadMapping:
    """The refusal of a mapping, naming the value it goes wrong at."""
    return BadMapping(f"{place} {text}", field=place)


def _special(place: str, field: Field | None, options: Mapping[str, Any], codes: Codes) -> Read | None:
    named = [name for name in ("lookup", "amount", "currency") if name in options]
    if len(named) > 1:
        raise bad(place, f"can be only one of {', '.join(named)}")
    match named:
        case ["lookup"]:
            return _remembered(partial(_looked_up, name=_list(place, options["lookup"], codes)))
        case ["amount"]:
            return _amount(place, field, options["amount"])
        case ["currency"]:
            return _currency(place, options["currency"], codes)
        case _:
            return None


def _list(place: str, name: object, codes: Codes) -> str:
    if not isinstance(name, str) or name not in codes.lists:
        raise bad(place, f"looks up the code list {name}, which does not exist")
    return name


def _amount(place: str, field: Field | None, raw: object) -> Read:
    told = {"unnamed": 0, **raw} if isinstance(raw, dict) else {}
    powers = (told.get("power"), told.get("unnamed"))
    known = told.keys() == {"power", "unnamed"} and all(type(one) is int and 0 <= one <= _LAST_POWER for one in powers)
    if not known or field is None or field.kind != "decimal":
        raise bad(place, f"takes `amount: {{power: 0 to {_LAST_POWER}, unnamed: 0}}`, and only where the field is a sum")
    power, unnamed, scale = told["power"], told["unnamed"], field.scale
    return lambda text, codes: amount_of(text, power=power, unnamed=unnamed, scale=scale)


def _currency(place: str, raw: object, codes: Codes) -> Read:
    if not isinstance(raw, dict) or not raw.keys() <= {"currencies", "unnamed"}:
        raise bad(place, "takes `currency: {currencies: a code list, unnamed: a code}`")
    name, unnamed = _list(place, raw.get("currencies"), codes), raw.get("unnamed")
    if unnamed is not None and not codes.known(name, str(unnamed)):
        raise bad(place, f"takes an unnamed currency for {unnamed}, which the code list {name} does not have")
    return lambda text, codes: currency_of(text, codes=codes, currencies=name) or unnamed


def _formats(place: str, field: Field | None, options: Mapping[str, Any]) -> tuple[str, ...]:
    raw = options.get("formats")
    if raw is None:
        return DAYS
    is_day = field.kind == "date" if field is not None else place.removeprefix("envelope.") in ENVELOPE_DAYS
    if not is_day or not isinstance(raw, list) or not raw or not all(isinstance(form, str) and pattern_of(form) for form in raw):
        raise bad(place, 'takes formats such as ["%Y-%m-%d"], and only where it is a day')
    return tuple(raw)


def _words(place: str, field: Field | None, raw: object, codes: Codes) -> Mapping[str, object]:
    if not isinstance(raw, dict) or not all(isinstance(word, str | int) and not isinstance(word, bool) for word in raw):
        raise bad(place, "takes words as a table; what YAML reads as true or false needs quotes")
    return {plain(str(word)): constant(place, field, value, codes) for word, value in raw.items()}


def _worded(text: str, codes: Codes, *, words: Mapping[str, object], read: Read) -> object:
    word = plain(text)
    return words[word] if word in words else read(text, codes)


def _nothing(text: str, codes: Codes) -> object:
    return None


def _looked_up(text: str, codes: Codes, *, name: str) -> object:
    code = codes.find(name, plain(text))
    if code is None:
        raise Unreadable(f"a name of the code list {name}", suggestion=codes.suggest(name, plain(text)[:64]) or "")
    return code


def _word(text: str, codes: Codes, *, listed: str, known: tuple[str, ...]) -> object:
    found = codes.find(listed, text) if listed in codes.lists else None
    word = found or plain(text).upper()
    if word not in known:
        raise Unreadable(f"one of {', '.join(known)}")
    return word


def _coded(field: Field, listed: str) -> Read:
    """The reader of a field with a code list. What has been looked up once is remembered, since few words fill most cells."""
    code = _remembered(lambda word, codes: _code(plain_text(word), listed, codes))

    def read(text: str, codes: Codes) -> object:
        value = value_of(text, field, formats=DAYS)
        return [code(one, codes) for one in value] if isinstance(value, list) else code(str(value), codes)

    return code if field.kind == "string" else read


def _remembered(read: Read) -> Read:
    known: dict[tuple[int, str], object] = {}

    def remembering(text: str, codes: Codes) -> object:
        found = known.get((id(codes), text))
        if found is None:
            found = read(text, codes)
            if len(known) < _KNOWN_WORDS and len(text) <= _LONGEST_WORD:
                known[id(codes), text] = found
        return found

    return remembering


def _code(word: str, listed: str, codes: Codes) -> str:
    """The code of a name that departments write; what the list does not know stays, for the checker to name."""
    return word if codes.known(listed, word) else codes.find(listed, plain(word)) or word
