"""What leaves, only after git itself confirmed it, and never too much at once."""


def test_an_environment_whose_branches_are_all_deleted_is_gone_and_nothing_of_it_runs(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.push("web", "bugfix", score_file("web", needs=("app",)))
    world.until_ready("bugfix", "app")
    world.until_ready("bugfix", "web")
    world.delete("app", "bugfix")
    world.delete("web", "bugfix")
    world.until(lambda: world.environment("bugfix") is None, "the environment is gone")
    assert world.runtime.environments() == ()
    assert world.runtime.running() == ()
    assert "EnvironmentRemoved" in world.kinds("bugfix")
    world.until(lambda: not any(":bugfix" in n or " bugfix" in n for n in names(world)), "its actors are gone")


def names(world):
    return [note.name for note in world.roster.read().values()]


def test_a_branch_that_git_no_longer_lists_leaves_only_when_a_later_answer_confirms_it(build, score_file):
    world = build("app", removal_grace=3600)
    world.remotes["app"].commit("main", {"score.yaml": score_file("app")})
    world.remotes["app"].commit("bugfix", {"score.yaml": score_file("app")})
    world.start()
    world.until_ready("bugfix", "app", 1)
    world.remotes["app"].delete("bugfix")
    world.hint("app", "")
    note = "app: git lists it no more; removed when the next answer confirms it"
    world.until(lambda: world.environment("bugfix").note == note, "it is shown as leaving")
    world.until_read()
    assert world.leads_to("bugfix", "app") == ("bugfix", "app", 1)
    world.hint("app", "bugfix", deleted=True)
    world.until(lambda: world.environment("bugfix") is None, "it is gone once a deletion was heard of")


def test_a_branch_that_is_back_before_it_was_confirmed_to_be_gone_stays(build, score_file):
    world = build("app", removal_grace=3600)
    world.remotes["app"].commit("main", {"README": ""})
    commit = world.remotes["app"].commit("bugfix", {"score.yaml": score_file("app")})
    world.start()
    world.until_ready("bugfix", "app", 1)
    world.remotes["app"].delete("bugfix")
    world.hint("app", "")
    world.until(lambda: "git lists it no more" in world.environment("bugfix").note, "it is shown as leaving")
    world.remotes["app"].point("bugfix", commit)
    world.hint("app", "")
    world.until(lambda: world.environment("bugfix").note == "", "it stays")
    assert world.is_ready("bugfix", "app", 1)


def test_a_removal_that_no_webhook_told_of_is_confirmed_after_the_grace(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 1)
    world.remotes["app"].delete("bugfix")
    world.hint("app", "")
    world.until(lambda: world.environment("bugfix") is None, "the environment is gone")
    assert world.kinds("bugfix")[0] == "BranchLeaving"


def test_a_forged_deletion_of_a_branch_that_is_there_does_nothing(alone, score_file):
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    alone.hint("app", "bugfix", deleted=True)
    alone.until_read("app")
    assert alone.is_ready("bugfix", "app", 1)


def test_a_branch_that_lost_its_last_score_file_leaves_at_once(alone, score_file):
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 1)
    commit = alone.push("app", "bugfix", {"README": "no service"})
    alone.until(lambda: alone.runtime.environments() == (), "nothing runs any more")
    alone.until(lambda: not alone.environment("bugfix").exists, "there is no environment")
    assert [at.commit for at in alone.environment("bugfix").looked_at] == [commit]
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("bugfix", "app", 2)


def test_many_branches_that_go_at_once_are_held_until_a_person_approves(alone, score_file):
    branches = [f"topic-{n}" for n in range(5)]
    for branch in branches:
        alone.remotes["app"].commit(branch, {"score.yaml": score_file("app")})
    alone.hint("app", "")
    for branch in branches:
        alone.until_ready(branch, "app", 1)
    alone.remotes["app"].delete(*branches)
    alone.hint("app", "")
    held = "app: removal held: many branches went at once (anabranch approve-removal app)"
    for branch in branches:
        alone.until(lambda b=branch: alone.environment(b).note == held, f"{branch} is held")
    assert len(alone.runtime.running()) == 5
    assert alone.approve("app").branches == tuple(branches)
    for branch in branches:
        alone.until(lambda b=branch: alone.environment(b) is None, f"{branch} is gone")
    assert alone.runtime.environments() == ()
    assert alone.approve("app").branches == ()


def test_many_branches_that_lose_their_score_files_at_once_are_held_too(alone, score_file):
    branches = [f"topic-{n}" for n in range(5)]
    for branch in branches:
        alone.remotes["app"].commit(branch, {"score.yaml": score_file("app")})
    alone.hint("app", "")
    for branch in branches:
        alone.until_ready(branch, "app", 1)
    for branch in branches:
        alone.remotes["app"].commit(branch, {"README": "moved"})
    alone.hint("app", "")
    for branch in branches:
        alone.until(lambda b=branch: "removal held" in alone.environment(b).note, f"{branch} is held")
    assert len(alone.runtime.running()) == 5
    alone.approve("app")
    alone.until(lambda: alone.runtime.environments() == (), "all are gone")


def test_branches_that_are_not_followed_do_not_pull_the_brake(build, score_file):
    world = build("app", branches={"exclude": ["bot/*"]})
    world.remotes["app"].commit("main", {"README": ""})
    world.remotes["app"].commit("bugfix", {"score.yaml": score_file("app")})
    for n in range(5):
        world.remotes["app"].commit(f"bot/{n}", {"score.yaml": score_file("app")})
    world.start()
    world.until_ready("bugfix", "app", 1)
    world.remotes["app"].delete("bugfix", *(f"bot/{n}" for n in range(5)))
    world.hint("app", "")
    world.until(lambda: world.environment("bugfix") is None, "the environment is gone")
    assert [v.environment for v in world.board.read()] == ["main"]


def test_an_unreachable_repository_keeps_everything_and_says_so(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 1)
    path = world.remotes["app"].path
    path.rename(path.with_suffix(".away"))
    world.hint("app", "bugfix", deleted=True)
    world.until(lambda: "RepositoryUnread" in world.kinds(""), "the trouble is told")
    world.push("web", "bugfix", score_file("web", needs=("app",)))
    world.until_ready("bugfix", "web", 1)
    assert world.is_ready("bugfix", "app", 1)
    path.with_suffix(".away").rename(path)
    world.push("app", "bugfix", score_file("app", variables={"COLOUR": "blue"}))
    world.until_ready("bugfix", "app", 2)


def test_an_answer_without_the_default_branch_removes_nothing(alone, score_file):
    alone.push("app", "main", score_file("app"))
    alone.push("app", "bugfix", score_file("app"))
    alone.until_ready("main", "app", 1)
    alone.until_ready("bugfix", "app", 1)
    alone.remotes["app"].delete("bugfix", "main")
    for branch in ("bugfix", "main"):
        alone.hint("app", branch, deleted=True)
    alone.until_read("app")
    alone.until_read("app")
    assert alone.is_ready("main", "app", 1)
    assert alone.is_ready("bugfix", "app", 1)
