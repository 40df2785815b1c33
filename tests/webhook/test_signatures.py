"""Who may speak for a git host, against signatures that openssl computes and HMAC written out by hand."""

import ast
import base64
import hashlib
import inspect
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.webhook import Hook, signature
from orchestrator.domain.webhook.hosts import HOSTS, decode, verify
from orchestrator.domain.webhook.signature import Refused

SECRET, OTHER, THIRD = (bytes([first, *range(33, 64)]) for first in b"XYZ")
NOW = 1_750_000_000.0
BODY = b'{"ref": "refs/heads/\xc3\xbc"}'
FORM = "application/x-www-form-urlencoded"


def by_hand(key: bytes, message: bytes) -> bytes:
    """RFC 2104 over SHA-256, with nothing of the hmac module."""
    key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()


def by_openssl(key: bytes, message: bytes) -> bytes:
    command = ("openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key.hex()}", "-binary")
    return subprocess.run(command, input=message, capture_output=True, check=True).stdout


def hexadecimal(secret: bytes, body: bytes, mac: Callable[[bytes, bytes], bytes] = by_hand) -> str:
    return mac(secret, body).hex()


def prefixed(secret: bytes, body: bytes, mac: Callable[[bytes, bytes], bytes] = by_hand) -> str:
    return "sha256=" + mac(secret, body).hex()


def standard(secret: bytes, body: bytes, mac: Callable[[bytes, bytes], bytes] = by_hand) -> str:
    return "v1," + base64.b64encode(mac(secret, b"msg_1.1750000000." + body)).decode()


def in_clear(secret: bytes, body: bytes, mac: object = None) -> str:
    return secret.decode()


def basic(name: str) -> Callable[..., str]:
    return lambda secret, body, mac=None: "Basic " + base64.b64encode(name.encode() + b":" + secret).decode()


STAMPED = {"webhook-id": ("msg_1",), "webhook-timestamp": ("1750000000",)}


@dataclass(frozen=True)
class Way:
    """How one host shows that it knows the secret: the header, and what stands in it."""

    provider: str
    header: str
    claim: Callable[..., str]
    signs: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def hook(self, *secrets: bytes) -> Hook:
        return Hook("h", self.provider, secrets, {}, **dict(self.settings))  # type: ignore[arg-type]

    def headers(self, secret: bytes, body: bytes = BODY, **more: Any) -> dict[str, tuple[str, ...]]:
        return {**self.beside, self.header: (self.claim(secret, body, **more),)}

    def check(self, headers: Mapping[str, tuple[str, ...]], body: bytes = BODY, secrets: Any = (SECRET,)) -> None:
        verify(self.hook(*secrets), headers, body, NOW)

    def __str__(self) -> str:
        return "-".join((self.provider, self.header, *self.settings))


WAYS = [
    Way("github", "x-hub-signature-256", prefixed),
    Way("gitlab", "webhook-signature", standard, beside=STAMPED),
    Way("gitlab", "x-gitlab-token", in_clear, signs=False),
    Way("gitea", "x-gitea-signature", hexadecimal),
    Way("forgejo", "x-forgejo-signature", hexadecimal),
    Way("gogs", "x-gogs-signature", hexadecimal),
    Way("bitbucket-cloud", "x-hub-signature", prefixed),
    Way("bitbucket-server", "x-hub-signature", prefixed),
    Way("bitbucket-server", "authorization", basic("ada"), signs=False, settings={"username": "ada"}),
    Way("azure-devops", "authorization", basic("whoever"), signs=False),
    Way("azure-devops", "authorization", basic("ädä"), signs=False, settings={"username": "ädä"}),
    Way("azure-devops", "x-our-secret", in_clear, signs=False, settings={"header": "X-Our-Secret"}),
    Way("generic", "webhook-signature", standard, beside=STAMPED),
    Way("generic", "x-signature", prefixed),
    Way("post-receive", "webhook-signature", standard, beside=STAMPED),
]
SIGNING = [way for way in WAYS if way.signs]
each_way = pytest.mark.parametrize("way", WAYS, ids=str)


def test_every_host_has_its_way() -> None:
    assert {way.provider for way in WAYS} == HOSTS.keys()


@each_way
def test_the_secret_is_accepted(way: Way) -> None:
    way.check(way.headers(SECRET))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("way", SIGNING, ids=str)
def test_what_openssl_signs_is_accepted(way: Way) -> None:
    way.check(way.headers(SECRET, mac=by_openssl))


@each_way
def test_another_secret_is_refused(way: Way) -> None:
    with pytest.raises(Refused, match="does not match"):
        way.check(way.headers(OTHER))


@each_way
def test_both_secrets_of_a_rotation_are_accepted_and_no_third(way: Way) -> None:
    for secret in (SECRET, OTHER):
        way.check(way.headers(secret), secrets=(SECRET, OTHER))
    with pytest.raises(Refused):
        way.check(way.headers(THIRD), secrets=(SECRET, OTHER))


@pytest.mark.parametrize("way", SIGNING, ids=str)
def test_a_changed_body_is_refused(way: Way) -> None:
    for changed in (BODY + b" ", BODY[:-1], b"", BODY.replace(b"heads", b"headz")):
        with pytest.raises(Refused, match="does not match"):
            way.check(way.headers(SECRET), changed)


@each_way
@pytest.mark.parametrize("values", [(), ("",)])
def test_a_missing_or_empty_claim_is_refused(way: Way, values: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match=r"missing|unreadable"):
        way.check({**way.beside, way.header: values})


@each_way
def test_a_claim_that_came_twice_is_refused_even_when_it_is_right(way: Way) -> None:
    (claim,) = way.headers(SECRET)[way.header]
    for values in ((claim, claim), (claim, ""), ("", claim)):
        with pytest.raises(Refused, match="came 2 times"):
            way.check({**way.beside, way.header: values})


@each_way
def test_every_shortened_or_lengthened_claim_is_refused(way: Way) -> None:
    (claim,) = way.headers(SECRET)[way.header]
    for wrong in (*(claim[:length] for length in range(len(claim))), claim + "a", "a" + claim, claim.swapcase()):
        with pytest.raises(Refused):
            way.check({**way.beside, way.header: (wrong,)})


@pytest.mark.parametrize("way", [way for way in WAYS if "Basic" not in way.claim(SECRET, BODY)], ids=str)
def test_every_changed_character_of_a_claim_is_refused(way: Way) -> None:
    (claim,) = way.headers(SECRET)[way.header]
    for place, character in enumerate(claim):
        wrong = claim[:place] + ("b" if character == "a" else "a") + claim[place + 1 :]
        with pytest.raises(Refused):
            way.check({**way.beside, way.header: (wrong,)})


@each_way
@given(claim=st.text(max_size=80) | st.binary(max_size=80).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_whatever_else_is_claimed_is_refused_and_never_a_crash(way: Way, claim: str) -> None:
    for claimed in (claim, "sha256=" + claim, "v1," + claim, "Basic " + claim, "Basic " + base64_of(claim)):
        with pytest.raises(Refused):
            way.check({**way.beside, way.header: (claimed,)})


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


@each_way
def test_the_headers_of_another_host_do_not_count(way: Way) -> None:
    own = {other.header for other in WAYS if (other.provider, other.settings) == (way.provider, way.settings)}
    for other in WAYS:
        if other.header not in own:
            with pytest.raises(Refused, match="missing"):
                way.check(other.headers(SECRET))


@pytest.mark.parametrize("way", [way for way in WAYS if way.beside], ids=str)
@pytest.mark.parametrize("sent", ["1749999699", "1750000301", "", "soon", "9" * 12])
def test_a_signature_of_another_time_is_refused(way: Way, sent: str) -> None:
    signed = base64.b64encode(by_hand(SECRET, f"msg_1.{sent}.".encode() + BODY)).decode()
    with pytest.raises(Refused, match="webhook-timestamp"):
        way.check({**STAMPED, "webhook-timestamp": (sent,), "webhook-signature": ("v1," + signed,)})


@pytest.mark.parametrize("way", [way for way in WAYS if way.beside], ids=str)
def test_a_signing_token_written_as_whsec_is_decoded(way: Way) -> None:
    way.check(way.headers(SECRET), secrets=(b"whsec_" + base64.b64encode(SECRET),))


@pytest.mark.parametrize(
    ("provider", "header"), [("gitlab", "x-gitlab-token"), ("generic", "x-signature")], ids=["gitlab", "generic"]
)
def test_a_wrong_signature_is_not_made_good_by_the_weaker_way(provider: str, header: str) -> None:
    weaker = next(way for way in WAYS if (way.provider, way.header) == (provider, header))
    stronger = {**STAMPED, "webhook-signature": ("v1,AAAA",)}
    with pytest.raises(Refused, match="does not match"):
        weaker.check({**stronger, **weaker.headers(SECRET)})


def test_an_empty_signature_of_gitea_beside_others_is_missing() -> None:
    sent = {"x-gitea-signature": ("",), "x-hub-signature": ("sha1=",), "x-hub-signature-256": ("sha256=",)}
    with pytest.raises(Refused, match="missing"):
        verify(Hook("h", "gitea", (SECRET,), {}), sent, BODY, NOW)


def test_the_user_name_of_a_hook_is_checked() -> None:
    for provider in ("azure-devops", "bitbucket-server"):
        hook = Hook("h", provider, (SECRET,), {}, username="ada")
        for name in ("", "Ada", "adam", "ad"):
            with pytest.raises(Refused, match="user name"):
                verify(hook, {"authorization": (basic(name)(SECRET, BODY),)}, BODY, NOW)


def test_the_password_may_hold_colons() -> None:
    secret = b"a:b:" + SECRET
    verify(Hook("h", "azure-devops", (secret,), {}), {"authorization": (basic("ada")(secret, BODY),)}, BODY, NOW)


@pytest.mark.parametrize("claim", ["Bearer {}", "Basic", "Basic ====", "Basic {}", "Negotiate {}", "{}"])
def test_an_authorization_of_another_kind_is_refused(claim: str) -> None:
    with pytest.raises(Refused):
        headers = {"authorization": (claim.format(SECRET.decode()),)}
        verify(Hook("h", "azure-devops", (SECRET,), {}), headers, BODY, NOW)


def test_a_hook_with_a_header_does_not_take_a_password_instead() -> None:
    hook = Hook("h", "azure-devops", (SECRET,), {}, header="X-Our-Secret")
    with pytest.raises(Refused, match="missing"):
        verify(hook, {"authorization": (basic("ada")(SECRET, BODY),)}, BODY, NOW)


JSON = '{"ref":"feature/ü+%","ref_type":"branch","repository":{"full_name":"acme/app"}}'.encode()
INSIDE = b"payload=" + quote_plus(JSON).encode()


def form(provider: str, signed: bytes) -> dict[str, tuple[str, ...]]:
    header, claim = {
        "github": ("x-hub-signature-256", prefixed(SECRET, signed)),
        "gitea": ("x-gitea-signature", hexadecimal(SECRET, signed)),
    }[provider]
    return {"content-type": (FORM,), header: (claim,), f"x-{provider}-event": ("create",)}


@pytest.mark.parametrize(("provider", "signed", "other"), [("github", INSIDE, JSON), ("gitea", JSON, INSIDE)])
def test_of_a_form_github_signs_all_and_gitea_the_json(provider: str, signed: bytes, other: bytes) -> None:
    hook = Hook("h", provider, (SECRET,), {})
    verify(hook, form(provider, signed), INSIDE, NOW)
    with pytest.raises(Refused, match="does not match"):
        verify(hook, form(provider, other), INSIDE, NOW)
    (change,) = decode(provider, form(provider, signed), INSIDE)  # type: ignore[misc]
    assert change.ref == "refs/heads/feature/ü+%"


@pytest.mark.parametrize("body", [b"", b"payload=", b"a=b", b"payload=1&payload=2", b"&".join([b"a=b"] * 9), b"\xff"])
def test_a_form_of_gitea_without_its_one_payload_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="form"):
        verify(Hook("h", "gitea", (SECRET,), {}), form("gitea", body), body, NOW)


def equalities(tree: ast.AST) -> list[str]:
    """List comparisons of two things that are not constants."""
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for operator in node.ops)
        and not any(isinstance(side, ast.Constant) for side in (node.left, *node.comparators))
    ]


def test_no_secret_is_compared_other_than_in_constant_time() -> None:
    hosts = [inspect.getmodule(host.verify) for host in HOSTS.values()]
    checked: list[ModuleType] = [signature, *(module for module in hosts if module)]
    for module in checked:
        tree = ast.parse(inspect.getsource(module))
        proofs = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "verify"]
        for part in [tree] if module is signature else proofs:
            assert equalities(part) == [], module.__name__
