"""The sample callers and permits, as `samples.yaml` tells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib import resources
from typing import Any

import yaml

from databus.access.accounts import Client
from databus.model.disclosure import Permit, Role

CONSENT = "CONSENT"


def clients(departments: Iterable[str] = ()) -> tuple[Client, ...]:
    """A client of each department, named after it; an agency with consents and one without."""
    told = tuple(Client(row["client_id"], Role(row["role"]), row["organisation"]) for row in _read()["clients"])
    known = {client.client_id for client in told}
    return (*told, *(Client(slug, Role.DEPARTMENT, slug) for slug in departments if slug not in known))


def permits(day: date, *, consenting: Sequence[str]) -> tuple[Permit, ...]:
    """The permits from `day` on: the department's for every subject, the agency's for those consenting (subject keys).

    Without anybody consenting there is no consent: an empty list of subjects would mean all.
    """
    rows = [row for row in _read()["permits"] if row["kind"] != CONSENT or consenting]
    return tuple(_permit(row, day, tuple(consenting) if row["kind"] == CONSENT else ()) for row in rows)


def _permit(row: Mapping[str, Any], day: date, subjects: tuple[str, ...]) -> Permit:
    return Permit(
        permit_id=row["permit_id"],
        version=1,
        kind=row["kind"],
        grantee=row["grantee"],
        subjects=subjects,
        record_types=tuple(row["record_types"]),
        items=tuple(row["items"]),
        purposes=tuple(row["purposes"]),
        terms=tuple(row["terms"]),
        legal_basis=row["legal_basis"],
        valid_from=day,
        valid_to=_years_later(day, row["years"]),
    )


def _years_later(day: date, years: int) -> date:
    # The 28th exists in every year.
    return day.replace(year=day.year + years, day=min(day.day, 28))


def _read() -> Any:
    return yaml.safe_load(resources.files("databus.access").joinpath("samples.yaml").read_text("utf-8"))
