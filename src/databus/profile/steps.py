"""What an event did to its record: the kind of step, and the fields whose values it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from databus.model.change import Kind
from databus.model.event import Event
from databus.model.labels import Standing
from databus.profile.registers import CONTENT, DELETE, ENDS, Meeting, mark, source
from databus.profile.view import View

_OVER = (Standing.ARCHIVED, Standing.REPAIRED, Standing.REVOKED, Standing.DELETED, Standing.MOVED)
_UNMOVED = {Meeting.SAME: Kind.DUPLICATE, Meeting.RIVAL: Kind.EQUIVOCAL, Meeting.OLDER: Kind.HISTORY}


def moved(before: View | None, after: View) -> bool:
    """True if the current profile is another one: what a `pv` counts."""
    if before is None or not before.present:
        return after.present
    return before.told != after.told


def kind_of(event: Event, meeting: Meeting, before: View | None, after: View) -> Kind:
    """The kind of the step an event makes. A second content under one seq is EQUIVOCAL even where it moves the profile."""
    if meeting is Meeting.RIVAL:
        return Kind.EQUIVOCAL
    if not moved(before, after):
        return _UNMOVED.get(meeting) or _unheard(event, after)
    if not after.present or (event.link and event.withdrawn):
        return Kind.ENDED
    if event.facet == CONTENT or event.link:
        return Kind.ADDED if before is None or before.elected.content is None else Kind.CHANGED
    if event.facet == DELETE or (event.facet in ENDS and not event.withdrawn):
        return Kind.ENDED
    return Kind.RESTORED if before is not None and event.facet in ENDS else Kind.NOTED


def _unheard(event: Event, after: View) -> Kind:
    # Another source's copy or end that does not speak for the record: kept, without effect on what it says now.
    content = after.elected.content
    if content is None or (event.facet != CONTENT and not event.link):
        return Kind.HISTORY
    return Kind.DUPLICATE if source(event) != source(content) or mark(event) == mark(content) else Kind.HISTORY


def kind_in_time(before: View, after: View) -> Kind:
    """The kind of the step a day or other rules make: what ends for good or for the public, what is shown again, the rest."""
    was, now = before.stand.standing, after.stand.standing
    if not before.present:
        return Kind.ADDED
    if was != now and (was is Standing.SHOWN or now in _OVER):
        return Kind.ENDED
    return Kind.RESTORED if was != now and now is Standing.SHOWN else Kind.CHANGED


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the payload fields whose values differ, sorted; absent and null are the same."""
    if before is after:
        return ()
    if not before:
        return tuple(sorted([name for name, value in after.items() if value is not None]))
    differing = [name for name, value in after.items() if before.get(name) != value]
    gone = [name for name, value in before.items() if value is not None and name not in after]
    return tuple(sorted(differing + gone))
