"""How branches of one name over several repositories become one environment."""

import itertools

import pytest

SERVICES = {"app": "app", "web": "web", "other_app": "other-app"}
NEEDS = {"app": ("web", "other-app"), "web": ("app",), "other_app": ()}


def test_one_branch_of_one_repository_becomes_an_environment(alone, score_file):
    commit = alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    assert alone.names("bugfix") == ("app",)
    assert alone.service("bugfix", "app").serving.commit == commit
    assert alone.service("bugfix", "app").serving.delivery == "hook-app"
    assert alone.leads_to("bugfix", "app") == ("bugfix", "app", 1)
    assert alone.runtime.environments() == ("bugfix",)
    assert alone.kinds("bugfix", "app") == ["ServiceJoined", "ReleaseMade", "ReleaseReady"]


def test_a_push_that_nobody_tells_of_is_found_by_polling(build, score_file):
    world = build("app", polling={"interval": 1, "jitter": 0})
    world.start()
    world.until(lambda: world.environment("main").looked_at, "the repository was read")
    for file in (score_file("app"), score_file("app", command="other")):
        commit = world.remotes["app"].commit("bugfix", {"score.yaml": file}, "Change")
        world.until(lambda c=commit: world.service("bugfix", "app").serving.commit == c, "the commit serves")
    assert world.service("bugfix", "app").serving.delivery == "poll"


def test_three_repositories_join_in_any_order_and_are_wired_to_each_other(three, score_file):
    for order in itertools.permutations(SERVICES):
        branch = "-".join(order).replace("_", "-")
        for repository in order:
            three.push(repository, branch, score_file(SERVICES[repository], needs=NEEDS[repository]))
        for service in SERVICES.values():
            three.until_ready(branch, service)
        assert three.names(branch) == ("app", "other-app", "web")
        wires = [w for s in three.environment(branch).services for w in s.wires]
        assert {(w.service, w.target_environment, w.target_service, w.origin) for w in wires} == {
            ("app", branch, "web", "branch"),
            ("app", branch, "other-app", "branch"),
            ("web", branch, "app", "branch"),
        }
        address = dict(three.service(branch, "app").addresses)["http"]
        assert three.value(branch, "web", "APP_URL") == address
        relied_on = (f"{branch}:web",)
        three.until(lambda b=branch, by=relied_on: three.service(b, "app").needed_by == by, "app says who needs it")


def test_a_service_that_waits_for_another_says_for_whom(world, score_file):
    world.push("web", "bugfix", score_file("web", needs=("app",)))
    world.until(lambda: "no service" in world.service("bugfix", "web").note, "web says what it lacks")
    found = world.service("bugfix", "web")
    assert found.note == (
        'web@bugfix score.yaml:12: resources.app: no service "app" here or in the baseline; there are web'
    )
    assert found.serving is None
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "web", 1)


def test_services_that_refer_to_each_other_start(world, score_file):
    world.push("app", "bugfix", score_file("app", needs=("web",)))
    world.push("web", "bugfix", score_file("web", needs=("app",)))
    world.until_ready("bugfix", "app", 1)
    world.until_ready("bugfix", "web", 1)


@pytest.mark.parametrize("order", [("app", "web"), ("web", "app")], ids="-".join)
def test_of_two_repositories_with_one_service_name_the_first_in_the_settings_owns_it(world, score_file, order):
    for repository in order:
        world.push(repository, "bugfix", score_file("api"))
    line = 'web@bugfix score.yaml: service "api" belongs to repository app (score.yaml); rename one of them'
    world.until(lambda: line in world.environment("bugfix").problems, "the other one is refused")
    world.until(lambda: world.service("bugfix", "api").repository == "app", "the first one owns it")
    world.until_ready("bugfix", "api")
    assert world.names("bugfix") == ("api",)
    assert world.environment("bugfix").note == line


def test_a_renamed_service_is_one_that_leaves_and_one_that_joins(alone, score_file):
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    alone.push("app", "bugfix", score_file("api"))
    alone.until_ready("bugfix", "api", 1)
    alone.until(lambda: alone.service("bugfix", "app") is None, "the old name is gone")
    assert [r.service for r in alone.runtime.running()] == ["api"]
    assert alone.kinds("bugfix", "app")[-1] == "ServiceLeft"
    assert alone.runtime.environments() == ("bugfix",)


def test_a_branch_without_a_score_file_makes_no_environment_but_says_where_was_looked(alone, score_file):
    commit = alone.push("app", "docs", {"README": "words"})
    alone.until(lambda: alone.environment("docs").looked_at, "the branch was looked at")
    view = alone.environment("docs")
    assert [(at.repository, at.commit, at.note) for at in view.looked_at] == [("app", commit, "no Score file there")]
    assert not view.exists
    assert alone.runtime.environments() == ()


def test_an_invalid_score_file_keeps_the_last_release_and_says_why(alone, score_file):
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    alone.push("app", "bugfix", score_file("app").replace("command", "comand"))
    alone.until(lambda: alone.environment("bugfix").problems, "the mistake is shown")
    view = alone.environment("bugfix")
    assert view.note == 'app@bugfix score.yaml:7: containers.main: unknown key "comand"; did you mean command?'
    assert view.status == "Degraded"
    assert alone.is_ready("bugfix", "app", 1)
    assert alone.leads_to("bugfix", "app") == ("bugfix", "app", 1)
    alone.push("app", "bugfix", score_file("app", variables={"COLOUR": "blue"}))
    alone.until_ready("bugfix", "app", 2)
    assert alone.environment("bugfix").problems == ()


def test_an_invalid_score_file_in_a_new_branch_is_shown_as_a_problem(alone, score_file):
    alone.push("app", "bugfix", "containers: {}\n")
    alone.until(lambda: alone.environment("bugfix").problems, "the mistake is shown")
    view = alone.environment("bugfix")
    assert view.exists
    assert view.problems[0].startswith("app@bugfix score.yaml")
    assert alone.runtime.environments() == ()


def test_the_baseline_takes_the_default_branch_of_each_repository_whatever_its_name(build, score_file):
    world = build("app")
    world.remotes["app"].commit("trunk", {"score.yaml": score_file("app")})
    world.remotes["app"].make_default("trunk")
    world.remotes["app"].delete("main")
    world.start()
    world.until_ready("main", "app", 1)
    assert world.environment("main").baseline
    assert world.service("main", "app").branch == "trunk"


def test_a_branch_of_the_baselines_name_that_is_not_the_default_one_is_refused_with_one_line(build, score_file):
    world = build("app")
    world.remotes["app"].commit("trunk", {"score.yaml": score_file("app")})
    world.remotes["app"].make_default("trunk")
    world.remotes["app"].commit("main", {"score.yaml": score_file("intruder")})
    world.start()
    world.until_ready("main", "app", 1)
    world.until(lambda: "BranchRefused" in world.kinds(""), "the refusal is told")
    refusal = next(e.text for e in world.events if e.kind == "BranchRefused")
    assert refusal == "app: branch main is not deployed: that environment takes the default branch, trunk"
    assert world.names("main") == ("app",)


def test_branches_with_reserved_names_are_refused_and_harm_nobody_even_when_they_go(alone, score_file):
    alone.push("app", "kube-system", score_file("app"))
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    alone.until(lambda: "BranchRefused" in alone.kinds(""), "the refusal is told")
    alone.delete("app", "kube-system")
    alone.push("app", "bugfix", score_file("app", variables={"COLOUR": "blue"}))
    alone.until_ready("bugfix", "app", 2)
    assert alone.environment("kube-system") is None


def test_a_branch_whose_name_is_no_label_gets_an_environment_of_its_own(alone, score_file):
    alone.push("app", "feature/LOGIN", score_file("app"))
    alone.until(lambda: alone.environment("feature/LOGIN").services, "the environment is shown")
    environment = alone.environment("feature/LOGIN").environment
    assert environment.startswith("feature-login-")
    alone.until_ready(environment, "app", 1)


def test_a_new_default_branch_moves_into_the_baseline_and_the_old_one_out(build, score_file):
    world = build("app")
    world.remotes["app"].commit("main", {"score.yaml": score_file("app")})
    world.remotes["app"].commit("trunk", {"score.yaml": score_file("app", variables={"COLOUR": "blue"})})
    world.start()
    world.until_ready("main", "app", 1)
    world.until_ready("trunk", "app", 1)
    world.remotes["app"].make_default("trunk")
    world.hint("app", "")
    world.until_ready("main", "app", 2)
    world.until(lambda: world.environment("trunk") is None, "the environment of the new default branch is gone")
    assert world.service("main", "app").branch == "trunk"


def test_a_default_branch_that_is_renamed_keeps_its_place_in_the_baseline(build, score_file):
    world = build("app", removal_grace=0)
    commit = world.remotes["app"].commit("main", {"score.yaml": score_file("app")})
    world.start()
    world.until_ready("main", "app", 1)
    world.remotes["app"].point("trunk", commit)
    world.remotes["app"].make_default("trunk")
    world.remotes["app"].delete("main")
    world.until_read("app")
    assert world.service("main", "app").branch == "trunk"
    assert world.is_ready("main", "app", 1)
    assert world.environment("main").note == "baseline"
    world.push("app", "trunk", score_file("app", variables={"COLOUR": "blue"}))
    world.until_ready("main", "app", 2)
    assert world.value("main", "app", "COLOUR") == "blue"
