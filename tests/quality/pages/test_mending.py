"""A row corrected at the desk: shown as it was sent, nothing of a person in it, looked at before it is published again."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from databus.model.chunk import Headers, Record
from databus.model.finding import Answer, FindingStatus
from databus.model.keys import event_id
from databus.quality.originals import Sent
from quality.inbox import RECEIVED, Inbox
from quality.pages.world import HOME, World, csrf, enter

ONE, BULK = f"{HOME}/findings/f00/mend", f"{HOME}/findings/mend"
CAUSE = {"rule": "DQ-COM-01", "type": "ADMIN_PENALTY", "field": "doc_no"}
PERSON = {"counterparty_kind": "NATURAL_PERSON", "counterparty_name": "赵小明", "person_id_no": "220102199003071234"}


def lies(world: World, inbox: Inbox, changes: dict[str, object], headers: Headers = ()) -> None:
    """Every finding is of this submission, which lies in the inbox."""
    where = world.found[0].finding
    place = where.inbox_partition, where.inbox_offset
    world.lying[place] = Record(
        "in.emergency", *place, RECEIVED, b"key", inbox.encoded("ADMIN_PENALTY", {"doc_no": None, **changes}), headers
    )


@pytest.fixture
def client(world: World, inbox: Inbox) -> TestClient:
    lies(world, inbox, {})
    made = world.client()
    enter(made)
    return made


def told(client: TestClient, step: str, path: str = ONE, **fields: str) -> str:
    form = {"csrf": csrf(client.get(path, params=CAUSE if path == BULK else {}).text), "once": "n1", "step": step, **fields}
    answer = client.post(path, data={**(CAUSE if path == BULK else {}), **form})
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_the_row_stands_as_it_was_sent_with_what_is_wrong_first(client: TestClient, world: World, inbox: Inbox) -> None:
    page = client.get(ONE).text
    sent = inbox.example("ADMIN_PENALTY")["payload"]
    assert str(sent["content"]) in page and str(sent["uscc"]) in page
    assert page.index('name="cell.doc_no"') < page.index('name="cell.counterparty_name"')
    assert "a required field is empty" in page and "fill the field in" in page
    assert 'href="/desk/emergency/findings/f00/mend"' in client.get(f"{HOME}/findings/f00").text


@pytest.mark.parametrize("forgotten", [False, True])
def test_nothing_of_a_person_leaves_and_what_is_left_empty_stays(client: TestClient, world: World, inbox: Inbox, forgotten: bool) -> None:
    changes = {**PERSON, "envelope.subject.kind": "PERSON"}
    lies(world, inbox, changes)
    if forgotten:
        world.lying.clear()
        said = inbox.example("ADMIN_PENALTY", {"doc_no": None, **changes})
        world.stated = {world.found[0].finding.event_id: Sent("ADMIN_PENALTY", said["envelope"], said["payload"])}
    page = client.get(ONE).text
    assert PERSON["person_id_no"] not in page and PERSON["counterparty_name"] not in page
    told(client, "preview", **{"cell.doc_no": "吉应急罚〔2026〕8号", "cell.person_id_no": "", "cell.counterparty_name": ""})
    ((mend,), _) = world.mended[-1]
    assert dict(mend.cells) == {"doc_no": "吉应急罚〔2026〕8号"} and mend.sent.payload["person_id_no"] == PERSON["person_id_no"]


def test_it_is_looked_at_first_and_published_with_the_findings_it_mends(client: TestClient, world: World) -> None:
    page = told(client, "preview", **{"cell.doc_no": "吉应急罚〔2026〕8号", "cell.nonsense": "x"})
    ((mend,), dry) = world.mended[-1]
    assert dry and not mend.accepted and dict(mend.cells) == {"doc_no": "吉应急罚〔2026〕8号"}
    assert mend.findings[0] == "f00" and len(mend.findings) == 3
    assert "would be accepted" in page and 'value="publish"' in page and "吉应急罚〔2026〕8号" in page
    done = told(client, "publish", **{"cell.doc_no": "吉应急罚〔2026〕8号"})
    ((again,), dry) = world.mended[-1]
    assert not dry and again.submission_id == mend.submission_id and "signed" in done and mend.submission_id in done


def test_what_would_not_pass_is_said_and_cannot_be_published(client: TestClient, world: World) -> None:
    finding = {"rule": "DQ-ACC-01", "verdict": "R", "message": {"zh": "错", "en": "does not check"}, "suggestion": "<i>x"}
    world.answers = [{"outcome": "REJECTED", "submission_id": "s", "findings": [finding]}]
    page = told(client, "preview", **{"cell.uscc": "x"})
    assert "would be rejected" in page and "does not check" in page and "<i>x" not in page and 'value="publish"' not in page
    assert "would be rejected" in told(client, "publish", **{"cell.uscc": "x"})


@pytest.mark.parametrize("headers", [(), (("databus-secrecy", b"MIMI"),)])
def test_what_is_not_there_or_may_not_be_read_is_not_shown(client: TestClient, world: World, inbox: Inbox, headers: Headers) -> None:
    if headers:
        lies(world, inbox, {}, headers)
    else:
        world.lying.clear()
    assert client.get(ONE).status_code == 404


def test_a_refused_original_is_read_out_of_quarantine(client: TestClient, world: World, inbox: Inbox) -> None:
    world.lying.clear()
    (sealed,) = inbox.send("ADMIN_PENALTY", {"doc_no": None}).sealed
    world.sealed[world.found[0].finding.event_id.encode()] = Record("quarantine.emergency", 0, 1, RECEIVED, b"", sealed)
    assert 'name="cell.doc_no"' in client.get(ONE).text
    told(client, "preview", BULK, way="set", value="吉应急罚〔2026〕8号")
    ((mend,), dry) = world.mended[-1]
    assert dry and mend.sent.payload["content"] == inbox.example("ADMIN_PENALTY")["payload"]["content"]


@pytest.mark.parametrize("path", [ONE, BULK])
def test_what_the_inbox_has_forgotten_is_known_to_the_store_or_said_to_be_gone(
    client: TestClient, world: World, inbox: Inbox, path: str
) -> None:
    world.lying.clear()
    mended = {"cell.doc_no": "吉应急罚〔2026〕8号"} if path == ONE else {"way": "set", "value": "吉应急罚〔2026〕8号"}
    gone = client.get(ONE)
    assert gone.status_code == 404 and "corrects it in the system it came from" in gone.text and "f00" in gone.text
    assert "no longer here" in told(client, "preview", BULK, way="set", value="x") and not world.mended
    said = inbox.example("ADMIN_PENALTY", {"doc_no": None})
    world.stated = {world.found[0].finding.event_id: Sent("ADMIN_PENALTY", said["envelope"], said["payload"])}
    told(client, "publish", path, **mended, **{f"row.{one.finding.finding_id}": "1" for one in world.found})
    ((mend,), dry) = world.mended[-1]
    assert not dry and dict(mend.cells) == {"doc_no": "吉应急罚〔2026〕8号"} and mend.sent.payload == said["payload"]


def test_what_another_department_sent_is_not_taken_for_what_lies_at_that_place_here(client: TestClient, world: World) -> None:
    """A contradiction is told to the department that gave the code out as well; the place is one of the sender's inbox."""
    theirs = {"event_id": event_id("in.market-regulation", 1, 7), "submission_id": "theirs"}
    world.found = [replace(one, finding=replace(one.finding, **theirs)) for one in world.found]
    page = client.get(ONE)
    assert page.status_code == 404 and "another department sent it" in page.text and "cell." not in page.text
    assert "no longer here" in told(client, "preview", BULK, way="set", value="x") and not world.mended


def test_many_rows_are_mended_in_one_way_after_a_look(client: TestClient, world: World) -> None:
    world.found = [
        replace(one, finding=replace(one.finding, event_id=f"e{number}", suggestion=f"吉应急罚〔2026〕{number}号", inbox_offset=number))
        for number, one in enumerate(world.found)
    ]
    waits, mended = (replace(world.found[2].finding, finding_id=name, rule="DQ-KEY-01") for name in ("too", "mended"))
    fixed = Answer("mended", "emergency", FindingStatus.FIXED, by="x", at=1)
    world.beside = [replace(world.found[2], finding=waits), replace(world.found[2], finding=mended, answer=fixed)]
    record = next(iter(world.lying.values()))
    world.lying = {(1, number): replace(record, offset=number) for number in range(1, 5)}
    page = told(client, "preview", BULK, way="suggested")
    (mends, dry) = world.mended[-1]
    assert dry and [mend.cells["doc_no"] for mend in mends] == [f"吉应急罚〔2026〕{number}号" for number in range(1, 5)]
    assert page.count('type="checkbox"') == 4 and "no longer here" in page
    done = told(client, "publish", BULK, way="suggested", **{"row.f02": "1", "row.f03": "1"})
    (mends, dry) = world.mended[-1]
    assert not dry and [mend.findings for mend in mends] == [("f02", "too"), ("f03",)] and "<dd>2</dd>" in done


def test_one_value_for_all_or_a_text_replaced(client: TestClient, world: World) -> None:
    told(client, "preview", BULK, way="set", value="吉应急罚〔2026〕1号")
    assert world.mended[-1][0][0].cells == {"doc_no": "吉应急罚〔2026〕1号"}
    before = len(world.mended)
    same = told(client, "preview", BULK, way="replace", old="x", value="y")
    assert "nothing is otherwise" in same and 'value="publish"' not in same, "where no row can be published, none is"
    assert len(world.mended) == before
    assert client.post(BULK, data={**CAUSE, "csrf": csrf(client.get(BULK, params=CAUSE).text), "way": "guess"}).status_code == 400


def test_what_may_be_written_in_all_is_offered_and_what_could_not_be_taken_is_not_chosen(client: TestClient, world: World) -> None:
    def chosen() -> str:
        (way,) = re.findall(r'name="way" value="(\w+)" checked', client.get(BULK, params=CAUSE).text)
        return str(way)

    assert chosen() == "set", "a sentence that says what to do is no value to be taken"
    world.found = [replace(one, finding=replace(one.finding, suggestion="吉应急罚〔2026〕1号")) for one in world.found]
    assert chosen() == "suggested"
    page = client.get(BULK, params={**CAUSE, "field": "counterparty_kind"}).text
    assert '<option value="LEGAL_PERSON">legal person' in page and 'list="values"' in page
    assert "<datalist" not in client.get(BULK, params=CAUSE).text
    assert '<option value="true">yes' in client.get(BULK, params={**CAUSE, "field": "is_final"}).text


def test_rows_of_a_minute_stand_in_their_order(client: TestClient, world: World) -> None:
    late, *others = ((one, number) for number, one in enumerate(world.found))
    world.found = [
        replace(one, finding=replace(one.finding, event_id=f"e{number}", row=90 - number, issued_at=moment))
        for (one, number), moment in [(late, 1_789_000_000_000), *((pair, 1_788_000_000_000 - pair[1]) for pair in others)]
    ]
    rows = [90, *sorted(90 - number for _, number in others)]
    for path in (BULK, f"{HOME}/findings"):
        assert [int(row) for row in re.findall(r'href="[^"]*/f\d\d">(\d+)<', client.get(path, params=CAUSE).text)] == rows


def test_a_preview_names_fields_as_the_reader_does(client: TestClient, world: World) -> None:
    world.answers = [{"outcome": "ACCEPTED", "submission_id": "s", "effect": {"kind": "CHANGED", "fields": ["doc_no", "uscc"]}}]
    seen = told(client, "preview", **{"cell.doc_no": "吉应急罚〔2026〕8号"})
    assert "number of the decision document, unified social credit code" in seen


@pytest.mark.parametrize("cause", [{}, {**CAUSE, "type": "NOTHING"}, {**CAUSE, "field": "envelope.op"}, {**CAUSE, "rule": ""}])
def test_only_one_check_of_one_field_is_mended_together(client: TestClient, cause: dict[str, str]) -> None:
    assert client.get(BULK, params=cause).status_code == 400
    assert "/findings/mend?" not in client.get(f"{HOME}/findings", params=cause).text, "a way that leads nowhere is not offered"
    assert "/findings/mend?" in client.get(f"{HOME}/findings", params=CAUSE).text


def test_mending_is_for_those_who_answer(world: World, client: TestClient) -> None:
    officer = world.client()
    enter(officer, "officer")
    assert officer.get(ONE).status_code == officer.get(BULK, params=CAUSE).status_code == 403
    assert not re.search(r"/findings/f00/mend", officer.get(f"{HOME}/findings/f00").text)
    world.found[0] = replace(world.found[0], answer=Answer("f00", "emergency", FindingStatus.FIXED, by="x", at=1))
    assert "/f00/mend" not in client.get(f"{HOME}/findings/f00").text
