"""Placeholders in a Score file's texts, as in `${resources.app.url}`.

In: a text as written. Out: a `Template` of literals and references, parsed once, expanded as often as needed.

    text := ( literal | "$$" | "$${" any-but-"}" "}" | "${" ref "}" )*
    ref  := part ("." part)*            "\\." inside a part is a literal dot

`$$` is `$`, `$${a}` is `${a}`, a lone `$` is itself. An expanded value is never expanded again.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.errors import Permanent

ROOTS = ("metadata", "resources")
_TOKEN = re.compile(r"\$(?:(?P<dollar>\$?)\{(?P<inside>[^}]*)\}|\$)")
_DOT = re.compile(r"(?<!\\)\.")


class InvalidPlaceholder(Permanent):
    """A placeholder that can never be filled in; the line does not quote it."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stays as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """`${root.key…}`: `path` starts with metadata or resources; `offset` counts characters of the text."""

    path: tuple[str, ...]
    offset: int = 0

    def __str__(self) -> str:
        return "${" + ".".join(part.replace(".", "\\.") for part in self.path) + "}"


Template = tuple[Literal | Reference, ...]


def parse(text: str) -> Template:
    """Read a text; raises InvalidPlaceholder for a reference that is empty or starts elsewhere than at a known root."""
    parts: list[Literal | Reference] = []
    run: list[str] = []
    position = 0
    last_brace = text.rfind("}") + 1
    for token in _TOKEN.finditer(text, 0, last_brace):
        run.append(text[position : token.start()])
        position = token.end()
        if token["inside"] is None or token["dollar"]:
            run.append(token[0][1:])
        else:
            parts += [Literal("".join(run)), _reference(token)]
            run = []
    run += [text[position:last_brace], text[last_brace:].replace("$$", "$")]
    return tuple(part for part in (*parts, Literal("".join(run))) if part != Literal(""))


def references(template: Template) -> tuple[Reference, ...]:
    """Pick the references, in the order of the text."""
    return tuple(part for part in template if isinstance(part, Reference))


def expand(template: Template, lookup: Callable[[Reference], object]) -> str:
    """Fill in what `lookup` finds for each reference; what is no text becomes JSON. Raises what `lookup` raises."""
    return "".join(part.text if isinstance(part, Literal) else _text(lookup(part)) for part in template)


def pick(value: object, keys: tuple[str, ...]) -> object:
    """Walk down nested maps, as in `${metadata.a.b}`; raises LookupError where a key is missing."""
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            raise LookupError(key)
        value = value[key]
    return value


def _reference(token: re.Match[str]) -> Reference:
    path = tuple(part.replace("\\.", ".") for part in _DOT.split(token["inside"]))
    if path[0] not in ROOTS:
        raise InvalidPlaceholder("a placeholder starts with metadata or resources; write $${…} for a literal ${…}")
    if "" in path:
        raise InvalidPlaceholder("a placeholder has an empty part between its dots")
    return Reference(path, token.start())


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
