"""Clean rows that come near to a fault: what a careless check would find, and must not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from bench.quality.broken import Plant, free, published, room
from bench.quality.clean import Maker
from bench.quality.row import Row
from bench.quality.wrong import text
from databus.contract.entries import Check
from databus.model.labels import Publication
from databus.testing.province.subjects import code_of

_RURAL = ("N2", "N3", "Y1", "G1", "A1", "52")
_LOOKALIKES = ("，执照91220102YYYY000207", "，单号2026090312345678", "，电话0431-85012345", "，流水13912345678901")
_GOOD_ENOUGH = ("无", "/", "——")


def rural_code(row: Row, check: Check, maker: Maker) -> Row | None:
    """A code of an authority that python-stdnum does not know (domain 1.1)."""
    code = text(row, check)
    if not code or code != row.subject.get("uscc") or row.subject["kind"] != "ORGANISATION":
        return None
    return row.having(**{check.field: code_of(maker.random.choice(_RURAL) + code[2:8], code[8:16])})


def careless_code(row: Row, check: Check, maker: Maker) -> Row | None:
    """Small letters, blanks and hyphens: written alike, never refused."""
    code = text(row, check)
    return row.having(**{check.field: f" {code[:8]}-{code[8:].lower()} "}) if code and room(row, check.field) > 3 else None


def old_registration(row: Row, check: Check, maker: Maker) -> Row | None:
    number = text(row, check)
    return row.having(**{check.field: number[:13]}) if number and number not in row.subject.values() else None


def old_citizen(row: Row, check: Check, maker: Maker) -> Row | None:
    number = text(row, check)
    return row.having(**{check.field: number[:6] + number[8:17]}) if len(number) == 18 and number[6:8] == "19" else None


def division_with_street(row: Row, check: Check, maker: Maker) -> Row | None:
    code = text(row, check)
    return (
        row.having(**{check.field: code[:6] + "001"}) if code and check.params.get("prefix") == 6 and room(row, check.field) >= 3 else None
    )


def document_written_otherwise(row: Row, check: Check, maker: Maker) -> Row | None:
    number = text(row, check)
    if "〔" not in number or room(row, check.field) < 3:
        return None
    year = number.partition("〔")[2][:4]
    ways = (("〔", "["), ("〔", "（"), ("〔", "【"))
    left, right = maker.random.choice([(open_, {"[": "]", "（": "）", "【": "】"}[open_]) for _, open_ in ways])
    near = number.replace("〔", left).replace("〕", right)
    return row.having(**{check.field: maker.random.choice((near, number.replace(year, str(int(year) - 1)), number.replace("号", "-1号")))})


def amount_at_its_bound(row: Row, check: Check, maker: Maker) -> Row | None:
    if row.payload.get(check.field) is None:
        return None
    bounds = [check.params[name] for name in ("min", "hold_above") if check.params.get(name) is not None]
    field = row.record_type.fields[check.field]
    if not bounds:
        return None
    bound = Decimal(str(maker.random.choice(bounds))).quantize(Decimal(1).scaleb(-field.scale))
    return row.having(**{check.field: int(bound) if field.kind == "int" else bound})


def same_day(row: Row, check: Check, maker: Maker) -> Row | None:
    value, second = row.payload.get(check.field), check.params.get("not_after", "")
    if not isinstance(value, date) or not isinstance(row.payload.get(second), date):
        return None
    return row.having(**{second: value})


def on_the_last_day(row: Row, check: Check, maker: Maker) -> Row | None:
    since, limit = row.payload.get(check.field), row.entry.late_after
    if limit is None or not isinstance(since, date):
        return None
    return row.on(maker.contract.calendar.working_days_after(since, limit)[0], 23)


def number_that_is_none(row: Row, check: Check, maker: Maker) -> Row | None:
    held, more = text(row, check), maker.random.choice(_LOOKALIKES)
    return row.having(**{check.field: held + more}) if held and room(row, check.field) >= len(more) else None


def number_unpublished(row: Row, check: Check, maker: Maker) -> Row | None:
    held, more = text(row, check), "（身份证号220000190001010018）"
    if not held or room(row, check.field) < len(more) or not published(row, check.field, maker):
        return None
    return row.having(**{check.field: held + more}).saying(publication_class=Publication.GOV_SHARED.value)


def blank_where_allowed(row: Row, check: Check, maker: Maker) -> Row | None:
    fitting = [name for name in free(row, maker) if name not in row.entry.required and not row.record_type.fields[name].code]
    if not fitting:
        return None
    name = maker.random.choice(fitting)
    words = [word for word in _GOOD_ENOUGH if len(word) <= (row.record_type.fields[name].max_length or 9)]
    return row.having(**{name: maker.random.choice(words)}) if words else None


def one_code_left(row: Row, check: Check, maker: Maker) -> Row | None:
    held = [name for name in check.params["any_of"] if row.payload.get(name)]
    if len(held) < 2 or held[0] in row.entry.required:
        return None
    return row.having(**{held[0]: None}).altered(subject=row.subject)


def narrower(row: Row, check: Check, maker: Maker) -> Row | None:
    return row.saying(publication_class=Publication.GOV_SHARED.value) if row.entry.publication is Publication.PUBLIC else None


def filled_to_the_brim(row: Row, check: Check, maker: Maker) -> Row | None:
    names = [
        name
        for name in free(row, maker)
        if room(row, name) > 1 and not row.record_type.fields[name].code and row.record_type.fields[name].max_length
    ]
    if not names:
        return None
    name = maker.random.choice(names)
    return row.having(**{name: f"{row.payload[name]}\n{'长' * (min(room(row, name), 4000) - 1)}"})


def work_secret(row: Row, check: Check, maker: Maker) -> Row:
    return row.altered(headers=(("databus-secrecy", b"WORK_SECRET"),))


NEAR: Mapping[str, tuple[Plant, ...]] = {
    "DQ-ACC-01": (rural_code, careless_code),
    "DQ-ACC-02": (careless_code,),
    "DQ-ACC-04": (old_citizen,),
    "DQ-ACC-05": (old_registration, careless_code),
    "DQ-ACC-07": (division_with_street,),
    "DQ-ACC-08": (document_written_otherwise,),
    "DQ-ACC-09": (amount_at_its_bound,),
    "DQ-ACC-10": (same_day,),
    "DQ-COM-01": (blank_where_allowed,),
    "DQ-COM-02": (one_code_left,),
    "DQ-FMT-04": (filled_to_the_brim,),
    "DQ-SEC-01": (work_secret,),
    "DQ-SEC-02": (number_that_is_none, number_unpublished),
    "DQ-SEC-03": (narrower,),
    "DQ-TIM-01": (on_the_last_day,),
}
