"""The pull request that a webhook told of is shown at its environment, and changes nothing else."""

from orchestrator.domain.hint import RefHint


def told(line):
    return RefHint("app", "refs/heads/bugfix", deleted=False, delivery="7", pull=line)


def note(world):
    return world.environment("bugfix").note


def test_a_pull_request_is_noted_and_stays_so_over_later_commits(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app", 1)
    world.tell(told("PR 12 open: Fix the login"))
    world.until(lambda: note(world) == "app: PR 12 open: Fix the login", "it is noted")
    assert world.is_ready("bugfix", "app", 1)
    world.push("app", "bugfix", score_file("app", variables={"A": "b"}))
    world.until_ready("bugfix", "app", 2)
    assert note(world) == "app: PR 12 open: Fix the login"
    world.tell(told("PR 12 merged: Fix the login"))
    world.until(lambda: note(world) == "app: PR 12 merged: Fix the login", "what became of it is noted")


def test_a_pull_request_that_is_told_of_before_its_branch_was_read_is_noted(world, score_file):
    world.remotes["app"].commit("bugfix", {"score.yaml": score_file("app")})
    world.tell(told("PR 12 open: Fix the login"))
    world.until_ready("bugfix", "app", 1)
    assert note(world) == "app: PR 12 open: Fix the login"


def test_a_pull_request_makes_no_branch(world):
    world.tell(told("PR 12 open: Fix the login"))
    world.until_read("app")
    assert world.environment("bugfix") is None


def test_a_branch_that_is_made_again_does_not_inherit_the_pull_request(world, score_file):
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app")
    world.tell(told("PR 12 open: Fix the login"))
    world.delete("app", "bugfix")
    world.until(lambda: world.environment("bugfix") is None, "the environment is gone")
    world.until_read("app")
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "app")
    assert note(world) == ""
