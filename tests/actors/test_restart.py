"""What a daemon that starts again takes up from git, the store and the runtime, and what it lets go."""

from orchestrator.errors import Temporary


def watch_orders(world, monkeypatch):
    orders, apply = [], world.runtime.apply

    def note(release):
        orders.append((release.environment, release.service, release.number))
        apply(release)

    monkeypatch.setattr(world.runtime, "apply", note)
    return orders


def again(world, monkeypatch):
    """Restart with nothing running; returns the list to which every order to the runtime is added."""
    world.stop()
    world.runtime.close()
    world.runtime = type(world.runtime)(inline=world.base == "simple")
    orders = watch_orders(world, monkeypatch)
    world.start()
    return orders


def test_a_restarted_daemon_runs_the_same_releases_and_makes_no_new_ones(world, score_file, monkeypatch):
    world.push("app", "bugfix", score_file("app"))
    world.push("web", "bugfix", score_file("web", needs=("app",)))
    world.until_ready("bugfix", "web", 1)
    world.edit("bugfix", "app", COLOUR="green")
    world.until_ready("bugfix", "app", 2)
    orders = again(world, monkeypatch)
    world.until_ready("bugfix", "app", 2)
    world.until_ready("bugfix", "web", 1)
    world.until_read()
    assert sorted(orders) == [("bugfix", "app", 2), ("bugfix", "web", 1)]
    assert world.value("bugfix", "app", "COLOUR") == "green"
    assert world.leads_to("bugfix", "app") == ("bugfix", "app", 2)


def test_a_restarted_daemon_starts_the_last_good_release_first_and_then_tries_the_newest(
    alone, score_file, monkeypatch
):
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    alone.push("app", "bugfix", score_file("app", command="crash"))
    alone.until(lambda: alone.service("bugfix", "app").status == "Degraded", "v2 failed")
    orders = again(alone, monkeypatch)
    alone.until(lambda: "v2" in alone.service("bugfix", "app").note, "v2 is tried again")
    alone.until(lambda: alone.service("bugfix", "app").status == "Degraded", "v2 failed again")
    assert orders == [("bugfix", "app", 1), ("bugfix", "app", 2)]
    assert alone.leads_to("bugfix", "app") == ("bugfix", "app", 1)


def test_what_was_pushed_while_the_daemon_was_down_follows_the_last_good_release(alone, score_file, monkeypatch):
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    alone.remotes["app"].commit("bugfix", {"score.yaml": score_file("app", variables={"COLOUR": "blue"})})
    orders = again(alone, monkeypatch)
    alone.until_ready("bugfix", "app", 2)
    assert orders == [("bugfix", "app", 1), ("bugfix", "app", 2)]


def test_a_last_good_release_that_no_longer_starts_does_not_hold_the_newest_back(alone, score_file):
    alone.push("app", "bugfix", score_file("app", command="never-ready"))
    alone.until(lambda: alone.service("bugfix", "app").pending, "v1 starts")
    alone.become("bugfix", "app", 1, "Ready")
    alone.until_ready("bugfix", "app", 1)
    alone.stop()
    alone.remotes["app"].commit("bugfix", {"score.yaml": score_file("app")})
    alone.runtime.close()
    alone.runtime = type(alone.runtime)(inline=alone.base == "simple")
    alone.start()
    alone.until(lambda: alone.service("bugfix", "app").pending.number == 1, "v1 starts again")
    alone.become("bugfix", "app", 1, "Degraded", "exited with status 1")
    alone.until_ready("bugfix", "app", 2)


def test_a_score_file_that_is_invalid_at_the_start_keeps_what_was_released_before(alone, score_file):
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    alone.push("app", "bugfix", "nonsense")
    alone.until(lambda: alone.environment("bugfix").problems, "the mistake is shown")
    alone.restart()
    alone.until_ready("bugfix", "app", 1)
    alone.until(lambda: alone.environment("bugfix").problems, "the mistake is shown again")
    assert alone.environment("bugfix").problems[0].startswith("app@bugfix score.yaml")
    assert alone.leads_to("bugfix", "app") == ("bugfix", "app", 1)


def test_a_service_is_not_given_up_because_its_repository_is_read_later_than_its_consumers(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.push("web", "bugfix", score_file("web", needs=("app",)))
    world.until_ready("bugfix", "web", 1)
    world.until_ready("bugfix", "app", 1)
    path = world.remotes["app"].path
    path.rename(path.with_suffix(".away"))
    world.restart()
    world.until(lambda: "RepositoryUnread" in world.kinds(""), "app cannot be read")
    world.until(lambda: world.service("bugfix", "app"), "web asks for app")
    world.until_read("web")
    path.with_suffix(".away").rename(path)
    world.hint("app", "")
    world.until_ready("bugfix", "app", 1)
    assert "ServiceLeft" not in world.kinds("bugfix", "app")


def test_a_branch_that_was_deleted_while_the_daemon_was_down_is_removed_once_that_is_confirmed(alone, score_file):
    alone.push("app", "bugfix", score_file("app"))
    alone.push("app", "feature", score_file("app"))
    alone.push("app", "main", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    alone.until_ready("feature", "app", 1)
    alone.stop()
    alone.remotes["app"].delete("bugfix")
    alone.start()
    alone.until(lambda: "bugfix" not in alone.runtime.environments(), "bugfix is gone")
    alone.until_ready("feature", "app", 1)
    alone.until(lambda: alone.environment("bugfix") is None, "bugfix is shown no more")
    alone.until(
        lambda: [e.kind for e in alone.store.events("bugfix", 1)] == ["EnvironmentRemoved"], "it is written down"
    )
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 2)


def test_a_branch_that_was_deleted_while_the_daemon_was_down_stays_until_that_is_confirmed(build, score_file):
    world = build("app", removal_grace=3600)
    world.remotes["app"].commit("main", {"README": ""})
    world.remotes["app"].commit("bugfix", {"score.yaml": score_file("app")})
    world.start()
    world.until_ready("bugfix", "app", 1)
    world.stop()
    world.remotes["app"].delete("bugfix")
    world.start()
    world.until_read()
    assert world.runtime.environments() == ("bugfix",)


def test_nothing_is_removed_while_one_repository_was_never_read(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.push("web", "bugfix", score_file("web"))
    world.until_ready("bugfix", "app", 1)
    world.until_ready("bugfix", "web", 1)
    world.stop()
    world.remotes["web"].delete("bugfix")
    path = world.remotes["app"].path
    path.rename(path.with_suffix(".away"))
    world.start()
    world.until_read("web")
    world.until_read("web")
    assert "bugfix" in world.runtime.environments()
    path.with_suffix(".away").rename(path)
    world.hint("app", "")
    world.until_ready("bugfix", "app", 1)
    world.until(lambda: [r.service for r in world.runtime.running()] == ["app"], "web is gone")


def test_a_branch_that_lost_its_score_file_while_the_daemon_was_down_is_removed(alone, score_file):
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    alone.stop()
    alone.remotes["app"].commit("bugfix", {"README": "no service"})
    alone.start()
    alone.until(lambda: alone.runtime.environments() == (), "nothing of it is left")
    alone.until(lambda: not alone.environment("bugfix").exists, "there is no environment")


def test_an_environment_that_no_mirror_knows_is_removed(alone, score_file):
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    alone.stop()
    alone.runtime.ensure_environment("long-gone", "long-gone")
    alone.start()
    alone.until(lambda: alone.runtime.environments() == ("bugfix",), "what nobody knows is gone")
    alone.until_ready("bugfix", "app", 1)


def test_an_unreachable_git_host_takes_nothing_away_and_says_so(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.push("web", "bugfix", score_file("web", needs=("app",)))
    world.until_ready("bugfix", "app", 1)
    world.until_ready("bugfix", "web", 1)
    path = world.remotes["app"].path
    path.rename(path.with_suffix(".away"))
    world.restart()
    world.until_ready("bugfix", "app", 1)
    world.until_ready("bugfix", "web", 1)
    world.until(lambda: world.environment("main").notices, "the repository that cannot be read is told of")
    assert "app" in world.environment("main").note
    path.with_suffix(".away").rename(path)
    world.hint("app", "")
    world.until(lambda: not world.environment("main").notices, "it is well again")
    assert world.service("bugfix", "app").serving.number == 1


def test_an_unreachable_owner_keeps_its_name_from_others(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 1)
    world.push("web", "bugfix", score_file("app"))
    world.until(lambda: world.environment("bugfix").problems, "web's app is refused")
    path = world.remotes["app"].path
    path.rename(path.with_suffix(".away"))
    world.restart()
    world.until(lambda: world.environment("bugfix").problems, "web's app is refused again")
    world.until_ready("bugfix", "app", 1)
    assert world.service("bugfix", "app").serving.number == 1
    assert [m.repository for m in world.environment("bugfix").services] == ["app"]


def test_a_route_that_nobody_needs_since_the_daemon_was_down_is_taken_back(world, score_file):
    world.push("app", "main", score_file("app"))
    world.push("web", "bugfix", score_file("web", needs=("app",)))
    world.until_ready("bugfix", "web", 1)
    world.until(lambda: world.runtime.routed("bugfix") == ("app",), "app is borrowed")
    world.stop()
    world.remotes["web"].commit("bugfix", {"score.yaml": score_file("web")})
    world.start()
    world.until_ready("bugfix", "web", 2)
    world.until(lambda: world.runtime.routed("bugfix") == (), "the route is gone")


def test_an_environment_that_is_there_already_is_made_to_be_as_the_settings_say(alone, score_file, monkeypatch):
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    alone.stop()
    asked = []
    monkeypatch.setattr(alone.runtime, "ensure_environment", lambda *given: asked.append(given))
    alone.start()
    alone.until_read()
    alone.until(lambda: asked == [("bugfix", "bugfix")], "it is asked for once")


def test_an_environment_that_cannot_be_made_is_tried_again_and_its_services_say_why(alone, score_file, monkeypatch):
    reasons = ["no room", "still no room"]
    ensure, apply = alone.runtime.ensure_environment, alone.runtime.apply

    def refuse(*given):
        if reasons:
            raise Temporary(reasons.pop(0))
        ensure(*given)

    def run(release):
        if reasons:
            raise Temporary(reasons[0])
        apply(release)

    monkeypatch.setattr(alone.runtime, "ensure_environment", refuse)
    monkeypatch.setattr(alone.runtime, "apply", run)
    alone.push("app", "bugfix", score_file("app"))
    alone.until(lambda: alone.service("bugfix", "app"), "the service is shown")
    alone.until_ready("bugfix", "app", 1)
    assert alone.runtime.environments() == ("bugfix",)


def test_a_service_that_was_ready_once_is_not_taken_from_the_baseline_while_it_starts_again(world, score_file):
    world.push("app", "main", score_file("app"))
    world.push("app", "bugfix", score_file("app", command="never-ready"))
    world.push("web", "bugfix", score_file("web", needs=("app",)))
    world.become("bugfix", "app", 1, "Ready")
    world.until_ready("bugfix", "app", 1)
    world.until_ready("bugfix", "web", 1)
    world.restart()
    world.until_ready("main", "app", 1)
    world.until_ready("bugfix", "web", 1)
    world.until(lambda: world.service("bugfix", "app").pending, "v1 starts again")
    world.until_read()
    assert world.service("bugfix", "app").addresses
    assert world.leads_to("bugfix", "app") is None
    assert {wire.target_environment for wire in world.service("bugfix", "web").wires} == {"bugfix"}
    world.become("bugfix", "app", 1, "Ready")
    world.until_ready("bugfix", "app", 1)
    assert world.leads_to("bugfix", "app") == ("bugfix", "app", 1)
