"""logs, actors tree, actors show: what services write, and what the machine room does."""

import json
from typing import Any


def test_logs_of_one_service_are_its_lines(world: Any) -> None:
    branch = world.make("logs-of-one", "app")
    said = world.run("logs", f"{branch}:app")
    assert (said.code, said.out) == (0, "started\n")
    assert world.run("logs", f"{branch}:app@v1").out == "started\n"


def test_logs_of_an_environment_name_the_service_of_each_line(world: Any) -> None:
    branch = world.make("logs-of-all", "app", "other-app")
    assert sorted(world.run("-n", branch, "logs").lines) == ["app@v1 | started", "other-app@v1 | started"]


def test_logs_as_json_are_an_object_on_each_line(world: Any) -> None:
    branch = world.make("logs-as-json", "app")
    line = json.loads(world.run("logs", f"{branch}:app", "-o", "json").out)
    assert (line["service"], line["release"], line["text"]) == ("app", 1, "started")
    assert line["at"].endswith("Z")


def test_logs_with_times_begin_with_them(world: Any) -> None:
    branch = world.make("logs-with-times", "app")
    assert world.run("logs", "-t", f"{branch}:app").out.split()[0].endswith("Z")


def test_logs_of_what_is_not_there_say_what_is(world: Any) -> None:
    missing = world.run("logs", "main:ap")
    assert missing.code == 1
    assert "did you mean app?" in missing.err
    release = world.run("logs", "main:app@v99")
    assert release.code == 1
    assert "has no release v99" in release.err


def test_logs_have_no_tables(world: Any) -> None:
    refused = world.run("logs", "main:app", "-o", "yaml")
    assert refused.code == 2


def test_the_tree_shows_every_actor_below_its_parent(world: Any) -> None:
    tree = world.run("actors", "tree")
    assert tree.code == 0
    assert tree.lines[1].startswith("orchestrator ")
    assert any("repository app" in line for line in tree.lines)
    branch = next(index for index, line in enumerate(tree.lines) if "branch main " in line)
    assert "service main:" in tree.lines[branch + 1]
    assert "deployment main:" in tree.lines[branch + 2]


def test_each_address_of_the_tree_can_be_shown(world: Any) -> None:
    addresses = world.run("actors", "tree", "-q").lines
    page = world.run("actors", "show", addresses[0])
    assert page.code == 0
    assert page.lines[0] == "orchestrator"
    assert "mailbox" in page.out
    actors = world.run("actors", "tree", "-o", "json").json
    assert [actor["address"] for actor in actors][:1] == addresses[:1]


def test_an_actor_is_shown_by_the_service_that_it_keeps(world: Any) -> None:
    for words in (("actors", "show", "main:other_app"), ("-n", "main", "actors", "show", "other-app")):
        page = world.run(*words)
        assert page.code == 0
        assert page.lines[0] == "service main:other-app"
    assert world.run("actors", "show", "main:app", "-o", "json").json["kind"] == "service"


def test_an_actor_that_is_not_there_is_missing(world: Any) -> None:
    missing = world.run("actors", "show", "/A0815", "-n", "main")
    assert missing.code in (1, 2)
    assert len(missing.err.splitlines()) == 1
