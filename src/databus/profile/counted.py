"""What of a record's registers counts where they lie: its own, and the copies whose way leads here; nothing at all where its
subject is known under another key (design 8)."""

from __future__ import annotations

from databus.model.nouns import dataclass, replace
from databus.profile.checks import EQUIVOCAL, Failure
from databus.profile.election import Elected, elect, nothing
from databus.profile.registers import Profile
from databus.profile.standing import Read, Rules
from databus.profile.ties import Ties, counting, together
from databus.profile.view import View, Weigh, absent, view_of


@dataclass(frozen=True, slots=True)
class Counted:
    """A record once it is known what counts: who is elected, the `ways` of the copies in it, whether there is anything at all, and
    whether one source is at odds with itself under two codes only."""

    profile: Profile
    elected: Elected
    ways: tuple[str, ...] = ()
    present: bool = True
    torn_apart: bool = False

    def view(self, day: int, *, rules: Rules, read: Read, weigh: Weigh) -> View:
        """The record on a day."""
        if not self.present:
            return absent(tuple(self.profile.values()), day)
        seen = view_of(self.elected, day, rules=rules, read=read, weigh=weigh)
        failures = seen.failures
        if self.torn_apart:
            failures += (Failure(EQUIVOCAL, self.elected.lead, "envelope.source_seq", about="link"),)
        return replace(seen, counted=self.ways, failures=failures) if self.ways or self.torn_apart else seen


def counted(subject: str, profile: Profile, ties: Ties | None, *, as_own: bool = False) -> Counted:
    """What counts of a record of a subject; with `as_own` as if the subject were known under this very key."""
    if ties is None:
        return Counted(profile, elect(tuple(profile.values())))
    leads = ties.leads()
    ways = counting(profile, subject, leads)
    told = together(profile, ways)
    if not told or (subject in leads and not as_own):
        return Counted(profile, nothing(tuple(profile.values())), present=False)
    elected = elect(tuple(told.values()))
    at_odds = elected.torn and not any(register.rivals for at, register in profile.items() if not at.way or at.way in ways)
    return Counted(profile, elected, ways, torn_apart=at_odds)
