"""From one YAML scalar to its value, without the surprises of YAML 1.1.

In: a scalar's text and the tag that PyYAML resolved. Out: text, true or false, a number, or None. What another reader
would take differently (`yes`, `017`, `1:30`, `1e3`, a date) is refused with the advice to quote it.
"""

import math
import re

from orchestrator.domain.yaml_nodes import Node, ScalarNode

Scalar = None | bool | int | float | str

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]{1,3})?")
_NUMBER_ELSEWHERE = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+")
_BOOLEANS = {"true": True, "false": False}
_LARGEST = 2**63 - 1
_QUOTE = "quote this value, unquoted it is not a string"


class AmbiguousScalar(Exception):
    """A scalar with more than one reading; the text is the way out and never quotes the scalar."""


def is_text(node: Node) -> bool:
    """Tell whether a node is a scalar that every reader takes as text."""
    if not isinstance(node, ScalarNode) or node.kind != "str":
        return False
    return not (node.plain and _NUMBER_ELSEWHERE.fullmatch(node.text))


def scalar_value(node: ScalarNode) -> Scalar:
    """Read a scalar; raises AmbiguousScalar."""
    match node.kind:
        case "str" if is_text(node):
            return node.text
        case "null":
            return None
        case "bool":
            return _boolean(node.text)
        case "int":
            return _integer(node.text)
        case "float":
            return _float(node.text)
    raise AmbiguousScalar(_QUOTE)


def _boolean(text: str) -> bool:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise AmbiguousScalar("write true or false, or quote this value if it is meant as text")
    return value


def _integer(text: str) -> int:
    if _INTEGER.fullmatch(text) and abs(int(text)) <= _LARGEST:
        return int(text)
    raise AmbiguousScalar(_QUOTE)


def _float(text: str) -> float:
    if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    raise AmbiguousScalar(_QUOTE)
