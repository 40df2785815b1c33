"""What can be set about local processes; passed to the runner as JSON when it is started."""

import os
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import Permanent


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """Times are seconds. `state` is a directory of this runtime alone; `ports` are the first and the last port.

    The ports lie below the kernel's ephemeral range, where no outgoing connection can occupy a released one.
    """

    state: Path
    allow_root: bool = False
    ports: tuple[int, int] = (20000, 32000)
    ready_after: float = 2.0
    ready_deadline: float = 60.0
    probe_interval: float = 0.1
    probe_timeout: float = 2.0
    liveness_interval: float = 10.0
    drain: float = 10.0
    idle_after: float = 1.0
    kill_after: float = 5.0
    backoff_first: float = 0.5
    backoff_max: float = 60.0
    log_bytes: int = 5 * 1024 * 1024
    open_files: int = 4096
    processes: int = 4096

    def check_user(self) -> None:
        """Raise Permanent when branches would run as root though nobody allowed it."""
        if os.geteuid() == 0 and not self.allow_root:
            raise Permanent("local processes would run as root; start as another user or set process.allow_root: true")

    @property
    def environments(self) -> Path:
        """Where the directories of environments are: `<environment>/<service>/v<number>`."""
        return self.state / "environments"

    @property
    def mark(self) -> str:
        """How the environment variable of every process begins that belongs to this state directory."""
        return f"ANABRANCH_DIRECTORY={self.environments}/"
