"""Rule sets: how long a record is published and kept, as dated data under schemas/rules/ (domain 2.16).

Nothing here names a record type or a field: predicates, fields and lengths come from the files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from databus.contract.documents import read_yaml
from databus.contract.lifecycle import Content, Lifecycle, Rule, first_day, rule_of
from databus.contract.predicates import Predicate, predicate, reader
from databus.errors import BadContract

_STANDING = "standing.yaml"
"""Rules that no set has changed: each has them behind its own."""

__all__ = ["Lifecycle", "RuleSet", "RuleSets", "load"]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules in force for a time. `classes` give the severity where none of the fields in `given` does.

    `about` are the rules by record type, `starts` the fields in which their periods begin.
    """

    id: str
    zh: str
    en: str
    valid_from: date | None
    valid_to: date | None
    succeeds: str | None
    graded: tuple[str, ...]
    given: tuple[str, ...]
    classes: tuple[tuple[str, Predicate], ...]
    rules: tuple[Rule, ...]
    about: Mapping[str, tuple[Rule, ...]]
    starts: Mapping[str, frozenset[tuple[str, ...]]]

    def severity(self, record_type: str, content: Content) -> str:
        """LIGHT, GENERAL or SERIOUS; empty for a type that has no severity."""
        if record_type not in self.graded:
            return ""
        for path in self.given:
            value = reader(path)(content)
            if value is not None and any(value == name for name, _ in self.classes):
                return str(value)
        return next((name for name, when in self.classes if when(content)), "")

    def rule(self, record_type: str, content: Content) -> Rule | None:
        """The first rule that applies; `content` carries its severity."""
        return next((rule for rule in self.about.get(record_type, ()) if rule.applies(record_type, content)), None)

    def begins_before(self, record_type: str, content: Content, day: date) -> bool:
        """True if the record's period may have begun before a day by a rule of this set; which rule, is not asked."""
        begins = (first_day(content, start) for start in self.starts.get(record_type, ()))
        return any(begin is not None and begin < day for begin in begins)


@dataclass(frozen=True, slots=True)
class RuleSets:
    """All rule sets, by the day from which they are in force. `digest` tells one release of them from another."""

    sets: tuple[RuleSet, ...]
    digest: str = ""

    def on(self, day: date) -> RuleSet:
        """The set in force on a day; the earliest for days before all of them."""
        return [rules for rules in self.sets if rules is self.sets[0] or rules.valid_from is None or rules.valid_from <= day][-1]

    def named(self, name: str) -> RuleSet:
        """The set of that id, for replays.

        Raises:
            BadContract: there is none.
        """
        found = next((rules for rules in self.sets if rules.id == name), None)
        if found is None:
            raise BadContract(f"there is no rule set {name}", rule_set=name)
        return found

    def next_switch(self, day: date) -> date | None:
        """The next day on which another set comes into force: a lifecycle may change on it."""
        return min((rules.valid_from for rules in self.sets[1:] if rules.valid_from and rules.valid_from > day), default=None)

    def lifecycle(self, record_type: str, content: Content, day: date, *, rule_set: str | None = None) -> Lifecycle:
        """What holds for a record on a day, by the set in force then (or the one named, without regard to its days).

        `content` is the decoded submission {"envelope": …, "payload": …}. A record whose period began before the set in
        force keeps the earlier set's rule where that is milder. A type without rules is shown for ever.
        """
        current = self.named(rule_set) if rule_set else self.on(day)
        now = _judge(current, record_type, content)
        if rule_set or current.succeeds is None or current.valid_from is None:
            return now[1]
        previous = self.named(current.succeeds)
        if not previous.begins_before(record_type, content, current.valid_from):
            return now[1]
        old = _judge(previous, record_type, content)
        if old[0] is None or old[0] >= current.valid_from:
            return now[1]
        return min(old[1], now[1], key=_harshness)


def _judge(rules: RuleSet, record_type: str, content: Content) -> tuple[date | None, Lifecycle]:
    graded = {**content, "severity": rules.severity(record_type, content)}
    rule = rules.rule(record_type, graded)
    if rule is None:
        return None, Lifecycle("", graded["severity"], None, None, None, True)
    return rule.begins(graded), rule.lifecycle(graded)


def _harshness(life: Lifecycle) -> tuple[bool, date, date]:
    return life.publish, life.shown_until or date.max, life.min_until or date.min


def load(folder: Path) -> RuleSets:
    """All rule sets of a folder.

    Raises:
        BadContract: a file cannot be read, a rule lacks its citation or source mark, or a set succeeds one that is not there.
    """
    texts = {path: _text(path) for path in sorted(folder.glob("*.yaml"))}
    common = next((raw for path, raw in texts.items() if path.name == _STANDING), None) or {"rules": []}
    sets = [_read(raw, common, f"rules/{path.name}") for path, raw in texts.items() if path.name != _STANDING]
    if not sets:
        raise BadContract(f"no rule sets under {folder.name}", file=folder.name)
    loaded = RuleSets(tuple(sorted(sets, key=lambda rules: rules.valid_from or date.min)), _digest(texts.values()))
    for rules in loaded.sets:
        if rules.succeeds is not None:
            loaded.named(rules.succeeds)
    return loaded


def _text(path: Path) -> Any:
    try:
        return read_yaml(path)
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise BadContract(f"rules/{path.name} cannot be read: {error}", file=f"rules/{path.name}") from error


def _digest(texts: Iterable[Any]) -> str:
    # Of what the files say: another comment is no other release.
    return hashlib.sha256(json.dumps(list(texts), sort_keys=True, default=str).encode()).hexdigest()


def _read(raw: Any, common: Any, where: str) -> RuleSet:
    try:
        return _set(raw, common, where)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadContract(f"{where} lacks or misstates {error}", file=where) from error


def _set(raw: Mapping[str, Any], common: Mapping[str, Any], where: str) -> RuleSet:
    severity = raw["severity"]
    rules = tuple(rule_of(row, f"{where} {row['id']}") for row in (*raw["rules"], *common["rules"]))
    about = {name: tuple(rule for rule in rules if name in rule.record_types) for rule in rules for name in rule.record_types}
    return RuleSet(
        id=raw["id"],
        zh=raw["names"]["zh"],
        en=raw["names"]["en"],
        valid_from=raw.get("valid_from"),
        valid_to=raw.get("valid_to"),
        succeeds=raw["succeeds"]["set"] if raw.get("succeeds") else None,
        graded=tuple(severity["record_types"]),
        given=tuple(severity["given"]),
        classes=tuple((row["severity"], predicate(row["when"], where)) for row in severity["classes"]),
        rules=rules,
        about=about,
        starts={name: frozenset(rule.start for rule in own) for name, own in about.items()},
    )
