"""The read store in memory: `gateway.records.Records` over a list, for tests and for looking at pages without engines."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from databus.contract.identifiers import normalise_code
from databus.errors import Gone, StoreUnavailable
from databus.model.change import Kind
from databus.model.disclosure import Permit
from databus.model.labels import SubjectKind
from databus.store.datasets import Dataset, conditions, ordered
from databus.store.feed import Steps
from databus.store.grams import fold
from databus.store.records import Clear, Page, Place
from databus.store.rows import RecordRow, StepRow, SubjectRow
from databus.store.subjects import Place as Match
from databus.store.subjects import place
from databus.store.versions import Version
from databus.testing.filters import meets, text_of, value_of


@dataclass
class Written:
    """One version of a record in partition 0; `to` is the offset of the next one."""

    row: RecordRow
    offset: int
    to: int | None = None


@dataclass
class MemoryRecords:
    """Records, newest last. `moves` lead from keys of older codes to those they belong to. `away` makes every reader fail as a
    lost PostgreSQL does; `log` names what was read, in order."""

    permits: list[Permit] = field(default_factory=list)
    versions: list[Written] = field(default_factory=list)
    moves: dict[str, str] = field(default_factory=dict)
    lowest: int = -1
    away: bool = False
    log: list[str] = field(default_factory=list)

    def put(self, row: RecordRow) -> None:
        """The record as it stands from now on."""
        offset = len(self.versions)
        for old in self.versions:
            if old.to is None and old.row.record_key == row.record_key:
                old.to = offset
        self.versions.append(Written(row, offset))

    async def find(self, question: str, *, classes: Collection[int], today: date, limit: int, after: Match | None) -> Sequence[SubjectRow]:
        """As `store.subjects.find`."""
        self._read("find")
        subjects = {one.row.subject_key: self._told(one.row.subject_key, classes, today) for one in self._open(classes, today)}
        asked = normalise_code(question)
        found = [
            row for row in subjects.values() if row and (fold(question) in fold(row.name) or asked in {value for _, value in row.codes})
        ]
        return [row for row in sorted(found, key=place) if after is None or place(row) > tuple(after)][:limit]

    async def by_code(self, code: str) -> SubjectRow | None:
        """As `store.subjects.by_code`."""
        self._read("by_code")
        for one in self.versions:
            for scheme, value in one.row.codes.items():
                if value == code:
                    return SubjectRow(self._led(one.row.subject_key), SubjectKind.ORGANISATION, "", ((scheme, value),))
        return None

    def _led(self, key: str) -> str:
        for _ in self.moves:
            key = self.moves.get(key, key)
        return key

    async def seen(self, subject_key: str, *, classes: Collection[int], today: date, asked: str = "") -> SubjectRow | None:
        """As `store.subjects.seen`."""
        self._read("seen")
        row = self._told(subject_key, classes, today)
        return None if row is None or (asked and normalise_code(asked) not in {value for _, value in row.codes}) else row

    async def of_subject(self, subject_key: str, *, classes: Collection[int], today: date) -> Sequence[RecordRow]:
        """As `store.records.of_subject`."""
        self._read("of_subject")
        return [one.row for one in self._open(classes, today) if one.row.subject_key == subject_key and one.row.payload is not None]

    async def known(self, subject_key: str, *, as_of: date, known_at: int, classes: Collection[int], today: date) -> Sequence[RecordRow]:
        """As `store.knowledge.of_subject`, of records whose every version has one source: the latest version known and valid."""
        self._read("known")
        open_rows = {one.row.record_key: one.row for one in self._open(classes, today) if one.row.subject_key == subject_key}
        held: dict[str, RecordRow] = {}
        for row in (one.row for one in self.versions):
            valid = (row.valid_from or as_of) <= as_of <= (row.valid_to or as_of)
            if row.record_key in open_rows and row.known_at <= known_at and valid:
                now = open_rows[row.record_key]
                held[row.record_key] = replace(row, class_id=now.class_id, standing=now.standing, wake=now.wake, rule=now.rule)
        return list(held.values())

    async def page(
        self,
        dataset: Dataset,
        *,
        classes: Collection[int],
        today: date,
        filters: Mapping[str, str],
        after: Place | None,
        limit: int,
        version: Version | None,
        order: str | None,
        clear: Clear,
    ) -> Page:
        """As `store.records.page`; filters are checked as there, and applied for eq and contains."""
        self._read("page")
        column, falls = ordered(dataset, order)
        conditions(dataset, filters, [])
        pinned = version or await self.vector()
        if pinned.at(0) < self.lowest:
            raise Gone("too old", oldest={0: self.lowest})
        visible = {one.row.record_key for one in self._open(classes, today)}
        rows = [
            one.row
            for one in self.versions
            if pinned.holds(0, one.offset, one.to) and one.row.record_key in visible and one.row.record_type == dataset.record_type
        ]
        rows = [row for row in rows if row.payload is not None and meets(row, filters, clear, dataset)]

        def where(row: RecordRow) -> Place:
            shown = row.class_id in clear.get(column.field, ())
            return text_of(column, (row.payload or {}).get(column.field) if shown else None), row.record_key, row.subject_key

        def rank(place: Place) -> tuple[tuple[Decimal, str], str, str]:
            return value_of(column, place[0]), place[1], place[2]

        rows.sort(key=lambda row: rank(where(row)), reverse=falls)
        if after is not None:
            rows = [row for row in rows if (rank(where(row)) < rank(after)) == falls and where(row) != tuple(after)]
        return Page(tuple(rows[:limit]), where(rows[limit - 1]) if len(rows) > limit else None, pinned)

    async def withdrawn(
        self, dataset: Dataset, *, classes: Collection[int], today: date, filters: Mapping[str, str], version: Version, clear: Clear
    ) -> int:
        """As `store.records.withdrawn`."""
        self._read("withdrawn")
        visible = {one.row.record_key for one in self._open(classes, today)}
        return sum(
            version.holds(0, one.offset, one.to)
            and one.row.class_id in classes
            and one.row.record_key not in visible
            and one.row.record_type == dataset.record_type
            for one in self.versions
        )

    async def steps(self, vector: Version, *, classes: Collection[int], today: date, limit: int) -> Steps:
        """As `store.feed.steps`."""
        self._read("steps")
        if vector.at(0) < self.lowest or vector.generation != 1:
            raise Gone("too old", oldest={0: self.lowest})
        visible = {one.row.record_key: one.row.class_id for one in self._open(classes, today)}
        rows: list[StepRow] = []
        for one in self.versions[vector.at(0) + 1 :]:
            if len(rows) > limit:
                break
            gone = one.row.class_id not in classes and any(old.to == one.offset and old.row.class_id in classes for old in self.versions)
            if one.row.record_key in visible:
                rows.append(
                    StepRow(
                        f"{one.row.event_id}-{one.offset}",
                        0,
                        one.offset,
                        Kind.CHANGED,
                        False,
                        replace(one.row, class_id=visible[one.row.record_key]),
                    )
                )
            elif gone:
                rows.append(StepRow(f"{one.row.event_id}-{one.offset}", 0, one.offset, Kind.ENDED, True, replace(one.row, payload=None)))
        now = await self.vector()
        more = len(rows) > limit
        reached = vector.moved({0: rows[limit - 1].offset} if more and limit else {} if more else now.offsets)
        return Steps(tuple(rows[:limit]), reached, more, whole=True)

    async def vector(self) -> Version:
        """The version applied now."""
        self._read("vector")
        return Version(1, {0: len(self.versions) - 1} if self.versions else {})

    async def floor(self) -> Version:
        """The oldest version served."""
        self._read("floor")
        return Version(1, {0: self.lowest} if self.lowest >= 0 else {})

    async def wait(self, seconds: float) -> bool:
        """Nothing ever comes by itself."""
        self._read("wait")
        return False

    async def totals(self, *, classes: Collection[int], today: date) -> tuple[int, int]:
        """How many subjects and records are visible."""
        self._read("totals")
        rows = [one.row for one in self._open(classes, today)]
        return len({row.subject_key for row in rows}), len(rows)

    async def permit(self, grantee: str, *, subject_key: str, purpose: str, day: date) -> Permit | None:
        """As `store.permits.valid`."""
        self._read("permit")
        for permit in self.permits:
            valid = permit.grantee == grantee and purpose in permit.purposes and permit.valid_from <= day <= permit.valid_to
            if valid and not permit.revoked and (not permit.subjects or subject_key in permit.subjects):
                return permit
        return None

    def _read(self, what: str) -> None:
        self.log.append(what)
        if self.away:
            raise StoreUnavailable("PostgreSQL does not answer", cause="ConnectionRefusedError")

    def _open(self, classes: Collection[int], today: date) -> list[Written]:
        return [
            one
            for one in self.versions
            if one.to is None and one.row.class_id in classes and (one.row.wake is None or one.row.wake > today)
        ]

    def _told(self, subject_key: str, classes: Collection[int], today: date) -> SubjectRow | None:
        rows = [one.row for one in self._open(classes, today) if one.row.subject_key == subject_key]
        codes = sorted({pair for row in rows for pair in row.codes.items()}, key=lambda pair: (pair[0] != "CN-USCI", pair))
        kind = SubjectKind.ORGANISATION if codes else SubjectKind.PERSON
        return SubjectRow(subject_key, kind, rows[0].subject_name, tuple(codes)) if rows else None
