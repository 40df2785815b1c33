"""Two writers of one field do not chase each other."""

from orchestrator.runtimes.kubernetes.fights import Fights


def test_the_first_repair_is_made_at_once_and_each_further_one_later_than_the_last() -> None:
    now = [100.0]
    fights = Fights[str](lambda: now[0])
    pauses = []
    for _ in range(8):
        pauses.append(fights.pause("app"))
        now[0] += fights.pause("app")
        fights.repaired("app")
    assert pauses == [0, 0, 2, 6, 18, 54, 162, 300]
    assert fights.pause("other") == 0


def test_after_a_quiet_while_a_repair_is_the_first_again() -> None:
    now = [100.0]
    fights = Fights[str](lambda: now[0])
    assert [fights.repaired("app") for _ in range(3)] == [1, 2, 3]
    now[0] += 601
    assert fights.pause("app") == 0
    assert fights.repaired("app") == 1
