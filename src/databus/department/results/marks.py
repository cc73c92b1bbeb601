"""What a result file says of a row, beside its own cells."""

from __future__ import annotations

from collections.abc import Mapping

from databus.department.outcome import ACCEPTED, UNCHANGED, RowResult
from databus.department.publish import DIGEST, FINDING, OUTCOME, digest

NAMES = ("row", OUTCOME, "submission", "verdict", "rule", "field", "observed", "reason", "suggestion", FINDING, DIGEST)
_BETWEEN = " | "
_SILENT = dict.fromkeys(NAMES, "")


def marks_of(result: RowResult) -> Mapping[str, str]:
    """The marks of one row by name; several remarks stand behind one another in each."""
    remarks = result.remarks
    if result.outcome == UNCHANGED:
        # It stays what it was, so that it is left out the next time too.
        return {name: result.row.marks.get(name, "") for name in NAMES} | {"row": str(result.row.number)}
    if not remarks:
        told = digest(result.row) if result.outcome == ACCEPTED else ""
        return {**_SILENT, "row": str(result.row.number), OUTCOME: result.outcome, "submission": result.submission_id, DIGEST: told}
    return {
        "row": str(result.row.number),
        OUTCOME: result.outcome,
        "submission": result.submission_id,
        "verdict": _BETWEEN.join(one.verdict for one in remarks),
        "rule": _BETWEEN.join(one.rule for one in remarks),
        "field": _BETWEEN.join(one.field for one in remarks),
        "observed": _BETWEEN.join(one.observed for one in remarks),
        "reason": _BETWEEN.join(one.reason for one in remarks),
        "suggestion": _BETWEEN.join(one.suggestion for one in remarks),
        FINDING: " ".join(one.finding_id for one in remarks if one.finding_id),
        DIGEST: digest(result.row) if result.outcome == ACCEPTED else "",
    }
