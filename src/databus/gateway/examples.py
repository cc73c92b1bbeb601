"""Examples of answers, for the description of the API. All of it is synthetic."""

from __future__ import annotations

from typing import Any

Responses = dict[int | str, dict[str, Any]]

_SUBJECT = {
    "kind": "ORGANISATION",
    "name": "长春松江样例有限公司",
    "codes": [{"scheme": "CN-USCI", "code": "91220000YYYY00012A"}],
}
_RECORD = {
    "record_type": "ADMIN_LICENCE",
    "record": "0f0ba1c1-5a0e-8a5c-9f43-2f8d6c1f3b55",
    "standing": "SHOWN",
    "department": "transport",
    "received": "2026-04-02",
    "fields": {"doc_no": "吉交许〔2026〕12号", "decided_at": "2026-03-30", "valid_to": None},
    "withheld": {"remark": "DENY_NO_GRANT"},
    "reasons": ["OK_CONSENT"],
    "obligations": ["LOG"],
}
SEARCH = {"subjects": [_SUBJECT], "next": None}
_SOURCE = {"department": "market-regulation", "record": "4a02944a-f89f-8bc4-b491-27daa9199850", "field": "name"}
PROFILE = {
    "subject": _SUBJECT,
    "asked": {"scheme": "CN-USCI", "code": "91220000YYYY00012A"},
    "purpose": "P12",
    "as_of": "2026-04-03",
    "attributes": {"name": {"status": "AUTHORITY", "value": "长春松江样例有限公司", "source": _SOURCE, "assertions": []}},
    "sections": [{"section": "2", "records": [_RECORD]}],
    "withheld": {"ADMIN_PENALTY": ["DENY_EXPIRED", "DENY_REPAIRED"]},
}
PUBLIC_PROFILE = {**PROFILE, "purpose": "", "sections": [{"section": "2", "records": [{**_RECORD, "reasons": ["OK_PUBLIC"]}]}]}
HANDLE = {"handle": "p.3xV…", "expires_in": 3600}
DATASETS = {
    "datasets": [{"id": "penalties", "title": {"zh": "行政处罚", "en": "Administrative penalties"}, "filters": ["decided_at.from"]}]
}
PAGE = {"dataset": "penalties", "records": [_RECORD], "next": "AAAA…", "withdrawn": None}
FEEDS = {"feeds": [{"id": "changes", "events": "/v1/feeds/changes/events"}]}
CSV = "record,counterparty_name,doc_no,decided_at,withheld\r\n0f0ba1c1…,长春松江样例有限公司,吉交罚〔2026〕12号,2026-03-30,\r\n"
LINES = '{"record_type":"ADMIN_PENALTY","record":"0f0b…","standing":"SHOWN","department":"transport","fields":{},"withheld":{}}\n'
EVENTS = (
    '{"type":"changed","record_type":"ADMIN_LICENCE","record":"0f0b…","subject":{"name":"长春松江样例有限公司"},"fields":{},"cursor":null}\n'
    '{"type":"withdrawn","record_type":"ADMIN_PENALTY","record":"77aa…","cursor":null}\n'
    '{"type":"control","control":"end_of_page","more":true,"cursor":"AAAA…"}\n'
)


def answer(example: Any, media_type: str = "application/json", **other: Any) -> Responses:
    """The part of an operation's description that shows a good answer; `other` shows it in further media types."""
    shown = {media_type: example, **other}
    return {200: {"description": "OK", "content": {name: {"example": one} for name, one in shown.items()}}}
