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


def test_a_forged_deletion_of_a_branch_that_is_there_does_nothing(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 1)
    world.hint("app", "bugfix", deleted=True)
    world.until_read("app")
    assert world.is_ready("bugfix", "app", 1)


def test_a_branch_that_lost_its_last_score_file_leaves_at_once(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 1)
    commit = world.push("app", "bugfix", {"README": "no service"})
    world.until(lambda: world.runtime.environments() == (), "nothing runs any more")
    world.until(lambda: not world.environment("bugfix").exists, "there is no environment")
    assert [at.commit for at in world.environment("bugfix").looked_at] == [commit]
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 2)


def test_many_branches_that_go_at_once_are_held_until_a_person_approves(world, score_file):
    branches = [f"topic-{n}" for n in range(5)]
    for branch in branches:
        world.remotes["app"].commit(branch, {"score.yaml": score_file("app")})
    world.hint("app", "")
    for branch in branches:
        world.until_ready(branch, "app", 1)
    world.remotes["app"].delete(*branches)
    world.hint("app", "")
    held = "app: removal held: many branches went at once (anabranch approve-removal app)"
    for branch in branches:
        world.until(lambda b=branch: world.environment(b).note == held, f"{branch} is held")
    assert len(world.runtime.running()) == 5
    assert world.approve("app").branches == tuple(branches)
    for branch in branches:
        world.until(lambda b=branch: world.environment(b) is None, f"{branch} is gone")
    assert world.runtime.environments() == ()
    assert world.approve("app").branches == ()


def test_many_branches_that_lose_their_score_files_at_once_are_held_too(world, score_file):
    branches = [f"topic-{n}" for n in range(5)]
    for branch in branches:
        world.remotes["app"].commit(branch, {"score.yaml": score_file("app")})
    world.hint("app", "")
    for branch in branches:
        world.until_ready(branch, "app", 1)
    for branch in branches:
        world.remotes["app"].commit(branch, {"README": "moved"})
    world.hint("app", "")
    for branch in branches:
        world.until(lambda b=branch: "removal held" in world.environment(b).note, f"{branch} is held")
    assert len(world.runtime.running()) == 5
    world.approve("app")
    world.until(lambda: world.runtime.environments() == (), "all are gone")


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


def test_an_answer_without_the_default_branch_removes_nothing(world, score_file):
    world.push("app", "main", score_file("app"))
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("main", "app", 1)
    world.until_ready("bugfix", "app", 1)
    world.remotes["app"].delete("bugfix", "main")
    for branch in ("bugfix", "main"):
        world.hint("app", branch, deleted=True)
    world.until_read("app")
    world.until_read("app")
    assert world.is_ready("main", "app", 1)
    assert world.is_ready("bugfix", "app", 1)
