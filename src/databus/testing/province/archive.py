"""An archive of old registrations as departments keep them: a CSV with every oddity of a real one, about nobody.

Amounts in a dozen spellings, `N/A` where nothing is known, prefectures by their short names, scopes with what somebody
once noted in them. Two rows are wrong: one code does not check, one address is missing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from databus.contract.catalogue import Contract
from databus.contract.codes import Code
from databus.testing.province.subjects import address, code_of, letters, organisation_name

COLUMNS = ("企业名称", "统一社会信用代码", "注册日期", "企业类型", "注册资金", "经营范围", "所在省份", "地区", "注册地址")
ROWS = 300
WRONG_CODE, NO_ADDRESS = 57, 208
"""Numbers of the two rows that must be refused; the first row of data is 1."""

NOTHING = "N/A"
AMOUNTS = (
    ("{0:,.0f}(万元人民币)", 50),
    (NOTHING, 19),
    ("{0:.0f}(万)", 9),
    ("{0:.0f}万人民币", 2),
    ("{0:.1f}万人民币", 1),
    ("{0:.0f}万元人民币", 1),
    ("{0:.2f}万人民币元", 1),
    ("{0:,.4f}(万元人民币)", 4),
    ("{0:,.4f}(万)", 1),
    ("{0:,.0f}(万元)", 1),
    ("{0:.0f}万元", 1),
    ("{0:.0f}(万美元)", 1),
    ("{0:.4f}(万美元)", 1),
    ("{0:.0f}(万欧元)", 1),
)
"""How a sum is written, and how often."""

TYPES = ((NOTHING, 88), ("有限责任公司", 10), ("集体分支机构(非法人)", 1), ("港、澳、台", 1), ("股份有限公司 国有企业", 1))
ENDINGS = ("有限公司", "有限责任公司", "股份有限公司", "总公司", "（集团）有限公司", "有限公司A分公司", "·便民加油站")
TRADES = (
    "种子、饲料、小型农机具",
    "成品油零售",
    "阀门、管件制造",
    "二手车经销",
    "粮食收购、烘干、仓储",
    "人参、鹿茸初加工",
    "房屋修缮（凭资质证经营）",
    "自营货物进出口",
    "软件开发;计算机系统集成",
    "木材加工，家具制造",
    "道路普通货物运输(不含危险品)",
    "LED照明产品、PVC管材生产",
    "预包装食品兼散装食品零售",
    "矿山机械设备租赁＊",
)
TAILS = (
    "（须经批准的项目，凭批准文件经营）",
    "。",
    "#联络员",
    "***",
    "。该企业已停止经营，仅办理善后事宜。",
    "（国家禁止的项目除外）\u3000",
    "／／※※",
    "",
)
_PREFECTURES = (("长春", 46), ("吉林", 18), ("延边州", 8), ("四平", 7), ("通化", 6), ("松原", 5), ("白山", 4), ("白城", 4), ("辽源", 3))
_FIRST_DAY, _LAST_DAY = date(1979, 10, 8), date(2019, 4, 26)
_BODIES = 29 * 31**3
_LONG = 37


def text(contract: Contract, *, seed: int = 1979) -> str:
    """The file, always the same for a seed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(contract, Random(seed)))
    return out.getvalue()


def _rows(contract: Contract, random: Random) -> Iterator[Sequence[str]]:
    days = sorted(_FIRST_DAY + timedelta(days=random.randint(0, (_LAST_DAY - _FIRST_DAY).days)) for _ in range(ROWS))
    for number, day in enumerate(days, start=1):
        prefecture = _drawn(_PREFECTURES, random)
        county = random.choice(_counties(contract, prefecture))
        code = code_of(f"91{county.code}", f"YYYY{letters(_BODIES + number)}")
        yield (
            organisation_name(county.zh, random, random.choice(ENDINGS)),
            _mistyped(code) if number == WRONG_CODE else code,
            day.isoformat(),
            _each(TYPES, number, random),
            _each(AMOUNTS, number, random).format(_sum(random)),
            _scope(number, random),
            "吉林",
            NOTHING if number == ROWS // 2 else prefecture,
            "" if number == NO_ADDRESS else address(county.zh, random),
        )


def _counties(contract: Contract, prefecture: str) -> list[Code]:
    above = contract.codes.find("divisions", prefecture)
    return [row for row in contract.codes.rows("divisions") if row.more.get("parent") == above and row.more.get("kind") == "GB"]


def _mistyped(code: str) -> str:
    return code[:-1] + ("1" if code[-1] == "0" else "0")


def _each(choices: Sequence[tuple[str, int]], number: int, random: Random) -> str:
    """Every choice once at the beginning, so that none is missing; then by weight."""
    return choices[number - 1][0] if number <= len(choices) else _drawn(choices, random)


def _drawn(choices: Sequence[tuple[str, int]], random: Random) -> str:
    return random.choices([choice for choice, _ in choices], [weight for _, weight in choices])[0]


def _sum(random: Random) -> float:
    # Most have little, a few a thousand times as much.
    return round(3 * 10 ** (random.random() ** 2 * 4.5), random.choice((0, 0, 0, 1, 4)))


def _scope(number: int, random: Random) -> str:
    count = 14 if number % _LONG == 0 else random.randint(1, 5)
    parts = (random.choice(TRADES) for _ in range(count * (3 if count > len(ENDINGS) else 1)))
    return random.choice("；、，").join(parts) + random.choice(TAILS)
