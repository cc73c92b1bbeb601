"""The profiler: a chunk of accepted events becomes steps, registers and findings. No clock is asked: time is in the events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from databus.contract import wire
from databus.contract.accepted import EVENT
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.model import keys
from databus.model.change import Kind
from databus.model.chunk import Duty, Outcome, Processor, Record, State
from databus.model.clock import Release, Tick
from databus.model.event import Event
from databus.profile import announcing, linking
from databus.profile.answering import Cause
from databus.profile.charter import charter_of
from databus.profile.election import elect
from databus.profile.lifecycle import rules_of
from databus.profile.overlay import Overlay
from databus.profile.registers import CONTENT, Meeting, Register, address, fold, lift, meet
from databus.profile.standing import Read, Submission
from databus.profile.steps import kind_of, moved
from databus.profile.telling import Place, Step, Telling, consequence, equivocation, step_of, written
from databus.profile.timeline import SLICE, Timeline, timeline
from databus.profile.view import day_of, view_of
from databus.profile.whole import whole

_LOT = 100
"""So many events are read before the first is folded, and all steps written behind the last: code that has just run runs faster."""


def processor(contract: Contract, codec: Codec, *, writes: bool = True, slice_size: int = SLICE) -> Processor:
    """The processor of stage 4: `events` of one partition → `changes`, `findings` and registers.

    One step per event, in order; a repeat of an event makes a step of the same `change_id`. A second content under one
    seq makes two: EQUIVOCAL, and beside it the CHANGED that holds the record (`causes` names the event, no submission).
    The highest day of an event or a tick is the day of the partition: what wakes by then is judged first, at most
    `slice_size` records of a chunk, and the rest by `duty`. Tombstones are passed over. Without `writes`, as in a rebuild, what
    links ask to be told on stays asked for.

    Raises (when called):
        Undecodable: `events` or `registers` hold something that is not ours; only our own processes write there.
    """
    begin = _beginning(contract, codec, slice_size, writes=writes)

    def process(chunk: Sequence[Record], state: State) -> Outcome:
        if not chunk:
            return Outcome()
        time = begin(chunk[0].partition, state)
        outputs: list[Telling] = []
        for at in range(0, len(chunk), _LOT):
            for record, said in [(record, _opened(record.value, time)) for record in chunk[at : at + _LOT] if record.value is not None]:
                outputs += _heard(record, said, time)
        return _outcome(outputs, time)

    return process


def duty(contract: Contract, codec: Codec, *, patience: float | None = None, writes: bool = True, slice_size: int = SLICE) -> Duty:
    """What the owner of a partition owes it: the rest of a sweep, slice by slice, then the ticks and the release that are due.

    With `patience` the partition is told of days only after that many seconds of quiet, and not before its first event: the
    sample tells five years at once (design 7). Without `writes` nothing is told, as in a rebuild.
    """
    begin = _beginning(contract, codec, slice_size, writes=writes)

    def due(partition: int, state: State, now: int, quiet: float) -> Outcome | None:
        clock = announcing.clock_of(state, partition, codec)
        if not clock.behind or (not writes and not announcing.owed(clock)):
            waits = patience is not None and (clock.untold or quiet < patience)
            return None if waits or not writes else announcing.due(clock, partition, now, contract.rules.digest, codec)
        time = begin(partition, state)
        return _outcome([*time.concerned(), *time.sweep(), *time.released()], time)

    return due


def _outcome(told: list[Telling], time: Timeline) -> Outcome:
    return Outcome(written(time.overlay.codec, [*told, *time.closing()]), time.registers())


def _beginning(contract: Contract, codec: Codec, slice_size: int, *, writes: bool) -> Callable[[int, State], Timeline]:
    charter = charter_of(contract)

    def begin(partition: int, state: State) -> Timeline:
        read = _reader(codec)
        subjects = whole(contract, charter, codec, state, read)
        overlay, release = Overlay(codec, state), contract.rules.digest
        return timeline(
            overlay, partition, rules=rules_of(contract), read=read, whole=subjects, release=release, budget=slice_size, writes=writes
        )

    return begin


def _opened(value: bytes, time: Timeline) -> Event | Register | Tick | Release:
    """What a record of `events` says, with the content that will be asked for."""
    noun = time.overlay.codec.name(value)
    if noun == EVENT:
        event = time.overlay.heard(value)
        if event.facet == CONTENT and event.body:
            time.read(event)
        return event
    return wire.decode_time(time.overlay.codec, value) or time.overlay.copied(value)


def _heard(record: Record, said: Event | Register | Tick | Release, time: Timeline) -> list[Telling]:
    if isinstance(said, Tick | Release):
        return time.told(said, record.offset)
    if isinstance(said, Register):
        # Its day is that of another partition: it makes none here.
        return time.settle((said.event.subject_key, said.event.record_key)) + linking.folded(record, said, time)
    outputs = time.reach(day_of(said), record.offset)
    outputs += time.settle((said.subject_key, said.record_key))
    if said.link or time.whole.dossiers.ties(said.subject_key) is not None:
        return outputs + linking.folded(record, lift(said)[address(said)], time)
    return outputs + _folded(record, said, time)


def _reader(codec: Codec) -> Read:
    # Kept for one chunk: each further event on a record asks for the same content again.
    known: dict[bytes, Submission] = {}

    def read(event: Event) -> Submission:
        submission = known.get(event.body)
        if submission is None:
            submission = known[event.body] = codec.decode(event.body)[1]
        return submission

    return read


def _folded(record: Record, event: Event, time: Timeline) -> list[Telling]:
    overlay, where, at = time.overlay, (event.subject_key, event.record_key), address(event)
    known = overlay.record(where)
    meeting = meet(known.profile.get(at), event)
    before = time.before(known)
    profile = fold(known.profile, event)
    if before is not None and profile[at] is known.profile.get(at):
        after, touches = before, time.whole.take(event, before.elected, before.elected, profile)
    else:
        elected = elect(tuple(profile.values()))
        touches = time.whole.take(event, None if before is None else before.elected, elected, profile)
        after = view_of(elected, time.clock.day, rules=time.rules, read=time.read, weigh=time.whole.weigh)
    kind = kind_of(event, meeting, before, after)
    overlay.write(where, profile, after)

    pv = overlay.next_pv(event.subject_key) if kind.changing else None
    step = step_of(Place(record.partition, record.offset), event, kind, before, after, profile, pv)
    outputs: list[Telling] = [Step(step, record.headers)]
    if kind is Kind.EQUIVOCAL and moved(before, after):
        outputs.append(Step(consequence(step, overlay.next_pv(event.subject_key)), record.headers))
    whole, cause = time.whole, Cause(event.event_id, event.known_at)
    if meeting is Meeting.RIVAL:
        outputs.append(whole.answers.keep(where, event, equivocation(record, event), whole.dossiers))
    if after is not before:
        outputs += whole.answers.of_record(where, known, after.failures, whole.dossiers, cause)
    for attributes, findings in whole.attributed(event.event_id, event.codes.get(keys.USCI, ""), cause, overlay, step):
        outputs += [] if attributes is None else [Step(attributes, record.headers)]
        outputs += findings
    return outputs + time.touch(touches, event, record.offset)
