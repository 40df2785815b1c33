"""What a daemon that starts again takes up from git, the store and the runtime, and what it lets go."""


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
    world, score_file, monkeypatch
):
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 1)
    world.push("app", "bugfix", score_file("app", command="crash"))
    world.until(lambda: world.service("bugfix", "app").status == "Degraded", "v2 failed")
    orders = again(world, monkeypatch)
    world.until(lambda: "v2" in world.service("bugfix", "app").note, "v2 is tried again")
    world.until(lambda: world.service("bugfix", "app").status == "Degraded", "v2 failed again")
    assert orders == [("bugfix", "app", 1), ("bugfix", "app", 2)]
    assert world.leads_to("bugfix", "app") == ("bugfix", "app", 1)


def test_what_was_pushed_while_the_daemon_was_down_follows_the_last_good_release(world, score_file, monkeypatch):
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 1)
    world.remotes["app"].commit("bugfix", {"score.yaml": score_file("app", variables={"COLOUR": "blue"})})
    orders = again(world, monkeypatch)
    world.until_ready("bugfix", "app", 2)
    assert orders == [("bugfix", "app", 1), ("bugfix", "app", 2)]


def test_a_last_good_release_that_no_longer_starts_does_not_hold_the_newest_back(world, score_file):
    world.push("app", "bugfix", score_file("app", command="never-ready"))
    world.until(lambda: world.service("bugfix", "app").pending, "v1 starts")
    world.become("bugfix", "app", 1, "Ready")
    world.until_ready("bugfix", "app", 1)
    world.stop()
    world.remotes["app"].commit("bugfix", {"score.yaml": score_file("app")})
    world.runtime.close()
    world.runtime = type(world.runtime)(inline=world.base == "simple")
    world.start()
    world.until(lambda: world.service("bugfix", "app").pending.number == 1, "v1 starts again")
    world.become("bugfix", "app", 1, "Degraded", "exited with status 1")
    world.until_ready("bugfix", "app", 2)


def test_a_score_file_that_is_invalid_at_the_start_keeps_what_was_released_before(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 1)
    world.push("app", "bugfix", "nonsense")
    world.until(lambda: world.environment("bugfix").problems, "the mistake is shown")
    world.restart()
    world.until_ready("bugfix", "app", 1)
    assert world.environment("bugfix").problems[0].startswith("app@bugfix score.yaml")
    assert world.leads_to("bugfix", "app") == ("bugfix", "app", 1)


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


def test_a_branch_that_was_deleted_while_the_daemon_was_down_is_removed_once_that_is_confirmed(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.push("app", "feature", score_file("app"))
    world.push("app", "main", score_file("app"))
    world.until_ready("bugfix", "app", 1)
    world.until_ready("feature", "app", 1)
    world.stop()
    world.remotes["app"].delete("bugfix")
    world.start()
    world.until(lambda: "bugfix" not in world.runtime.environments(), "bugfix is gone")
    world.until_ready("feature", "app", 1)
    assert world.environment("bugfix") is None
    world.until(
        lambda: [e.kind for e in world.store.events("bugfix", 1)] == ["EnvironmentRemoved"], "it is written down"
    )
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 2)


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


def test_a_branch_that_lost_its_score_file_while_the_daemon_was_down_is_removed(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 1)
    world.stop()
    world.remotes["app"].commit("bugfix", {"README": "no service"})
    world.start()
    world.until(lambda: world.runtime.environments() == (), "nothing of it is left")
    world.until(lambda: not world.environment("bugfix").exists, "there is no environment")


def test_an_environment_that_no_mirror_knows_is_removed(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 1)
    world.stop()
    world.runtime.ensure_environment("long-gone", "long-gone")
    world.start()
    world.until(lambda: world.runtime.environments() == ("bugfix",), "what nobody knows is gone")
    world.until_ready("bugfix", "app", 1)
