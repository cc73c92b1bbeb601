"""State secrets may not be here: a request that declares one is refused as a whole, before anything of it is written anywhere."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers

from databus.contract.codes import Codes
from databus.department.submission import refuse_secrets
from databus.errors import Unprocessable

HEADERS = ("databus-secrecy", "ce-secrecy")
LIST = "secrecy"
log = logging.getLogger(__name__)


def refuse_declared(headers: Headers, *, codes: Codes) -> None:
    """Refuse by headers alone, before a byte of the body is read.

    Raises:
        Unprocessable: DQ-SEC-01.
    """
    for name in HEADERS:
        for told in headers.getlist(name):
            _refuse(told, codes)


def refuse_told(containers: Iterable[Any], *, codes: Codes) -> None:
    """Refuse by a member `secrecy` at whatever depth of a request, of which these are the arrays and objects; what is no level
    counts as the highest.

    Raises:
        Unprocessable: DQ-SEC-01.
    """
    # Most requests say the same of every event.
    levels = {str(one[LIST]) for one in containers if type(one) is dict and one.get(LIST) is not None}
    for told in levels:
        _refuse(told, codes)


def _refuse(told: str, codes: Codes) -> None:
    level = told.strip()
    try:
        refuse_secrets({"secrecy": (codes.find(LIST, level) or level.upper()) if level else ""})
    except Unprocessable:
        # Metadata alone, and none that the request could have filled (domain 3.4).
        log.warning("a declared state secret was refused", extra={"rule": "DQ-SEC-01"})
        raise
