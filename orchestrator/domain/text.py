"""Text from outside, made fit for a terminal, a log line or an error.

In: any text, hostile or not, undecodable bytes kept by `surrogateescape`. Out: one line of visible characters.
"""

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches

_UNSEEN = (
    r"\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufeff\uffa0"  # drawn with no width
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line separators, bidi
    r"\ud800-\udfff\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"  # surrogates, interlinear, noncharacters, tags
)
_HIDDEN = re.compile(f"[{_UNSEEN}]")
_HIDDEN_IN_PROSE = re.compile(rf"(?![\t\n])[{_UNSEEN}]")
_LONGEST_TYPO = 100


def printable(text: str, limit: int = 512) -> str:
    """Write `text` in at most `limit` visible characters.

    Control, bidi, zero-width and undecodable characters become `\\xNN`, `\\uNNNN` or `\\UNNNNNNNN`; what is cut off
    leaves a `…`.
    """
    pieces = [_piece(character) for character in text[: limit + 1]]
    shown = "".join(pieces)
    if len(shown) <= limit:
        return shown
    while len(shown) >= limit:
        shown = shown[: -len(pieces.pop())]
    return shown + "…"


def hidden(text: str, *, prose: bool = False) -> re.Match[str] | None:
    """Find the first character that a reader would not see; `prose` may hold line feeds and tabs."""
    return (_HIDDEN_IN_PROSE if prose else _HIDDEN).search(text)


def code_point(character: str) -> str:
    """Name a character without showing it: `U+202E`."""
    return f"U+{ord(character):04X}"


def nearest(word: str, candidates: Collection[str]) -> str | None:
    """Name the candidate that `word` is probably a misspelling of, or None."""
    if len(word) > _LONGEST_TYPO:
        return None
    known = sorted({candidate for candidate in candidates if len(candidate) <= _LONGEST_TYPO})
    matches = get_close_matches(word, known, n=1)
    return matches[0] if matches else None


def did_you_mean(word: str, candidates: Collection[str]) -> str:
    """End an error line: `; did you mean image?`, or nothing when no candidate is near."""
    near = nearest(word, candidates)
    return f"; did you mean {printable(near, 64)}?" if near else ""


def listed(words: Sequence[str], most: int = 20) -> str:
    """Name the first of many; what is left out leaves a `…`."""
    return ", ".join((*words[:most], "…") if len(words) > most else words)


def _piece(character: str) -> str:
    if character.isprintable() and not _HIDDEN.match(character):
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
