"""Signatures: what is accepted, against vectors that others computed and against HMAC written out by hand."""

import base64
import hashlib
import random

import pytest

from orchestrator.domain.webhook import Hook, header
from orchestrator.domain.webhook.hosts import verify
from orchestrator.domain.webhook.signature import Refused, check_hex, check_standard
from orchestrator.errors import Permanent

SECRET = bytes(range(32))
OTHER = bytes(range(1, 33))
NOW = 1_750_000_000.0


def hmac_by_hand(key: bytes, message: bytes) -> bytes:
    """RFC 2104, with nothing of the hmac module."""
    key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()


def github(*secrets: bytes) -> Hook:
    return Hook("gh", "github", secrets, {})


def post_receive(*secrets: bytes) -> Hook:
    return Hook("local", "post-receive", secrets, {})


def github_headers(secret: bytes, body: bytes) -> dict[str, tuple[str, ...]]:
    return {"x-hub-signature-256": ("sha256=" + hmac_by_hand(secret, body).hex(),)}


def standard_headers(
    secret: bytes, body: bytes, sent: str = str(int(NOW)), before: str = ""
) -> dict[str, tuple[str, ...]]:
    signature = base64.b64encode(hmac_by_hand(secret, b"id-1." + sent.encode() + b"." + body)).decode()
    return {
        "webhook-id": ("id-1",),
        "webhook-timestamp": (sent,),
        "webhook-signature": (before + "v1," + signature,),
    }


def test_the_example_of_github_is_accepted() -> None:
    claim = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    check_hex([b"It's a Secret to Everybody"], claim, b"Hello, World!")


def test_the_example_of_standard_webhooks_is_accepted() -> None:
    check_standard(
        [b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        b'{"test": 2432232314}',
        1614265330.0,
        message="msg_p5jXN8AQM9LWM0D4loKWxJek",
        sent="1614265330",
        claims="v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    )


def test_both_schemes_agree_with_hmac_by_hand_on_random_bodies() -> None:
    chance = random.Random(7)
    for _ in range(50):
        secret, body = chance.randbytes(chance.choice([32, 64, 65, 200])), chance.randbytes(chance.randrange(300))
        verify(github(secret), github_headers(secret, body), body, NOW)
        verify(post_receive(secret), standard_headers(secret, body), body, NOW)


@pytest.mark.parametrize("position", [0, 7, 40])
def test_one_changed_byte_of_the_body_is_refused(position: int) -> None:
    body = b"x" * 41
    changed = body[:position] + b"y" + body[position + 1 :]
    with pytest.raises(Refused):
        verify(github(SECRET), github_headers(SECRET, body), changed, NOW)
    with pytest.raises(Refused):
        verify(post_receive(SECRET), standard_headers(SECRET, body), changed, NOW)


def test_the_key_may_be_written_as_whsec_and_base64() -> None:
    written = b"whsec_" + base64.b64encode(SECRET)
    verify(post_receive(written), standard_headers(SECRET, b"{}"), b"{}", NOW)


def test_either_of_two_secrets_is_enough_during_rotation() -> None:
    hook = github(SECRET, OTHER)
    for secret in (SECRET, OTHER):
        verify(hook, github_headers(secret, b"{}"), b"{}", NOW)
    with pytest.raises(Refused):
        verify(github(OTHER), github_headers(SECRET, b"{}"), b"{}", NOW)


def test_any_of_several_signatures_is_enough() -> None:
    verify(post_receive(SECRET), standard_headers(SECRET, b"{}", before="v1a,xx v1,AAAA "), b"{}", NOW)


@pytest.mark.parametrize(
    "claim",
    ["", "sha256=", "sha256", "sha1=" + "0" * 40, "0" * 64, "sha256=" + "0" * 63, "sha256=" + "é" * 64, "\udcff" * 71],
)
def test_a_malformed_signature_is_refused_and_never_a_crash(claim: str) -> None:
    with pytest.raises(Refused):
        verify(github(SECRET), {"x-hub-signature-256": (claim,)}, b"{}", NOW)


def test_a_prefix_of_the_right_signature_is_refused() -> None:
    right = github_headers(SECRET, b"{}")["x-hub-signature-256"][0]
    for length in range(len(right)):
        with pytest.raises(Refused):
            verify(github(SECRET), {"x-hub-signature-256": (right[:length],)}, b"{}", NOW)


def test_a_right_sha1_signature_alone_is_refused() -> None:
    with pytest.raises(Refused, match="missing"):
        verify(github(SECRET), {"x-hub-signature": ("sha1=" + "0" * 40,)}, b"{}", NOW)


def test_two_signature_headers_are_refused_even_when_one_is_right() -> None:
    right = github_headers(SECRET, b"{}")["x-hub-signature-256"]
    with pytest.raises(Refused, match="came 2 times"):
        verify(github(SECRET), {"x-hub-signature-256": (*right, "sha256=00")}, b"{}", NOW)


@pytest.mark.parametrize("sent", ["", "soon", "-1", "1e9", "٣", str(int(NOW) - 301), str(int(NOW) + 301), "9" * 400])
def test_a_timestamp_that_is_unreadable_or_far_away_is_refused(sent: str) -> None:
    headers = standard_headers(SECRET, b"{}", sent=str(int(NOW))) | {"webhook-timestamp": (sent,)}
    with pytest.raises(Refused, match="webhook-timestamp"):
        verify(post_receive(SECRET), headers, b"{}", NOW)


def test_the_id_is_part_of_what_is_signed() -> None:
    with pytest.raises(Refused):
        verify(post_receive(SECRET), standard_headers(SECRET, b"{}") | {"webhook-id": ("id-2",)}, b"{}", NOW)


@pytest.mark.parametrize("secrets", [(), (b"",), (b"x" * 31,), (SECRET, b"short"), (SECRET, OTHER, SECRET)])
def test_a_hook_with_missing_short_or_too_many_secrets_is_not_started(secrets: tuple[bytes, ...]) -> None:
    with pytest.raises(Permanent, match="hook gh"):
        github(*secrets)


@pytest.mark.parametrize("secret", [b"whsec_" + base64.b64encode(b"short"), b"whsec_!" + b"x" * 40])
def test_a_whsec_secret_must_hold_32_bytes_of_base64(secret: bytes) -> None:
    with pytest.raises(Permanent):
        post_receive(secret)


def test_secrets_are_not_shown() -> None:
    assert "xyzzy" not in repr(github(b"xyzzy" * 8))


def test_a_header_that_came_once_is_its_value_and_a_missing_one_is_empty() -> None:
    assert (header({"a": ("b",)}, "a"), header({}, "a")) == ("b", "")
