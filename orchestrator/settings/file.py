"""From a settings file and the environment to `Settings`.

In: the bytes of one YAML file, and variables such as ANABRANCH_SETTINGS__POLLING__INTERVAL=5 that win over it. Out: a
checked `Settings`, or every mistake with its file and line.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from orchestrator.domain import guarded_yaml
from orchestrator.domain.file_problem import Problem
from orchestrator.domain.guarded_yaml import Document
from orchestrator.errors import NotFound, Permanent
from orchestrator.settings.consistency import misfits
from orchestrator.settings.environment import Overridden, override
from orchestrator.settings.mistake import Mistake, explain
from orchestrator.settings.model import SYSTEM_SOCKET, SYSTEM_STATE, Settings
from orchestrator.settings_file import CANDIDATES, find


class InvalidSettings(Permanent):
    """Settings that cannot be used; `lines` holds every mistake as one line each, the error itself the first."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        self.lines = lines
        super().__init__(lines[0] + (f" ({len(lines) - 1} more)" if len(lines) > 1 else ""))


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read and check the settings; relative paths in them start at the file's directory.

    Raises InvalidSettings with every mistake, NotFound when there is no file, Permanent when it cannot be read.
    """
    file = find(path, environ)
    if file is None:
        looked = ", ".join(map(str, CANDIDATES))
        raise NotFound(f"no settings file ({looked}); write one: anabranch init --repository URL")
    return read(_bytes(file), file, environ)


def read(data: bytes, file: Path, environ: Mapping[str, str]) -> Settings:
    """Check what stands, or would stand, in a settings file; raises as `load`."""
    document = guarded_yaml.load(data, file=str(file))
    values = document.value or {}
    if not isinstance(values, dict):
        raise InvalidSettings((f"{file}: no settings in there; write `key: value` on a line of its own",))
    overridden = override(values, environ)
    try:
        settings = Settings.model_validate(overridden.values, context={"folder": file.parent})
    except ValidationError as error:
        raise _invalid(explain(error), document, overridden, file) from None
    placed = _placed(settings, environ)
    if mistakes := misfits(placed):
        raise _invalid(mistakes, document, overridden, file)
    return placed


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"{file}: no such settings file; write one: anabranch init --repository URL") from None
    except OSError as error:
        raise Permanent(f"{file}: cannot be read: {error.strerror}") from error


def _invalid(mistakes: tuple[Mistake, ...], document: Document, overridden: Overridden, file: Path) -> InvalidSettings:
    problems = list[tuple[Problem, str]]()
    for mistake in mistakes:
        variable = overridden.variable(mistake.path)
        line = 0 if variable else document.at(mistake.path).line
        shown = mistake.path if mistake.shown is None else mistake.shown
        problems.append((Problem(line, shown, mistake.text), variable or str(file)))
    problems.sort(key=lambda problem: problem[0].line)
    return InvalidSettings(tuple(problem.told(place) for problem, place in problems))


def _placed(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Fill in the places that depend on who runs this."""
    api = settings.api.model_copy(update={"socket": settings.api.socket or _socket(environ)})
    return settings.model_copy(update={"state": settings.state or _state(environ), "api": api})


def _state(environ: Mapping[str, str]) -> Path:
    if own := environ.get("STATE_DIRECTORY"):
        return Path(own.split(":")[0])
    if home := environ.get("XDG_STATE_HOME"):
        return Path(home, "anabranch")
    return SYSTEM_STATE if os.geteuid() == 0 else Path(environ.get("HOME", "/"), ".local/state/anabranch")


def _socket(environ: Mapping[str, str]) -> Path:
    if own := environ.get("ANABRANCH_SOCKET"):
        return Path(own)
    return Path(environ["XDG_RUNTIME_DIR"], "anabranch/api.sock") if environ.get("XDG_RUNTIME_DIR") else SYSTEM_SOCKET
