"""One rule and what it makes of one record: publicity, its minimum, the archive (domain 2.16)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from databus.contract.periods import Length, length_of
from databus.contract.predicates import Predicate, predicate, reader
from databus.model.nouns import dataclass

Content = Mapping[str, Any]
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What the rules say of one record.

    `shown_until` is the last day of publicity (None: no end), `archived_from` the first day without any query (None: never),
    `min_until` the last day before a repair may end publicity (None: no minimum). `publish` false: it is not published.
    `severity` is LIGHT, GENERAL or SERIOUS, empty for types that have none; `rule` is the rule's id, empty without a rule.
    """

    rule: str
    severity: str
    shown_until: date | None
    archived_from: date | None
    min_until: date | None
    publish: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; days are inclusive and limit the beginning of the period."""

    id: str
    record_types: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None
    when: Predicate
    start: tuple[str, ...]
    minimum: Length | None
    maximum: Length | None
    until: str | None
    exclusive: bool
    open_end: date | None
    archive: Length | None
    archive_from: tuple[str, ...]
    publish: bool
    citation: str
    mark: str

    def begins(self, content: Content) -> date | None:
        """The day from which this rule counts."""
        return first_day(content, self.start)

    def applies(self, record_type: str, content: Content) -> bool:
        """True if this rule is about such a record, and its period begins while the rule is in force."""
        if record_type not in self.record_types or not self.when(content):
            return False
        if self.valid_from is None and self.valid_to is None:
            return True
        start = self.begins(content)
        return start is None or (
            (self.valid_from is None or self.valid_from <= start) and (self.valid_to is None or start <= self.valid_to)
        )

    def lifecycle(self, content: Content, start: date | None) -> Lifecycle:
        """What this rule makes of a record that counts from `start`. A period whose beginning is unknown is not published."""
        archived = first_day(content, self.archive_from) or start
        return Lifecycle(
            rule=self.id,
            severity=content["severity"],
            shown_until=self._end(content, start),
            archived_from=self.archive.after(archived, 1) if self.archive and archived else None,
            min_until=self.minimum.after(start) if self.minimum and start else None,
            publish=self.publish and (start is not None or self.maximum is None),
        )

    def _end(self, content: Content, start: date | None) -> date | None:
        if self.until is not None:
            end = reader(self.until)(content)
            if not isinstance(end, date) or end == self.open_end:
                return None
            return end - _DAY if self.exclusive and end > date.min else end
        return self.maximum.after(start) if self.maximum and start else None


def first_day(content: Content, paths: Iterable[str]) -> date | None:
    for path in paths:
        day = reader(path)(content)
        if isinstance(day, date):
            return day
    return None


def rule_of(raw: Mapping[str, Any], where: str) -> Rule:
    """A rule from its YAML; a rule without citation or source mark is refused by the reader of its file."""
    until, archive = raw.get("until") or {}, raw.get("archive") or {}
    return Rule(
        id=raw["id"],
        record_types=tuple(raw["record_types"]),
        valid_from=raw.get("valid_from"),
        valid_to=raw.get("valid_to"),
        when=predicate(raw["when"], where),
        start=tuple(raw["start"]),
        minimum=length_of(raw.get("min"), where),
        maximum=length_of(raw.get("max"), where),
        until=until.get("field"),
        exclusive=bool(until.get("exclusive", False)),
        open_end=until.get("open"),
        archive=length_of(archive, where),
        archive_from=tuple(archive.get("from", ())),
        publish=bool(raw.get("publish", True)),
        citation=raw["citation"],
        mark=raw["mark"],
    )
