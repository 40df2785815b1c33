"""Which environment and which service a person means, and the daemon that knows them.

In: `-n`, `[environment:]service[@release]`, the environment's variables, the work tree here. Out: views of the daemon.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from orchestrator.cli import checkout, socket_path
from orchestrator.cli.daemon_client import Daemon
from orchestrator.cli.usage import WrongUsage
from orchestrator.domain.naming import ServiceId, find_environment, parse_service_id
from orchestrator.domain.snapshot import EnvironmentView, HistoryEntry, ServiceView
from orchestrator.domain.text import did_you_mean, listed
from orchestrator.errors import NotFound, Permanent

DEFAULT_ENVIRONMENT = "ANABRANCH_ENVIRONMENT"


@dataclass(frozen=True, slots=True)
class Common:
    """What stands before the command."""

    socket: Path | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """The daemon and the environment that was named with `-n`, if one was."""

    daemon: Daemon
    named: str | None

    def environment(self) -> EnvironmentView:
        """Find the environment that is meant: named, by variable, or checked out here; raises WrongUsage if none is."""
        if self.named:
            return self.daemon.environment(self.named)
        name = os.environ.get(DEFAULT_ENVIRONMENT)
        return self._by_variable(name) if name else self._checked_out()

    def services(self, texts: Sequence[str] | None) -> tuple[ServiceView, ...]:
        """Find services by their ids; all of the environment that is meant when there are none."""
        return tuple(self.service(text) for text in texts) if texts else self.environment().services

    def service(self, text: str) -> ServiceView:
        """Find a service of an environment, borrowed ones included; raises WrongUsage when a release is named."""
        wanted = parse(text)
        if wanted.version:
            raise WrongUsage(f"a service is meant here, not one release of it: drop @{wanted.version}")
        return self.find(wanted)

    def own_service(self, text: str) -> ServiceView:
        """Find a service that the environment has of its own, to change it."""
        return own(self.service(text))

    def find(self, wanted: ServiceId) -> ServiceView:
        """Find the service of an id."""
        view, name = self._environment_of(wanted), wanted.service
        known = any(service.service == name for service in view.services)
        if not known and wanted.environment is None and self._is_environment(name):
            raise NotFound(f'no service "{name}" in {view.environment}; did you mean -n {name}?')
        return service_of(view, name)

    def _environment_of(self, wanted: ServiceId) -> EnvironmentView:
        if wanted.environment is None:
            return self.environment()
        view = self.daemon.environment(wanted.environment)
        if self.named and self.named not in (view.environment, view.branch):
            raise WrongUsage(f"-n {self.named} and {wanted.environment}: name two environments; drop one of them")
        return view

    def _is_environment(self, name: str) -> bool:
        try:
            self.daemon.environment(name)
        except NotFound:
            return False
        return True

    def _by_variable(self, name: str) -> EnvironmentView:
        try:
            return self.daemon.environment(name)
        except NotFound as error:
            raise NotFound(f"{error}; ${DEFAULT_ENVIRONMENT} names it") from error

    def _checked_out(self) -> EnvironmentView:
        views = self.daemon.environments()
        branch = checkout.here()
        if branch is not None:
            try:
                found = find_environment(branch, [view.environment for view in views])
                return next(view for view in views if view.environment == found)
            except NotFound:
                pass
        names = listed([view.environment for view in views]) or "there is none yet"
        raise WrongUsage(f"which environment? say -n ENVIRONMENT: {names}")


def open_session(context: typer.Context, environment: str | None = None) -> Session:
    """Join what stands before the command and after it; raises WrongUsage when both name an environment."""
    common = context.find_object(Common) or Common()
    before, after = _named(common.environment), _named(environment)
    if before and after and before != after:
        raise WrongUsage(f"-n {before} and -n {after}: name one environment")
    tried = socket_path.places(common.socket, os.environ)
    return Session(Daemon(tried[-1], tried=tried), after or before)


def _named(option: str | None) -> str | None:
    """Read what stands after `-n`, where `-n=main` is meant as `-n main`; raises WrongUsage when nothing does."""
    name = option and option.removeprefix("=")
    if name == "":
        raise WrongUsage("-n names no environment: it is empty")
    return name


def parse(text: str) -> ServiceId:
    """Read an id; raises WrongUsage when it is none."""
    try:
        return parse_service_id(text)
    except Permanent as error:
        raise WrongUsage(str(error)) from error


def service_of(environment: EnvironmentView, name: str) -> ServiceView:
    """Find a service; raises NotFound with the nearest name, or with all of them."""
    for service in environment.services:
        if service.service == name:
            return service
    names = [service.service for service in environment.services]
    near = did_you_mean(name, names) or f"; there are {listed(names) or 'none'}"
    raise NotFound(
        f'no service "{name}" in {environment.environment}{near} (anabranch -n {environment.environment} ps)'
    )


def own(service: ServiceView) -> ServiceView:
    """Give a service back that its environment has of its own; raises NotFound with who has it."""
    if not service.present:
        lender = service.borrowed_from
        way_out = f"it is {lender}:{service.service}; name that one" if lender else "nobody has it"
        raise NotFound(f"{service.environment} has no {service.service} of its own: {way_out}")
    return service


def releases_of(entries: tuple[HistoryEntry, ...], wanted: ServiceId) -> tuple[HistoryEntry, ...]:
    """Keep the releases that an id means, all of them without `@`; raises NotFound when there is no such one."""
    version = wanted.version
    if version is None:
        return entries
    kept = tuple(entry for entry in entries if f"v{entry.number}" == version or entry.commit.startswith(version))
    if not kept:
        known = listed([f"v{entry.number}" for entry in entries], 10) or "none yet"
        raise NotFound(
            f"{wanted.service} has no release {version}; there are {known} (anabranch history {wanted.service})"
        )
    return kept
