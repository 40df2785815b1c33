"""The one door for YAML from outside: Score files, the settings file, edit buffers.

In: bytes. Out: a `Document` of plain values with the line and column of every key and value, or one InvalidYaml that
names line and key and never quotes a value. Whatever the bytes are, the answer comes within a second and 64 MB.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.domain.file_problem import InvalidFile, Mark, Path
from orchestrator.domain.text import code_point, hidden
from orchestrator.domain.yaml_nodes import Flaw, Limits, ListNode, MapNode, Node, ScalarNode, compose
from orchestrator.domain.yaml_scalars import AmbiguousScalar, Scalar, is_text, scalar_value

Value = Scalar | list["Value"] | dict[str, "Value"]


class InvalidYaml(InvalidFile):
    """A file that is not YAML as we accept it."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says; `keys` tells where each map entry's key stands, `values` where each value begins."""

    value: Value
    keys: Mapping[Path, Mark]
    values: Mapping[Path, Mark]

    def at(self, path: Path) -> Mark:
        """Tell where `path` stands: its key, else its value, else the nearest place above it that exists."""
        for length in range(len(path), -1, -1):
            mark = self.keys.get(path[:length]) or self.values.get(path[:length])
            if mark:
                return mark
        return Mark()


def load(data: bytes, *, file: str, where: str = "", limits: Limits | None = None) -> Document:
    """Read one YAML document; an empty file is None.

    `file` and `where` (a service and branch) only name the place in errors. Raises InvalidYaml, a Permanent error:
    the same bytes never become valid.
    """
    limits = limits or Limits()
    try:
        node = compose(_text(data, limits.size), limits)
        reader = _Reader(limits.depth)
        value = reader.value(node, ()) if node else None
    except Flaw as flaw:
        raise InvalidYaml((flaw.problem,), file, where) from None
    return Document(value, reader.keys, reader.values)


def _text(data: bytes, size: int) -> str:
    if len(data) > size:
        raise Flaw(0, (), f"larger than {size // 1024} KiB; make it smaller")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Flaw(data.count(b"\n", 0, error.start) + 1, (), "not UTF-8 text; save the file as UTF-8") from None
    if text.startswith("\ufeff"):
        raise Flaw(1, (), "starts with a byte order mark; save the file as UTF-8 without it")
    found = hidden(text.replace("\r\n", " \n"), prose=True)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise Flaw(line, (), f"holds the invisible character {code_point(found[0])}; remove it")
    return text


@dataclass(slots=True)
class _Reader:
    """Builds values from nodes and remembers where each stood."""

    depth: int
    keys: dict[Path, Mark] = field(default_factory=dict)
    values: dict[Path, Mark] = field(default_factory=dict)

    def value(self, node: Node, path: Path) -> Value:
        self.values[path] = node.mark
        if len(path) > self.depth:
            raise Flaw(node.mark.line, path, f"nested deeper than {self.depth} levels")
        match node:
            case ScalarNode():
                return _scalar(node, path)
            case ListNode():
                return [self.value(item, (*path, index)) for index, item in enumerate(node.items)]
            case MapNode():
                return self._map(node, path)

    def _map(self, node: MapNode, path: Path) -> dict[str, Value]:
        entries: dict[str, Value] = {}
        for key_node, value_node in node.pairs:
            key = _key(key_node, path)
            here = (*path, key)
            if key in entries:
                first = self.keys[here].line
                raise Flaw(key_node.mark.line, here, f"given twice, first on line {first}; remove one")
            self.keys[here] = key_node.mark
            entries[key] = self.value(value_node, here)
        return entries


def _key(node: Node, path: Path) -> str:
    line = node.mark.line
    if not isinstance(node, ScalarNode):
        raise Flaw(line, path, "a key must be text, not a list or a map")
    if node.kind == "merge":
        raise Flaw(line, path, "merge keys (<<) are not supported; write the keys out")
    if not is_text(node):
        raise Flaw(line, path, "a key must be text; quote this key")
    _refuse_hidden(node, path, prose=False)
    return node.text


def _scalar(node: ScalarNode, path: Path) -> Scalar:
    _refuse_hidden(node, path, prose=True)
    try:
        return scalar_value(node)
    except AmbiguousScalar as error:
        raise Flaw(node.mark.line, path, str(error)) from None


def _refuse_hidden(node: ScalarNode, path: Path, *, prose: bool) -> None:
    found = hidden(node.text, prose=prose)
    if found:
        raise Flaw(node.mark.line, path, f"holds the invisible character {code_point(found[0])}; remove it")
