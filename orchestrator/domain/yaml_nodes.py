"""From YAML text to nodes, one event at a time, every limit checked before anything grows.

In: text without hidden characters, and limits. Out: a tree of nodes, which may share nodes but holds no cycle.
The pure-Python event parser is used because it is not recursive and cannot take the process down, as libyaml can.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from orchestrator.domain.file_problem import Mark, Path, Problem

_DIRECTIVE = re.compile(r"^%", re.MULTILINE)
_QUOTED = re.compile(r"""(['"])(?!<).{2,}\1""")
_CORE = "tag:yaml.org,2002:"
_SCALAR_KINDS = ("str", "int", "float", "bool", "null")
_RESOLVER: Any = yaml.resolver.Resolver()


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One scalar; `kind` is PyYAML's name for its type, such as str, int or timestamp; `plain` means unquoted."""

    mark: Mark
    kind: str
    text: str
    plain: bool


@dataclass(frozen=True, slots=True)
class ListNode:
    """A sequence of nodes."""

    mark: Mark
    items: list["Node"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping as pairs in the file's order, doubles included."""

    mark: Mark
    pairs: list[tuple["Node", "Node"]] = field(default_factory=list)


Node = ScalarNode | ListNode | MapNode


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may ask for; `expanded` counts nodes after aliases are followed, and only if there are aliases."""

    size: int = 64 * 1024
    depth: int = 32
    events: int = 16_000
    aliases: int = 200
    expanded: int = 20_000


class Flaw(Exception):
    """Carries the one Problem that ends the reading of a file."""

    def __init__(self, line: int, path: Path, text: str) -> None:
        super().__init__(text)
        self.problem = Problem(line, path, text)


def compose(text: str, limits: Limits) -> Node | None:
    """Build the nodes of the one document in `text`, None if it is empty; raises Flaw."""
    directive = _DIRECTIVE.search(text)
    if directive:
        line = text.count("\n", 0, directive.start()) + 1
        raise Flaw(line, (), "directives are not supported; remove this line, or quote or indent the text")
    composer = _Composer(limits)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        raise Flaw(_mark(error.problem_mark).line, composer.path(), _own_words(error)) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError, MemoryError):
        raise Flaw(composer.line, composer.path(), "not valid YAML near here") from None
    return composer.root


def _own_words(error: yaml.MarkedYAMLError) -> str:
    problem = _QUOTED.sub("…", error.problem or "")[:80]
    return f"not valid YAML: {problem}" if problem else "not valid YAML"


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come; in a mapping, `key` waits for its value."""

    node: ListNode | MapNode
    anchor: str | None
    nodes_before: int
    key: Node | None = None


class _Composer:
    """Takes events in order; `root` is the tree once all are taken."""

    def __init__(self, limits: Limits) -> None:
        self.root: Node | None = None
        self.line = 1
        self._limits = limits
        self._resolver = yaml.resolver.Resolver()
        self._open: list[_Open] = []
        self._anchored: dict[str, tuple[Node, int] | None] = {}
        self._events = self._aliases = self._nodes = self._documents = 0

    def path(self) -> Path:
        """Name the place that the last event belongs to."""
        return tuple(step for step in map(_step, self._open) if step is not None)

    def take(self, event: yaml.Event) -> None:
        """Check one event against the limits and put it into the tree; raises Flaw."""
        mark = _mark(event.start_mark)
        self.line = mark.line
        self._events += 1
        self._refuse_if(self._events > self._limits.events, "the file has too many parts; make it smaller")
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                self._refuse_if(self._documents > 1, "a second document begins here; keep one in a file")
            case yaml.AliasEvent():
                self._follow(str(event.anchor))
            case yaml.ScalarEvent():
                self._scalar(event, mark)
            case yaml.SequenceStartEvent():
                self._check_tag(event.tag, ("seq",))
                self._begin(ListNode(mark), event.anchor)
            case yaml.MappingStartEvent():
                self._check_tag(event.tag, ("map",))
                self._begin(MapNode(mark), event.anchor)
            case yaml.CollectionEndEvent():
                self._end()

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> None:
        self._check_tag(event.tag, _SCALAR_KINDS)
        self._name_anchor(event.anchor)
        self._count(1)
        tag: str = event.tag or _RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit)
        node = ScalarNode(mark, tag.removeprefix(_CORE), event.value, plain=event.style is None)
        self._close_anchor(event.anchor, node, 1)
        self._add(node)

    def _begin(self, node: ListNode | MapNode, anchor: str | None) -> None:
        self._refuse_if(len(self._open) >= self._limits.depth, f"nested deeper than {self._limits.depth} levels")
        self._name_anchor(anchor)
        self._open.append(_Open(node, anchor, self._nodes))
        self._count(1)

    def _end(self) -> None:
        ended = self._open.pop()
        self._close_anchor(ended.anchor, ended.node, self._nodes - ended.nodes_before)
        self._add(ended.node)

    def _follow(self, anchor: str) -> None:
        self._aliases += 1
        self._refuse_if(self._aliases > self._limits.aliases, f"more than {self._limits.aliases} aliases; write it out")
        known = self._anchored.get(anchor)
        if known is None:
            raise Flaw(self.line, self.path(), "this alias names no anchor that ends before it")
        node, size = known
        self._count(size)
        self._add(node)

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent.node, ListNode):
            parent.node.items.append(node)
        elif parent.key is None:
            parent.key = node
        else:
            parent.node.pairs.append((parent.key, node))
            parent.key = None

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        too_many = self._aliases > 0 and self._nodes > self._limits.expanded
        self._refuse_if(too_many, f"aliases expand to more than {self._limits.expanded} values; write it out")

    def _name_anchor(self, anchor: str | None) -> None:
        if anchor is not None:
            self._refuse_if(anchor in self._anchored, "this anchor's name is taken; choose another")
            self._anchored[anchor] = None

    def _close_anchor(self, anchor: str | None, node: Node, size: int) -> None:
        if anchor is not None:
            self._anchored[anchor] = (node, size)

    def _check_tag(self, tag: str | None, allowed: tuple[str, ...]) -> None:
        fits = tag is None or (tag.startswith(_CORE) and tag.removeprefix(_CORE) in allowed)
        self._refuse_if(not fits, "this tag is not supported; remove it")

    def _refuse_if(self, wrong: bool, text: str) -> None:
        if wrong:
            raise Flaw(self.line, self.path(), text)


def _step(opened: _Open) -> str | int | None:
    if isinstance(opened.node, ListNode):
        return len(opened.node.items)
    return opened.key.text if isinstance(opened.key, ScalarNode) else None


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark else Mark()
