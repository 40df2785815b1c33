"""Every question and request of the unix socket reaches the gateway as it was meant, and its answer comes back."""

import os
import pwd
import threading
import urllib.parse
from typing import Any

import pytest

from orchestrator.domain.entry import Entry, Tree


def me() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def test_version_tells_which_daemon_this_is(house: Any) -> None:
    assert house.get("/v1/version").value == {"version": "1"}


def test_environments_are_shown_with_the_baseline_first(house: Any) -> None:
    shown = house.get("/v1/environments").value
    assert [view["environment"] for view in shown] == ["main", "feature-login-k3v9"]
    assert shown[0]["services"][0]["service"] == "web"
    assert shown[0]["status"] == "Ready"


@pytest.mark.parametrize("name", ["feature-login-k3v9", "feature%2FLOGIN"])
def test_an_environment_is_found_by_either_of_its_names(house: Any, name: str) -> None:
    assert house.get(f"/v1/environments/{name}").value["branch"] == "feature/LOGIN"


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/v1/engine", ("engine",)),
        ("/v1/traces/41", ("trace", "41")),
        ("/v1/dead-letters", ("dead_letters",)),
    ],
)
def test_a_question_about_the_machine_room_reaches_the_gateway(house: Any, path: str, call: tuple[Any, ...]) -> None:
    assert (house.get(path).status, house.gateway.calls) == (200, [call])


@pytest.mark.parametrize("verb", ["pause", "resume", "step", "restart", "stop"])
def test_an_actor_is_steered_with_a_reason_by_the_user_that_the_kernel_names(house: Any, verb: str) -> None:
    answer = house.send("POST", f"/v1/actors/%2FA17/{verb}", {"why": "odd"})
    assert answer.value == {"address": "/A17", "name": "service main:web", "text": "done"}
    assert house.gateway.calls == [("steer", "/A17", verb, me(), "odd")]


def test_a_dead_letter_is_sent_again_by_its_number(house: Any) -> None:
    assert house.ask("POST", "/v1/dead-letters/3/replay").status == 200
    assert house.gateway.calls == [("replay", 3, me(), "")]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/v1/actors/%2FA17/kill", {}),
        ("/v1/actors/%2FA17/pause", {"why": "x" * 201}),
        ("/v1/actors/%2FA17/pause", {"because": "x"}),
        ("/v1/dead-letters/-1/replay", {}),
        ("/v1/dead-letters/²/replay", {}),
    ],
)
def test_what_cannot_be_done_to_an_actor_is_refused_at_the_door(house: Any, path: str, value: Any) -> None:
    answer = house.send("POST", urllib.parse.quote(path, safe="/%"), value)
    assert (answer.status, house.gateway.calls) == (400, [])
    assert answer.value["kind"] == "Usage"


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/v1/services/main/web/history", ("history", "main", "web")),
        ("/v1/services/feature%2FLOGIN/web/history", ("history", "feature-login-k3v9", "web")),
        ("/v1/events", ("events", None, 100)),
        ("/v1/events?environment=feature/LOGIN&limit=3", ("events", "feature-login-k3v9", 3)),
        ("/v1/actors", ("actors",)),
    ],
)
def test_a_question_reaches_the_gateway(house: Any, path: str, call: tuple[Any, ...]) -> None:
    answer = house.get(path)
    assert (answer.status, house.gateway.calls) == (200, [call])
    assert len(answer.value) == 1


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("main/web/entry", ("enter", "main", "web", None)),
        ("feature%2FLOGIN/web/entry?release=3", ("enter", "feature-login-k3v9", "web", 3)),
        ("main/web/front", ("front", "main", "web", "")),
        ("feature%2FLOGIN/web/front?port=admin", ("front", "feature-login-k3v9", "web", "admin")),
    ],
)
def test_a_question_for_a_way_in_reaches_the_gateway(house: Any, path: str, call: tuple[Any, ...]) -> None:
    answer = house.get(f"/v1/services/{path}")
    assert (answer.status, house.gateway.calls) == (200, [call])
    assert answer.value["service"] == "web"


def test_a_directory_and_its_variables_are_shown_to_their_own_user_only(house: Any) -> None:
    variables = (("TOKEN", "s3cr3t"),)
    house.gateway.entry = Entry("main", "web", 3, tree=Tree(os.geteuid(), "/srv/web", variables))
    assert house.get("/v1/services/main/web/entry").value["tree"]["variables"] == [["TOKEN", "s3cr3t"]]
    house.gateway.entry = Entry("main", "web", 3, tree=Tree(os.geteuid() + 4711, "/srv/web", variables))
    answer = house.get("/v1/services/main/web/entry")
    owner = f"uid {os.geteuid() + 4711}"
    assert answer.status == 422
    assert f"main:web@v3 runs as {owner}; ask as that user" in answer.value["error"]
    assert b"s3cr3t" not in answer.body


def test_an_edit_carries_its_changes_revision_and_the_user_that_the_kernel_names(house: Any) -> None:
    answer = house.send(
        "PATCH", "/v1/services/feature%2FLOGIN/web/variables", {"changes": {"A": "1", "B": None}, "revision": "r1"}
    )
    assert answer.value == {"environment": "feature-login-k3v9", "service": "web", "release": 2, "text": "done"}
    assert house.gateway.calls == [("edit", "feature-login-k3v9", "web", (("A", "1"), ("B", None)), "r1", me())]


def test_a_redeploy_names_the_user_and_needs_no_body(house: Any) -> None:
    assert house.ask("POST", "/v1/services/main/web/redeploy").value["release"] == 3
    assert house.gateway.calls == [("redeploy", "main", "web", me())]


@pytest.mark.parametrize(
    ("method", "path", "value"),
    [
        ("PATCH", "/v1/services/main/web/variables", {"changes": {"A": "1"}, "by": "root"}),
        ("POST", "/v1/services/main/web/redeploy", {"by": "root"}),
    ],
)
def test_nobody_can_say_to_be_somebody_else(house: Any, method: str, path: str, value: object) -> None:
    assert house.send(method, path, value).status == 400
    assert house.gateway.calls == []


def test_sync_and_approve_removal_answer_with_what_came_of_them(house: Any) -> None:
    looked = [{"repository": "app", "problem": ""}, {"repository": "web", "problem": "cannot be listed"}]
    assert house.ask("POST", "/v1/sync").value == looked
    assert house.send("POST", "/v1/approve-removal", {"repository": "app"}).value == ["bugfix"]
    assert house.gateway.calls == [("sync",), ("approve_removal", "app")]


def test_answers_are_ascii_and_keep_bytes_that_are_no_utf_8(house: Any, made: Any) -> None:
    house.board.publish(made.environment("odd-aaaa", "b\udcff\u00e9\u202e"))
    answer = house.get("/v1/environments/odd-aaaa")
    assert answer.body.isascii()
    assert answer.value["branch"] == "b\udcff\u00e9\u202e"


def test_a_connection_serves_one_request_after_the_other(house: Any) -> None:
    with house.connect() as connection:
        connection.sendall(b"GET /v1/version HTTP/1.1\r\nHost: d\r\n\r\n" * 3)
        read = b""
        while read.count(b'{"version": "1"}') < 3:
            read += connection.recv(65536)
    assert read.count(b"200 OK") == 3


def test_calls_that_take_long_delay_neither_pictures_nor_hints(house: Any) -> None:
    house.gateway.gate = threading.Event()
    asking = [threading.Thread(target=house.get, args=("/v1/actors",)) for _ in range(20)]
    for each in asking:
        each.start()
    assert house.get("/v1/environments").status == 200
    hint = {"repository": "app", "ref": "", "deleted": False, "delivery": ""}
    assert house.send("POST", "/v1/hints", hint).status == 202
    house.gateway.gate.set()
    for each in asking:
        each.join(20)
    assert house.gateway.calls.count(("actors",)) == 20


def test_many_clients_at_once_are_all_answered(house: Any) -> None:
    answers: list[int] = []
    clients = [
        threading.Thread(target=lambda: answers.append(house.get("/v1/environments").status)) for _ in range(100)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join(20)
    assert answers == [200] * 100
