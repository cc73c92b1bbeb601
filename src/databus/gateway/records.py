"""What the gateway reads, as a port; `StoreRecords` is PostgreSQL behind it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Protocol

from databus.contract.catalogue import Contract
from databus.model.disclosure import Permit
from databus.store import database, datasets, feed, knowledge, permits, subjects, totals, versions
from databus.store import records as rows
from databus.store.datasets import Dataset
from databus.store.feed import Steps
from databus.store.records import Clear, Page, Place
from databus.store.rows import RecordRow, SubjectRow
from databus.store.sessions import Pool
from databus.store.versions import Version


class Records(Protocol):
    """The read store as the gateway uses it. Every reader raises StoreUnavailable while the store is away."""

    async def find(
        self, question: str, *, classes: Collection[int], today: date, limit: int, after: subjects.Place | None
    ) -> Sequence[SubjectRow]:
        """Subjects by code or a fragment of a name, the shortest name first."""
        ...

    async def by_code(self, code: str) -> SubjectRow | None:
        """Whose code this is: for asking policy, never for answering."""
        ...

    async def seen(self, subject_key: str, *, classes: Collection[int], today: date, asked: str = "") -> SubjectRow | None:
        """The subject as visible records tell it; None if they do not."""
        ...

    async def of_subject(self, subject_key: str, *, classes: Collection[int], today: date) -> Sequence[RecordRow]:
        """The visible records of a subject."""
        ...

    async def known(self, subject_key: str, *, as_of: date, known_at: int, classes: Collection[int], today: date) -> Sequence[RecordRow]:
        """Those records as they held on a day, as far as was known at an instant (milliseconds)."""
        ...

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
        """Rows of a dataset in a version of the data. Raises Gone for a version no longer kept, Malformed for a filter it lacks."""
        ...

    async def withdrawn(
        self, dataset: Dataset, *, classes: Collection[int], today: date, filters: Mapping[str, str], version: Version, clear: Clear
    ) -> int:
        """How many rows of the version have been withdrawn since."""
        ...

    async def steps(self, vector: Version, *, classes: Collection[int], today: date, limit: int) -> Steps:
        """Steps behind a version. Raises Gone for one below the floor."""
        ...

    async def vector(self) -> Version:
        """The version applied now."""
        ...

    async def floor(self) -> Version:
        """The oldest version a feed is served from."""
        ...

    async def wait(self, seconds: float) -> bool:
        """True as soon as anything new has been applied, False if nothing was in that time."""
        ...

    async def totals(self, *, classes: Collection[int], today: date) -> tuple[int, int]:
        """How many subjects and records are visible."""
        ...

    async def permit(self, grantee: str, *, subject_key: str, purpose: str, day: date) -> Permit | None:
        """The grant or consent in force."""
        ...


class StoreRecords:
    """`Records` over the PostgreSQL read store."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(
        self, question: str, *, classes: Collection[int], today: date, limit: int, after: subjects.Place | None
    ) -> Sequence[SubjectRow]:
        return await subjects.find(self._pool, question, classes=classes, today=today, limit=limit, after=after)

    async def by_code(self, code: str) -> SubjectRow | None:
        return await subjects.by_code(self._pool, code)

    async def seen(self, subject_key: str, *, classes: Collection[int], today: date, asked: str = "") -> SubjectRow | None:
        return await subjects.seen(self._pool, subject_key, classes=classes, today=today, asked=asked)

    async def of_subject(self, subject_key: str, *, classes: Collection[int], today: date) -> Sequence[RecordRow]:
        return await rows.of_subject(self._pool, subject_key, classes=classes, today=today)

    async def known(self, subject_key: str, *, as_of: date, known_at: int, classes: Collection[int], today: date) -> Sequence[RecordRow]:
        return await knowledge.of_subject(self._pool, subject_key, as_of=as_of, known_at=known_at, classes=classes, today=today)

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
        return await rows.page(
            self._pool,
            dataset,
            classes=classes,
            today=today,
            filters=filters,
            after=after,
            limit=limit,
            version=version,
            order=order,
            clear=clear,
        )

    async def withdrawn(
        self, dataset: Dataset, *, classes: Collection[int], today: date, filters: Mapping[str, str], version: Version, clear: Clear
    ) -> int:
        return await rows.withdrawn(self._pool, dataset, classes=classes, today=today, filters=filters, version=version, clear=clear)

    async def steps(self, vector: Version, *, classes: Collection[int], today: date, limit: int) -> Steps:
        return await feed.steps(self._pool, vector=vector, classes=classes, today=today, limit=limit)

    async def vector(self) -> Version:
        return await versions.vector(self._pool)

    async def floor(self) -> Version:
        return await versions.floor(self._pool)

    async def wait(self, seconds: float) -> bool:
        return await database.wait(self._pool, "changes", seconds)

    async def totals(self, *, classes: Collection[int], today: date) -> tuple[int, int]:
        return await totals.count(self._pool, classes=classes, today=today)

    async def permit(self, grantee: str, *, subject_key: str, purpose: str, day: date) -> Permit | None:
        return await permits.valid(self._pool, grantee, subject_key=subject_key, purpose=purpose, day=day)


def open_datasets(contract: Contract) -> Mapping[str, Dataset]:
    """The datasets that are open to everybody, by id."""
    return {name: one for name, one in datasets.datasets_of(contract).items() if contract.datasets[name].get("open")}
