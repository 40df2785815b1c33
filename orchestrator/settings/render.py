"""The settings file, written out: every setting, its value, and its description as the comment above it.

In: settings. Out: YAML text that reads back as the same settings.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.domain.git_url import validate, without_credentials
from orchestrator.domain.text import printable
from orchestrator.errors import Permanent
from orchestrator.settings.consistency import misfits
from orchestrator.settings.model import Repository, Settings
from orchestrator.settings.sections import ForwardedHook, Forwarder, Git, Protocol
from orchestrator.settings.types import Section

_HEAD = """\
# The settings of Anabranch, each with its default. What is left out here has its default.
# A variable of the environment wins over this file: ANABRANCH_SETTINGS__POLLING__INTERVAL=5 sets polling.interval.
# Relative paths start at the directory of this file."""
_EXAMPLES: Mapping[tuple[type[Section], str], Section] = {
    (Settings, "repositories"): Repository(name="web", url="https://git.example/web.git"),
    (Forwarder, "hooks"): ForwardedHook(
        name="web",
        provider="github",
        secret_files=(Path("/etc/anabranch/web.secret"),),
        repositories={"example/web": "web"},
    ),
}
_PLAIN = re.compile(r"[a-zA-Z/][\w./-]*(?:://[\w./@-]+)?")
_NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
_WIDTH = 120


def render(settings: Settings) -> str:
    """Write the whole file."""
    blocks = []
    for name, field in Settings.model_fields.items():
        entry = _entry(name, getattr(settings, name), "", "")
        blocks.append("\n".join((f"# {field.description}", *_example(settings, name, ""), *entry)))
    return "\n\n".join((_HEAD, *blocks)) + "\n"


def init(urls: Sequence[str]) -> str:
    """Write a file for the repositories at these URLs, each named after the last part of its URL.

    Raises Permanent for a URL that is refused, or that gives no name of its own.
    """
    repositories = tuple(Repository(name=_name(url), url=url) for url in urls)
    used = {validate(url, tuple(Protocol)).protocol for url in urls}
    protocols = tuple(protocol for protocol in Protocol if protocol in used or protocol in Git().protocols)
    settings = Settings(repositories=repositories, git=Git(protocols=protocols))
    for mistake in misfits(settings):
        raise Permanent(mistake.text)
    return render(settings)


def _name(url: str) -> str:
    last = re.split("[/:]", url.rstrip("/"))[-1].removesuffix(".git")
    name = re.sub("[^a-z0-9_-]+", "-", last.lower())[:63].strip("-_")
    if not name:
        raise Permanent(f"{printable(without_credentials(url), 200)} names no repository; write https://host/path")
    return name


def _entry(name: str, value: Any, indent: str, comment: str) -> list[str]:
    if isinstance(value, Section):
        return [*_above(indent, comment), f"{indent}{name}:", *_section(value, f"{indent}  ")]
    if isinstance(value, tuple) and value and isinstance(value[0], Section):
        return [*_above(indent, comment), f"{indent}{name}:", *_items(value, f"{indent}  ")]
    line = f"{indent}{name}: {_inline(value)}"
    beside = f"{line:<38}  # {comment}" if comment else line
    return [beside] if len(beside) <= _WIDTH else [*_above(indent, comment), line]


def _above(indent: str, comment: str) -> list[str]:
    return [f"{indent}# {comment}"] if comment else []


def _section(section: Section, indent: str, *, commented: bool = True) -> list[str]:
    lines = list[str]()
    for name, field in type(section).model_fields.items():
        comment = field.description or "" if commented else ""
        lines += [*_example(section, name, indent), *_entry(name, getattr(section, name), indent, comment)]
    return lines


def _items(sections: Sequence[Section], indent: str) -> list[str]:
    """Write a list of sections; only the first one is commented."""
    lines = list[str]()
    for index, section in enumerate(sections):
        first, *others = _section(section, f"{indent}  ", commented=index == 0)
        lines += [f"{indent}- {first.lstrip()}", *others]
    return lines


def _example(section: Section, name: str, indent: str) -> list[str]:
    example = _EXAMPLES.get((type(section), name))
    if example is None or getattr(section, name):
        return []
    return [f"{indent}# {line}" for line in _items((example,), "")]


def _inline(value: object) -> str:
    match value:
        case tuple():
            return f"[{', '.join(map(_inline, value))}]"
        case dict():
            return f"{{{', '.join(f'{_inline(key)}: {_inline(item)}' for key, item in value.items())}}}"
        case bool() | None:
            return {True: "true", False: "false", None: '""'}[value]
        case int():
            return str(value)
        case float():
            return f"{value:f}".rstrip("0").rstrip(".")
    text = str(value)
    return text if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT else json.dumps(text)
