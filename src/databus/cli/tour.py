"""The tour after a start: one event asked for by an agency, and one ready line per user."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

import httpx
from rich.console import Console

from databus.access.accounts import sample_secrets
from databus.bus import topics
from databus.bus.follow import read_at
from databus.cli.output import headed
from databus.cli.session import Session
from databus.contract.wire import decode_change
from databus.errors import NotFound, Unavailable
from databus.model.keys import USCI
from databus.model.labels import Standing
from databus.store import permits, trace
from databus.store.sessions import Pool
from databus.store.trace import Life, Step
from databus.testing.province.ledger import Line

AGENCY, PURPOSE = "agency-north", "P12"
DEPARTMENT, TYPE = "emergency", "ADMIN_PENALTY"
CSV = f"schemas/{TYPE}/samples/penalties.csv"
_LOOKED_AT = 400
_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The submission to walk, and its subject's code."""

    submission_id: str
    code: str


def chosen(here: Session, lines: Iterable[Line]) -> Choice:
    """A penalty that is shown, of a subject that consented to the agency.

    Raises:
        NotFound: the sample has none.
    """
    wanted = [line.submission_id for line in lines if line.record_type == TYPE and line.effect == "CHANGING"]

    async def pick(pool: Pool) -> Step | None:
        consenting = {subject for permit in await permits.all(pool, grantee=AGENCY) for subject in permit.subjects}
        # The latest first: the oldest have had their time in public.
        for submission in wanted[: -_LOOKED_AT - 1 : -1]:
            found = await trace.of(pool, submission)
            for step in found.steps:
                if step.subject_key in consenting and any(map(_stands, found.versions)):
                    return step
        return None

    step = here.ask(pick)
    if step is None:
        raise NotFound("the sample holds no penalty that could be shown on a tour")
    return Choice(step.submission_id, _code(here, step))


def _stands(life: Life) -> bool:
    """This is the record as it is now, and it is shown."""
    return life.to_offset is None and life.standing is Standing.SHOWN


def _code(here: Session, step: Step) -> str:
    record = asyncio.run(read_at(here.present("operator"), topics.CHANGES, step.part, step.offset))
    if record is None or record.value is None:
        raise NotFound("the step is no longer in the log", part=step.part, offset=step.offset)
    return decode_change(here.codec("operator"), record.value).codes[USCI]


def visit(here: Session, choice: Choice) -> None:
    """Ask for the subject's profile as the agency, so that the walk has a decision to show.

    Raises:
        Unavailable: the gateway does not answer, or the trail does not show the decision in time.
    """
    try:
        with httpx.Client(base_url=here.gateway, timeout=10.0) as client:
            answer = client.get(f"/v1/profiles/{choice.code}", params={"purpose": PURPOSE}, headers=_authorised(here, client))
            answer.raise_for_status()
    except httpx.HTTPError as error:
        raise Unavailable(f"the gateway did not show the sample's profile: {error}", url=here.gateway) from error
    request, until = answer.headers["Databus-Request-Id"], time.monotonic() + _PATIENCE_SECONDS
    while here.ask(lambda pool: trace.of(pool, request)).empty:
        if time.monotonic() > until:
            raise Unavailable("the decision has not reached the trail", request_id=request)
        time.sleep(0.2)


def _authorised(here: Session, client: httpx.Client) -> dict[str, str]:
    secret = sample_secrets(here.keys.folder)[AGENCY]
    answer = client.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(AGENCY, secret))
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def ready_lines(out: Console, here: Session, choice: Choice) -> None:
    """One line to copy per user."""
    token = (
        f"$(curl -s -u {AGENCY}:$(cat {here.keys.folder}/clients/{AGENCY}.secret) -d grant_type=client_credentials "
        f'{here.gateway}/oauth/token | sed \'s/.*"access_token":"\\([^"]*\\).*/\\1/\')'
    )
    lines = (
        ("department engineer", f"databus publish {CSV} --department {DEPARTMENT} --type {TYPE}"),
        ("credit agency", f"curl -s -H \"Authorization: Bearer {token}\" '{here.gateway}/v1/profiles/{choice.code}?purpose={PURPOSE}'"),
        ("open data", f"{here.gateway}/businesses/{choice.code}"),
        ("", f"curl -s {here.gateway}/v1/datasets/penalties/exports/csv"),
        ("security officer", f"databus audit search --caller {AGENCY} --subject {choice.code}"),
    )
    out.print(headed("\nReady"))
    for user, line in lines:
        out.print(f"  {user.ljust(20)}{line}", soft_wrap=True)
