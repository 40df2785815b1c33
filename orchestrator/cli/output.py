"""How an answer is printed: as a table, as ids, or as one document."""

from collections.abc import Callable, Sequence
from enum import StrEnum

from orchestrator.cli import machine
from orchestrator.cli.usage import WrongUsage
from orchestrator.domain.text import printable

_LONGEST_ID = 2000


class Output(StrEnum):
    """The words after `-o`."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


def chosen(output: Output | None, *, quiet: bool = False, watch: bool = False) -> Output:
    """Settle flags that may contradict each other; raises WrongUsage when they do."""
    if quiet and output not in (None, Output.NAME):
        raise WrongUsage(f"-q prints ids and -o {output} does not; drop one of them")
    settled = Output.NAME if quiet else output or Output.TABLE
    if watch and settled is not Output.TABLE:
        raise WrongUsage("-w shows a table again and again; drop it, or drop -q and -o")
    return settled


def emit(output: Output, value: object, names: Sequence[str], table: Callable[[], None]) -> None:
    """Print a value in the chosen form."""
    match output:
        case Output.TABLE:
            table()
        case Output.NAME:
            for name in dict.fromkeys(names):
                print(printable(name, _LONGEST_ID))
        case Output.JSON:
            print(machine.as_json(value))
        case Output.YAML:
            print(machine.as_yaml(value))
