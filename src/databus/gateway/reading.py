"""The way of one answer about one subject: decide, read, redact (design 9). Recording and releasing are the route's."""

from __future__ import annotations

from dataclasses import dataclass

from databus.contract.identifiers import normalise_code
from databus.errors import NotFound
from databus.gateway.lens import Lens, Shown, cut
from databus.gateway.line import Line
from databus.gateway.moments import Moment
from databus.store.rows import SubjectRow
from databus.web.paging import words_of

LONGEST_CODE = 40


@dataclass(frozen=True)
class Profile:
    """A subject as one caller may see it, and its records already cut; `asked` is the code it was found by, an older one perhaps."""

    subject: SubjectRow
    shown: tuple[Shown, ...]
    asked: tuple[str, str] | None = None


def nobody() -> NotFound:
    """The one answer for a subject that does not exist and for one that must not be known to exist."""
    return NotFound("No subject that may be shown to you has this code.")


def code_of(text: str) -> str:
    """A code as typed, in normal form.

    Raises:
        NotFound: nothing that could be a code.
        Malformed: characters that are no text.
    """
    code = words_of(text, parameter="code").upper()
    if not code or len(code) > LONGEST_CODE:
        raise nobody()
    return code


async def read(line: Line, lens: Lens, subject_key: str, *, asked: str = "", moment: Moment | None = None) -> Profile | None:
    """Read and redact; None where nothing of the subject may be known to exist.

    At a `moment` a subject that may be known may have had no record yet.
    """
    today, classes = line.today(), lens.allowed
    if not classes:
        return None
    subject = await line.records.seen(subject_key, classes=classes, today=today, asked=asked)
    if subject is None:
        return None
    if moment is None:
        rows = await line.records.of_subject(subject_key, classes=classes, today=today)
    else:
        day, instant = moment.as_of, moment.milliseconds
        rows = await line.records.known(subject_key, as_of=day, known_at=instant, classes=classes, today=today)
    shown = tuple(one for row in rows if (one := cut(line.planner, lens, row)) is not None)
    if not shown and moment is None:
        return None
    used = next((pair for pair in subject.codes if pair[1] == normalise_code(asked)), None) if asked else None
    return Profile(subject, shown, used)
