"""Code lists: dated rows of a code and its names, as they lie in schemas/codes/ (domain A.1)."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from databus.contract.documents import read_yaml
from databus.errors import BadContract

_NOT_LISTS = frozenset({"calendar"})
_LIKENESS = 0.6


@dataclass(frozen=True, slots=True)
class Code:
    """One row. Days are inclusive; None is open. `more` holds what only this list knows (parent, kind, successor …)."""

    code: str
    zh: str
    en: str
    aliases: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None
    more: Mapping[str, Any]

    def active(self, day: date | None) -> bool:
        """True if the code holds on that day; without a day, if it ever did."""
        return day is None or ((self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to))


@dataclass(frozen=True, slots=True)
class CodeList:
    """One list. A value may go on behind the first `prefix` characters (division codes with a street); 0 forbids it."""

    rows: tuple[Code, ...]
    prefix: int
    by_code: Mapping[str, tuple[Code, ...]]
    by_name: Mapping[str, tuple[Code, ...]]

    def of(self, value: str) -> tuple[Code, ...]:
        """The rows of a code, in the file's order."""
        return self.by_code.get(value[: self.prefix] if self.prefix else value, ())


@dataclass(frozen=True, slots=True)
class Codes:
    """All code lists by name (the file's stem)."""

    lists: Mapping[str, CodeList]

    def _list(self, name: str) -> CodeList:
        if name not in self.lists:
            raise BadContract(f"there is no code list {name}", list=name)
        return self.lists[name]

    def rows(self, name: str) -> tuple[Code, ...]:
        """The rows of a list.

        Raises:
            BadContract: there is no such list (as everywhere here).
        """
        return self._list(name).rows

    def known(self, name: str, value: str, day: date | None = None) -> bool:
        """True if the list has the code on that day (on any day without one)."""
        return any(row.active(day) for row in self._list(name).of(value))

    def listed(self, name: str) -> Callable[[str, date], bool]:
        """The same of one list, made ready."""
        found = self._list(name)
        if not found.prefix and not any(row.valid_from or row.valid_to for row in found.rows):
            return lambda value, day: value in found.by_code
        return lambda value, day: any(row.active(day) for row in found.of(value))

    def label(self, name: str, value: str, lang: str = "zh") -> str:
        """The name of a code in zh or en; the code itself where the list does not know it."""
        rows = self._list(name).of(value)
        return (rows[-1].en if lang == "en" else rows[-1].zh) if rows else value

    def find(self, name: str, text: str, day: date | None = None) -> str | None:
        """The code behind what people write: a code, a name or an alias. 地区 吉林 is 220200.

        Of several rows that bear the name the one in force on `day` is meant; without a day, the one still in force.
        """
        found = self._list(name)
        rows = found.by_code.get(text.strip()) or found.by_name.get(_plain(text)) or ()
        standing = [row for row in rows if (row.valid_to is None if day is None else row.active(day))]
        return (standing or list(rows))[-1].code if rows else None

    def suggest(self, name: str, value: str) -> str | None:
        """The code most likely meant by a wrong value; None where nothing is near."""
        exact = self.find(name, value)
        if exact is not None:
            return exact
        found = self._list(name)
        words = {**{_plain(code): code for code in found.by_code}, **{word: rows[-1].code for word, rows in found.by_name.items()}}
        near = difflib.get_close_matches(_plain(value), words, n=1, cutoff=_LIKENESS)
        return words[near[0]] if near else None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def load(folder: Path) -> Codes:
    """All lists of a folder.

    Raises:
        BadContract: a file cannot be read, a row lacks a code or a name, or two rows of a code overlap in time.
    """
    paths = sorted(path for path in folder.glob("*.yaml") if path.stem not in _NOT_LISTS)
    if not paths:
        raise BadContract(f"no code lists under {folder.name}", file=folder.name)
    return Codes({path.stem: _read(path) for path in paths})


def _read(path: Path) -> CodeList:
    try:
        raw = read_yaml(path)
        rows = tuple(_row(row) for row in (raw["rows"] if isinstance(raw, dict) else raw))
        prefix = int(raw.get("prefix", 0)) if isinstance(raw, dict) else 0
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise BadContract(f"codes/{path.name} lacks or misstates {error}", file=path.name) from error
    by_code = _index((row.code, row) for row in rows)
    for code, same in by_code.items():
        if any(_overlap(a, b) for i, a in enumerate(same) for b in same[i + 1 :]):
            raise BadContract(f"codes/{path.name} gives {code} twice for the same days", file=path.name, code=code)
    names = ((_plain(word), row) for row in rows for word in {row.zh, row.en, *row.aliases})
    return CodeList(rows, prefix, by_code, _index(names))


def _row(raw: Mapping[str, Any]) -> Code:
    named = raw.get("names", raw)
    code = raw["code"] if "code" in raw else raw["slug"]
    if not isinstance(code, str):
        raise ValueError(f"the code {code}, which needs quotes")
    taken = {"code", "slug", "zh", "en", "names", "aliases", "valid_from", "valid_to"}
    former = (name["names"]["zh"] for name in raw.get("former", ()))
    return Code(
        code=code,
        zh=named["zh"],
        en=named["en"],
        aliases=(*raw.get("aliases", ()), *former),
        valid_from=raw.get("valid_from"),
        valid_to=raw.get("valid_to"),
        more={name: value for name, value in raw.items() if name not in taken},
    )


def _index(pairs: Iterable[tuple[str, Code]]) -> dict[str, tuple[Code, ...]]:
    index: dict[str, tuple[Code, ...]] = {}
    for word, row in pairs:
        index[word] = (*index.get(word, ()), row)
    return index


def _overlap(a: Code, b: Code) -> bool:
    return (a.valid_to is None or b.valid_from is None or b.valid_from <= a.valid_to) and (
        b.valid_to is None or a.valid_from is None or a.valid_from <= b.valid_to
    )
