"""The demo's services as processes of this machine: they are asked over HTTP."""

import json
from pathlib import Path
from urllib.request import urlopen

from ground import Answer
from narrator import Narrator

_BROKEN = "TOTAL = os.environ['TOTAL']\n"


class Processes:
    """Nothing has to be prepared."""

    def __init__(self) -> None:
        self.settings = "process: {allow_root: true}         # the demo may run in a container, as root"
        self.image = ""

    @property
    def processes(self) -> tuple[int, ...]:
        """Anabranch alone."""
        return ()

    def prepare(self, _: dict[str, str], /) -> tuple[tuple[str, ...], ...]:
        """Do nothing."""
        return ()

    def ask(self, url: str) -> Answer:
        """Ask for who it is, with a new connection."""
        return _get(f"{url}/ready")

    def ask_all(self, url: str) -> Answer:
        """Ask for the peers' answers as well."""
        return _get(url)

    def introduce(self, narrator: Narrator, url: str) -> None:
        """Show what a person would type."""
        narrator.command(("curl", "-s", url))

    def spoil(self, repository: Path) -> None:
        """Let the program want a variable that there is not."""
        file = repository / "service.py"
        file.write_text(file.read_text().replace("\n\nclass", f"\n{_BROKEN}\nclass", 1))

    def close(self) -> None:
        """Do nothing."""


def _get(url: str) -> Answer:
    with urlopen(url, timeout=10) as answer:
        found: Answer = json.load(answer)
        return found
