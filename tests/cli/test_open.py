"""open: an address is printed, and a browser gets it when there is one and somebody answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from orchestrator.cli.daemon_client import Daemon
from orchestrator.domain.front import FrontView


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """A browser that notes what it is given, in `seen` beside it."""
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {tmp_path}/seen\n')
    program.chmod(0o755)
    return program


@pytest.fixture
def unopened() -> Iterator[mock.Mock]:
    """Stands before every browser of this process: what must not be opened shows as a call."""
    with mock.patch("webbrowser.open") as opened:
        yield opened


def seen(browser: Path) -> list[str]:
    note = browser.with_name("seen")
    return note.read_text().splitlines() if note.exists() else []


def typed(world: Any, *words: str, **variables: str) -> tuple[int, list[str], str]:
    """Type it in a process of its own: which browsers there are is found out once in each."""
    running = world.spawn("open", *words, **variables)
    out, err = running.communicate(timeout=60)
    return running.returncode, out.splitlines(), err


def test_a_service_is_opened_in_the_browser_and_its_address_printed(world: Any, browser: Path) -> None:
    branch = world.make("opened", "app")
    address = world.run("ps", f"{branch}:app", "-o", "json").json[0]["addresses"][0][1]
    assert typed(world, "-n", branch, "app", BROWSER=str(browser)) == (0, [address], "")
    assert typed(world, f"{branch}:app", "--port", "http", BROWSER=str(browser)) == (0, [address], "")
    assert seen(browser) == [address, address]


def test_an_address_can_be_had_without_a_browser(world: Any, browser: Path) -> None:
    told = world.run("open", "main:app", "-o", "json").json
    assert (told["environment"], told["service"], told["port"]) == ("main", "app", "http")
    for words in (("--print",), ("-o", "json"), ("-o", "name")):
        assert typed(world, "main:app", *words, BROWSER=str(browser))[0] == 0
    assert seen(browser) == []
    code, lines, err = typed(world, "main:app", BROWSER="/nowhere/browser", PATH="/nowhere")
    assert (code, lines) == (0, [told["url"]])
    assert "no browser found here" in err


def test_a_borrowed_service_is_opened_at_its_address_here(world: Any) -> None:
    branch = world.make("opens-borrowed", "web")
    borrowed = world.run("-n", branch, "open", "app", "--print")
    assert (borrowed.code, borrowed.err) == (0, "")
    assert borrowed.out != world.run("open", "main:app", "--print").out


def test_what_does_not_answer_is_not_opened_and_says_what_to_do(world: Any, unopened: mock.Mock) -> None:
    branch = "not-opened"
    world.push("many", branch, world.score("many", "never-ready"))
    world.push("audit", branch, world.score("audit").partition("service:")[0])
    world.ready(branch, "audit")
    world.until(lambda: "waiting for it to listen" in world.run("-n", branch, "ps").out)
    waits = world.run("-n", branch, "open", "many")
    assert waits.code == 1
    assert f"{branch}:many is not Ready: waiting for it to listen; follow it: anabranch wait" in waits.err
    portless = world.run("-n", branch, "open", "audit")
    assert portless.code == 1
    assert f"{branch}:audit has no port to open; declare one under service.ports" in portless.err
    assert 'has no port "htp"; did you mean http?' in world.run("open", "main:app", "--port", "htp").err
    assert not unopened.called


@pytest.mark.parametrize("url", ["file:///etc/passwd", "javascript:alert(1)", "-x", "http://a b", "http://a\x1b[2J"])
def test_a_browser_is_given_no_other_thing_than_an_address(world: Any, unopened: mock.Mock, url: str) -> None:
    told = FrontView("main", "app", "http", url)
    with mock.patch.object(Daemon, "front", lambda *_: told):
        said = world.run("open", "main:app")
    assert said.code == 1
    assert "no browser is given" in said.err
    assert "\x1b" not in said.err
    assert not unopened.called
