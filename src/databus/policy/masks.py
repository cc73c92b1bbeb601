"""Masks of domain 3.6: text in, text out; whatever does not have the expected form is hidden whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_SURNAMES = "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 司徒 令狐 夏侯 端木 南宫 长孙 宇文 轩辕 独孤 呼延 澹台 赫连 闻人 太史 申屠 钟离"
COMPOUND_SURNAMES = frozenset(_SURNAMES.split(" "))

_HIDDEN = "****"
_PREFIX = re.compile(r"^(?:.{2,6}?(?:省|自治区))?(?:.{2,7}?(?:自治州|地区|州|盟|市))?")
# The names of counties hold no digits and no words of streets; 小区, 社区 and their like are no districts.
_COUNTY = re.compile(r"[^\d\s路街道巷号村镇乡]{1,11}?(?:自治县|自治旗|(?<![小社园校厂库])区|县|旗|市)")
_LANDLINE = re.compile(r"^(0\d{2,3})-?(\d{7,8})$")
_ID = re.compile(r"(?<![0-9A-Za-z])(?:\d(?:[ -]?\d){16}[ -]?[0-9Xx]|\d{15})(?![0-9A-Za-z])")
_CARD = re.compile(r"(?<![0-9A-Za-z])\d(?:[ -]?\d){12,18}(?![0-9A-Za-z])")
_MOBILE = re.compile(r"(?<![0-9A-Za-z])1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![0-9A-Za-z])")
_CALL = re.compile(r"(?<!\d)0\d{2,3}-\d{7,8}(?!\d)")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def name(text: str) -> str:
    """王五 → 王*; 欧阳小明 → 欧阳**; a single character is hidden."""
    shown = 2 if text[:2] in COMPOUND_SURNAMES and len(text) > 2 else 1
    return text[:shown] + "*" * (len(text) - shown) if len(text) > 1 else "*" * len(text)


def id_court(text: str) -> str:
    """Month and day of birth hidden, as the courts publish: 2200001900****0018; only where the law orders publication."""
    return text[:10] + "****" + text[14:] if len(text) == 18 else id_default(text)


def id_default(text: str) -> str:
    """3 in front and 4 at the end kept: 220***********0018."""
    return _ends(text, 3, 4)


def mobile(text: str) -> str:
    """139****5678."""
    return _ends(text, 3, 4)


def landline(text: str) -> str:
    """Area code and the last 2 digits: 0431-******78."""
    found = _LANDLINE.match(text)
    return f"{found[1]}-{'*' * (len(found[2]) - 2)}{found[2][-2:]}" if found else "*" * len(text)


def address(text: str) -> str:
    """Down to the county or district: 吉林省长春市南关区****."""
    shown = _PREFIX.match(text)
    end = shown.end() if shown else 0
    county = _COUNTY.match(text, end)
    return text[: county.end() if county else end] + _HIDDEN


def bank(text: str) -> str:
    """The last 4: ************1234."""
    return _ends(text, 0, 4)


def email(text: str) -> str:
    """First character and domain: z***@example.cn."""
    local, at, domain = text.rpartition("@")
    return f"{local[0]}***@{domain}" if at and len(local) > 1 else "***" + at + domain if at else _HIDDEN


def birth(text: str) -> str:
    """The year: 1985-**-**."""
    return f"{text[:4]}-**-**" if re.match(r"^\d{4}\D?\d", text) else "*" * len(text)


def free_text(text: str) -> str:
    """Identity numbers, cards, telephones and e-mail addresses inside a text masked, the rest as it is."""
    for pattern, mask in ((_ID, id_default), (_CARD, bank), (_MOBILE, mobile), (_CALL, landline), (_EMAIL, email)):
        text = pattern.sub(lambda found, mask=mask: mask(found[0]), text)  # type: ignore[misc]
    return text


def _ends(text: str, front: int, back: int) -> str:
    hidden = len(text) - front - back
    return text[:front] + "*" * hidden + text[len(text) - back :] if hidden >= 4 else "*" * len(text)


MASKS: Mapping[str, Callable[[str], str]] = {
    mask.__name__: mask for mask in (name, id_court, id_default, mobile, landline, address, bank, email, birth, free_text)
}
