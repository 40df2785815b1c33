"""Find an environment on the board, or say which name is near; refuse what can be no service's name."""

from collections.abc import Mapping

from orchestrator.adapters.api.board import Board
from orchestrator.domain.naming import is_label
from orchestrator.domain.snapshot import EnvironmentView
from orchestrator.domain.text import did_you_mean, printable
from orchestrator.errors import NotFound


def environment(board: Board, name: str) -> EnvironmentView:
    """Return one environment by raw branch name or own name; raises NotFound with the nearest name."""
    found = board.get(name)
    if found is not None:
        return found
    known = [known for view in board.read() for known in (view.environment, view.branch)]
    raise NotFound(f'no environment "{printable(name, 64)}"{did_you_mean(name, known)} (anabranch envs)')


def named(board: Board, where: Mapping[str, str]) -> tuple[str, str]:
    """Read both names of a path: (environment, service). Raises NotFound."""
    return environment(board, where["environment"]).environment, service(where["service"])


def service(name: str) -> str:
    """Return a service's name as it is; raises NotFound for text that can be none."""
    if not is_label(name):
        raise NotFound(f'no service "{printable(name, 64)}" (anabranch ps)')
    return name
