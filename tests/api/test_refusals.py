"""Whatever is asked, the answer is one JSON line with its kind: nothing hidden in it, nothing broken by it."""

import json
import re
import socket
from typing import Any

import pytest

from orchestrator.errors import AnabranchError, Conflict, NotFound, Permanent, Temporary

EDIT = "/v1/services/main/web/variables"


def line_of(answer: Any) -> str:
    """Check the form of a refusal, give its line."""
    assert set(answer.value) == {"error", "kind"}
    line = answer.value["error"]
    assert isinstance(line, str)
    assert line.isprintable()
    assert len(line) <= 2000
    return line


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (NotFound("no service ap; did you mean app?"), 404),
        (Conflict("somebody changed it"), 409),
        (Permanent("no good"), 422),
        (Temporary("busy"), 503),
    ],
)
@pytest.mark.parametrize("path", ["/v1/actors", "/v1/events", "/v1/services/main/web/history"])
def test_what_the_gateway_refuses_with_keeps_its_kind_and_line(
    house: Any, failure: AnabranchError, status: int, path: str
) -> None:
    house.gateway.failure = failure
    answer = house.get(path)
    assert (answer.status, answer.value["kind"], line_of(answer)) == (status, type(failure).__name__, str(failure))


def test_an_unexpected_failure_says_nothing_of_its_insides(house: Any) -> None:
    house.gateway.failure = RuntimeError("token s3cr3t at /srv/hidden")
    answer = house.ask("POST", "/v1/sync")
    assert (answer.status, answer.value["kind"]) == (500, "Permanent")
    assert "s3cr3t" not in answer.body.decode()
    house.gateway.failure = None
    assert house.ask("POST", "/v1/sync").status == 200


def test_a_line_of_a_refusal_holds_no_line_feed_and_no_escape_and_has_an_end(house: Any) -> None:
    house.gateway.failure = Permanent("bad\n\x1b[31mred\u202e " + "x" * 5000)
    line = line_of(house.get("/v1/actors"))
    assert line.startswith("bad \\x1b[31mred\\u202e x")


def test_an_unknown_environment_is_named_with_the_nearest(house: Any) -> None:
    answer = house.get("/v1/environments/maim")
    assert (answer.status, line_of(answer)) == (404, 'no environment "maim"; did you mean main? (anabranch envs)')


@pytest.mark.parametrize("name", ["%1b%5b31m", "%0a", "%00", "%ff%fe", "..%2f..%2fetc", "x" * 4000, "%e2%80%ae"])
@pytest.mark.parametrize(
    "path", ["/v1/environments/{}", "/v1/services/{}/web/logs", "/v1/services/main/{}/logs", "/{}"]
)
def test_hostile_names_are_unknown_names(house: Any, path: str, name: str) -> None:
    answer = house.get(path.format(name))
    assert answer.status == 404
    line_of(answer)
    assert house.gateway.calls == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/v1/services/main/..%2fweb/variables"),
        ("POST", "/v1/services/main/a%00/redeploy"),
        ("GET", "/v1/services/main/WEB/history"),
    ],
)
def test_what_can_be_no_service_reaches_no_gateway(house: Any, method: str, path: str) -> None:
    answer = house.send(method, path, {"changes": {"A": "1"}} if method == "PATCH" else {})
    assert answer.status == 404
    assert "no service" in line_of(answer)
    assert house.gateway.calls == []


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/version", "/v1/version/", "/healthz", "/v1//version", "/v1/hints/x"])
def test_unknown_paths_are_not_found(house: Any, path: str) -> None:
    answer = house.get(path)
    assert (answer.status, answer.value["kind"]) == (404, "Usage")
    assert path in line_of(answer)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", "/v1/environments", "GET,HEAD"), ("GET", "/v1/sync", "POST"), ("PUT", EDIT, "PATCH")],
)
def test_a_method_that_is_not_there_is_told_which_are(house: Any, method: str, path: str, allowed: str) -> None:
    answer = house.ask(method, path)
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    line_of(answer)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"not json",
        b'{"changes": {}}',
        b'{"changes": {"A": 1}}',
        b'{"changes": {"A": "1"}, "extra": 1}',
        b'{"changes": {"A": "1"}, "revision": 3}',
        b'{"changes": {"A": "\\ud800"}}',
        b'{"changes": {"A": "\xff"}}',
        b"[" * 100_000,
        b'{"changes": ' * 1000,
        b'{"changes": {"A": ' + b"9" * 100_000 + b"}}",
        json.dumps({"changes": {f"V{n}": "x" for n in range(1001)}}).encode(),
        json.dumps({"changes": {"A" * 10_000 + "\x1b[31m": 1}}).encode(),
    ],
    ids=range(16),
)
def test_a_body_of_another_shape_is_refused_in_one_line(house: Any, body: bytes) -> None:
    answer = house.ask("PATCH", EDIT, body)
    assert (answer.status, answer.value["kind"]) == (400, "Usage")
    assert re.match(r"the body of PATCH \S+ is not right: ", line_of(answer))
    assert house.gateway.calls == []


def test_a_refused_value_is_not_quoted(house: Any) -> None:
    answer = house.ask("PATCH", EDIT, b'{"changes": {"PASSWORD": ["s3cr3t"]}, "revision": "r"}')
    assert answer.status == 400
    assert "s3cr3t" not in line_of(answer)


@pytest.mark.parametrize(
    "query",
    ["limit=-1", "limit=x", "limit=10001", "limit=%D9%A3", "limit=" + "9" * 500, "limit=1e3", "limit=0x1"],
)
def test_a_number_that_is_none_is_refused(house: Any, query: str) -> None:
    answer = house.get(f"/v1/events?{query}")
    assert (answer.status, line_of(answer)) == (400, "limit must be a whole number from 0 to 10000")


@pytest.mark.parametrize("path", [EDIT, "/v1/services/main/web/redeploy", "/v1/sync", "/v1/approve-removal"])
def test_a_body_that_is_too_long_is_refused(house: Any, path: str) -> None:
    answer = house.ask("PATCH" if path == EDIT else "POST", path, b" " * (256 * 1024 + 1))
    assert answer.status == 413
    line_of(answer)
    assert house.gateway.calls == []


def test_a_body_that_is_too_long_is_refused_before_its_end_and_hung_up_on(house: Any) -> None:
    head = f"PATCH {EDIT} HTTP/1.1\r\nHost: d\r\nContent-Length: {2**40}\r\n\r\n".encode()
    answer = house.raw(head + b" " * 300_000)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_compressed_body_is_not_blown_up(house: Any) -> None:
    answer = house.ask("PATCH", EDIT, b"\x1f\x8b\x08", headers={"Content-Encoding": "gzip"})
    assert answer.status == 400
    line_of(answer)


def test_a_body_that_comes_too_slowly_is_given_up(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.adapters.api.bodies._SLOWEST_SECONDS", 0.05)
    with house.connect() as connection:
        connection.sendall(f"PATCH {EDIT} HTTP/1.1\r\nHost: d\r\nContent-Length: 100\r\n\r\n{{".encode())
        assert b"408 Request Timeout" in connection.recv(65536)
    assert house.gateway.calls == []


def test_a_client_that_leaves_in_the_middle_of_its_body_changes_nothing(house: Any) -> None:
    with house.connect() as connection:
        connection.sendall(f"PATCH {EDIT} HTTP/1.1\r\nHost: d\r\nContent-Length: 100\r\n\r\n{{".encode())
        connection.shutdown(socket.SHUT_WR)
    assert house.get("/v1/version").status == 200
    assert house.gateway.calls == []


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /v1/version HTTP/9.9\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"GET /v1/version HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/sync HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
    ],
    ids=range(7),
)
def test_what_is_no_http_is_hung_up_on_and_logged_nowhere(
    house: Any, request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    answer = house.raw(request_)
    assert answer == b"" or answer.startswith(b"HTTP/1.")
    assert b"200 OK" not in answer
    assert house.get("/v1/version").status == 200
    assert caplog.records == []
