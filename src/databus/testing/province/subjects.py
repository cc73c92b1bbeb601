"""Synthetic subjects. No code belongs to anybody: organisation bodies begin with YYYY (domain 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from databus.contract import checkdigits
from databus.contract.catalogue import Contract

CLASSES = (("91", "ORGANISATION", 80), ("92", "HOUSEHOLD", 12), ("93", "ORGANISATION", 6), ("PERSON", "PERSON", 2))
TYPES = {"91": ("COMPANY", "有限公司"), "92": ("HOUSEHOLD", "商行"), "93": ("COOPERATIVE", "农民专业合作社")}
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PLACES = ("长白", "松江", "净月", "北湖", "查干", "向海", "伊通河", "龙首山", "鸭绿江", "图们江", "辉发河", "大安", "镇赉", "敦化")
FANCY = (
    "华兴",
    "瑞丰",
    "盛达",
    "恒泰",
    "嘉禾",
    "博远",
    "鑫源",
    "宏图",
    "金穗",
    "雪松",
    "春城",
    "吉祥",
    "众合",
    "立信",
    "安捷",
    "绿野",
    "天池",
    "福源",
)
TRADES = (
    "粮油贸易",
    "汽车配件",
    "生物科技",
    "建筑工程",
    "人参制品",
    "餐饮管理",
    "物流运输",
    "机械制造",
    "环保科技",
    "食品加工",
    "信息技术",
    "药业",
)
FAMILY = ("赵", "钱", "孙", "李", "周", "吴", "郑", "王", "冯", "陈", "褚", "卫", "蒋", "沈", "韩", "杨")
GIVEN = ("某", "某某", "一凡", "思远", "子涵", "雨桐", "建国", "晓明", "文博", "佳怡")
ROADS = ("人民大街", "解放大路", "吉林大路", "北京路", "新民街", "光明路", "友谊街", "滨江路")


@dataclass(frozen=True, slots=True)
class Subject:
    """One synthetic subject; a person has a document instead of codes. `weight` makes some appear far more often."""

    kind: str
    name: str
    uscc: str
    org_code: str
    reg_no: str
    tax_no: str
    id_type: str
    id_number: str
    legal_rep: str
    subject_type: str
    division: str
    division_name: str
    address: str
    established_on: date
    weight: float

    def part(self, name: str) -> Any:
        """The part a hint asks for; None where this subject has none."""
        return getattr(self, name) or None

    @property
    def reference(self) -> dict[str, Any]:
        """The envelope's subject."""
        if self.kind == "PERSON":
            return {"kind": self.kind, "name": self.name, "id_type": self.id_type, "id_number": self.id_number}
        return {"kind": self.kind, "name": self.name, "uscc": self.uscc}


def subjects(count: int, *, random: Random, contract: Contract, as_of: date) -> tuple[Subject, ...]:
    """That many subjects, the same for the same random state; the first is always an organisation."""
    divisions = [row for row in contract.codes.rows("divisions") if row.more.get("level") == "county" and row.active(as_of)]
    return tuple(_subject(number, random, divisions, as_of) for number in range(count))


def _subject(number: int, random: Random, divisions: Sequence[Any], as_of: date) -> Subject:
    kinds = [kind for kind, _, _ in CLASSES]
    chosen = "91" if number == 0 else random.choices(kinds, [share for _, _, share in CLASSES])[0]
    division = random.choice(divisions)
    established = as_of - timedelta(days=random.randint(6 * 366, 25 * 365))
    rep = random.choice(FAMILY) + random.choice(GIVEN)
    weight = random.paretovariate(1.2)
    address = f"{division.zh}{random.choice(ROADS)}{random.randint(1, 3000)}号"
    if chosen == "PERSON":
        body = f"220000190001{random.randint(1, 28):02d}{number % 1000:03d}"
        person = body + checkdigits.citizen_check_char(body)
        return Subject(
            "PERSON", rep, "", "", "", "", "RIC", person, rep, "PERSON", division.code, division.zh, address, established, weight
        )
    kind = next(kind for name, kind, _ in CLASSES if name == chosen)
    word, ending = TYPES[chosen]
    body = f"YYYY{_letters(number)}"
    org_code = body + checkdigits.org_check_char(body)
    head = f"{chosen}{division.code}{org_code}"
    uscc = head + checkdigits.uscc_check_char(head)
    sequence = f"{division.code}{'6' if kind == 'HOUSEHOLD' else '0'}{number:07d}"
    reg_no = sequence + checkdigits.reg_no_check_digit(sequence)
    owner = f"{random.choice(FANCY)}{random.choice(TRADES)}"
    name = f"{division.zh.removesuffix('市').removesuffix('县').removesuffix('区')}{random.choice(PLACES)}{owner}{ending}"
    return Subject(
        kind,
        name,
        uscc,
        org_code,
        reg_no,
        f"{division.code}{org_code}",
        "",
        "",
        rep,
        word,
        division.code,
        division.zh,
        address,
        established,
        weight,
    )


def _letters(number: int) -> str:
    text = ""
    for _ in range(4):
        number, digit = divmod(number, len(ALPHABET))
        text = ALPHABET[digit] + text
    return text
