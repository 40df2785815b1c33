"""What a git process is told: its variables, its key, and a token that only its own host gets."""

import base64
import os
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from orchestrator.adapters.git.environment import environment
from orchestrator.domain.git_url import validate
from orchestrator.errors import Permanent, Temporary


@contextmanager
def recording_server():
    """Answer 404 to all; record each request's Authorization and all command lines of that moment."""
    seen: list[tuple[str | None, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.headers["Authorization"], _all_command_lines()))
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/app.git", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _all_command_lines() -> bytes:
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(file.read_bytes())
        except OSError:
            continue
    return b"\n".join(lines)


def test_the_values_of_the_environment(options):
    url = validate("https://git.example.org/app")
    variables = environment(replace(options, protocols=("https", "ssh")), url)

    assert variables == {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "LANG": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ALLOW_PROTOCOL": "https:ssh",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_SSH_COMMAND": (
            "ssh -F /dev/null -oBatchMode=yes -oStrictHostKeyChecking=yes "
            "-oUserKnownHostsFile=/dev/null -oConnectTimeout=10"
        ),
    }


def test_ssh_is_given_the_key_and_the_known_hosts(options, tmp_path):
    given = replace(options, ssh_key=tmp_path / "a key", known_hosts=tmp_path / "known")
    command = environment(given, validate("git@git.example.org:app"))["GIT_SSH_COMMAND"]

    assert command.endswith(f"-oIdentitiesOnly=yes -i '{tmp_path}/a key'")
    assert f"-oUserKnownHostsFile={tmp_path}/known" in command


@pytest.mark.parametrize(
    ("written", "sent"), [("tok-canary\n", "x-access-token:tok-canary"), ("me:tok-canary", "me:tok-canary")]
)
def test_a_token_is_sent_to_its_host_and_is_on_no_command_line(make_mirror, tmp_path, written, sent):
    file = tmp_path / "token"
    file.write_text(written)
    with recording_server() as (url, seen), pytest.raises(Temporary) as caught:
        make_mirror(url, token_file=file).heads()
    encoded = base64.b64encode(sent.encode())
    assert [authorization for authorization, _ in seen] == [f"Basic {encoded.decode()}"]
    assert all(b"ls-remote" in lines for _, lines in seen)
    assert not any(b"canary" in lines or encoded in lines for _, lines in seen)
    assert "canary" not in str(caught.value)


def test_a_token_belongs_to_scheme_host_and_port(options, tmp_path):
    file = tmp_path / "token"
    file.write_text("tok")
    given = replace(options, token_file=file)

    key = "GIT_CONFIG_KEY_0"
    assert environment(given, validate("https://a.example:8443/x"))[key] == "http.https://a.example:8443/.extraHeader"
    assert environment(given, validate("https://a.example/x"))[key] == "http.https://a.example/.extraHeader"
    assert key not in environment(given, validate("git@a.example:x"))


@pytest.mark.parametrize("text", ["", "a\nb", "a\x1bb", "x" * 5000, "żółw"])
def test_a_token_file_that_is_no_token_is_refused_without_showing_it(make_mirror, tmp_path, text):
    file = tmp_path / "token"
    file.write_text(text)

    with pytest.raises(Permanent, match=r"git\.token_file .*token") as caught:
        make_mirror("http://127.0.0.1:1/x", token_file=file).heads()
    assert str(caught.value).isprintable()


def test_a_missing_token_file_is_named(make_mirror, tmp_path):
    with pytest.raises(Permanent, match=r"git\.token_file .*/none cannot be read"):
        make_mirror("http://127.0.0.1:1/x", token_file=tmp_path / "none").heads()
