"""What is asked to be remembered of an edit."""

from orchestrator.domain.ledger import Ledger, OverrideSet, OverrideUnset, edit_rows


def test_an_edit_is_one_row_for_each_variable_in_its_order():
    rows = edit_rows("bugfix", "web", (("A", "x"), ("B", None), ("C", "")), 5.0, "ann")
    assert rows == (
        OverrideSet("bugfix", "web", "A", "x", 5.0, "ann"),
        OverrideUnset("bugfix", "web", "B", 5.0, "ann"),
        OverrideSet("bugfix", "web", "C", "", 5.0, "ann"),
    )


def test_of_a_service_that_never_was_nothing_is_known():
    assert Ledger() == Ledger(last_number=0, current=None, last_good=None, overrides=())
