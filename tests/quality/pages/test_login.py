"""The door of the desk: who comes in, how long, and what no other site can do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from quality.pages.world import HOME, SECRET, World, csrf, enter


def test_who_has_not_logged_in_is_asked_to_and_led_back(client: TestClient) -> None:
    asked = client.get(f"{HOME}/findings?rule=DQ-COM-01&field=")
    assert asked.status_code == 303 and asked.headers["cache-control"] == "private, no-store"
    wanted = "/desk/emergency/findings?rule=DQ-COM-01&field="
    assert asked.headers["location"] == "/desk/login?next=%2Fdesk%2Femergency%2Ffindings%3Frule%3DDQ-COM-01%26field%3D"
    assert enter(client, wanted=wanted) == wanted
    assert client.get(wanted).status_code == 200


def test_a_login_is_a_cookie_that_no_script_reads_and_no_other_site_sends(world: World) -> None:
    world.secure = True
    client = world.client()
    client.base_url = client.base_url.copy_with(scheme="https")
    enter(client)
    cookie = client.get("/desk/login").headers["set-cookie"]
    for told in ("HttpOnly", "SameSite=strict", "Secure", "Path=/desk/login"):
        assert told in cookie
    assert SECRET not in client.get(HOME).text and len(world.held) == 1


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/desk//evil", "/desk/\\evil", "/deskevil", "/v1", "/desk\n", "javascript:1"]
)
def test_a_login_leads_to_the_desk_and_nowhere_else(client: TestClient, elsewhere: str) -> None:
    assert enter(client, wanted=elsewhere) == "/desk"


@pytest.mark.parametrize(
    ("who", "secret"), [("emergency", "a wrong one"), ("nobody", SECRET), ("agency-north", SECRET), ("", ""), ("a\x00", "a null")]
)
def test_who_is_not_known_here_stays_outside_and_is_told_no_more(client: TestClient, world: World, who: str, secret: str) -> None:
    form = {"client": who, "secret": secret, "csrf": csrf(client.get("/desk/login").text)}
    answer = client.post("/desk/login", data=form)
    assert answer.status_code == 403 and "not known by this secret" in answer.text
    assert not world.held and (not secret or secret not in answer.text)
    assert client.get(HOME).status_code == 303


def test_a_closed_account_stays_outside(client: TestClient, world: World) -> None:
    world.accounts["emergency"] = replace(world.accounts["emergency"], disabled=True)
    form = {"client": "emergency", "secret": SECRET, "csrf": csrf(client.get("/desk/login").text)}
    assert client.post("/desk/login", data=form).status_code == 403


def test_guessing_is_slow(client: TestClient, world: World) -> None:
    form = {"client": "emergency", "secret": "guess", "csrf": csrf(client.get("/desk/login").text)}
    assert [client.post("/desk/login", data=form).status_code for _ in range(6)] == [403] * 5 + [429]
    refused = client.post("/desk/login", data={**form, "secret": SECRET})
    assert refused.status_code == 429 and refused.headers["retry-after"] == "300" and not world.held
    world.now += timedelta(seconds=301)
    assert enter(client) == "/desk"


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_a_form_of_another_site_does_nothing(client: TestClient, world: World, token: str) -> None:
    assert client.post("/desk/login", data={"client": "emergency", "secret": SECRET, "csrf": token}).status_code == 403
    assert not world.held
    enter(client)
    for path, form in ((f"{HOME}/findings/f00/answers", {"status": "ACK"}), ("/desk/logout", {})):
        assert client.post(path, data={**form, "csrf": token}).status_code == 403
    assert not world.told and client.get(HOME).status_code == 200


def test_leaving_ends_the_login_on_the_server(client: TestClient, world: World) -> None:
    enter(client)
    (token,) = world.held
    page = client.get(HOME)
    assert client.post("/desk/logout", data={"csrf": csrf(page.text)}).headers["location"] == "/desk/login"
    assert not world.held
    client.cookies.set("databus-desk", token, path="/desk")
    assert client.get(HOME).status_code == 303


def test_a_login_ends_by_itself(client: TestClient, world: World) -> None:
    enter(client)
    world.now += timedelta(hours=11)
    assert client.get(HOME).status_code == 303


def test_a_department_finds_itself_and_a_steward_chooses(client: TestClient, world: World) -> None:
    enter(client)
    assert client.get("/desk").headers["location"] == HOME
    steward = world.client()
    enter(steward, "steward")
    page = steward.get("/desk")
    assert f'href="{HOME}"' in page.text and 'href="/desk/ecology"' in page.text


@pytest.mark.parametrize(("who", "reads", "answers"), [("emergency", 200, 303), ("ecology", 403, 403), ("officer", 200, 403)])
def test_the_desk_is_its_departments(world: World, who: str, reads: int, answers: int) -> None:
    client = world.client()
    enter(client, who)
    own = client.get("/desk/ecology" if who == "ecology" else HOME)
    assert {client.get(path).status_code for path in (HOME, f"{HOME}/findings", f"{HOME}/findings/f00")} == {reads}
    told = client.post(f"{HOME}/findings/f00/answers", data={"status": "ACK", "csrf": csrf(own.text)})
    assert (told.status_code, bool(world.told)) == (answers, answers == 303)
    if who == "officer":
        assert "/answers" not in client.get(f"{HOME}/findings/f00").text
