"""Changes of `forwarder.hooks` in a settings file that keep every other line, comments included.

In: the text of the file, a hook or the secret files of one. Out: the text as it would be, or an error that says what to
write by hand. Whoever writes it reads it back first: what the new text means is checked, not assumed.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeGuard

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from orchestrator.domain import guarded_yaml
from orchestrator.errors import NotFound, Permanent
from orchestrator.settings.sections import ForwardedHook

_STEP = "  "


def with_hook(text: str, hook: ForwardedHook, file: Path) -> str:
    """Add a hook after those that are there."""
    root = _compose(text, file)
    forwarder = _value(root, "forwarder")
    hooks = _value(forwarder, "hooks")
    if isinstance(hooks, SequenceNode) and (hooks.value or not _in_one_line(forwarder)):
        return _appended(text, hooks, hook)
    if isinstance(hooks, SequenceNode):
        return _inserted(text, hooks, _flow(hook))
    if _in_one_line(forwarder):
        return _inserted(text, forwarder, f"hooks: [{_flow(hook)}]")
    if _in_one_line(root) and forwarder is None:
        return _inserted(text, root, f"forwarder: {{hooks: [{_flow(hook)}]}}")
    if isinstance(forwarder, MappingNode):
        at, column = forwarder.start_mark.index, forwarder.start_mark.column
        block = ["hooks:", *_block(hook, " " * column + _STEP)]
        return text[:at] + "\n".join((*block, " " * column + text[at:]))
    return _below(text, forwarder, hook)


def with_secrets(text: str, name: str, secret_files: Sequence[Path], file: Path) -> str:
    """Name other secret files for a hook; raises `NotFound` when there is no such hook."""
    hooks = _value(_value(_compose(text, file), "forwarder"), "hooks")
    for item in hooks.value if isinstance(hooks, SequenceNode) else ():
        written = _value(item, "name")
        if isinstance(written, ScalarNode) and written.value == name:
            return _replaced(text, item, [str(path) for path in secret_files], file)
    raise NotFound(f"{file}: no hook {name} below forwarder.hooks (anabranch hook list)")


def _compose(text: str, file: Path) -> Node | None:
    """Find where everything stands, once the guard has read the text."""
    guarded_yaml.load(text.encode(), file=str(file))
    found: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    return found


def _value(node: Node | None, key: str) -> Node | None:
    pairs = node.value if isinstance(node, MappingNode) else []
    return next((value for name, value in pairs if isinstance(name, ScalarNode) and name.value == key), None)


def _in_one_line(node: Node | None) -> TypeGuard[MappingNode]:
    return isinstance(node, MappingNode) and bool(node.flow_style)


def _inserted(text: str, node: MappingNode | SequenceNode, first: str) -> str:
    """Put something first between the brackets of a node."""
    at = node.start_mark.index + 1
    return f"{text[:at]}{first}{', ' if node.value else ''}{text[at:]}"


def _appended(text: str, hooks: SequenceNode, hook: ForwardedHook) -> str:
    if hooks.flow_style and hooks.value:
        end = hooks.value[-1].end_mark.index
        return f"{text[:end]}, {_flow(hook)}{text[end:]}"
    if hooks.flow_style:
        before, after = text[: hooks.start_mark.index].rstrip(" "), text[hooks.end_mark.index :]
        rest, newline, below = after.partition("\n")
        column = len(before) - len(before[before.rfind("\n") + 1 :].lstrip()) - before.rfind("\n") - 1
        return "\n".join((before + rest.rstrip(), *_block(hook, " " * column + _STEP))) + (newline or "\n") + below
    end = _line_end(text, _last(hooks).end_mark.index)
    block = _block(hook, " " * hooks.start_mark.column)
    return text[:end] + "\n" + "\n".join(block) + (text[end:] or "\n")


def _below(text: str, forwarder: Node | None, hook: ForwardedHook) -> str:
    block = [f"{_STEP}hooks:", *_block(hook, _STEP * 2)]
    if forwarder is None:
        start = text if not text or text.endswith("\n") else text + "\n"
        return start + "\n".join(("forwarder:", *block)) + "\n"
    end = _line_end(text, forwarder.start_mark.index)
    return text[:end] + "\n" + "\n".join(block) + (text[end:] or "\n")


def _replaced(text: str, item: Node, secret_files: list[str], file: Path) -> str:
    node = _value(item, "secret_files")
    if not isinstance(node, SequenceNode) or not node.value:
        raise Permanent(f"{file}: secret_files is no list; write it by hand: {_list(secret_files)}")
    if node.flow_style:
        return text[: node.start_mark.index] + _list(secret_files) + text[node.end_mark.index :]
    return text[: node.start_mark.index] + _list(secret_files) + text[_last(node).end_mark.index :]


def _last(node: Node) -> Node:
    """Find the last scalar or flow list inside; the end of a block itself is only told by what follows it."""
    while isinstance(node, SequenceNode | MappingNode) and node.value and not node.flow_style:
        node = node.value[-1][1] if isinstance(node, MappingNode) else node.value[-1]
    return node


def _line_end(text: str, index: int) -> int:
    found = text.find("\n", index)
    return len(text) if found < 0 else found


def _block(hook: ForwardedHook, indent: str) -> list[str]:
    first, *others = (f"{key}: {value}" for key, value in _fields(hook).items())
    return [f"{indent}- {first}", *(f"{indent}  {line}" for line in others)]


def _flow(hook: ForwardedHook) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in _fields(hook).items()) + "}"


def _fields(hook: ForwardedHook) -> Mapping[str, str]:
    """Write what is set; JSON text is YAML too."""
    repositories = ", ".join(f"{json.dumps(theirs)}: {ours}" for theirs, ours in hook.repositories.items())
    return {
        "name": hook.name,
        "provider": hook.provider,
        "secret_files": _list([str(path) for path in hook.secret_files]),
        **({"repositories": "{" + repositories + "}"} if repositories else {}),
        **{key: json.dumps(value) for key in ("organisation", "header", "username") if (value := getattr(hook, key))},
        **({"tags": "true"} if hook.tags else {}),
    }


def _list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(json.dumps(text) for text in texts) + "]"
