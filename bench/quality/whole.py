"""Faults that only the whole profile shows (domain 5.1), and what looks like one: a few rows about a subject nobody else tells of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from bench.quality.broken import free, room
from bench.quality.clean import Maker
from bench.quality.row import Row
from databus.contract.attributes import Attribute
from databus.contract.predicates import Predicate
from databus.profile.charter import IDENTITY, Charter
from databus.testing.province.kinds import Kind
from databus.testing.province.subjects import Subject

Story = list[Row]
Tell = Callable[[Maker, Charter], Story]
_TRIES, _FAR = 3_000, date(2099, 12, 31)


def kind_of(maker: Maker, record_type: str) -> Kind:
    return next(kind for kind in maker.kinds if kind.record_type.name == record_type)


def attribute(charter: Charter, *, identity: bool) -> Attribute:
    """An attribute that an authority of enterprises tells and another type asserts as well."""
    return next(
        one
        for name, one in charter.attributes.items()
        if "9" in one.authority
        and (one.conflict == IDENTITY) is identity
        and len([1 for told in charter.asserted.values() if name in dict(told)]) > 1
    )


def registration(maker: Maker, charter: Charter, subject: Subject, told: Attribute) -> Row:
    """What the authority says of a subject, before all else."""
    authority = told.authority["9"]
    early = maker.until - timedelta(days=5 * 365)
    return must(
        maker.row(
            kind_of(maker, authority.record_type), subject=subject, entry=maker.contract.entries[authority.catalog_code], decided=early
        )
    )


def must(row: Row | None) -> Row:
    if row is None:
        raise LookupError("the contract's hints make no such row")
    return row


def fact(
    maker: Maker, charter: Charter, subject: Subject, *, asserting: str = "", such: Predicate | None = None, record_type: str = ""
) -> Row:
    """A row about a subject that asserts an attribute, or is of a type, or such as a predicate asks."""
    authorities = {name for name, _ in charter.authorities}
    kinds = [
        kind
        for kind in maker.kinds
        if subject.kind in kind.kinds
        and not kind.once
        and kind.record_type.maps is None
        and (not record_type or kind.record_type.name == record_type)
        and kind.record_type.name not in authorities
    ]
    for _ in range(_TRIES):
        kind = maker.random.choice(kinds)
        row = maker.made(kind, subject, maker.random.choice(kind.entries), maker.decided())
        field = charter.field(row.record_type.name, asserting)
        if (
            (not asserting or row.payload.get(field))
            and (such is None or such(row.content))
            and not any(bad(row.content) for _, bad in kind.prohibited)
        ):
            return row
    raise LookupError("the contract's hints make no such row")


def another_name(maker: Maker, charter: Charter) -> Story:
    told, subject = attribute(charter, identity=True), maker.subject(enterprise=True)
    row = fact(maker, charter, subject, asserting=told.name)
    field = charter.field(row.record_type.name, told.name)
    return [registration(maker, charter, subject, told), row.having(**{field: maker.subject(enterprise=True).name}).must((IDENTITY, field))]


def name_in_other_brackets(maker: Maker, charter: Charter) -> Story:
    told, subject = attribute(charter, identity=True), maker.subject(enterprise=True)
    own, row = registration(maker, charter, subject, told), fact(maker, charter, subject, asserting=told.name)
    name = subject.name.replace("有限公司", "（集团）有限公司")
    field = charter.field(row.record_type.name, told.name)
    near = name.replace("（", " (").replace("）", ") ")
    return [own.having(**{charter.field(own.record_type.name, told.name): name}), row.having(**{field: near})]


def former_name(maker: Maker, charter: Charter) -> Story:
    told, subject = attribute(charter, identity=True), maker.subject(enterprise=True)
    own, row = registration(maker, charter, subject, told), fact(maker, charter, subject, asserting=told.name)
    renamed = own.corrected(days=30).having(**{charter.field(own.record_type.name, told.name): f"{subject.name}（新）"})
    return [own, renamed, row]


def another_word(maker: Maker, charter: Charter) -> Story:
    told, subject = attribute(charter, identity=False), maker.subject(enterprise=True)
    own, row = registration(maker, charter, subject, told), fact(maker, charter, subject, asserting=told.name)
    field, mine = charter.field(row.record_type.name, told.name), charter.field(own.record_type.name, told.name)
    return [own.must((told.conflict, mine)), row.having(**{field: f"{row.payload[field]}乙"}).must((told.conflict, field))]


def after_the_end(maker: Maker, charter: Charter) -> Story:
    own, row = _ended(maker, charter, maker.subject(enterprise=True))
    return [own, row.must(("DQ-CONS-03", charter.decided[row.record_type.name]))]


def on_the_day_of_the_end(maker: Maker, charter: Charter) -> Story:
    subject = maker.subject(enterprise=True)
    gone, row = _ended(maker, charter, subject)
    own = registration(maker, charter, subject, attribute(charter, identity=True))
    ended = gone.having(**{charter.ended.field: row.payload[charter.decided[row.record_type.name]]})
    return [own, row, ended.altered(seq=own.seq + 1).saying(op="CORRECT", reason="注销").on(row.day, 18)]


def _ended(maker: Maker, charter: Charter, subject: Subject) -> tuple[Row, Row]:
    ended = charter.ended
    told = attribute(charter, identity=True)
    entry = maker.contract.entries[told.authority["9"].catalog_code]
    decided = [name for name in charter.decided if not kind_of(maker, name).once]
    row = fact(maker, charter, subject, record_type=maker.random.choice(decided))
    for _ in range(_TRIES):
        own = maker.made(kind_of(maker, ended.record_type), subject, entry, maker.until - timedelta(days=5 * 365))
        if ended.when(own.content):
            return own, row
    raise LookupError("no registration of the hints has ended")


def licence_still_valid(maker: Maker, charter: Charter) -> Story:
    licence, row, number = _taken(maker, charter)
    return [licence, row.having(**{charter.takes.field: f"许可证（{number}）"}).must(("DQ-CONS-04", charter.takes.field))]


def another_licence(maker: Maker, charter: Charter) -> Story:
    licence, row, number = _taken(maker, charter)
    return [licence, row.having(**{charter.takes.field: f"许可证（{number}9）"})]


def _taken(maker: Maker, charter: Charter) -> tuple[Row, Row, str]:
    subject, licences, takes = maker.subject(enterprise=True), charter.licences, charter.takes
    licence = fact(maker, charter, subject, record_type=licences.record_type, such=licences.when)
    number = next(str(licence.payload[name]) for name in licences.numbers if licence.payload.get(name))
    return licence.having(**{licences.until: _FAR}), fact(maker, charter, subject, record_type=takes.record_type, such=takes.when), number


def _lonely(maker: Maker, charter: Charter, op: str) -> Row:
    return fact(maker, charter, maker.subject(enterprise=True)).saying(op=op, reason="依法处理")


def repair_of_nothing(maker: Maker, charter: Charter) -> Story:
    return [_lonely(maker, charter, "REPAIR").must(("DQ-CONS-05", "envelope.op"))]


def end_of_nothing(maker: Maker, charter: Charter) -> Story:
    return [_lonely(maker, charter, maker.random.choice(("REVOKE", "CORRECT"))).must(("DQ-REF-01", "envelope.op"))]


def end_of_something(maker: Maker, charter: Charter) -> Story:
    row = fact(maker, charter, maker.subject(enterprise=True))
    return [row, row.again(hours=200).saying(op=maker.random.choice(("REVOKE", "CORRECT", "REPAIR")), reason="依法处理")]


def late_end(maker: Maker, charter: Charter) -> Story:
    row, end = _ended_on(maker, charter, working_days=4)
    return [row, end.must(("DQ-TIM-03", "envelope.valid_from"))]


def end_in_time(maker: Maker, charter: Charter) -> Story:
    return [*_ended_on(maker, charter, working_days=3)]


def _ended_on(maker: Maker, charter: Charter, *, working_days: int) -> tuple[Row, Row]:
    """A row and its end, which took effect that many working days before it was passed on."""
    row = fact(maker, charter, maker.subject(enterprise=True))
    effect = row.day + timedelta(days=20)
    told, _ = maker.contract.calendar.working_days_after(effect, working_days)
    end = row.again().saying(op=maker.random.choice(("REVOKE", "REPAIR")), reason="依法处理", valid_from=effect)
    return row, end.on(told, 18)


def the_same_again(maker: Maker, charter: Charter) -> Story:
    row = fact(maker, charter, maker.subject(enterprise=True))
    return [row, row.again(seq=maker.random.choice((0, 1))).must(("DQ-UNI-01", ""))]


def two_sources(maker: Maker, charter: Charter) -> Story:
    for _ in range(_TRIES):
        row = fact(maker, charter, maker.subject(enterprise=True))
        kind = row.record_type
        others = [one for one in kind.entries if one.department != row.department and one.publication is row.entry.publication]
        if kind.deciding and not any(part.startswith("@source") for part in kind.key) and others and not row.entry.raw.get("items"):
            other = maker.random.choice([one for one in others if not one.raw.get("items")] or others)
            return [row, row.altered(department=other.department, entry=other).must(("DQ-UNI-02", ""))]
    raise LookupError("no two departments may publish one document")


def two_contents(maker: Maker, charter: Charter) -> Story:
    for _ in range(_TRIES):
        row = fact(maker, charter, maker.subject(enterprise=True))
        names = [name for name in free(row, maker) if room(row, name) and not row.record_type.fields[name].code]
        if names:
            name = maker.random.choice(names)
            return [row, row.again(seq=0).having(**{name: f"{row.payload[name]}乙"}).must(("DQ-UNI-03", "envelope.source_seq"))]
    raise LookupError("no type has a text that no check looks into")


def one_code_for_two(maker: Maker, charter: Charter) -> Story:
    first, second = (must(_mapped(maker, maker.subject(enterprise=True))) for _ in range(2))
    maps = first.record_type.maps
    old = next(old for old in maps.old if old.proof is None and first.payload.get(old.field)) if maps else None
    alone = dict.fromkeys(other.field for other in maps.old if other is not old) if maps else {}
    if old is None:
        raise LookupError("the contract's hints name no older code that only a registrar knows")
    told = {**alone, old.field: first.payload[old.field]}
    return [row.having(**told).must(("DQ-UNI-04", "")) for row in (first, second)]


def _mapped(maker: Maker, subject: Subject) -> Row | None:
    kind = next(kind for kind in maker.kinds if kind.record_type.maps is not None)
    return maker.row(kind, subject=subject)


FAULTY: dict[str, tuple[Tell, ...]] = {
    "DQ-CONS-01": (another_name,),
    "DQ-CONS-02": (another_word,),
    "DQ-CONS-03": (after_the_end,),
    "DQ-CONS-04": (licence_still_valid,),
    "DQ-CONS-05": (repair_of_nothing,),
    "DQ-UNI-01": (the_same_again,),
    "DQ-UNI-02": (two_sources,),
    "DQ-UNI-03": (two_contents,),
    "DQ-UNI-04": (one_code_for_two,),
    "DQ-REF-01": (end_of_nothing,),
    "DQ-TIM-03": (late_end,),
}
CLEAN: tuple[Tell, ...] = (name_in_other_brackets, former_name, on_the_day_of_the_end, another_licence, end_of_something, end_in_time)


def stories(maker: Maker, charter: Charter, tells: tuple[Tell, ...]) -> Iterator[Story]:
    """Such stories for ever, one kind after the other."""
    while True:
        for tell in tells:
            yield tell(maker, charter)
