"""The real decider: OPA over HTTP, with a deadline, and no other answer than a whole one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from opa_client.opa_async import AsyncOpaClient

from databus.errors import BadSettings, PolicyUnavailable
from databus.model.disclosure import ClassPlan, Question
from databus.policy import verdicts
from databus.policy.question import as_input

PACKAGE, RULE = "databus.release", "decisions"

# One call stays well under the deadline, on a busy machine too: 100 classes take about 30 ms.
_CLASSES_PER_CALL = 100

_log = logging.getLogger(__name__)


class OpaDecider:
    """Asks OPA at `url` with a bearer token; `timeout` is in seconds and bounds each call. `async with`, or `start` and `stop`."""

    def __init__(self, url: str, token: str, timeout: float = 1.0) -> None:
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname or address.path not in ("", "/"):
            raise BadSettings("the address of OPA must look like http://host:port", url=url)
        secure = address.scheme == "https"
        port = address.port or (443 if secure else 80)
        self._client: Any = AsyncOpaClient(host=address.hostname, port=port, ssl=secure, token=token or None, retries=1, timeout=timeout)
        self._timeout = timeout
        self._open = False

    async def __aenter__(self) -> OpaDecider:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the connection pool; OPA need not be up."""
        await self._client.__aenter__()
        self._open = True

    async def stop(self) -> None:
        """Close the connections; safe to repeat."""
        if self._open:
            self._open = False
            await self._client.close_connection()

    async def decide(self, question: Question) -> tuple[str, dict[int, ClassPlan]]:
        """The revision of the policy and one plan per class id; `PolicyUnavailable` for anything less (ports.Decider)."""
        if not question.classes:
            return await self._revision(), {}
        revisions: set[str] = set()
        plans: dict[int, ClassPlan] = {}
        for part in _parts(question):
            revision, answered = await self._ask(part)
            revisions.add(revision)
            plans |= answered
        if len(revisions) != 1:
            raise PolicyUnavailable("the policy changed while it was asked", cause="changed")
        return revisions.pop(), plans

    async def ready(self) -> bool:
        """True once OPA answers with a policy that has a revision."""
        try:
            return bool(await self._revision())
        except PolicyUnavailable:
            return False

    async def _revision(self) -> str:
        return _revision_of(await self._query({"classes": {}}))

    async def _ask(self, question: Question) -> tuple[str, dict[int, ClassPlan]]:
        answer = await self._query(as_input(question))
        plans = verdicts.read(answer.get("result"), {label_class.class_id for label_class in question.classes})
        return _revision_of(answer), plans

    async def _query(self, document: dict[str, Any]) -> dict[str, Any]:
        if not self._open:
            raise PolicyUnavailable("the decider is not open", cause="closed")
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._client.query_rule(
                    input_data=document, package_path=PACKAGE, rule_name=RULE, query_params={"provenance": "true"}
                )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            _log.warning("OPA gave no answer", extra={"cause": type(error).__name__})
            raise PolicyUnavailable("OPA gave no answer", cause=type(error).__name__) from error
        if not isinstance(answer, dict):
            raise PolicyUnavailable("policy gave an unexpected answer", cause="unexpected")
        return answer


def _parts(question: Question) -> Iterator[Question]:
    for start in range(0, len(question.classes), _CLASSES_PER_CALL):
        yield replace(question, classes=question.classes[start : start + _CLASSES_PER_CALL])


def _revision_of(answer: dict[str, Any]) -> str:
    """The revision that answered. Without one the decision could never be replayed, so it is none."""
    try:
        bundles = answer["provenance"]["bundles"]
        (revision,) = {bundle["revision"] for bundle in bundles.values() if bundle.get("revision")}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise PolicyUnavailable("policy did not tell its revision", cause="provenance") from error
    return str(revision)
