"""What came is read once, from memory or from the journal, and in order."""

from orchestrator.forwarder.fresh import HELD_BYTES, Fresh
from orchestrator.forwarder.ledger import Unread


def row(seq: int, size: int = 1) -> Unread:
    return Unread(seq, "local", "{}", b"x" * size)


def up_to_date() -> Fresh:
    fresh = Fresh()
    fresh.begin_reading()
    fresh.was_read(())
    return fresh


def test_at_the_start_only_the_journal_knows_what_waits() -> None:
    assert Fresh().behind
    assert not up_to_date().behind


def test_what_came_is_given_away_once_and_in_order() -> None:
    fresh = up_to_date()
    fresh.came([row(4)])
    fresh.came([row(5), row(6)])
    assert [[each.seq for each in fresh.take(2)] for _ in range(3)] == [[4, 5], [6], []]


def test_what_came_while_the_journal_was_read_is_not_given_away_again_when_it_was_read_there() -> None:
    fresh = Fresh()
    fresh.begin_reading()
    fresh.came([row(1), row(3)])
    fresh.was_read((row(1), row(2)))
    fresh.came([row(2)])
    assert fresh.behind
    fresh.begin_reading()
    fresh.was_read(())
    assert not fresh.behind
    assert [each.seq for each in fresh.take(9)] == [3]


def test_what_memory_cannot_hold_is_left_to_the_journal() -> None:
    fresh = up_to_date()
    fresh.came([row(1, HELD_BYTES // 2)])
    assert fresh.is_half_full
    assert not fresh.behind
    fresh.came([row(2, HELD_BYTES // 2)])
    assert fresh.behind
    assert not fresh.is_half_full


def test_what_is_lost_while_the_journal_is_read_makes_it_be_read_again() -> None:
    fresh = Fresh()
    fresh.begin_reading()
    fresh.lose()
    fresh.was_read(())
    assert fresh.behind
