"""From a settings file to a forwarder: what it takes, and the one line it says when it cannot."""

import contextlib
import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import Permanent
from orchestrator.forwarder.from_settings import from_settings
from orchestrator.settings import load


def hook(*files: Path, name: str = "gh", provider: str = "github", **repositories: str) -> dict[str, Any]:
    paths = [str(file) for file in files]
    return {"name": name, "provider": provider, "secret_files": paths, "repositories": repositories or {"a/app": "app"}}


def secret(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def test_everything_is_taken_from_the_settings(settings_file: Any, short_path: Path) -> None:
    old, new = secret(short_path, "old", b"  " + b"o" * 32 + b"\r\n"), secret(short_path, "new", b"n" * 32)
    token = secret(short_path, "token", b"t" * 40 + b"\n")
    door = {"url": "http://127.0.0.1:9", "token_file": str(token)}
    hooks = [hook(old, new), hook(old, name="git", provider="post-receive", app="app", web="web", other_app="other")]
    options = from_settings(load(settings_file(address="[::1]:81", hooks=hooks, daemon=door, journal_bytes=10**8), {}))
    assert options.limits.journal_bytes == 10**8
    assert (options.host, options.port) == ("::1", 81)
    assert options.journal == short_path / "state" / "forwarder" / "journal.db"
    assert (options.daemon.url, options.daemon.token, options.daemon.socket) == ("http://127.0.0.1:9", "t" * 40, None)
    assert options.hooks[0].secrets == (b"o" * 32, b"n" * 32)
    assert options.hooks[1].repositories == {"app": "app", "web": "web", "other_app": "other"}
    assert "oooo" not in repr(options)
    assert "tttt" not in repr(options)


def test_the_daemon_is_found_at_its_own_socket(settings_file: Any) -> None:
    settings = load(settings_file(daemon={}), {"ANABRANCH_SOCKET": "/run/x.sock"})
    assert from_settings(settings).daemon.socket == Path("/run/x.sock")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "No such file or directory"),
        (b"", "holds nothing"),
        (b" \n", "holds nothing"),
        (b"short", "hook gh: a secret is shorter than 32 bytes"),
        (b"whsec_!!!", "does not go on as base64"),
        (b"x" * 5000, "longer than 4096 bytes"),
    ],
)
def test_a_secret_that_cannot_work_is_refused_with_one_line(
    settings_file: Any, short_path: Path, content: bytes | None, line: str
) -> None:
    file = secret(short_path, "s", content) if content is not None else short_path / "s"
    with pytest.raises(Permanent) as refused:
        from_settings(load(settings_file(hooks=[hook(file)]), {}))
    assert line in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("url", ["http://", "http://[", "http://x:99999", "http://x:0", "http://u:p@x", "http://x/y"])
def test_a_daemons_address_that_is_none_is_refused_at_start(settings_file: Any, short_path: Path, url: str) -> None:
    door = {"url": url, "token_file": str(secret(short_path, "token", b"t" * 40))}
    with pytest.raises(Permanent, match=r"daemon\.url is no address"):
        from_settings(load(settings_file(daemon=door), {}))


@pytest.mark.parametrize("token", [b"two words", b"two\nlines", "tök".encode(), b"\xff"])
def test_a_token_that_is_no_word_is_refused_without_being_shown(
    settings_file: Any, short_path: Path, token: bytes
) -> None:
    door = {"url": "http://x", "token_file": str(secret(short_path, "token", token))}
    with pytest.raises(Permanent, match="one word of visible characters") as refused:
        from_settings(load(settings_file(daemon=door), {}))
    assert "two" not in str(refused.value)


async def test_an_address_that_is_taken_is_told_in_one_line(run_forwarder: Any, settings_file: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        place = f"127.0.0.1:{other.getsockname()[1]}"
        async with run_forwarder(settings_file(address=place), ready=False) as forwarder:
            await forwarder.read_log()
            assert await forwarder.process.wait() == 1
    assert forwarder.lines == [f"anabranch: forwarder: {place} is taken; set forwarder.address\n"]


@pytest.mark.parametrize("address", ["192.0.2.1:8080", "x" * 64 + ":80"])
async def test_an_address_of_another_machine_is_told_in_one_line(
    run_forwarder: Any, settings_file: Any, address: str
) -> None:
    async with run_forwarder(settings_file(address=address), ready=False) as forwarder:
        await forwarder.read_log()
        assert await forwarder.process.wait() == 1
    (line,) = forwarder.lines
    assert line.startswith(f"anabranch: forwarder: {address} is ")


async def test_a_second_forwarder_process_is_refused_with_one_line(run_forwarder: Any, settings_file: Any) -> None:
    file = settings_file()
    async with run_forwarder(file) as first:
        async with run_forwarder(file, ready=False) as second:
            await second.read_log()
            assert await second.process.wait() == 1
        assert "another forwarder holds this journal" in second.lines[0]
        assert len(second.lines) == 1
        assert await first.end() == 0


async def test_without_hooks_it_runs_and_knows_no_hook(
    run_forwarder: Any, settings_file: Any, open_client: Any
) -> None:
    async with run_forwarder(settings_file(hooks=[])) as forwarder, open_client(forwarder.url) as client:
        assert await client.send(b"{}", {}, "gh") == 404
        assert (await client.get("/healthz"), await client.get("/readyz")) == (200, 200)
        assert await forwarder.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly(run_forwarder: Any, settings_file: Any, number: int) -> None:
    async with run_forwarder(settings_file()) as forwarder:
        os.kill(forwarder.process.pid, number)
        await forwarder.read_log()
        assert await forwarder.process.wait() == 0
    assert forwarder.log[-1]["event"] == "forwarder has stopped"


async def test_no_secret_and_no_body_is_ever_logged(
    run_forwarder: Any, settings_file: Any, short_path: Path, delivery: Any, open_client: Any, make_daemon: Any
) -> None:
    token = b"token-0123456789abcdef0123456789"
    daemon = make_daemon()
    await daemon.start()
    door = {"url": daemon.url, "token_file": str(secret(short_path, "token", token))}
    secrets = [short_path / "secret", secret(short_path, "more", b"more-0123456789abcdef0123456789ab")]
    hooks = [hook(*secrets, **{"a/app": "app"})]
    async with (
        run_forwarder(settings_file(hooks=hooks, daemon=door)) as forwarder,
        open_client(forwarder.url) as client,
    ):
        told = [file.read_text().strip() for file in secrets] + [token.decode()]
        for number, text in enumerate(told):
            for body in (delivery.push(text, repository="a/app"), delivery.push(repository=text), text.encode()):
                headers = delivery.signed(body, f"{number}{len(body)}")
                assert await client.send(body, headers, "gh") == 202
                assert await client.send(body, headers | {"X-Hub-Signature-256": text}, "gh") == 401
                assert await client.send(body, headers, text) == 404
        good = delivery.push(f"refs/heads/{told[0]}", repository="a/app")
        assert await client.send(good, delivery.signed(good, "good"), "gh") == 202
        await daemon.until(lambda: bool(daemon.hints))
        with contextlib.closing(socket.create_connection(("127.0.0.1", int(forwarder.url.rpartition(":")[2])))) as raw:
            raw.sendall(f"POST /hooks/gh HTTP/1.1\r\nX-Token: {told[0]}\r\nContent-Length: -1\r\n\r\n".encode())
            raw.recv(4096)
        assert await forwarder.end() == 0
    await daemon.stop()
    log = "".join(forwarder.lines)
    assert json.loads(forwarder.lines[-1])["event"] == "forwarder has stopped"
    assert "a request was refused" in log
    assert not [text for text in told if text in log]
    assert "Traceback" not in log
    assert not [entry for entry in forwarder.log if entry["logger"] == "forwarder.http"]
