"""Settings from the environment, which win over the file.

In: variables such as ANABRANCH_SETTINGS__POLLING__INTERVAL=5. Out: the file's values with these in their places, and
which variable stands where. A text that begins with [ or { is read as YAML.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.domain import guarded_yaml
from orchestrator.domain.file_problem import Path
from orchestrator.domain.guarded_yaml import Value
from orchestrator.errors import Permanent

PREFIX = "ANABRANCH_SETTINGS__"


@dataclass(frozen=True, slots=True)
class Overridden:
    """A file's values after the environment had its say; `variables` tells which variable set a path."""

    values: dict[str, Value]
    variables: Mapping[Path, str]

    def variable(self, path: Path) -> str:
        """Name the variable that `path` comes from, empty when it comes from the file."""
        return next((name for place, name in self.variables.items() if _along(place, path)), "")


def override(given: Mapping[str, Value], environ: Mapping[str, str]) -> Overridden:
    """Put the variables in their places; a key without a value counts as left out.

    Raises Permanent for a variable whose place or text cannot be.
    """
    values = _given(given)
    variables = dict[Path, str]()
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        path = tuple(name.removeprefix(PREFIX).lower().split("__"))
        _place(values, path, _read(environ[name], name), name)
        variables[path] = name
    return Overridden(values, variables)


def _along(place: Path, path: Path) -> bool:
    """Tell whether one of two paths begins with the other."""
    common = min(len(place), len(path))
    return place[:common] == path[:common]


def _given(values: Mapping[str, Value]) -> dict[str, Value]:
    return {key: _inner(value) for key, value in values.items() if value is not None}


def _inner(value: Value) -> Value:
    if isinstance(value, list):
        return [_inner(item) for item in value]
    return _given(value) if isinstance(value, dict) else value


def _read(text: str, name: str) -> Value:
    return guarded_yaml.load(text.encode(errors="replace"), file=name).value if text[:1] in ("[", "{") else text


def _place(values: dict[str, Value], path: tuple[str, ...], value: Value, name: str) -> None:
    inner = values
    for key in path[:-1]:
        below = inner.setdefault(key, {})
        if not isinstance(below, dict):
            raise Permanent(f"{name}: {key} has no keys; set {PREFIX}{key.upper()} as a whole, such as [a, b]")
        inner = below
    inner[path[-1]] = value
