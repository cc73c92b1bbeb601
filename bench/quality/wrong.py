"""Faults of accuracy and timeliness (domain 5.1), planted on the fields a type's checks name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bench.quality.broken import Plant, room
from bench.quality.clean import Maker
from bench.quality.row import Fault, Row
from databus.contract.checkdigits import USCC_ALPHABET, org_check_char, reg_no_check_digit, uscc_check_char
from databus.contract.entries import Check
from databus.contract.predicates import predicate

_WIDE = str.maketrans("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ")


def text(row: Row, check: Check) -> str:
    value = row.payload.get(check.field)
    return value if isinstance(value, str) and row.applies(check) else ""


def other(character: str, maker: Maker, alphabet: str = "0123456789") -> str:
    """Another character of an alphabet."""
    return maker.random.choice([one for one in alphabet if one != character])


def uscc_check(row: Row, check: Check, maker: Maker) -> Row | None:
    code = text(row, check)
    return row.having(**{check.field: code[:-1] + other(code[-1], maker, USCC_ALPHABET)}).must((check.rule, check.field)) if code else None


def uscc_length(row: Row, check: Check, maker: Maker) -> Row | None:
    code = text(row, check)
    return row.having(**{check.field: code[:-1]}).must((check.rule, check.field)) if code else None


def organisation_check(row: Row, check: Check, maker: Maker) -> Row | None:
    """The check of an organisation code, alone, at the end of an old taxpayer id, or inside a code that checks as a whole."""
    code = text(row, check)
    if not code:
        return None
    if len(code) == 18:
        body = code[:16] + other(org_check_char(code[8:16]), maker)
        dropped = dict.fromkeys(name for name in derived(row, maker) if name in row.payload)
        return row.having(**{check.field: body + uscc_check_char(body), **dropped}).must((check.rule, check.field))
    broken = row.having(**{check.field: code[:-1] + other(code[-1], maker)}).must((check.rule, check.field))
    # What the USCC itself tells of its organisation code stands against it.
    return broken.must(*quarrel(row, check.field, maker))


def derived(row: Row, maker: Maker) -> list[str]:
    """The fields of a type that repeat a part of the USCC."""
    raw = maker.contract.attributes["attributes"].values()
    asserted = (by for one in raw if one.get("derived") for by in one["asserted_by"])
    return [by["field"] for by in asserted if by["record_type"] == row.record_type.name]


def quarrel(row: Row, name: str, maker: Maker) -> tuple[Fault, ...]:
    organisation = row.subject["kind"] != "PERSON" and bool(row.subject.get("uscc"))
    return (("DQ-CONS-02", name),) if organisation and name in derived(row, maker) else ()


def strange_character(row: Row, check: Check, maker: Maker) -> Row | None:
    code = text(row, check)
    if not code or (code in row.subject.values() and check.params["form"] == "tax_no"):
        return None
    letters = check.params["form"] in ("uscc", "reg_no") and "0" in code
    wrong = code.replace("0", "O", 1) if letters and maker.random.random() < 0.5 else code[:3] + code[3:6].translate(_WIDE) + code[6:]
    return row.having(**{check.field: wrong}).must((check.rule, check.field))


def citizen(row: Row, check: Check, maker: Maker) -> Row | None:
    number = text(row, check)
    if not number:
        return None
    wrong = maker.random.choice(
        (number[:-1] + other(number[-1], maker), number[:10] + "13" + number[12:], number[:6] + "2999" + number[10:])
    )
    return row.having(**{check.field: wrong}).must((check.rule, check.field))


def registration(row: Row, check: Check, maker: Maker) -> Row | None:
    number = text(row, check)
    if len(number) != 15:
        return None
    wrong = maker.random.choice((number[:-1] + other(reg_no_check_digit(number[:14]), maker), number[:-1], number + "0"))
    return row.having(**{check.field: wrong}).must((check.rule, check.field))


def unknown_code(row: Row, check: Check, maker: Maker) -> Row | None:
    value, codes = row.payload.get(check.field), maker.contract.codes
    word = "未知代码"[: row.record_type.leaves[check.field].max_length or 4]
    if not value or codes.find(check.params["list"], word):
        return None
    return row.having(**{check.field: [*value, word] if isinstance(value, list) else word}).must((check.rule, check.field))


def severity(row: Row, check: Check, maker: Maker) -> Row:
    return row.saying(severity="TERRIBLE").must((check.rule, "envelope.severity"))


def no_division(row: Row, check: Check, maker: Maker) -> Row | None:
    code = text(row, check)
    if not code:
        return None
    prefix = check.params.get("prefix", len(code))
    told = row.payload.get(check.params.get("on", ""))
    day = told if isinstance(told, date) else row.envelope["decided_at"]
    gone = [
        one.code
        for one in maker.contract.codes.rows(check.params["list"])
        if one.valid_to and one.valid_to < day and not maker.contract.codes.known(check.params["list"], one.code, day)
    ]
    coded = any(one.rule == "DQ-ACC-06" and one.field == check.field for one in row.record_type.checks)
    return row.having(**{check.field: maker.random.choice(gone if coded else [*gone, "229999"]) + code[prefix:]}).must(
        (check.rule, check.field)
    )


def document_form(row: Row, check: Check, maker: Maker) -> Row | None:
    number, decided = text(row, check), row.payload.get(check.params["on"])
    if "〔" not in number or not isinstance(decided, date):
        return None
    head, tail = number.split("〔")
    year = decided.year + maker.random.choice((-2, 2, -10))
    wrong = maker.random.choice((f"{head}〔{year}{tail[4:]}", f"{head}{tail.replace('〕', '第')}", number.removesuffix("号")))
    return row.having(**{check.field: wrong}).must((check.rule, check.field)) if room(row, check.field) > 2 else None


def amount(row: Row, check: Check, maker: Maker) -> Row | None:
    if check.field not in row.record_type.fields or not row.applies(check):
        return None
    low, high, needed = check.params.get("min"), check.params.get("hold_above"), check.params.get("required_when")
    whole = row.record_type.fields[check.field].kind == "int"
    step = Decimal(1).scaleb(-row.record_type.fields[check.field].scale)
    wrong: list[Any] = [low - 1 if whole else Decimal(str(low)) - step] if low is not None else []
    wrong += [Decimal(str(high)) + step] if high is not None else []
    if needed is not None and predicate(needed, check.rule)(row.content):
        wrong.append(None)
    return row.having(**{check.field: maker.random.choice(wrong)}).must((check.rule, check.field)) if wrong else None


def date_order(row: Row, check: Check, maker: Maker) -> Row | None:
    value = row.payload.get(check.field)
    if not isinstance(value, date) or not row.applies(check):
        return None
    if check.params.get("not_future"):
        return row.having(**{check.field: row.day + timedelta(days=maker.random.randint(1, 90))}).must((check.rule, check.field))
    second = check.params["not_after"]
    if second not in row.record_type.fields:
        return None
    # The one of the two that fewer checks look at is moved, so that nothing else breaks.
    if references(row, check.field) <= references(row, second) and isinstance(row.payload.get(second), date):
        moved = {check.field: row.payload[second] + timedelta(days=1)}
    else:
        moved = {second: value - timedelta(days=1)}
    return row.having(**moved).must((check.rule, check.field))


def references(row: Row, name: str) -> int:
    return sum((check.field, check.params.get("on"), check.params.get("not_after")).count(name) for check in row.record_type.checks)


def valid_backwards(row: Row, check: Check, maker: Maker) -> Row | None:
    decided = row.envelope["decided_at"]
    return row.saying(valid_from=decided, valid_to=decided - timedelta(days=1)).must((check.rule, "envelope.valid_from"))


def late(row: Row, check: Check, maker: Maker) -> Row | None:
    since, limit = row.payload.get(check.field), row.entry.late_after
    if limit is None or not isinstance(since, date):
        return None
    day, _ = maker.contract.calendar.working_days_after(since, limit + maker.random.choice((1, 1, 2, 20)))
    return row.on(day).must((check.rule, check.field)) if day < maker.until else None


def contradicted(row: Row, check: Check, maker: Maker) -> Row | None:
    """An older code that the unified one should repeat, of another subject."""
    maps = row.record_type.maps
    proven = (
        [old for old in maps.old if old.proof and old.proof.applies(row.payload[maps.unified]) and row.payload.get(old.field)]
        if maps
        else []
    )
    if not proven or maps is None:
        return None
    old, other = maker.random.choice(proven), maker.subject(enterprise=True)
    return row.having(**{old.field: getattr(other, old.field)}).must((check.rule, old.field))


def unconfirmed(row: Row, check: Check, maker: Maker) -> Row | None:
    """An older code that proves nothing, and does not check by itself."""
    maps = row.record_type.maps
    bare = [old for old in maps.old if old.proof is None and old.form and row.payload.get(old.field)] if maps else []
    if not bare:
        return None
    old = maker.random.choice(bare)
    code = str(row.payload[old.field])
    return row.having(**{old.field: code[:-1] + other(code[-1], maker)}).must((check.rule, old.field))


OF_MAPS = "DQ-MAP-"
PLANTS: Mapping[str, tuple[Plant, ...]] = {
    "DQ-ACC-01": (uscc_check, uscc_length),
    "DQ-ACC-02": (organisation_check,),
    "DQ-ACC-03": (strange_character,),
    "DQ-ACC-04": (citizen,),
    "DQ-ACC-05": (registration,),
    "DQ-ACC-06": (unknown_code, severity),
    "DQ-ACC-07": (no_division,),
    "DQ-ACC-08": (document_form,),
    "DQ-ACC-09": (amount,),
    "DQ-ACC-10": (date_order, valid_backwards),
    "DQ-TIM-01": (late,),
    "DQ-MAP-01": (contradicted,),
    "DQ-MAP-02": (unconfirmed,),
}
