"""hook and deliveries, beside a real forwarder: set up, try, rotate; see and repeat what came."""

import http.client
import http.server
import json
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.webhook import Hook
from orchestrator.domain.webhook.sample import sample

REMARK = "# mine, and it stays"


@dataclass
class Place:
    """A settings file with a forwarder of its own beside the daemon of the session."""

    world: Any
    directory: Path
    port: int

    @property
    def file(self) -> Path:
        return self.directory / "anabranch.yaml"

    def run(self, *words: str) -> Any:
        return self.world.run(*words, at=self.directory, ANABRANCH_SETTINGS_FILE=str(self.file))

    def add(self, name: str, *words: str, provider: str = "github") -> Any:
        return self.run("hook", "add", name, "--provider", provider, "--repository", "acme/app=app", *words)

    def steps(self, name: str, *words: str) -> tuple[int, list[dict[str, Any]]]:
        said = self.run("hook", "test", name, "-o", "json", *words)
        assert said.err == ""
        return said.code, said.json

    def deliver(self, name: str, secret: Path) -> int:
        """Send a push as GitHub would that was given this secret; returns the status of the answer."""
        hook = Hook(name, "github", (secret.read_bytes().strip(),), {"acme/app": "app"})
        made = sample(hook, "acme/app", delivery=f"from-the-host-{name}", now=time.time())
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with closing(connection):
            connection.request("POST", f"/hooks/{name}", made.body, dict(made.headers))
            return connection.getresponse().status

    def newest(self) -> int:
        return int(self.run("deliveries", "-q").lines[0])


@pytest.fixture(scope="module")
def place(world: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("forwarder")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = Place(world, directory, port)
    made.file.write_text(
        "\n".join(
            [
                f"repositories: [{{name: app, url: 'file://{world.directory}/app.git'}}]",
                "git: {protocols: [file]}",
                f"state: {directory}/state",
                f"api: {{socket: {world.socket}}}",
                "log: {format: json}",
                f"forwarder:  {REMARK}",
                f"  address: 127.0.0.1:{port}",
                f"  socket: {world.directory}/forwarder.sock",
                "",
            ]
        )
    )
    with (directory / "log").open("w") as log:
        forwarder = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", "forwarder", "--settings", str(made.file)],
            stdin=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        world.until(lambda: forwarder.poll() is not None or made.run("deliveries").code == 0)
        yield made
    finally:
        forwarder.terminate()
        assert forwarder.wait(30) == 0, (directory / "log").read_text()
    assert "Traceback" not in (directory / "log").read_text()


def test_a_hook_is_added_with_one_command_and_served_at_once(place: Place) -> None:
    said = place.add("whole")
    assert said.code == 0, said.err
    secret = place.directory / "secrets" / "whole.secret"
    assert f"  URL           http://127.0.0.1:{place.port}/hooks/whole" in said.lines
    assert f"  Secret        $(cat {secret})" in said.lines
    assert secret.read_text().strip() not in said.out + said.err
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert "the running forwarder serves it from now on" in said.err
    assert REMARK in place.file.read_text()
    code, steps = place.steps("whole")
    assert (code, [step["name"] for step in steps]) == (0, ["secret", "answer", "daemon"])
    assert "forwarded to" in steps[-1]["note"]
    listed = next(hook for hook in place.run("hook", "list", "-o", "json").json if hook["name"] == "whole")
    assert (listed["accepted"], listed["note"]) == (1, "")
    assert "whole" in place.run("hook", "list").out


def test_the_secret_is_shown_when_asked_for(place: Place) -> None:
    said = place.add("open", "--show-secret", provider="gitlab")
    assert (place.directory / "secrets" / "open.secret").read_text().strip() in said.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--provider", "githup", "-r", "acme/app=app"), "there are: azure-devops, bitbucket-cloud"),
        (("--provider", "github", "-r", "acme/web"), "no repository web in the settings; there are app"),
        (("--provider", "azure-devops", "-r", "acme/app"), "give --username"),
        (("--provider", "github", "-r", "acme/app", "--username", "x"), "github sends none; remove it"),
        (("--provider", "github"), "or the --organisation whose hook it is"),
        (("--provider", "github", "--organisation", "acme/"), "write its name as in the names of its repositories"),
        (("--provider", "post-receive", "--organisation", "acme"), "is for one repository each"),
        (
            ("--provider", "github", "-r", "acme/app", "--secret-file", "/nowhere/at/all"),
            "/nowhere/at/all: cannot be read",
        ),
    ],
)
def test_what_cannot_work_is_told_and_leaves_the_settings_as_they_were(
    place: Place, words: tuple[str, ...], told: str
) -> None:
    before = place.file.read_text()
    said = place.run("hook", "add", "wrong", *words)
    assert (said.code in (1, 2), told in said.err) == (True, True), said.err
    assert len(said.err.splitlines()) == 1
    assert place.file.read_text() == before
    assert not (place.directory / "secrets" / "wrong.secret").exists()


def test_a_second_hook_of_one_name_is_refused(place: Place) -> None:
    assert place.add("twice").code == 0
    said = place.add("twice")
    assert (said.code, "anabranch hook rotate twice" in said.err) == (1, True)


def test_a_secret_is_rotated_in_two_steps_and_not_finished_too_early(place: Place) -> None:
    place.add("rotated")
    old = place.directory / "secrets" / "rotated.secret"
    assert place.steps("rotated")[0] == 0
    begun = place.run("hook", "rotate", "rotated")
    assert begun.code == 0, begun.err
    new = place.directory / "secrets" / "rotated.2.secret"
    assert f"$(cat {new})" in begun.out
    early = place.run("hook", "rotate", "rotated", "--finish")
    assert (early.code, "did not show the new secret" in early.err) == (1, True)
    assert "in rotation, the new secret was not seen yet" in place.run("hook", "list").out
    assert "finish that first" in place.run("hook", "rotate", "rotated").err
    assert place.steps("rotated")[0] == 0
    still = place.run("hook", "rotate", "rotated", "--finish")
    assert (still.code, "did not show the new secret" in still.err) == (1, True)
    assert place.deliver("rotated", new) == 202
    done = place.run("hook", "rotate", "rotated", "--finish")
    assert (done.code, f"rm {old}" in done.err) == (0, True), done.err
    assert place.steps("rotated")[0] == 0
    assert REMARK in place.file.read_text()


def test_a_forwarder_with_another_secret_is_told_and_mended_by_a_reload(place: Place) -> None:
    place.add("stale")
    (place.directory / "secrets" / "stale.secret").write_text("another-0123456789abcdef0123456789")
    code, steps = place.steps("stale")
    assert (code, steps[-1]["ok"]) == (1, False)
    assert steps[-1]["note"].startswith("401 ")
    assert "anabranch hook reload" in steps[-1]["note"]
    reloaded = place.run("hook", "reload")
    assert (reloaded.code, reloaded.rows) == (0, [["stale", "changed"]])
    assert "none has changed" in place.run("hook", "reload").err
    assert place.steps("stale")[0] == 0


@contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[str]:
    """A server that is no forwarder."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            """Say nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}/hooks/x"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, b"<html>welcome</html>", "something else answers there"),
        (302, b"", "a git host does not follow it"),
        (404, b"not found", "the proxy changes the path"),
        (413, b"too large", "allow 25 MB"),
        (502, b"bad gateway", "the proxy does not reach the forwarder"),
        (418, b"\x1b[31mteapot", "no answer of the forwarder's"),
    ],
)
def test_what_stands_before_the_forwarder_is_told_by_its_answer(
    place: Place, status: int, body: bytes, told: str
) -> None:
    place.add("before")
    with answering(status, body, Location="https://elsewhere/") as address:
        said = place.run("hook", "test", "before", "--url", f"http://{address}")
    assert (said.code, told in said.out) == (1, True), said.out
    assert "\x1b" not in said.out


def test_an_address_that_cannot_be_reached_is_told(place: Place) -> None:
    place.add("far")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for url, told in (
        (f"http://127.0.0.1:{port}/hooks/far", "nobody listens there"),
        ("http://no-such-machine.invalid/hooks/far", "there is no machine"),
        ("gopher://x/hooks/far", "no http or https address"),
    ):
        code, steps = place.steps("far", "--url", url)
        assert (code, steps[-1]["name"]) == (1, "address")
        assert told in steps[-1]["note"]
    with answering(200, b"") as address:
        code, steps = place.steps("far", "--url", f"https://{address}")
    assert "does not speak TLS" in steps[-1]["note"]


def test_a_hook_that_is_not_there_is_told_with_the_nearest_name(place: Place) -> None:
    place.add("nearest")
    for words in (("hook", "test", "nearst"), ("hook", "rotate", "nearst")):
        said = place.run(*words)
        assert (said.code, "did you mean nearest?" in said.err) == (1, True)


def test_a_delivery_is_listed_shown_with_whom_it_reached_and_replayed(place: Place, world: Any) -> None:
    place.add("seen")
    assert place.steps("seen")[0] == 0
    number = str(place.newest())
    table = place.run("deliveries", "--hook", "seen")
    assert table.lines[0].split() == ["DELIVERY", "HOOK", "STATE", "AGE", "REPOSITORY", "BRANCH", "NOTE"]
    assert [row[:3] + row[4:] for row in table.rows] == [[number, "seen", "forwarded", "app", "anabranch-test"]]
    listed = place.run("deliveries", "-o", "json").json["deliveries"][0]
    assert listed["received_at"].endswith("Z")
    world.until(lambda: "repository app" in place.run("deliveries", "show", number).out)
    page = place.run("deliveries", "show", number).out
    for part in (
        "verdict   signature good; the daemon acknowledged it",
        "headers   x-github-event: push",
        "became    look at branch anabranch-test of app",
        "repository app",
        f"anabranch actors trace {number}",
        f"anabranch deliveries replay {number}",
    ):
        assert part in page, page
    again = place.run("deliveries", "replay", number)
    assert (again.code, again.rows[0][:3]) == (0, [number, "seen", "forwarded"])
    assert place.run("deliveries", "show", number, "-o", "json").json["delivery"]["delivery"] == int(number)


def test_the_service_that_a_delivery_changed_is_among_what_it_reached(place: Place, world: Any) -> None:
    place.add("cause")
    secret = (place.directory / "secrets" / "cause.secret").read_text().strip().encode()
    world.run("sync")
    world.push("app", "anabranch-test", world.score("app"))
    made = sample(Hook("cause", "github", (secret,), {"acme/app": "app"}), "acme/app", delivery="c-1", now=0)
    send(place, "cause", made.body, dict(made.headers))
    number = str(place.newest())
    world.until(lambda: "service anabranch-test:app" in place.run("deliveries", "show", number).out)
    page = place.run("deliveries", "show", number).out
    assert "branch anabranch-test" in page
    world.delete("app", "anabranch-test")


def test_failures_are_listed_alone_and_their_replay_says_so(place: Place) -> None:
    place.add("failing")
    secret = (place.directory / "secrets" / "failing.secret").read_text().strip().encode()
    hook = Hook("failing", "github", (secret,), {"acme/app": "app"})
    made = sample(hook, "acme/somebody-else", delivery="f-1", now=0)
    send(place, "failing", made.body, dict(made.headers))
    number = str(place.newest())
    place.world.until(lambda: place.run("deliveries", "--failed", "--hook", "failing", "-q").lines == [number])
    assert "not a repository of hook failing" in place.run("deliveries", "--failed").out
    assert place.run("deliveries", "replay", number).code == 1
    assert "nobody" in place.run("deliveries", "show", number).out


def test_the_hook_of_an_organisation_serves_what_the_settings_have_of_it_and_tells_of_the_others_once(
    place: Place, world: Any
) -> None:
    organisation = world.directory.name
    said = place.run("hook", "add", "org", "--provider", "github", "--organisation", organisation, "--tags")
    assert (said.code, "set forwarder.url" in said.err) == (0, True), said.err
    assert "      tags: true\n" in place.file.read_text()
    code, steps = place.steps("org")
    assert code == 0, steps
    hook = Hook("org", "github", ((place.directory / "secrets" / "org.secret").read_bytes().strip(),), {})
    for number in range(3):
        made = sample(hook, f"{organisation}/notes", delivery=f"o-{number}", now=0)
        send(place, "org", made.body, dict(made.headers))
    line = f"{organisation}/notes is not in the settings; 3 such deliveries"
    place.world.until(lambda: line in " ".join(place.run("deliveries", "--hook", "org").out.split()))
    ignored, forwarded = place.run("deliveries", "--hook", "org", "-q").lines
    assert int(ignored) > int(forwarded)
    assert "3 such deliveries came" in place.run("deliveries", "show", ignored).out
    assert place.run("deliveries", "replay", ignored).code == 0
    listed = next(hook for hook in place.run("hook", "list", "-o", "json").json if hook["name"] == "org")
    assert (listed["organisation"], listed["repositories"]) == (organisation, [f"{organisation}/app"])
    assert f"1 of {organisation}" in place.run("hook", "list").out


def test_a_hook_of_an_organisation_that_has_nothing_here_is_told_of(place: Place) -> None:
    said = place.run("hook", "add", "empty", "--provider", "gitlab", "--organisation", "nobody")
    told = "no repository of the settings has a URL in nobody: hook empty serves none yet"
    assert (said.code, said.err.splitlines()[-1]) == (0, told)
    assert told in place.run("hook", "list").out
    tried = place.run("hook", "test", "empty")
    assert (tried.code, told in tried.err) == (2, True)


def test_what_is_typed_wrong_is_told_in_one_line(place: Place) -> None:
    for words, code, told in (
        (("deliveries", "show", "999999"), 1, "there is no delivery 999999"),
        (("deliveries", "replay", "999999"), 1, "there is no delivery 999999"),
        (("deliveries", "show", "x"), 2, "--help"),
        (("deliveries", "-w", "-q"), 2, "-w shows a table"),
        (("deliveries", "--forwarder-socket", "/nowhere.sock"), 1, "no forwarder at /nowhere.sock; start one"),
    ):
        said = place.run(*words)
        assert (said.code, told in said.err, len(said.err.splitlines())) == (code, True, 1), said.err


def test_an_empty_list_says_what_to_do_next(place: Place, tmp_path: Path) -> None:
    place.add("silent")
    assert place.run("deliveries", "--hook", "silent").lines[1:] == [
        "! nothing came yet; send a test delivery: anabranch hook test silent"
    ]
    assert "did you mean silent?" in place.run("deliveries", "--hook", "silnt").out
    assert "no delivery was refused or is dead" in place.run("deliveries", "--hook", "silent", "--failed").out
    assert place.run("deliveries", "--hook", "silent", "-q").out == ""
    empty = tmp_path / "anabranch.yaml"
    empty.write_text("repositories: []\n")
    assert place.run("hook", "list", "--settings", str(empty)).lines[1:] == ["! no hooks yet: anabranch hook add"]
    assert place.run("hook", "list", "--settings", str(empty), "-o", "json").json == []


def test_a_hook_is_added_to_settings_in_one_line(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "anabranch.yaml"
    file.write_text("forwarder: {address: '127.0.0.1:8080'}\n")
    said = place.run("hook", "add", "line", "--settings", str(file), "-p", "github", "-r", "acme/app")
    assert said.code == 0, said.err
    assert (tmp_path / "secrets" / "line.secret").exists()
    assert "address: '127.0.0.1:8080'" in file.read_text()


def test_watching_shows_a_delivery_that_comes(place: Place, world: Any) -> None:
    place.add("watched")
    words = ("deliveries", "-w", "--hook", "watched", "--forwarder-socket", str(world.directory / "forwarder.sock"))
    watching = world.spawn(*words)
    assert watching.stdout
    try:
        assert watching.stdout.readline().startswith("DELIVERY")
        assert place.steps("watched")[0] == 0
        assert any("anabranch-test" in line for line in iter(watching.stdout.readline, ""))
    finally:
        watching.terminate()
        watching.communicate()


def test_names_are_completed(place: Place, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.cli.completion._SECONDS", 30.0)
    place.add("completed-hook")

    def complete(*words: str) -> list[str]:
        asked = {"COMP_WORDS": "\n".join(("anabranch", *words)), "COMP_CWORD": str(len(words))}
        said = world.run(_ANABRANCH_COMPLETE="complete_bash", ANABRANCH_SETTINGS_FILE=str(place.file), **asked)
        return [line for line in said.lines if line]

    assert complete("hook", "test", "completed-h") == ["completed-hook"]
    assert complete("hook", "add", "x", "--provider", "bit") == ["bitbucket-cloud", "bitbucket-server"]
    assert place.steps("completed-hook")[0] == 0
    number = str(place.newest())
    assert number in complete("deliveries", "show", number)


def send(place: Place, hook: str, body: bytes, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=20)
    connection.request("POST", f"/hooks/{hook}", body, headers)
    answer = connection.getresponse()
    assert (answer.status, "delivery" in json.loads(answer.read())) == (202, True)
    connection.close()
