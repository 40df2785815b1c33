"""actors …: what on-call sees of a running daemon, and how single actors are steered."""

import contextlib
import os
import pwd
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.cli.connection import Connection

ME = pwd.getpwuid(os.getuid()).pw_name


def actor(world: Any, name: str) -> dict[str, Any]:
    """Show an actor, by its name, as JSON."""
    found = world.run("actors", "show", name, "-o", "json")
    assert found.code == 0, found.err
    return dict(found.json)


def state(world: Any, name: str) -> str:
    return str(actor(world, name)["state"])


def note(world: Any, service: str) -> str:
    return str(world.run("ps", service, "-o", "json").json[0]["note"])


def release(world: Any, service: str) -> str:
    """The release that `ps` shows, empty while the service is not shown."""
    rows = world.run("ps", service).rows
    return str(rows[0][1]) if rows else ""


def rests(world: Any, service: str) -> bool:
    """Tell whether a service has nothing to do, and nothing that it wants written is on its way to the disk."""
    before = actor(world, service)
    world.run("history", service)
    after = actor(world, service)
    idle = all(seen["state"] == "idle" and not seen["waiting"] for seen in (before, after))
    return idle and before["handled"] == after["handled"]


def all_rest(world: Any) -> bool:
    """Tell whether every actor has begun, and none has anything to do."""
    shown = world.run("actors", "tree", "-o", "json").json
    return all(each["handled"] and each["state"] == "idle" and not each["waiting"] for each in shown)


def events(world: Any, environment: str) -> list[tuple[str, str, str]]:
    """What happened in an environment, as the API tells it: kind, text, who."""
    told: Any = Connection(world.socket).get("events", environment=environment)
    return [(event["kind"], event["text"], event["by"]) for event in told]


def letters_to(world: Any, address: str) -> list[dict[str, Any]]:
    letters = world.run("actors", "dead-letters", "-o", "json").json
    return [letter for letter in letters if letter["address"] == address]


@contextlib.contextmanager
def held(world: Any, name: str, verb: str = "pause", *words: str) -> Iterator[str]:
    """Pause or stop an actor for a while; gives its address."""
    done = world.run("actors", verb, name, "-o", "json", *words)
    assert done.code == 0, done.err
    try:
        yield done.json["address"]
    finally:
        world.run("actors", "resume", name)


def test_a_paused_service_lets_its_mail_wait_steps_through_it_and_goes_on(world: Any) -> None:
    branch = world.make("room-pause", "app")
    world.until(lambda: rests(world, f"{branch}:app"))
    with held(world, f"{branch}:app", "pause", "--why", "looking into it"):
        assert note(world, f"{branch}:app") == f"service {branch}:app is paused by {ME}: looking into it"
        world.push("app", branch, world.score("app", LOG_LEVEL="debug"))
        world.run("sync")
        world.until(lambda: actor(world, f"{branch}:app")["waiting"] > 0)
        assert world.run("ps", f"{branch}:app").rows[0][1] == "v1"
        stepped = world.run("actors", "step", f"{branch}:app")
        assert stepped.out.startswith(f"service {branch}:app handles Define, 0 waiting")
        world.until(lambda: actor(world, f"{branch}:app")["last_message"] == "Define")
        world.until(lambda: state(world, f"{branch}:app") == "paused")
        problems = world.run("actors", "tree", "--problems")
        assert f"service {branch}:app  paused" in problems.out
        assert "repository" not in problems.out
    world.until(lambda: release(world, f"{branch}:app") == "v2")
    assert note(world, f"{branch}:app") == ""
    kinds = [(kind, text, by) for kind, text, by in events(world, branch) if kind.startswith("Actor")]
    name = f"service {branch}:app"
    assert kinds == [
        ("ActorPaused", f"{name}: looking into it", ME),
        ("ActorStepped", name, ME),
        ("ActorResumed", name, ME),
    ]


def test_a_paused_repository_is_noted_at_its_services_and_looks_at_nothing(world: Any) -> None:
    with held(world, "repository many", "pause"):
        assert note(world, "main:many") == f"repository many is paused by {ME}"
        assert note(world, "main:app") == ""
    world.run("sync")
    assert note(world, "main:many") == ""


def test_steering_that_does_not_fit_the_state_is_refused_with_the_way_out(world: Any) -> None:
    branch = world.make("room-refused", "app")
    name = f"{branch}:app"
    world.until(lambda: rests(world, name))
    assert "is not paused, only then it goes in steps" in world.run("actors", "step", name).err
    assert "is not paused" in world.run("actors", "resume", name).err
    with held(world, name) as address:
        assert f"is paused already (anabranch actors resume {address})" in world.run("actors", "pause", name).err
        assert "nothing waits in the mailbox" in world.run("actors", "step", name).err
        assert f"first: anabranch actors resume {address}" in world.run("actors", "restart", name).err
    with held(world, f"branch {branch}") as address:
        assert f"first: anabranch actors resume {address}" in world.run("actors", "stop", name).err
    root = world.run("actors", "stop", "orchestrator")
    assert (root.code, len(root.err.splitlines())) == (1, 1)
    assert "stop the daemon" in root.err
    near = world.run("actors", "pause", "branch room-refusd")
    assert f"did you mean branch {branch}?" in near.err
    assert state(world, name) == "idle"


def test_an_actor_that_ends_is_paused_no_longer(world: Any) -> None:
    branch = world.make("room-ends", "app")
    assert world.run("actors", "pause", f"{branch}:app").code == 0
    assert world.run("actors", "restart", f"branch {branch}").code == 0
    world.ready(branch, "app")
    world.until(lambda: state(world, f"{branch}:app") == "idle")
    assert note(world, f"{branch}:app") == ""


@pytest.mark.parametrize("name", ["branch {}", "service {}:app", "deployment {}:app@v1"])
def test_a_restarted_actor_keeps_its_address_and_what_it_looks_after_runs_on(world: Any, name: str) -> None:
    branch = world.make(f"room-restart-{name.split(maxsplit=1)[0]}", "app")
    name = name.format(branch)
    before = actor(world, name)
    done = world.run("actors", "restart", name, "--why", "to see")
    assert (done.code, done.out) == (0, f"{name} begins anew\n")
    world.ready(branch, "app")
    after = actor(world, name)
    assert (after["address"], after["restarts"]) == (before["address"], before["restarts"] + 1)
    assert world.run("ps", f"{branch}:app").rows[0][1] == "v1"
    world.push("app", branch, world.score("app", LOG_LEVEL="debug"))
    world.ready(branch, "app")
    world.until(lambda: release(world, f"{branch}:app") == "v2")


def test_a_stopped_actor_is_not_made_again_and_a_letter_to_it_can_be_sent_later(world: Any) -> None:
    branch = world.make("room-stop", "app")
    name = f"service {branch}:app"
    with held(world, name, "stop", "--why", "too noisy") as address:
        assert state(world, name) == "stopped"
        assert note(world, f"{branch}:app") == f"{name} is stopped by {ME}: too noisy"
        refused = world.run("redeploy", f"{branch}:app", "--no-wait")
        assert f"first: anabranch actors resume {address}" in refused.err
        world.push("app", branch, world.score("app", LOG_LEVEL="debug"))
        world.run("sync")
        world.until(lambda: "Define" in [each["message"] for each in letters_to(world, address)])
        letter = next(each for each in letters_to(world, address) if each["message"] == "Define")
        assert (letter["actor"], letter["reason"]) == (name, "dead")
        page = world.run("actors", "dead-letters", "show", str(letter["number"]))
        assert page.lines[0] == f"{letter['number']}  Define"
        early = world.run("actors", "dead-letters", "replay", str(letter["number"]))
        assert f"first: anabranch actors resume {address}" in early.err
    world.until(lambda: release(world, f"{branch}:app") == "v2")
    assert actor(world, name)["address"] != address
    world.until(lambda: rests(world, f"{branch}:app"))
    replayed = world.run("actors", "dead-letters", "replay", str(letter["number"]), "--why", "again")
    assert replayed.out == f"Define was sent to {name} again\n"
    world.until(lambda: actor(world, name)["last_message"] == "Define")
    assert letter["number"] not in [each["number"] for each in letters_to(world, address)]
    assert (
        f"no dead letter {letter['number']}" in world.run("actors", "dead-letters", "show", str(letter["number"])).err
    )
    assert ("DeadLetterReplayed", f"{name}: Define: again", ME) in events(world, branch)


def test_a_stopped_actor_comes_back_with_its_parent_and_says_so_no_longer(world: Any) -> None:
    branch = world.make("room-back", "app")
    assert world.run("actors", "stop", f"{branch}:app").code == 0
    assert world.run("actors", "restart", f"branch {branch}").code == 0
    world.ready(branch, "app")
    world.until(lambda: state(world, f"service {branch}:app") == "idle")
    assert note(world, f"{branch}:app") == ""


def test_what_variables_hold_is_in_no_dead_letter(world: Any) -> None:
    branch = world.make("room-secret", "app")
    with held(world, f"branch {branch}", "pause"):
        waiting = world.spawn("set", f"{branch}:app", "TOKEN=hunter2hunter2", "--no-wait")
        world.until(lambda: actor(world, f"branch {branch}")["waiting"] > 0)
        assert world.run("actors", "restart", "orchestrator").code == 0
    waiting.kill()
    waiting.communicate(timeout=60)
    world.until(lambda: all_rest(world))
    world.ready(branch, "app")
    world.ready("main", *(repository.replace("_", "-") for repository in world.repositories))
    for form in ("table", "json"):
        said = world.run("actors", "dead-letters", "-o", form)
        assert said.code == 0
        assert "hunter2" not in said.out


def test_words_that_do_not_fit_together_are_wrong_usage(world: Any) -> None:
    for words in (("show",), ("7",), ("burn", "7")):
        assert world.run("actors", "dead-letters", *words).code == 2


def test_top_ranks_kinds_and_actors_and_tells_the_delay(world: Any) -> None:
    page = world.run("actors", "top")
    assert page.code == 0
    assert re.search(r"^delay +p50 \S+, p99 \S+, at this moment \S+$", page.out, re.MULTILINE)
    assert re.search(r"^repository +\d+ +\d+ +\d+ ", page.out, re.MULTILINE)
    top = world.run("actors", "top", "-o", "json").json
    kinds = {kind["kind"]: kind["handlers"] for kind in top["engine"]["kinds"]}
    assert kinds["service"]["count"] >= sum(kinds["service"]["counts"][1:])
    assert kinds["repository"]["p99"] >= kinds["repository"]["p50"] > 0
    assert top["engine"]["delays"]["count"] > 0
    assert [each["busy"] for each in top["busiest"]] == sorted((each["busy"] for each in top["busiest"]), reverse=True)


def test_the_depth_of_the_tree_can_be_limited(world: Any) -> None:
    shown = world.run("actors", "tree", "--depth", "2")
    assert "branch main" in shown.out
    assert "service main:" not in shown.out


def test_a_service_shows_its_children_and_wires(world: Any) -> None:
    branch = world.make("room-show", "app", "web")
    wired = f"APP_URL -> {branch}:app (branch)"
    world.until(lambda: wired in world.run("actors", "show", f"{branch}:web").out)
    page = world.run("actors", "show", f"{branch}:web")
    assert re.search(rf"children +/A\d+ deployment {branch}:web@v\d", page.out)
    assert "AUDIT_URL -> main:audit (baseline)" in page.out


def test_the_last_failure_is_shown_with_where_it_happened(world: Any) -> None:
    moved = world.directory / "many.git"
    away = moved.rename(world.directory / "away.git")
    try:
        world.run("sync")
        page = world.run("actors", "show", "repository many")
        problems = world.run("actors", "tree", "--problems")
    finally:
        away.rename(moved)
        world.run("sync")
    assert re.search(r"failure +\S+ ago: many: ", page.out)
    assert re.search(r"at +base.py:\d+ _dispatch", page.out)
    assert re.search(r"repository many .*failed \S+ ago: many: ", problems.out)


def test_a_commit_that_polling_found_is_traced_to_ready(world: Any) -> None:
    branch = world.make("room-poll", "app")
    commit = world.git("app", "rev-parse", f"refs/heads/{branch}")
    trace = world.run("actors", "trace", commit[:10])
    assert trace.code == 0, trace.err
    assert trace.lines[0].startswith(f"{commit[:12]}: app@{branch} {commit[:7]}: Ready after ")
    unknown = world.run("actors", "trace", "f00d")
    assert (unknown.code, len(unknown.err.splitlines())) == (1, 1)
    assert 'no trace of "f00d"' in unknown.err


def test_metrics_name_kinds_of_actors_and_no_single_one(world: Any) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{world.observe}/metrics", timeout=30) as answer:
        page = answer.read().decode()
    kinds = set(re.findall(r'^anabranch_actor_messages_total\{kind="(\w+)"\}', page, re.MULTILINE))
    assert kinds == {"orchestrator", "repository", "branch", "service", "deployment", "caretaker"}
    assert "anabranch_scheduler_delay_seconds_bucket" in page
    assert "main" not in re.sub(r"^#.*$", "", page, flags=re.MULTILINE)
