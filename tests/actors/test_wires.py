"""Where addresses lead, and that what moves there restarts nobody."""

import pytest


@pytest.fixture
def baseline(world, score_file):
    """The world with `app` in the baseline."""
    world.push("app", "main", score_file("app"))
    world.until_ready("main", "app", 1)
    return world


def releases(world, environment, service):
    return [entry.number for entry in world.store.history(environment, service)]


def test_a_service_that_the_branch_lacks_is_borrowed_from_the_baseline(baseline, score_file):
    baseline.push("web", "bugfix", score_file("web", needs=("app",)))
    baseline.until_ready("bugfix", "web", 1)
    (wire,) = baseline.service("bugfix", "web").wires
    assert (wire.target_environment, wire.target_service, wire.origin) == ("main", "app", "baseline")
    assert wire.note == "bugfix has no app"
    assert baseline.names("bugfix") == ("web",)
    baseline.until(lambda: baseline.service("bugfix", "app").borrowed_from, "app is shown as borrowed")
    borrowed = baseline.service("bugfix", "app")
    assert (borrowed.present, borrowed.borrowed_from, borrowed.needed_by) == (False, "main", ("bugfix:web",))
    assert baseline.leads_to("bugfix", "app") == ("main", "app", 1)
    assert dict(borrowed.addresses)["http"] == baseline.value("bugfix", "web", "APP_URL")


def test_a_branchs_own_service_takes_the_address_over_when_it_is_ready_without_a_release_of_its_consumer(
    baseline, score_file
):
    baseline.push("web", "bugfix", score_file("web", needs=("app",)))
    baseline.until_ready("bugfix", "web", 1)
    address, since = baseline.value("bugfix", "web", "APP_URL"), baseline.service("bugfix", "web").wires[0].since
    baseline.push("app", "bugfix", score_file("app", command="never-ready"))
    pending = "bugfix:app v1 is not ready: waiting for it to listen"
    baseline.until(lambda: baseline.service("bugfix", "web").wires[0].note == pending, "both sides are shown")
    assert baseline.service("bugfix", "web").wires[0].target_environment == "main"
    assert baseline.service("bugfix", "web").wires[0].since == since
    assert baseline.leads_to("bugfix", "app") == ("main", "app", 1)
    baseline.become("bugfix", "app", 1, "Ready")
    baseline.until(
        lambda: baseline.service("bugfix", "web").wires[0].origin == "branch", "the wire leads to the branch"
    )
    assert baseline.leads_to("bugfix", "app") == ("bugfix", "app", 1)
    assert baseline.service("bugfix", "web").wires[0].target_environment == "bugfix"
    assert baseline.service("bugfix", "web").wires[0].since > since
    assert baseline.value("bugfix", "web", "APP_URL") == address
    baseline.until_read()
    assert releases(baseline, "bugfix", "web") == [1]


def test_the_address_stays_with_the_branch_once_its_service_was_ready(baseline, score_file):
    baseline.push("web", "bugfix", score_file("web", needs=("app",)))
    baseline.push("app", "bugfix", score_file("app"))
    baseline.until_ready("bugfix", "web", 1)
    baseline.until_ready("bugfix", "app", 1)
    baseline.until(lambda: baseline.service("bugfix", "web").wires[0].origin == "branch", "web is told")
    baseline.become("bugfix", "app", 1, "Degraded", "exited with status 1")
    baseline.until(lambda: baseline.service("bugfix", "app").status == "Degraded", "the crash is shown")
    assert baseline.service("bugfix", "web").wires[0].target_environment == "bugfix"
    assert baseline.service("bugfix", "app").borrowed_from == ""
    baseline.become("bugfix", "app", 1, "Ready")
    baseline.until_ready("bugfix", "app", 1)


def test_who_reads_the_origin_of_a_wire_is_released_anew_when_it_changes(baseline, score_file):
    origin = {"FROM": "${resources.app.origin}"}
    baseline.push("web", "bugfix", score_file("web", needs=("app",), variables=origin))
    baseline.until_ready("bugfix", "web", 1)
    assert baseline.value("bugfix", "web", "FROM") == "baseline"
    baseline.push("app", "bugfix", score_file("app"))
    baseline.until_ready("bugfix", "web", 2)
    assert baseline.value("bugfix", "web", "FROM") == "branch"
    newest = baseline.store.history("bugfix", "web")[0]
    assert (newest.cause, newest.change) == ("rewire", "FROM baseline -> branch")


def test_a_deleted_branch_in_one_repository_leads_the_others_to_the_baseline_without_a_restart(baseline, score_file):
    baseline.push("web", "bugfix", score_file("web", needs=("app",)))
    baseline.push("app", "bugfix", score_file("app"))
    baseline.until_ready("bugfix", "web", 1)
    baseline.until_ready("bugfix", "app", 1)
    address = baseline.value("bugfix", "web", "APP_URL")
    baseline.delete("app", "bugfix")
    baseline.until(lambda: baseline.service("bugfix", "app").borrowed_from == "main", "app is borrowed")
    baseline.until(lambda: baseline.service("bugfix", "web").wires[0].origin == "baseline", "web is told")
    assert baseline.leads_to("bugfix", "app") == ("main", "app", 1)
    assert baseline.names("bugfix") == ("web",)
    assert baseline.value("bugfix", "web", "APP_URL") == address
    baseline.until_read()
    assert releases(baseline, "bugfix", "web") == [1]


def test_a_fallback_that_comes_later_is_followed(world, score_file):
    world.push("web", "bugfix", score_file("web", needs=("app",)))
    world.until(lambda: world.service("bugfix", "web").note, "web waits")
    world.push("app", "main", score_file("app"))
    world.until_ready("bugfix", "web", 1)
    world.until(lambda: world.leads_to("bugfix", "app") == ("main", "app", 1), "main's app answers")


def test_an_optional_reference_that_nobody_answers_is_empty_and_filled_when_somebody_comes(world, score_file):
    optional = score_file("web", needs=("app",)).replace("app: {type: service}", OPTIONAL)
    world.push("web", "bugfix", optional)
    world.until_ready("bugfix", "web", 1)
    assert world.value("bugfix", "web", "APP_URL") == ""
    world.push("app", "bugfix", score_file("app"))
    world.until_ready("bugfix", "web", 2)
    assert world.value("bugfix", "web", "APP_URL").startswith("http://")


OPTIONAL = "app: {type: service, params: {optional: true}}"


def test_a_service_that_is_borrowed_from_is_not_kept_by_its_borrowers(baseline, score_file):
    baseline.push("web", "bugfix", score_file("web", needs=("app",)))
    baseline.until_ready("bugfix", "web", 1)
    baseline.push("app", "main", {"README": "no service any more"})
    baseline.until(lambda: "no service" in baseline.service("bugfix", "web").note, "web misses it")
    assert baseline.leads_to("bugfix", "app") is None
    baseline.until(lambda: "main" not in baseline.runtime.environments(), "the baseline holds nothing any more")
    assert baseline.service("bugfix", "web").serving.number == 1


def test_references_that_disagree_on_the_fallback_wait_and_name_both_files(three, score_file):
    three.push("app", "main", score_file("app"))
    other = score_file("web", needs=("app",)).replace("{type: service}", "{type: service, params: {fallback: none}}")
    three.push("web", "bugfix", other)
    three.push("other_app", "bugfix", score_file("other-app", needs=("app",)))
    line = "other_app score.yaml says fallback main, web score.yaml says none; let both say the same"
    for service in ("web", "other-app"):
        three.until(lambda s=service: three.service("bugfix", s).note.endswith(line), f"{service} says so")
    three.push("web", "bugfix", score_file("web", needs=("app",)))
    three.until_ready("bugfix", "web", 1)
    three.until_ready("bugfix", "other-app", 1)


def test_a_fallback_that_no_branch_can_be_is_told_and_harms_nobody_else(baseline, score_file):
    reserved = score_file("web", needs=("app",)).replace("{type: service}", RESERVED)
    baseline.push("web", "bugfix", reserved)
    baseline.until(lambda: "reserved" in baseline.service("bugfix", "web").note, "web says so")
    baseline.push("app", "bugfix", score_file("app"))
    baseline.until_ready("bugfix", "app", 1)


RESERVED = "{type: service, params: {fallback: kube-system}}"


def test_a_named_branch_can_be_the_fallback_and_goes_when_nobody_needs_it(baseline, score_file):
    named = score_file("web", needs=("app",)).replace("{type: service}", "{type: service, params: {fallback: stage}}")
    baseline.push("web", "bugfix", named)
    baseline.until(lambda: "here or in stage" in baseline.service("bugfix", "web").note, "web waits for stage")
    assert baseline.environment("stage") is None
    baseline.push("app", "stage", score_file("app"))
    baseline.until_ready("bugfix", "web", 1)
    baseline.until(lambda: baseline.leads_to("bugfix", "app") == ("stage", "app", 1), "stage's app answers")
    assert baseline.service("bugfix", "web").wires[0].origin == "branch"
    baseline.delete("app", "stage")
    baseline.until(lambda: baseline.environment("stage") is None, "stage is gone")
    baseline.until(lambda: "stage" not in baseline.runtime.environments(), "nothing of it runs")
    assert baseline.leads_to("bugfix", "app") is None
