"""Deliveries of every git host, bent at random: reading one gives hints about the hook's branches, or our own error.

In: `--cases` at least, `--seconds` (both are reached), `--seed`. Out: how much was read, and the first delivery that
broke a rule. Bent are the recorded cases of `tests/webhook/cases`: their bytes, the values in their JSON, and their
headers.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from fuzz import LONGEST_LINE, bent

from orchestrator.domain import hint
from orchestrator.domain.payload import Malformed
from orchestrator.domain.text import hidden
from orchestrator.domain.webhook import Hook, Ignored
from orchestrator.domain.webhook.hosts import HOSTS, Host, hints
from orchestrator.domain.webhook.signature import Refused
from orchestrator.errors import AnabranchError

CASES = Path(__file__).resolve().parents[1] / "webhook" / "cases"
NAMES = ("acme/app", "acme/platform/app", "WEB/app", "Fabrikam Web/app", "app")
SECRET = b"0123456789abcdef0123456789abcdef"
NOW = 1_750_000_000.0
CLAIMS = (
    *("x-hub-signature-256", "x-hub-signature", "x-gitlab-token", "x-gitea-signature", "x-forgejo-signature"),
    *("x-gogs-signature", "x-signature", "authorization", "webhook-signature", "webhook-id", "webhook-timestamp"),
)
HOSTILE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**63, 1e400, float("nan"), "", " ", "0" * 40, "a" * 64, "A" * 40, "0" * 41),
    *([], {}, [[]], [None], [{}], {"": ""}, [1] * 300, {"full_name": "acme/app"}, "acme/app", "ACME/APP\n", "x" * 5000),
    *("refs/heads/", "refs/heads/a..b", "refs/heads/\ud800", "refs/heads/\udcff", "refs/tags/v1", "HEAD", "\u202eb"),
    *(
        "push",
        "tag_push",
        "repository_update",
        "merge_request",
        "branch",
        "tag",
        "open",
        "closed",
        "git.push",
        "DELETE",
    ),
)
VALUES = (
    *("", "push", "delete", "pull_request", "System Hook", "repo:push", "pr:deleted", "diagnostics:ping", "1750000000"),
    *(
        "sha256=",
        "sha256=" + "0" * 64,
        "v1,",
        "v1," * 20,
        "Basic",
        "Basic Og==",
        "Basic \udcff",
        "é" * 70,
        "\udcff" * 71,
    ),
    *("application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-16", "application/json"),
)


@dataclass(frozen=True)
class Delivery:
    """What a sender might send."""

    provider: str
    headers: Mapping[str, tuple[str, ...]]
    body: bytes


def main(arguments: list[str]) -> int:
    """Read bent deliveries; exit code 1 when a rule was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    given = parser.parse_args(arguments)
    print(f"fuzz_webhooks: seed {given.seed}", flush=True)
    count, fault = run(given.cases, given.seconds, given.seed)
    print(f"fuzz_webhooks: {count} deliveries read; {fault or 'every rule held'}", flush=True)
    return 1 if fault else 0


def run(cases: int, seconds: float, seed: int) -> tuple[int, str]:
    """Read so many for so long; returns how many, and what broke a rule, if anything did."""
    chance, count, latest = random.Random(seed), 0, time.monotonic() + seconds
    known = recorded()
    while count < cases or time.monotonic() < latest:
        delivery = bend(chance, chance.choice(known))
        if fault := broken(delivery):
            return count, f"delivery {count}: {fault}: {delivery!r}"[:4000]
        count += 1
    return count, ""


def recorded() -> list[Delivery]:
    """Read every recorded case."""
    return [
        Delivery(folder.parent.name, lower(json.loads((folder / "headers.json").read_text())), body(folder))
        for folder in sorted(CASES.glob("*/*"))
    ]


def lower(headers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {name.lower(): (value,) for name, value in headers.items()}


def body(folder: Path) -> bytes:
    return (folder / "body.json").read_bytes()


def bend(chance: random.Random, delivery: Delivery) -> Delivery:
    """Change the values of a body, its bytes or the headers, often more than one of them."""
    data = delivery.body
    if chance.random() < 0.7:
        value = json.loads(data)
        for _ in range(chance.randint(1, 3)):
            value = replaced(chance, value)
        data = json.dumps(value).encode()
    if chance.random() < 0.2:
        data = bent(chance, data)
    headers = bent_headers(chance, delivery.headers) if chance.random() < 0.5 else delivery.headers
    if chance.random() < 0.1:
        headers = {**headers, "content-type": ("application/x-www-form-urlencoded",)}
        data = bent(chance, b"payload=" + chance.choice((data, quote_plus(data).encode())))
    return Delivery(delivery.provider, headers, data)


def replaced(chance: random.Random, value: Any) -> Any:
    """Replace, drop or double one value somewhere inside."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.1:
        return chance.choice(HOSTILE)
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = chance.choice(list(keys))
    if chance.random() < 0.1:
        return without(value, key) if isinstance(value, dict) else value * chance.choice((2, 300))
    return put(value, key, replaced(chance, value[key]))


def without(value: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name != key}


def put(value: Any, key: Any, item: Any) -> Any:
    if isinstance(value, dict):
        return {**value, key: item}
    return [*value[:key], item, *value[key + 1 :]]


def bent_headers(chance: random.Random, headers: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Drop, double, empty or exchange headers, and add claims."""
    found = dict(headers)
    for _ in range(chance.randint(1, 4)):
        name = chance.choice((*found, *CLAIMS, "content-type"))
        values = tuple(chance.choice(VALUES) for _ in range(chance.choice((0, 1, 1, 1, 1, 2))))
        found[name] = chance.choice((values, values, found.get(name, ()) * 2))
    return found


def broken(delivery: Delivery) -> str:
    """Say which rule reading a delivery breaks, empty when it breaks none."""
    host = HOSTS[delivery.provider]
    hook = Hook("hook", delivery.provider, (SECRET,), {name: f"r{n}" for n, name in enumerate(NAMES)}, tags=True)
    try:
        return _broken(host, hook, delivery)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _broken(host: Host, hook: Hook, delivery: Delivery) -> str:
    try:
        host.verify(hook, delivery.headers, delivery.body, NOW)
        return "a delivery without the secret was accepted"
    except Refused as error:
        if fault := unclear(error):
            return fault
    try:
        host.delivery_id(delivery.headers, delivery.body)
        host.uninteresting(delivery.headers)
    except Refused as error:
        return unclear(error)
    return _misread(host, hook, delivery)


def _misread(host: Host, hook: Hook, delivery: Delivery) -> str:
    try:
        outcome = host.decode(delivery.headers, delivery.body)
        found = () if isinstance(outcome, Ignored) else hints(hook, outcome, "1")
    except (Malformed, Refused) as error:
        return unclear(error)
    strangers = [told for told in found if told.repository not in hook.repositories.values()]
    if strangers or len(found) > 256:
        return f"hints of which the hook knows nothing: {found[:3]}"
    return "" if hint.from_json(hint.to_json(found)) == found else "a hint does not survive its journey"


def unclear(error: AnabranchError) -> str:
    line = str(error)
    return f"no clear line: {line!r}" if not line or hidden(line) or len(line) > LONGEST_LINE else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
