"""One submission of the sample, and what should become of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of the facts a department may say this of: what goes wrong, and what happens to a fact later.

    `wrong` have one defect; `overtaken` are corrected twice, and the first correction comes behind the second; `equivocal`
    come twice with one seq and two contents; `late` come after the time their entry allows; `narrowed` are AUTHORISED where
    their entry is wider. Only facts that may be published for a while are `repaired`; a subject's one registration is neither
    revoked nor narrowed. `converted` is the share of organisations that departments knew by an older code, too.
    """

    wrong: float = 0.04
    duplicate: float = 0.03
    corrected: float = 0.05
    revoked: float = 0.02
    repaired: float = 0.03
    overtaken: float = 0.01
    equivocal: float = 0.002
    late: float = 0.05
    narrowed: float = 0.03
    converted: float = 0.08


@dataclass(frozen=True, slots=True)
class Planned:
    """One submission and what should become of it.

    `outcome` is ACCEPTED, REJECTED or HELD with the `rule` and `field` that say so; `effect` of an accepted one is
    CHANGING, DUPLICATE, HISTORY or EQUIVOCAL; `record` numbers the record, `told` is when the department says it sent it
    (milliseconds since 1970).
    """

    submission_id: str
    department: str
    record_type: str
    catalog_code: str
    cut: dict[str, dict[str, Any]]
    seq: int
    told: int
    record: int
    outcome: str = "ACCEPTED"
    rule: str = ""
    field: str = ""
    effect: str = "CHANGING"
