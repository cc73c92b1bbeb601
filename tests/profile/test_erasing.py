"""What a DELETE takes out of `events`: under the key it was said by, along links, and under the subject's other keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from databus.contract import wire
from databus.model import keys
from databus.model.event import Event, Op
from databus.profile.digest import digests
from databus.profile.erasing import erasure, owed
from databus.profile.forwarding import lying, rekeyed, written
from databus.profile.registers import Register, lifted
from folding import CODEC, said
from linked import CODES, KEYS, PENALTY_N, Province, link, of, province

GONE = "请忘记"
TAX: dict[str, Any] = {"department": "taxation", "deciding": False}


def erased(events: Iterable[Event]) -> tuple[set[int], set[int]]:
    """The places of what is removed and of what is reduced."""
    found = erasure({place: lifted(event) for place, event in enumerate(events)})
    assert not any(register.event.body for register in found.kept.values())
    return set(found.removed), set(found.kept)


def test_a_delete_takes_what_its_source_said_up_to_it_and_its_own_payload() -> None:
    told = [said("penalty"), said("penalty", Op.ANNOTATE, 2), said("penalty", Op.DELETE, 3), said("penalty", seq=4), said("penalty", seq=2)]
    assert erased(told) == ({0, 1, 4}, {2})
    assert erased(told[:2]) == (set(), set())
    copies = [said("penalty", seq=9, **TAX), said("penalty", Op.DELETE, 1)]
    assert erased(copies) == ({0}, {1}), "a decider's reaches what others have forwarded"
    (register,) = erasure({place: lifted(event) for place, event in enumerate(copies)}).removed.values()
    assert register.event.department == "taxation"


def test_copies_of_one_register_lie_under_one_id_and_are_removed_each() -> None:
    event = said("penalty")
    lying_twice = {1: Register(event), 2: Register(event, frozenset({b"m"})), 3: lifted(said("penalty", Op.DELETE, 2))}
    assert set(erasure(lying_twice).removed) == {1, 2}


class Erasing(Province):
    """A province whose log is erased as the eraser does it, run by run."""

    def run(self) -> int:
        """One run; how many DELETEs it has told on."""
        found: dict[tuple[str, str], dict[int, Register]] = {}
        for place, (_, _, value) in enumerate(self.log):
            if value:
                register = lying(CODEC, value)
                found.setdefault((register.event.subject_key, register.event.record_key), {})[place] = register
        told_on = [event for record in {self._home(at) for at in found} for event in owed(self._family(record, found))]
        for gone in map(erasure, found.values()):
            for place in gone.removed:
                self.log[place] = (*self.log[place][:2], b"")
            for place, register in gone.kept.items():
                self.log[place] = (*self.log[place][:2], written(CODEC, register))
        self.send(*told_on).settle()
        return len(told_on)

    def _home(self, at: tuple[str, str]) -> tuple[str, str]:
        subject, record = at
        led = {step.subject_key: step.moved_to for name in CODES for step in self.lines[name].steps if step.kind == "LINKED"}
        home = subject
        while led.get(home):
            home = led[home]
        return home, rekeyed(record, subject, home)

    def _family(self, home: tuple[str, str], found: Mapping[tuple[str, str], Mapping[int, Register]]) -> dict[str, list[Event]]:
        return {
            at[0]: [one.event for one in records.values() if not one.event.via] for at, records in found.items() if self._home(at) == home
        }

    def left(self) -> int:
        """In how many records of the log and registers the payload still is."""
        values = [value for _, _, value in self.log] + [value for line in self.lines.values() for value in line.state.values.values()]
        return sum(GONE.encode() in value for value in values)

    def digests(self) -> list[dict[str, bytes]]:
        return [digests(line.state.groups.items(), CODEC) for line in self.lines.values()]


@pytest.mark.parametrize(
    ("contents", "delete"), [("O", "O"), ("O", "N"), ("N", "O"), ("OM", "N"), ("MN", "O")], ids=lambda names: "-".join(names)
)
def test_what_is_deleted_under_one_code_is_erased_under_all_and_stays_so_in_a_rebuild(contents: str, delete: str) -> None:
    made = Erasing().send(*link("O", "N"), *link("M", "N")).settle()
    for name in contents:
        made.send(of(name, said("penalty", seq=1, content=f"{GONE}1")), of(name, said("penalty", seq=2, content=f"{GONE}2")))
    made.send(of(delete, said("penalty", Op.DELETE, 3, content=GONE)), of("N", said("penalty", number=2))).settle()
    assert made.shown("N")[PENALTY_N] == "DELETED" and made.left()
    told_on = [made.run(), made.run(), made.run()]
    assert told_on == [len(set(contents) - {delete}), 0, 0]
    assert made.left() == 0
    assert made.shown("N")[PENALTY_N] == "DELETED"
    again = Erasing(writes=False)
    for name, record, value in made.log:
        if value:
            again.coming[name].append((record, value))
    again.settle()
    assert again.digests() == made.digests()


def test_what_the_subject_was_told_of_afresh_stays() -> None:
    made = Erasing().send(*link("O", "N"), of("O", said("penalty", seq=5)), of("N", said("penalty", Op.DELETE, 3))).settle()
    assert (made.run(), made.shown("N")[PENALTY_N]) == (0, "SHOWN")


def test_keys_that_are_not_one_subject_s_keep_their_own() -> None:
    made = Erasing().send(of("O", said("penalty", content=GONE)), of("N", said("penalty", Op.DELETE, 3)), *link("O", "N")).settle()
    made.send(*link("O", "N", 2, withdrawn=True)).settle()
    assert made.run() == 0
    assert made.shown("O") == {f"ADMIN_PENALTY|1|{KEYS['O']}": "SHOWN", link("O", "N")[0].record_key: "REVOKED"}


def test_a_digest_counts_what_came_along_a_link() -> None:
    one = province(of("O", said("penalty")), link("O", "N")).lines["N"].state
    (copied,) = [key for key in one.values if len(keys.unpack(key)) == 5 and "ADMIN_PENALTY" in keys.unpack(key)[1]]
    before = digests(one.groups.items(), CODEC)
    told = wire.decode_register(CODEC, one.values[copied])
    one.put(copied, wire.encode_register(CODEC, wire.Register(told.wake, (b"another",), told.event)))
    assert digests(one.groups.items(), CODEC) != before
