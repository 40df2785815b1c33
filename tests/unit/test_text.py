import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.text import code_point, did_you_mean, hidden, listed, nearest, printable

ANY_TEXT = st.text(st.characters())  # lone surrogates included
BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_ordinary_text_stays_as_it_is() -> None:
    assert printable("feature/größe-日本 #12 \\n") == "feature/größe-日本 #12 \\n"


def test_control_characters_become_visible() -> None:
    assert printable("a\x1b[31m\r\n\x00\x9b") == "a\\x1b[31m\\x0d\\x0a\\x00\\x9b"


def test_bidi_zero_width_and_tag_characters_become_visible() -> None:
    assert printable("\u202eb\u200b\ufeff\U000e0041") == "\\u202eb\\u200b\\ufeff\\U000e0041"


def test_bytes_that_are_not_utf_8_show_as_bytes() -> None:
    assert printable(b"caf\xe9".decode("utf-8", "surrogateescape")) == "caf\\xe9"


def test_every_control_bidi_and_surrogate_character_counts_as_hidden() -> None:
    unseen = [
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(chr(code)) in BIDI_CONTROLS
    ]
    assert [character for character in unseen if not hidden(character)] == []


def test_prose_may_hold_line_feeds_and_tabs_but_no_other_control() -> None:
    assert not hidden("a\n\tb", prose=True)
    assert hidden("a\rb", prose=True)
    found = hidden("ab\u202ec", prose=True)
    assert found
    assert code_point(found[0]) == "U+202E"


def test_long_text_is_cut_with_an_ellipsis_and_never_inside_an_escape() -> None:
    assert printable("x" * 20, limit=10) == "x" * 9 + "…"
    assert printable("abcd\x1b\x1b\x1b", limit=11) == "abcd\\x1b…"
    assert printable("x" * 10, limit=10) == "x" * 10


@given(ANY_TEXT, st.integers(1, 40))
def test_what_is_printable_fits_is_visible_and_can_be_encoded(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert len(shown) <= limit
    assert shown.isprintable()
    assert not hidden(shown)
    json.dumps(shown).encode()
    shown.encode()


def test_a_typo_finds_the_word_that_was_meant() -> None:
    assert nearest("repositores", ["baseline", "repositories", "runtime"]) == "repositories"
    assert nearest("bugfx", ["main", "bugfix"]) == "bugfix"
    assert did_you_mean("imgae", ["image", "args"]) == "; did you mean image?"


def test_a_word_that_is_like_nothing_finds_nothing() -> None:
    assert nearest("zzz", ["image", "args"]) is None
    assert nearest("image", []) is None
    assert did_you_mean("zzz", ["image"]) == ""


def test_a_huge_word_is_not_compared_at_all() -> None:
    assert nearest("a" * 1_000_000, ["a" * 1_000_000, "a"]) is None


def test_a_list_that_is_cut_says_so() -> None:
    assert listed(["a", "b"], 2) == "a, b"
    assert listed(["a", "b", "c"], 2) == "a, b, …"
    assert listed([]) == ""
