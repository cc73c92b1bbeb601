"""A department answers a finding: it has seen it, or it objects. What corrects it is a submission (domain 5.3)."""

from __future__ import annotations

import unicodedata

from databus.errors import Conflict, Malformed
from databus.model.finding import FOLLOWS, Answer, FindingStatus, Tracked
from databus.quality.masking import without_persons

BY_HAND = (FindingStatus.ACK, FindingStatus.REJECTED)
"""The states a department may set; the others follow from what it publishes, and from the calendar."""
LONGEST, SHORTEST = 500, 4
"""Characters of a reason."""


def answer_to(tracked: Tracked, status: str, *, by: str, at: int, reason: str = "") -> Answer:
    """The answer `by` a caller at an instant (milliseconds); numbers of persons in its reason are covered.

    Raises:
        Malformed: no state a department sets, an objection without a reason, or a reason of more than 500 characters.
        Conflict: the finding stands where this cannot follow; the error says where.
    """
    if status not in BY_HAND:
        raise Malformed(
            f"A department answers with {' or '.join(BY_HAND)}; a finding is fixed by a submission that names it.", status=status[:16]
        )
    wanted, told = FindingStatus(status), " ".join(reason.split())
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in told) or len(told) > LONGEST:
        raise Malformed(f"A reason is a text of at most {LONGEST} characters.", parameter="reason", most=LONGEST)
    if wanted is FindingStatus.REJECTED and len(told) < SHORTEST:
        raise Malformed("Say why the finding is wrong: an objection needs a reason.", parameter="reason", least=SHORTEST)
    finding = tracked.finding
    if tracked.status not in FOLLOWS[wanted]:
        raise Conflict(
            f"The finding is {tracked.status} already; {wanted} cannot follow.", finding_id=finding.finding_id, status=tracked.status
        )
    return Answer(finding.finding_id, finding.department, wanted, by=by, at=at, reason=without_persons(told))
