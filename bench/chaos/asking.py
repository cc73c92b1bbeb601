"""A caller of the gateway that never tires: what it is told must stand in the trail, whatever ended in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import httpx

from databus.access.accounts import sample_secrets
from databus.cli.session import Session
from databus.cli.tour import AGENCY, PURPOSE

DECISION = "Databus-Decision-Id"
_PAUSE_SECONDS = 0.2
_LAST_SECONDS = 120.0
"""So much longer it asks if it has had no answer at all: the parts of a busy machine may take long to come back."""


class Asking(threading.Thread):
    """Asks for profiles until `stop`; `told` are the decisions that answers quoted, `refused` counts everything else."""

    def __init__(self, here: Session, codes: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self._here, self._codes = here, codes
        self._stop_asking = threading.Event()
        self._until = 0.0
        self.told: set[str] = set()
        self.refused = 0

    def run(self) -> None:
        token = ""
        with httpx.Client(base_url=self._here.gateway, timeout=90.0) as client:
            at = 0
            while not self._stop_asking.wait(_PAUSE_SECONDS) or (not self.told and time.monotonic() < self._until):
                if self._stop_asking.is_set():
                    time.sleep(_PAUSE_SECONDS)
                try:
                    token = token or self._token(client)
                    code, at = self._codes[at % len(self._codes)], at + 1
                    answer = client.get(f"/v1/profiles/{code}", params={"purpose": PURPOSE}, headers={"Authorization": f"Bearer {token}"})
                except httpx.HTTPError:
                    self.refused += 1
                    continue
                token = "" if answer.status_code == 401 else token
                if answer.status_code == 200:
                    self.told.add(answer.headers[DECISION])
                else:
                    self.refused += 1

    def _token(self, client: httpx.Client) -> str:
        secret = sample_secrets(self._here.keys.folder)[AGENCY]
        answer = client.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(AGENCY, secret))
        return str(answer.json()["access_token"]) if answer.status_code == 200 else ""

    def finish(self) -> None:
        """Ask no more, as soon as there has been an answer."""
        self._until = time.monotonic() + _LAST_SECONDS
        self._stop_asking.set()
        self.join(2 * _LAST_SECONDS)
