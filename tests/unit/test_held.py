"""Who sees that an actor is paused or stopped: whatever depends on it, and nothing else."""

import pytest

from orchestrator.adapters.board import Board
from orchestrator.domain.machine_room import Hold
from orchestrator.domain.snapshot import EnvironmentView, ServiceView
from orchestrator.domain.status import Health

SERVICE = {"kind": "service", "environment": "bugfix", "service": "web"}


def hold(**place: str) -> Hold:
    return Hold("paused", 1.0, "ann", "odd", name="it", **place)


def view(environment: str) -> EnvironmentView:
    services = tuple(
        ServiceView(environment, name, name, environment, present=True, status=Health.READY, note="", changed=1.0)
        for name in ("web", "app")
    )
    return EnvironmentView(environment, environment, environment == "main", Health.READY, "as it was", 1.0, services)


@pytest.mark.parametrize(
    ("place", "noted"),
    [
        (SERVICE, {"bugfix", "bugfix:web"}),
        ({**SERVICE, "kind": "deployment"}, {"bugfix", "bugfix:web"}),
        ({"kind": "branch", "environment": "bugfix"}, {"bugfix", "bugfix:web", "bugfix:app"}),
        ({"kind": "repository", "repository": "web"}, {"bugfix:web", "main:web"}),
        ({"kind": "orchestrator"}, {"bugfix", "main", "bugfix:web", "bugfix:app", "main:web", "main:app"}),
        ({"kind": "caretaker"}, set()),
    ],
)
def test_a_hold_is_noted_at_what_depends_on_it(place: dict[str, str], noted: set[str]) -> None:
    board = Board()
    board.publish(view("main"))
    board.hold((hold(**place),))
    board.publish(view("bugfix"))
    views = board.read()
    notes = {v.environment: v.note for v in views} | {s.name: s.note for v in views for s in v.services}
    assert {name for name, note in notes.items() if "it is paused by ann: odd" in note} == noted


def test_a_note_comes_before_the_one_that_was_there_and_goes_with_its_hold() -> None:
    board, seen = Board(), []
    board.publish(view("bugfix"))
    board.subscribe(seen.append)
    board.hold((hold(**SERVICE),))
    assert [change.note for change in seen] == ["it is paused by ann: odd; as it was"]
    board.hold(())
    assert seen[1:] == [view("bugfix")]
    board.hold(())
    assert len(seen) == 2
