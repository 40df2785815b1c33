"""A secret does not appear in a text, however it was written there."""

import base64
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.mask import Mask

SECRET = "s3cr3t/with+odd=\"chars\" & 'ü'"


def test_a_secret_is_hidden_wherever_it_stands() -> None:
    assert Mask([SECRET])(f"a{SECRET}b {SECRET}") == "a***b ***"


@pytest.mark.parametrize(
    "written",
    [
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        re.sub("%..", lambda found: found[0].lower(), quote(SECRET, safe="")),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        repr(SECRET),
    ],
)
def test_a_secret_is_hidden_in_other_spellings(written: str) -> None:
    shown = Mask([SECRET])(f"url={written} end")
    assert "***" in shown
    assert "s3cr3t" not in shown
    assert shown.endswith(" end")


@given(before=st.binary(max_size=20), after=st.binary(max_size=20), urlsafe=st.booleans())
def test_a_secret_is_hidden_in_base64_of_a_text_around_it(before: bytes, after: bytes, urlsafe: bool) -> None:
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    written = encode(before + SECRET.encode() + after).decode()
    shown = Mask([SECRET])(written)
    hidden = len(written) - len(shown) + len("***")
    assert "***" in shown
    assert hidden >= len(SECRET.encode()) * 8 // 6 - 1


def test_of_a_user_and_a_token_the_token_is_hidden_by_itself() -> None:
    assert Mask(["ann:ghp_0123456789"])("token ghp_0123456789") == "token ***"


def test_a_secret_of_several_lines_is_hidden_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ\n-----END KEY-----\n"
    assert Mask([key])("x kqhkiG9w0BAQ y MIIEvQIBADANBg") == "x *** y ***"


def test_credentials_in_a_url_are_hidden_without_being_known() -> None:
    assert Mask()("clone https://ann:hunter2@git.example/web.git") == "clone https://***@git.example/web.git"


def test_a_secret_that_is_learnt_later_is_hidden_beside_the_first() -> None:
    mask = Mask(["first-secret"])
    mask.learn("second-secret")
    assert mask("first-secret second-secret") == "*** ***"


def test_of_two_secrets_that_begin_alike_the_longer_is_hidden_whole() -> None:
    assert Mask(["secret", "secret-and-more"])("secret-and-more") == "***"


@pytest.mark.parametrize("nothing", ["", "\n", "abc"])
def test_what_is_too_short_for_a_secret_hides_nothing(nothing: str) -> None:
    assert Mask([nothing])("abc, an ordinary text") == "abc, an ordinary text"
