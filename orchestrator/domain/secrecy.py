"""Which variables hold a secret: their name says so, or their value has credentials in a URL.

In: a variable's name and text. Out: whether it is a secret, and what may be shown of it. Nothing in a Score file marks
one, so what looks like one is treated as one; the worst that a wrong guess does is to hide a text.
"""

import re

from orchestrator.domain.git_url import without_credentials
from orchestrator.domain.mask import HIDDEN

_PLACEHOLDER = re.compile(r"\$\{[^{}]*\}")
_NAME = re.compile("(?i)pass|secret|token|credential|private|api_?key")


def is_secret(name: str, value: str) -> bool:
    """Tell whether the value of a variable is a secret."""
    return bool(value) and (bool(_NAME.search(name)) or without_credentials(value) != value)


def shown(name: str, value: str) -> str:
    """Give the value of a variable for people and files that anybody may read: `***` for a secret."""
    return HIDDEN if is_secret(name, value) else value


def shown_text(name: str, text: str) -> str:
    """Give the text that a variable is written as, the same way; a placeholder alone is no secret."""
    return text if _PLACEHOLDER.fullmatch(text) else shown(name, text)
