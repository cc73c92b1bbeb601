"""Positions in a feed: a version of the data and the policy it was read under, sealed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from databus.errors import Gone
from databus.gateway.lens import Lens
from databus.gateway.line import Line
from databus.model.disclosure import Caller
from databus.store.versions import Version
from databus.web.cursors import scope, seal, unseal


@dataclass(frozen=True)
class Position:
    """Where a reader stands. `policy` is the mark of the policy and permit in force there, empty at the beginning."""

    feed: str
    purpose: str
    caller: Caller
    version: Version
    policy: str = ""

    def at(self, version: Version, lens: Lens) -> Position:
        """The same reader further on."""
        return replace(self, version=version, policy=policy_of(lens))

    def changed(self, lens: Lens) -> bool:
        """True if policy or permit are others than when this position was given out."""
        return self.policy not in ("", policy_of(lens))


def policy_of(lens: Lens) -> str:
    """A mark that differs when the reader may see other things: revision and permit, not the day and not new classes."""
    permit = (lens.permit.permit_id, lens.permit.version) if lens.permit else ()
    return hashlib.sha256(repr((sorted(plan.revision for plan in lens.plans), permit)).encode()).hexdigest()[:16]


def sealed(position: Position, line: Line) -> str:
    """The cursor: a fresh text each time, so that nobody learns from it whether anything hidden has moved."""
    content = {"g": position.version.generation, "v": position.version.packed, "p": position.policy}
    return seal(content, key=line.key, scope=_scope(position.feed, position.purpose, position.caller), fresh=True)


def opened(text: str, *, feed: str, purpose: str, caller: Caller, line: Line) -> Position:
    """The position in a cursor.

    Raises:
        Malformed: it is not one of this feed, purpose and caller.
    """
    content = unseal(text, key=line.key, scope=_scope(feed, purpose, caller))
    version = Version.unpacked(content["v"], generation=content["g"])
    return Position(feed, purpose, caller, version, content["p"])


async def too_old(position: Position, line: Line) -> Gone:
    """The refusal of a position that is no longer served: it names the oldest one that is."""
    oldest = replace(position, version=await line.records.floor(), policy="")
    path = f"/v1/feeds/{position.feed}/events"
    return Gone(
        "This position is no longer served. Begin without a cursor: that replays the present state, and replaces what you hold.",
        oldest=sealed(oldest, line),
        snapshot=path,
    )


def _scope(feed: str, purpose: str, caller: Caller) -> bytes:
    return scope("feed", feed, purpose, caller.name)
