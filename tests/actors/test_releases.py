"""What makes a release, what it is called, and what serves meanwhile."""

import pytest


@pytest.fixture
def app(alone, score_file):
    """The repository `app` alone, with v1 ready in `bugfix`."""
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    return alone


def history(world, service="app"):
    return [(e.number, e.cause, e.status) for e in world.store.history("bugfix", service)]


def test_a_second_commit_is_a_new_release_and_the_old_one_serves_until_it_is_ready(app, score_file):
    app.push("app", "bugfix", score_file("app", command="never-ready"))
    app.until(lambda: app.service("bugfix", "app").pending, "v2 is on its way")
    found = app.service("bugfix", "app")
    assert (found.serving.number, found.pending.number, found.status) == (1, 2, "Progressing")
    assert app.leads_to("bugfix", "app") == ("bugfix", "app", 1)
    app.become("bugfix", "app", 2, "Ready")
    app.until_ready("bugfix", "app", 2)
    assert app.leads_to("bugfix", "app") == ("bugfix", "app", 2)
    assert [r.release for r in app.runtime.running()] == [2]


def test_a_broken_commit_leaves_the_old_release_serving_and_says_why_in_one_line(app, score_file):
    commit = app.push("app", "bugfix", score_file("app", command="crash"))
    app.until(lambda: app.service("bugfix", "app").status == "Degraded", "the failure is shown")
    found = app.service("bugfix", "app")
    assert found.note == f"v2 ({commit[:7]}) failed: exited with status 1 before it was ready; v1 serves"
    assert found.serving.number == 1
    assert found.pending.log_tail
    assert app.environment("bugfix").note == f"app: {found.note}"
    assert app.leads_to("bugfix", "app") == ("bugfix", "app", 1)
    app.until(lambda: history(app)[0] == (2, "push", "Failed"), "the failure is written down")
    app.push("app", "bugfix", score_file("app"))
    app.until_ready("bugfix", "app", 3)


def test_a_first_commit_that_is_broken_says_so(alone, score_file):
    alone.push("app", "bugfix", score_file("app", command="crash"))
    alone.until(lambda: alone.service("bugfix", "app").status == "Degraded", "the failure is shown")
    assert alone.service("bugfix", "app").note == "exited with status 1 before it was ready"


def test_a_force_push_back_to_an_old_commit_is_a_new_release(app, score_file):
    old = app.service("bugfix", "app").serving.commit
    app.push("app", "bugfix", score_file("app", variables={"COLOUR": "blue"}))
    app.until_ready("bugfix", "app", 2)
    app.remotes["app"].point("bugfix", old)
    app.hint("app", "bugfix")
    app.until_ready("bugfix", "app", 3)
    assert app.service("bugfix", "app").serving.commit == old


def test_an_empty_commit_is_a_new_release(app, score_file):
    app.push("app", "bugfix", score_file("app"), message="Nothing at all")
    app.until_ready("bugfix", "app", 2)
    assert app.service("bugfix", "app").serving.subject == "Nothing at all"


def test_a_newer_commit_supersedes_an_unfinished_older_one(app, score_file):
    app.push("app", "bugfix", score_file("app", command="never-ready"))
    app.until(lambda: app.service("bugfix", "app").pending, "v2 is on its way")
    app.push("app", "bugfix", score_file("app", variables={"COLOUR": "blue"}))
    app.until_ready("bugfix", "app", 3)
    assert [r.release for r in app.runtime.running()] == [3]
    app.until(lambda: [s for _, _, s in history(app)] == ["Serving", "Superseded", "Superseded"], "v2 is superseded")


def test_many_quick_commits_end_with_the_last_one(app, score_file):
    for n in range(8):
        last = app.push("app", "bugfix", score_file("app", variables={"COLOUR": f"shade {n}"}))
    app.until(lambda: app.service("bugfix", "app").serving.commit == last, "the last commit serves")
    numbers = [number for number, _, _ in history(app)]
    assert numbers == list(range(len(numbers), 0, -1))


def test_an_edit_is_a_release_with_another_variable_that_survives_pushes_until_it_is_unset(app, score_file):
    done = app.edit("bugfix", "app", COLOUR="green", SIZE="${metadata.name}")
    assert (done.release, done.text) == (2, "v2 (edit: COLOUR red -> green, SIZE unset -> app)")
    app.until_ready("bugfix", "app", 2)
    colour = next(v for v in app.service("bugfix", "app").variables if v.name == "COLOUR")
    assert (colour.value, colour.source, colour.original) == ("green", "edited", "red")
    assert app.service("bugfix", "app").note == "edited: COLOUR, SIZE"
    app.push("app", "bugfix", score_file("app", variables={"COLOUR": "blue"}))
    app.until_ready("bugfix", "app", 3)
    assert app.value("bugfix", "app", "COLOUR") == "green"
    assert app.value("bugfix", "app", "SIZE") == "app"
    app.edit("bugfix", "app", COLOUR=None, SIZE=None)
    app.until_ready("bugfix", "app", 4)
    assert app.value("bugfix", "app", "COLOUR") == "blue"
    assert app.service("bugfix", "app").note == ""
    assert [cause for _, cause, _ in history(app)] == ["edit", "push", "edit", "push"]


def test_a_secret_reaches_the_service_and_no_reader(app, score_file):
    app.push("app", "bugfix", score_file("app", variables={"DB_PASSWORD": "hunter2"}))
    app.until_ready("bugfix", "app", 2)
    done = app.edit("bugfix", "app", DB_PASSWORD="hunter3")
    assert (done.release, done.text) == (3, "v3 (edit: DB_PASSWORD changed)")
    app.until_ready("bugfix", "app", 3)
    (running,) = app.store.living("bugfix")
    assert dict(running.resolved[0].variables)["DB_PASSWORD"] == "hunter3"
    assert app.value("bugfix", "app", "DB_PASSWORD") == "***"
    assert "hunter" not in repr(app.board.read())


def test_an_edit_of_what_somebody_else_changed_meanwhile_is_a_conflict(app):
    seen = app.service("bugfix", "app").revision
    app.edit("bugfix", "app", seen, COLOUR="green")
    app.until_ready("bugfix", "app", 2)
    refused = app.edit("bugfix", "app", seen, COLOUR="yellow")
    assert (refused.kind, "changed meanwhile" in refused.text) == ("Conflict", True)
    assert app.value("bugfix", "app", "COLOUR") == "green"
    assert app.edit("bugfix", "app", app.service("bugfix", "app").revision, COLOUR="yellow").release == 3


IMPOSSIBLE = (
    ("a-b", "x", "is no name of a variable"),
    ("ANABRANCH_COMMIT", "x", "set by Anabranch itself"),
    ("COLOUR", None, "is not edited"),
    ("COLOUR", "${resources.nobody.url}", 'no resource "nobody"'),
    ("COLOUR", "${env.HOME}", "COLOUR: a placeholder starts with metadata or resources"),
    ("COLOUR", "a\x1b[31m", "control or invisible"),
    ("COLOUR", "\ud800", "control or invisible"),
    ("COLOUR", "x" * 40_000, "longer than"),
)


def test_an_edit_that_cannot_be_is_refused_with_one_line_and_changes_nothing(app):
    for name, text, words in IMPOSSIBLE:
        refused = app.edit("bugfix", "app", **{name: text})
        assert words in refused.text
        assert "\n" not in refused.text
    assert [number for number, _, _ in history(app)] == [1]


def test_an_edit_that_changes_nothing_makes_no_release(app):
    done = app.edit("bugfix", "app", COLOUR="red")
    assert (done.release, done.text) == (0, "edited: COLOUR")
    assert [number for number, _, _ in history(app)] == [1]


def test_what_does_not_exist_cannot_be_edited(world, score_file):
    assert world.edit("nowhere", "app", COLOUR="x").kind == "NotFound"
    world.push("app", "main", score_file("app"))
    world.push("web", "feature", score_file("web", needs=("app",)))
    world.until_ready("feature", "web")
    assert world.edit("feature", "nobody", COLOUR="x").kind == "NotFound"
    assert "borrowed" in world.edit("feature", "app", COLOUR="x").text
    assert world.redeploy("feature", "app").kind == "NotFound"


def test_a_redeploy_repeats_the_commit_as_a_new_release(app):
    done = app.redeploy("bugfix", "app")
    assert (done.release, done.text) == (2, "v2 (redeploy: the same again)")
    app.until_ready("bugfix", "app", 2)
    found = app.service("bugfix", "app").serving
    assert (found.cause, found.commit) == ("redeploy", app.store.history("bugfix", "app")[1].commit)


def test_an_order_to_a_service_that_waits_is_answered_at_once(world, score_file):
    world.push("app", "bugfix", score_file("app", needs=("web",)))
    world.until(lambda: "no service" in world.service("bugfix", "app").note, "app waits")
    done = world.redeploy("bugfix", "app")
    assert done.release == 0
    assert 'no service "web"' in done.text
    world.push("web", "bugfix", score_file("web"))
    world.until_ready("bugfix", "app", 1)


def test_release_numbers_never_restart_even_when_the_branch_returns(app, score_file):
    app.edit("bugfix", "app", COLOUR="green")
    app.until_ready("bugfix", "app", 2)
    app.delete("app", "bugfix")
    app.until(lambda: app.environment("bugfix") is None, "the environment is gone")
    app.push("app", "bugfix", score_file("app"))
    app.until_ready("bugfix", "app", 3)
    assert app.value("bugfix", "app", "COLOUR") == "green"
    assert app.service("bugfix", "app").serving.cause == "push"


def test_a_workload_that_the_runtime_cannot_run_is_refused_and_the_old_release_serves(app, score_file):
    app.push("app", "bugfix", score_file("app").replace("    command: [run]\n", ""))
    app.until(lambda: app.service("bugfix", "app").status == "Degraded", "the refusal is shown")
    assert app.service("bugfix", "app").note == "app@bugfix score.yaml: container main has no command"
    assert app.leads_to("bugfix", "app") == ("bugfix", "app", 1)
    assert [number for number, _, _ in history(app)] == [1]


def test_an_override_that_lost_its_resource_says_so_and_the_old_release_serves(world, score_file):
    world.push("web", "bugfix", score_file("web"))
    world.push("app", "bugfix", score_file("app", needs=("web",)))
    world.until_ready("bugfix", "app", 1)
    world.edit("bugfix", "app", COLOUR="${resources.web.host}")
    world.until_ready("bugfix", "app", 2)
    world.push("app", "bugfix", score_file("app"))
    world.until(lambda: 'no resource "web"' in world.service("bugfix", "app").note, "the override is blamed")
    assert world.service("bugfix", "app").serving.number == 2
    world.edit("bugfix", "app", COLOUR=None)
    world.until_ready("bugfix", "app", 3)


def test_events_are_numbered_in_their_order_and_written_down(app):
    told = list(app.events)
    assert [e.sequence for e in told] == list(range(told[0].sequence, told[0].sequence + len(told)))
    kept = app.store.events("bugfix", 10)
    assert [(e.kind, e.text) for e in kept] == [(e.kind, e.text) for e in told if e.environment == "bugfix"]
