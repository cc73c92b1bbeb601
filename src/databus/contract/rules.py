"""Rule sets: how long a record is published and kept, as dated data under schemas/rules/ (domain 2.16).

Nothing here names a record type or a field: predicates, fields and lengths come from the files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml

from databus.contract.documents import read_yaml
from databus.contract.lifecycle import Content, Lifecycle, Rule, rule_of
from databus.contract.predicates import Predicate, predicate, reader
from databus.errors import BadContract

Made = TypeVar("Made")

_STANDING = "standing.yaml"
"""Rules that no set has changed: each has them behind its own."""

__all__ = ["Lifecycle", "RuleSet", "RuleSets", "Term", "load"]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules in force for a time. `classes` give the severity where none of the fields in `given` does.

    `about` are the rules by record type.
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

    def severity(self, record_type: str, content: Content) -> str:
        """LIGHT, GENERAL or SERIOUS; empty for a type that has no severity."""
        if record_type not in self.graded:
            return ""
        for path in self.given:
            value = reader(path)(content)
            if value is not None and any(value == name for name, _ in self.classes):
                return str(value)
        # By loops, as predicates are: a generator costs more than what it asks.
        for name, when in self.classes:
            if when(content):
                return name
        return ""

    def rule(self, record_type: str, content: Content) -> Rule | None:
        """The first rule that applies; `content` carries its severity."""
        for rule in self.about.get(record_type, ()):
            if rule.applies(record_type, content):
                return rule
        return None


class Term(NamedTuple):
    """What holds for a record from a day on, and the severity the set in force since then gives it."""

    since: date
    severity: str
    life: Lifecycle


@dataclass(frozen=True, slots=True)
class RuleSets:
    """All rule sets, by the day from which they are in force. `digest` tells one release of them from another; `differing` are
    the record types that not all sets judge alike."""

    sets: tuple[RuleSet, ...]
    digest: str = ""
    differing: frozenset[str] = frozenset()

    def on(self, day: date) -> RuleSet:
        """The set in force on a day; the earliest for days before all of them."""
        for rules in reversed(self.sets):
            if rules.valid_from is None or rules.valid_from <= day:
                return rules
        return self.sets[0]

    def named(self, name: str) -> RuleSet:
        """The set of that id, for replays.

        Raises:
            BadContract: there is none.
        """
        found = next((rules for rules in self.sets if rules.id == name), None)
        if found is None:
            raise BadContract(f"there is no rule set {name}", rule_set=name)
        return found

    def terms(self, record_type: str, content: Content) -> tuple[Term, ...]:
        """What holds for a record by each set, in the order in which they come into force; the first from the first day there is.

        `content` is the decoded submission {"envelope": …, "payload": …}. A record whose period began before the set in
        force keeps the earlier set's rule where that is milder. A type without rules is shown for ever.
        """
        if record_type not in self.differing:
            _, severity, life = _judge(self.sets[0], record_type, content)
            return (Term(date.min, severity, life),)
        judged = {rules.id: _judge(rules, record_type, content) for rules in self.sets}
        begins = (date.min, *(rules.valid_from or date.min for rules in self.sets[1:]))
        return tuple(Term(since, judged[one.id].severity, _milder(one, judged)) for since, one in zip(begins, self.sets, strict=True))

    def lifecycle(self, record_type: str, content: Content, day: date, *, rule_set: str | None = None) -> Lifecycle:
        """What holds for a record on a day, by the set in force then (or the one named, without regard to its days)."""
        if rule_set:
            return _judge(self.named(rule_set), record_type, content).life
        first, *later = self.terms(record_type, content)
        return [first, *(term for term in later if term.since <= day)][-1].life


class _Judged(NamedTuple):
    begins: date | None
    severity: str
    life: Lifecycle


def _judge(rules: RuleSet, record_type: str, content: Content) -> _Judged:
    severity = rules.severity(record_type, content)
    graded = {**content, "severity": severity}
    rule = rules.rule(record_type, graded)
    if rule is None:
        return _Judged(None, severity, Lifecycle("", severity, None, None, None, True))
    start = rule.begins(graded)
    return _Judged(start, severity, rule.lifecycle(graded, start))


def _milder(rules: RuleSet, judged: Mapping[str, _Judged]) -> Lifecycle:
    now, old = judged[rules.id].life, judged.get(rules.succeeds or "")
    if rules.valid_from is None or old is None or old.begins is None or old.begins >= rules.valid_from:
        return now
    return min(old.life, now, key=_harshness)


def _harshness(life: Lifecycle) -> tuple[bool, date, date]:
    return life.publish, life.shown_until or date.max, life.min_until or date.min


def load(folder: Path) -> RuleSets:
    """All rule sets of a folder.

    Raises:
        BadContract: a file cannot be read, a rule lacks its citation or source mark, or a set succeeds one that is not there.
    """
    texts = {path: _text(path) for path in sorted(folder.glob("*.yaml"))}
    common = next((_read(_rules, raw, path) for path, raw in texts.items() if path.name == _STANDING), ())
    sets = [_read(partial(_set, common=common), raw, path) for path, raw in texts.items() if path.name != _STANDING]
    if not sets:
        raise BadContract(f"no rule sets under {folder.name}", file=folder.name)
    ordered = tuple(sorted(sets, key=lambda rules: rules.valid_from or date.min))
    loaded = RuleSets(ordered, _digest(texts.values()), _differing(ordered))
    for rules in loaded.sets:
        if rules.succeeds is not None:
            loaded.named(rules.succeeds)
    return loaded


def _differing(sets: Iterable[RuleSet]) -> frozenset[str]:
    # Rules that every set has behind its own are the same objects in each.
    graded = {name for rules in sets for name in rules.graded}
    ruled = {name for rules in sets for name in rules.about}
    return frozenset(graded | {name for name in ruled if len({rules.about.get(name) for rules in sets}) > 1})


def _text(path: Path) -> Any:
    try:
        return read_yaml(path)
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise BadContract(f"rules/{path.name} cannot be read: {error}", file=f"rules/{path.name}") from error


def _digest(texts: Iterable[Any]) -> str:
    # Of what the files say: another comment is no other release.
    return hashlib.sha256(json.dumps(list(texts), sort_keys=True, default=str).encode()).hexdigest()


def _read(made: Callable[..., Made], raw: Any, path: Path) -> Made:
    where = f"rules/{path.name}"
    try:
        return made(raw, where=where)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadContract(f"{where} lacks or misstates {error}", file=where) from error


def _rules(raw: Mapping[str, Any], where: str) -> tuple[Rule, ...]:
    return tuple(rule_of(row, f"{where} {row['id']}") for row in raw["rules"])


def _set(raw: Mapping[str, Any], *, common: tuple[Rule, ...], where: str) -> RuleSet:
    severity, rules = raw["severity"], (*_rules(raw, where), *common)
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
    )
