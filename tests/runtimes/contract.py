"""What every runtime promises: the same tests for each, which a test file imports beside its own `house`.

In: a `House`. The file that imports these tests says how a release behaves there, and how to see who answers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from orchestrator.domain.entry import Entry
from orchestrator.domain.release import Release
from orchestrator.domain.status import Address, Health, Observation
from orchestrator.domain.workload import Workload
from orchestrator.errors import NotFound, Permanent, Temporary
from orchestrator.runtimes import Running, Runtime
from tests.eventually import eventually
from tests.process.running import Watcher


@dataclass(frozen=True)
class House:
    """A runtime under test.

    `good`, `crash` and `never` make a release of `app` that becomes Ready, fails, or never does either; `unfit` is
    refused with `word` in the line. `answer` names `environment/vNumber` of who answers at an address, empty when
    refused; `inside` names it for where a command would run, None where nothing runs.
    """

    runtime: Runtime
    watcher: Watcher
    good: Callable[[str, int], Release]
    crash: Callable[[str, int], Release]
    never: Callable[[str, int], Release]
    unfit: Workload
    word: str
    answer: Callable[[Address], str]
    inside: Callable[[Entry], str] | None = None

    def until(self, address: Address, expected: str) -> None:
        """Wait until this is who answers."""
        eventually(lambda: self.answer(address) == expected, f"{expected or 'refusal'} at {address}")


def test_a_release_is_started_and_becomes_ready(house: House) -> None:
    house.runtime.ensure_environment("bugfix", "bugfix")
    house.runtime.apply(house.good("bugfix", 1))
    assert house.watcher.ready("bugfix", 1).reason == ""
    assert house.runtime.running() == (Running("bugfix", "app", 1, Health.READY, serving=True),)


def test_an_address_answers_once_the_release_is_ready_and_stays_the_same(house: House) -> None:
    address = house.runtime.address("bugfix", "app", 80)
    assert house.answer(address) == ""
    house.runtime.apply(house.good("bugfix", 1))
    house.watcher.ready("bugfix", 1)
    assert house.answer(address) == "bugfix/v1"
    assert house.runtime.address("bugfix", "app", 80) == address
    assert house.runtime.address("bugfix", "app", 81) != address


def test_a_newer_release_takes_the_address_over_when_it_is_ready(house: House) -> None:
    address = house.runtime.address("bugfix", "app", 80)
    house.runtime.apply(house.good("bugfix", 1))
    house.watcher.ready("bugfix", 1)
    house.runtime.apply(house.good("bugfix", 2))
    house.watcher.ready("bugfix", 2)
    assert house.answer(address) == "bugfix/v2"
    assert [(r.release, r.serving) for r in house.runtime.running()] == [(2, True)]


def test_the_last_good_release_serves_while_a_newer_one_fails(house: House) -> None:
    address = house.runtime.address("bugfix", "app", 80)
    house.runtime.apply(house.good("bugfix", 1))
    house.watcher.ready("bugfix", 1)
    house.runtime.apply(house.crash("bugfix", 2))
    failed = house.watcher.wait("bugfix", 2, Health.DEGRADED, "exited with status 1 before it was ready")
    assert failed.log_tail
    assert house.answer(address) == "bugfix/v1"
    assert [(r.release, r.serving) for r in house.runtime.running()] == [(1, True), (2, False)]


def test_a_newer_release_cancels_an_unfinished_one(house: House) -> None:
    house.runtime.apply(house.never("bugfix", 1))
    house.watcher.wait("bugfix", 1, Health.PROGRESSING)
    house.runtime.apply(house.good("bugfix", 2))
    house.watcher.ready("bugfix", 2)
    assert [r.release for r in house.runtime.running()] == [2]


def test_going_back_to_the_release_that_serves_cancels_the_newer_one(house: House) -> None:
    house.runtime.apply(house.good("bugfix", 1))
    house.watcher.ready("bugfix", 1)
    house.runtime.apply(house.never("bugfix", 2))
    house.watcher.wait("bugfix", 2, Health.PROGRESSING)
    house.runtime.apply(house.good("bugfix", 1))
    assert house.runtime.running() == (Running("bugfix", "app", 1, Health.READY, serving=True),)


def test_applying_a_release_again_changes_nothing_but_tells_its_health_again(house: House) -> None:
    house.runtime.apply(house.good("bugfix", 1))
    first = house.watcher.ready("bugfix", 1)
    house.watcher.forget()
    house.runtime.apply(house.good("bugfix", 1))
    assert house.watcher.ready("bugfix", 1) == first


def test_a_borrowed_address_leads_to_its_target_until_the_own_release_is_ready(house: House) -> None:
    borrowed = house.runtime.address("bugfix", "app", 80)
    house.runtime.apply(house.good("main", 1))
    house.watcher.ready("main", 1)
    house.runtime.route("bugfix", "app", "main")
    assert house.answer(borrowed) == "main/v1"
    house.runtime.apply(house.never("bugfix", 1))
    assert house.answer(borrowed) == "main/v1"
    house.runtime.apply(house.good("bugfix", 2))
    house.watcher.ready("bugfix", 2)
    assert house.answer(borrowed) == "bugfix/v2"


def test_a_borrowed_address_follows_the_releases_of_its_target(house: House) -> None:
    borrowed = house.runtime.address("bugfix", "app", 80)
    house.runtime.route("bugfix", "app", "main")
    assert house.answer(borrowed) == ""
    house.runtime.apply(house.good("main", 1))
    house.watcher.ready("main", 1)
    house.runtime.apply(house.good("main", 2))
    house.watcher.ready("main", 2)
    assert house.answer(borrowed) == "main/v2"


def test_a_route_without_a_target_refuses(house: House) -> None:
    borrowed = house.runtime.address("bugfix", "app", 80)
    house.runtime.apply(house.good("main", 1))
    house.watcher.ready("main", 1)
    house.runtime.route("bugfix", "app", "main")
    assert house.runtime.routed("bugfix") == ("app",)
    house.runtime.route("bugfix", "app", None)
    assert house.runtime.routed("bugfix") == ()
    house.until(borrowed, "")


def test_routes_in_a_circle_refuse(house: House) -> None:
    borrowed = house.runtime.address("bugfix", "app", 80)
    house.runtime.route("bugfix", "app", "main")
    house.runtime.route("main", "app", "bugfix")
    assert house.answer(borrowed) == ""


def test_a_removed_service_leaves_its_address_to_its_route(house: House) -> None:
    address = house.runtime.address("bugfix", "app", 80)
    for environment in ("main", "bugfix"):
        house.runtime.apply(house.good(environment, 1))
        house.watcher.ready(environment, 1)
    house.runtime.route("bugfix", "app", "main")
    assert house.answer(address) == "bugfix/v1"
    house.runtime.remove("bugfix", "app")
    assert house.answer(address) == "main/v1"
    assert [r.environment for r in house.runtime.running()] == ["main"]
    house.runtime.remove("bugfix", "app")


def test_a_removed_environment_is_gone_with_all_that_ran_in_it(house: House) -> None:
    house.runtime.ensure_environment("bugfix", "bugfix")
    address = house.runtime.address("bugfix", "app", 80)
    house.runtime.apply(house.good("bugfix", 1))
    house.watcher.ready("bugfix", 1)
    assert house.runtime.environments() == ("bugfix",)
    house.runtime.remove_environment("bugfix")
    house.until(address, "")
    assert house.runtime.running() == ()
    eventually(lambda: house.runtime.environments() == (), "the environment is gone", 60)
    house.runtime.remove_environment("bugfix")


def test_an_environment_can_come_back_under_its_name(house: House) -> None:
    house.runtime.apply(house.good("bugfix", 1))
    house.watcher.ready("bugfix", 1)
    house.runtime.remove_environment("bugfix")
    house.runtime.ensure_environment("bugfix", "bugfix")
    house.runtime.apply(house.good("bugfix", 2))
    house.watcher.ready("bugfix", 2)
    assert house.runtime.environments() == ("bugfix",)


def test_what_cannot_run_is_refused_in_one_line(house: House) -> None:
    refusal = house.runtime.refuse(house.unfit)
    assert "score.yaml" in refusal
    assert house.word in refusal
    assert "\n" not in refusal
    assert house.runtime.refuse(house.good("bugfix", 1).workload) == ""
    with pytest.raises(Permanent, match=house.word):
        house.runtime.apply(replace(house.good("bugfix", 1), workload=house.unfit))
    assert house.runtime.running() == ()


def test_logs_are_those_of_the_newest_release_unless_one_is_named(house: House) -> None:
    for number in (1, 2):
        house.runtime.apply((house.never if number == 2 else house.good)("bugfix", number))
    house.runtime.apply(house.crash("bugfix", 3))
    house.watcher.wait("bugfix", 3, Health.DEGRADED)
    lines = tuple(house.runtime.logs("bugfix", "app", None, tail=1, follow=False))
    assert [line.release for line in lines] == [3]
    assert lines == tuple(house.runtime.logs("bugfix", "app", 3, tail=1, follow=False))
    assert tuple(house.runtime.logs("bugfix", "app", 3, tail=0, follow=False)) == ()


def test_logs_of_what_never_ran_are_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        house.runtime.logs("bugfix", "app", None, tail=10, follow=False)


def test_a_person_enters_the_newest_release_that_is_ready_or_the_one_that_is_named(house: House) -> None:
    house.runtime.apply(house.good("bugfix", 1))
    house.watcher.ready("bugfix", 1)
    house.runtime.apply(house.never("bugfix", 2))
    house.watcher.wait("bugfix", 2, Health.PROGRESSING)
    if house.inside is None:
        with pytest.raises(Permanent, match="bugfix:app@v1 cannot be entered: nothing runs"):
            house.runtime.enter("bugfix", "app", None)
        return
    assert house.inside(house.runtime.enter("bugfix", "app", None)) == "bugfix/v1"
    assert house.inside(eventually(lambda: started(house, 2), "v2 is started")) == "bugfix/v2"


def started(house: House, release: int) -> Entry | None:
    """The way into a release, None while it is being started."""
    try:
        return house.runtime.enter("bugfix", "app", release)
    except Temporary:
        return None


def test_what_is_not_ready_is_entered_by_its_number_only(house: House) -> None:
    house.runtime.apply(house.never("bugfix", 1))
    with pytest.raises(NotFound, match="no release that is Ready; name one as it is: bugfix:app@v1"):
        house.runtime.enter("bugfix", "app", None)
    with pytest.raises(NotFound, match="v7 does not run; there are v1"):
        house.runtime.enter("bugfix", "app", 7)


def test_what_does_not_run_cannot_be_entered(house: House) -> None:
    for release in (None, 1):
        with pytest.raises(NotFound, match="main:app does not run here"):
            house.runtime.enter("main", "app", release)


def test_a_sink_may_give_orders(house: House) -> None:
    def follow_up(seen: Observation) -> None:
        if (seen.environment, seen.release, seen.health) == ("chained", 1, Health.READY):
            house.runtime.apply(house.good("chained", 2))

    house.runtime.watch(follow_up)
    house.runtime.apply(house.good("chained", 1))
    house.watcher.ready("chained", 2)
