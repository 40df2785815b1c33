"""The two TCP listeners: hints behind a token and nothing else, health for probes and nothing else."""

import hmac
import json
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.domain.hint import RefHint
from orchestrator.errors import Permanent, Temporary

TOKEN = b"0123456789abcdef0123456789abcdef"
HINT = {"repository": "app", "ref": "refs/heads/bugfix", "deleted": False, "delivery": "gh-1"}
ASKED = RefHint("app", "refs/heads/bugfix", deleted=False, delivery="gh-1")


@pytest.fixture
def doors(open_house: Any) -> Any:
    return open_house(hints_address="127.0.0.1:0", hints_token=TOKEN, observe_address="127.0.0.1:0")


def post(doors: Any, body: bytes, token: bytes | None = TOKEN) -> Any:
    headers = {} if token is None else {"Authorization": b"Bearer " + token}
    return doors.ask("POST", "/v1/hints", body, port=doors.api.hints_port, headers=headers)


def test_a_bearer_hands_hints_over(doors: Any) -> None:
    answer = post(doors, json.dumps([HINT, HINT]).encode())
    assert (answer.status, answer.value) == (202, {"accepted": 2})
    assert doors.gateway.calls == [("hint", ASKED, ASKED)]


def test_one_hint_needs_no_list(doors: Any) -> None:
    assert post(doors, json.dumps(HINT).encode()).value == {"accepted": 1}


def test_the_unix_socket_takes_hints_without_a_token(doors: Any) -> None:
    assert doors.send("POST", "/v1/hints", [HINT]).status == 202


@pytest.mark.parametrize(
    "token", [None, b"", b"wrong", TOKEN[:-1], TOKEN + b"x", TOKEN.upper(), b"\xff\xfe", b"x" * 8000], ids=range(8)
)
def test_without_the_token_nothing_is_taken(doors: Any, token: bytes | None) -> None:
    answer = post(doors, json.dumps(HINT).encode(), token)
    assert (answer.status, answer.value["kind"], answer.headers["WWW-Authenticate"]) == (401, "Usage", "Bearer")
    assert TOKEN.decode() not in answer.body.decode()
    assert doors.gateway.calls == []


@pytest.mark.parametrize("shown", [TOKEN, b"Basic " + TOKEN, b"Bearer", b"Bearer  " + TOKEN])
def test_another_form_of_the_token_is_none(doors: Any, shown: bytes) -> None:
    answer = doors.ask("POST", "/v1/hints", b"{}", port=doors.api.hints_port, headers={"Authorization": shown})
    assert answer.status == 401


def test_tokens_are_compared_in_constant_time(doors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or compare(a, b))
    post(doors, b"{}", b"wrong")
    assert compared == [(b"Bearer wrong", b"Bearer " + TOKEN)]


def test_a_body_is_not_read_before_the_token(doors: Any) -> None:
    head = f"POST /v1/hints HTTP/1.1\r\nHost: d\r\nContent-Length: {2**40}\r\n\r\n".encode()
    with doors.connect(doors.api.hints_port) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "path", ["/v1/environments", "/v1/version", "/v1/watch", "/v1/actors", "/v1/sync", "/healthz", "/", "/v1/hints/"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_hints_listener_serves_nothing_else(doors: Any, path: str, method: str) -> None:
    bearer = {"Authorization": b"Bearer " + TOKEN}
    assert doors.ask(method, path, port=doors.api.hints_port).status == 401
    assert doors.ask(method, path, port=doors.api.hints_port, headers=bearer).status == 404
    assert doors.gateway.calls == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_hints_are_posted_and_nothing_else(doors: Any, method: str) -> None:
    bearer = {"Authorization": b"Bearer " + TOKEN}
    assert doors.ask(method, "/v1/hints", port=doors.api.hints_port, headers=bearer).status == 405


@pytest.mark.parametrize("token", [None, b"", TOKEN[:-1], TOKEN[:20] + b"\n" + TOKEN, TOKEN + b"\xff"])
def test_a_hints_listener_without_a_strong_token_is_not_opened(open_house: Any, token: bytes | None) -> None:
    with pytest.raises(Permanent, match="the hints listener needs a token"):
        open_house(hints_address="127.0.0.1:0", hints_token=token)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"1",
        b'"x"',
        b"{}",
        b"[1]",
        b"[null]",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        json.dumps(HINT | {"ref": "bugfix"}).encode(),
        json.dumps(HINT | {"ref": "refs/heads/a b"}).encode(),
        json.dumps(HINT | {"ref": "refs/heads/" + "x" * 2000}).encode(),
        json.dumps(HINT | {"repository": "a\x1b[31m"}).encode(),
        json.dumps(HINT | {"deleted": 1}).encode(),
        json.dumps([HINT, {"repository": "app"}]).encode(),
        json.dumps([HINT] * 5001).encode(),
        b'{"repository": ' + b"9" * 10_000 + b"}",
    ],
    ids=range(17),
)
def test_what_is_no_list_of_hints_is_refused_as_a_whole(doors: Any, body: bytes) -> None:
    answer = post(doors, body)
    assert (answer.status, answer.value["kind"]) == (422, "Permanent")
    assert answer.value["error"].isprintable()
    assert doors.gateway.calls == []


def test_the_largest_batch_of_a_forwarder_is_taken(doors: Any) -> None:
    longest = [HINT | {"ref": f"refs/heads/{n:03}" + "\U0001f600" * 1000} for n in range(500)]
    assert post(doors, json.dumps(longest).encode()).value == {"accepted": 500}


def test_a_batch_that_is_too_long_is_refused(doors: Any) -> None:
    assert post(doors, b" " * (8 * 2**20 + 1)).status == 413


def test_hints_that_the_daemon_cannot_take_now_are_to_be_sent_again(doors: Any) -> None:
    doors.gateway.failure = Temporary("busy")
    assert post(doors, json.dumps(HINT).encode()).status == 503


def test_probes_hear_that_all_is_well(doors: Any) -> None:
    for path in ("/healthz", "/readyz"):
        answer = doors.get(path, doors.api.observe_port)
        assert (answer.status, answer.body) == (200, b"ok\n")


def test_the_daemon_is_alive_but_not_ready_while_the_store_is_in_trouble(doors: Any) -> None:
    doors.trouble[0] = "store.sqlite: disk is full\n\x1b[31m"
    answer = doors.get("/readyz", doors.api.observe_port)
    assert (answer.status, answer.body) == (503, b"store.sqlite: disk is full\\x0a\\x1b[31m\n")
    assert doors.get("/healthz", doors.api.observe_port).status == 200
    doors.trouble[0] = ""
    assert doors.get("/readyz", doors.api.observe_port).status == 200


@pytest.mark.parametrize("path", ["/v1/environments", "/v1/hints", "/v1/version", "/", "/v1/engine"])
def test_the_observe_listener_serves_nothing_else(doors: Any, path: str) -> None:
    assert doors.get(path, doors.api.observe_port).status == 404


def test_the_counters_are_written_for_prometheus_by_kind_of_actor(doors: Any) -> None:
    answer = doors.get("/metrics", doors.api.observe_port)
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    found = {m.name: m for m in text_string_to_metric_families(answer.body.decode())}
    handled = {s.name.removeprefix("anabranch_actor_handler_seconds"): s for s in samples(found, "handler_seconds")}
    assert {s.labels["le"]: s.value for s in samples(found, "handler_seconds") if "le" in s.labels} == {
        "0.1": 1.0,
        "1.0": 3.0,
        "+Inf": 3.0,
    }
    assert (handled["_count"].value, handled["_sum"].value) == (3.0, 0.5)
    assert [(s.labels, s.value) for s in samples(found, "mailbox_messages")] == [({"kind": "service"}, 7.0)]
    assert [(s.labels, s.value) for s in found["anabranch_dead_letters"].samples] == [({"reason": "dead"}, 4.0)]
    assert found["anabranch_scheduler_delay_seconds"].samples


def samples(found: dict[str, Any], name: str) -> list[Any]:
    return found[f"anabranch_actor_{name}"].samples


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_probes_change_nothing(doors: Any, method: str) -> None:
    assert doors.ask(method, "/readyz", port=doors.api.observe_port).status == 405


def test_no_tcp_port_is_opened_without_an_address(house: Any) -> None:
    assert (house.api.hints_port, house.api.observe_port) == (0, 0)


def test_an_ipv6_address_can_be_listened_on(open_house: Any) -> None:
    house = open_house(observe_address="[::1]:0")
    assert house.api.observe_port > 0
