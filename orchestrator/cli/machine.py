"""Records as documents for machines: JSON or YAML, moments in ISO 8601, one valid document for each command."""

import json
from dataclasses import fields, is_dataclass
from enum import Enum

from orchestrator.cli.times import iso
from orchestrator.domain.text import printable

_MOMENTS = frozenset(
    {"at", "began", "changed", "created", "edited_at", "forwarded_at", "last_at", "last_refused_at", "received_at"}
)


def as_json(value: object) -> str:
    """Write a record or a list of them as JSON."""
    return json.dumps(document(value), indent=2)


def as_yaml(value: object) -> str:
    """Write a record or a list of them as YAML."""
    import yaml

    return yaml.safe_dump(document(value), sort_keys=False, allow_unicode=False, width=1000).rstrip("\n")


def document(value: object) -> object:
    """Turn records into plain objects, lists and texts."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _field(value, field.name) for field in fields(value)}
    if isinstance(value, (list, tuple)):
        return [document(item) for item in value]
    if isinstance(value, dict):
        return {str(name): document(item) for name, item in value.items()}
    return str(value.value) if isinstance(value, Enum) else _text(value)


def _field(record: object, name: str) -> object:
    value = getattr(record, name)
    if name in _MOMENTS or (name == "since" and not hasattr(record, "age")):
        return iso(value)
    return document(value)


def _text(value: object) -> object:
    if isinstance(value, str) and not _encodable(value):
        return printable(value, len(value) * 10)
    return value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
