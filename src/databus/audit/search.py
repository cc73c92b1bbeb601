"""Who saw what, why, and under which policy: the search of the security officer. There is no payload to find."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from databus.errors import Malformed
from databus.model.disclosure import DecisionRecord
from databus.store import decisions
from databus.store.sessions import Pool

SHANGHAI = ZoneInfo("Asia/Shanghai")
MOST = 1000


async def search(
    pool: Pool,
    *,
    caller: str | None = None,
    subject: str | None = None,
    reason: str | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: int = 100,
) -> tuple[DecisionRecord, ...]:
    """Decisions that meet all that is asked, the latest first, at most 1,000.

    `subject` is a subject key. `since` and `until` are days or instants in ISO 8601, Asia/Shanghai where no zone is
    told; a day in `until` counts whole.

    Raises:
        Malformed: a time cannot be read, or the limit is not between 1 and 1,000.
        StoreUnavailable: PostgreSQL is away.
    """
    if not 1 <= limit <= MOST:
        raise Malformed(f"The limit lies between 1 and {MOST}.", limit=limit)
    start = None if since is None else instant(since)
    end = None if until is None else instant(until, whole_day=True)
    return await decisions.search(pool, caller=caller, subject=subject, reason=reason, since=start, until=end, limit=limit)


def instant(text: str, *, whole_day: bool = False) -> int:
    """A day or an instant in milliseconds since 1970; with `whole_day` a day means its end.

    Raises:
        Malformed: it is neither.
    """
    try:
        day = date.fromisoformat(text)
        moment = datetime.combine(day + timedelta(days=1 if whole_day else 0), datetime.min.time(), SHANGHAI)
    except (ValueError, OverflowError):
        moment = _moment(text)
    return int(moment.timestamp() * 1000)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed("A time is a day such as 2026-04-01 or an instant in ISO 8601.", value=text[:40]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
