"""What the runner needs to run one release: a release without its history, made by the client.

In: a release, its directory, the daemon's environment. Out: a `Launch`; ports are numbers only once it is started.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.release import Release
from orchestrator.domain.workload import Port, Probe

INHERITED = ("PATH", "LANG", "TZ", "TMPDIR")
OWN_DIRECTORY = "ANABRANCH_DIRECTORY"


@dataclass(frozen=True, slots=True)
class Launch:
    """A command line with its variables, ports and probes; `directory` holds `tree` (HOME) and the logs."""

    environment: str
    service: str
    release: int
    directory: Path
    argv: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]
    ports: tuple[Port, ...]
    readiness: Probe | None
    liveness: Probe | None

    @property
    def tree(self) -> Path:
        """The working directory and HOME."""
        return self.directory / "tree"

    @property
    def mark(self) -> str:
        """The variable that every process of this release carries, unless it hides it."""
        return f"{OWN_DIRECTORY}={self.directory}"

    def environ(self, ports: Mapping[int, int]) -> dict[str, str]:
        """Complete the variables with `PORT` (the first) and `PORT_<NAME>`; `ports` are by Score's `port`."""
        named = {port_variable(port.name): str(ports[port.port]) for port in self.ports}
        first = {"PORT": str(ports[self.ports[0].port])} if self.ports else {}
        return {**dict(self.variables), **named, **first}


def launch(release: Release, directory: Path, environ: Mapping[str, str]) -> Launch:
    """Plan how to run a release that the runtime does not refuse; `environ` is what the daemon itself was given."""
    container, resolved = release.workload.containers[0], release.resolved[0]
    variables = {
        **{name: environ[name] for name in INHERITED if name in environ},
        "HOME": str(directory / "tree"),
        **_identity(release),
        **dict(resolved.variables),
        OWN_DIRECTORY: str(directory),
    }
    return Launch(
        environment=release.environment,
        service=release.service,
        release=release.number,
        directory=directory,
        argv=container.command + container.args,
        variables=tuple(sorted(variables.items())),
        ports=release.workload.ports,
        readiness=container.readiness,
        liveness=container.liveness,
    )


def port_variable(name: str) -> str:
    """Name the variable of a named port: `admin-http` has `PORT_ADMIN_HTTP`."""
    return "PORT_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in name).upper()


def _identity(release: Release) -> dict[str, str]:
    return {
        "ANABRANCH_ENVIRONMENT": release.environment,
        "ANABRANCH_BRANCH": release.branch,
        "ANABRANCH_SERVICE": release.service,
        "ANABRANCH_COMMIT": release.commit,
        "ANABRANCH_RELEASE": str(release.number),
    }
