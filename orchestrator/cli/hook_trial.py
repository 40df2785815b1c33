"""One test delivery and its way: secret, address, answer, journal, daemon.

In: a hook of the settings, and where to send. Out: a step for each part of the way, up to the first that fails.
"""

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from orchestrator.cli.forwarder_client import Forwarder
from orchestrator.cli.hook_settings import serves_nothing
from orchestrator.cli.usage import WrongUsage
from orchestrator.domain.delivery import DeliveryList, DeliveryView, State
from orchestrator.domain.text import listed
from orchestrator.domain.webhook.sample import USER_AGENT, Sample, sample
from orchestrator.errors import AnabranchError, Permanent
from orchestrator.forwarder.configured import configured
from orchestrator.settings import ForwardedHook, Settings, served

_SECONDS = 10
_TURNS = 10
_TURN_SECONDS = 2
_LONGEST_ANSWER = 4096
_MEANINGS: Mapping[int, str] = {
    301: "a git host does not follow it; use the address that it leads to",
    302: "a git host does not follow it; use the address that it leads to",
    307: "a git host does not follow it; use the address that it leads to",
    308: "a git host does not follow it; use the address that it leads to",
    400: "something on the way changes the request; let the proxy pass the body as it is",
    401: "the forwarder has another secret, or another clock: anabranch hook reload",
    403: "something before the forwarder refuses it; let the proxy pass POST /hooks/",
    404: "the forwarder does not serve this hook (anabranch hook reload), or the proxy changes the path",
    405: "the proxy does not pass POST on",
    413: "the proxy allows shorter bodies than the git host sends; allow 25 MB",
    415: "something on the way compresses the body; let the proxy pass it as it is",
    502: "the proxy does not reach the forwarder; is it running, at forwarder.address?",
    503: "the forwarder cannot take it now: anabranch deliveries",
    504: "the proxy does not reach the forwarder in time",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the way; `note` says what to do where it failed."""

    name: str
    where: str
    ok: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    location: str = ""


def attempt(
    given: ForwardedHook, settings: Settings, url: str, repository: str, forwarder: Forwarder, identity: str, now: float
) -> tuple[Step, ...]:
    """Send one delivery, which is called `identity`, and follow it; `now` in seconds since the epoch."""
    theirs = _chosen(given, settings, repository)
    secret = str(given.secret_files[0])
    try:
        hook = configured(given, settings.repositories)
    except Permanent as error:
        return (Step("secret", secret, ok=False, note=str(error)),)
    sound = Step("secret", secret, ok=True)
    try:
        answer = _post(url, sample(hook, theirs, delivery=identity, now=now))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return sound, Step("address", url, ok=False, note=_unreachable(error, url))
    number = _number(answer)
    if number is None:
        return sound, Step("answer", url, ok=False, note=_meaning(answer))
    taken = Step("answer", url, ok=True, note=f"{answer.status}, delivery {number}")
    return sound, taken, _arrival(forwarder, number, identity)


def _chosen(given: ForwardedHook, settings: Settings, repository: str) -> str:
    if doubt := serves_nothing(given, settings):
        raise WrongUsage(doubt)
    known = list(served(given, settings.repositories))
    if repository and repository not in known:
        raise WrongUsage(f"{repository} is no repository of hook {given.name}; there are {listed(known)}")
    return repository or known[0]


def _post(url: str, made: Sample) -> Answer:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it is no http or https address")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=_SECONDS)
    try:
        connection.request("POST", parts.path or "/", made.body, {**made.headers, "User-Agent": USER_AGENT})
        response = connection.getresponse()
        return Answer(response.status, response.read(_LONGEST_ANSWER), response.getheader("Location") or "")
    finally:
        connection.close()


def _unreachable(error: Exception, url: str) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({error.verify_message}); git hosts refuse it too"
        case ssl.SSLError():
            return f"it does not speak TLS ({error.reason}); is the port right?"
        case ConnectionRefusedError():
            return "nobody listens there: anabranch up, or set forwarder.address; behind a proxy, forwarder.url"
        case socket.gaierror():
            return f"there is no machine {urlsplit(url).hostname}; check the name"
        case TimeoutError():
            return f"no answer within {_SECONDS} s; a git host waits no longer: does a firewall drop it?"
    return f"it cannot be reached ({error})"


def _number(answer: Answer) -> int | None:
    """Read the delivery's number from an answer of the forwarder's own; None when something else answered."""
    try:
        number = json.loads(answer.body)["delivery"] if answer.status in {200, 202} else None
    except (ValueError, TypeError, KeyError):
        return None
    return number if isinstance(number, int) else None


def _meaning(answer: Answer) -> str:
    if answer.status < 300:
        return f"{answer.status}, but not from a forwarder: something else answers there; check the address"
    said = _MEANINGS.get(answer.status, "this is no answer of the forwarder's; check what is before it")
    words = answer.body.decode("utf-8", "replace").strip().splitlines()
    quoted = f" ({answer.location or words[0][:100]})" if answer.location or words else ""
    return f"{answer.status}{quoted}: {said}"


def _arrival(forwarder: Forwarder, number: int, identity: str) -> Step:
    """Follow the delivery in the forwarder's journal; that of another forwarder knows another one by this number."""
    step = f"delivery {number}"
    try:
        view, waits = _settled(forwarder, number)
    except AnabranchError as error:
        return Step("daemon", step, ok=True, note=f"taken; what became of it is not known here: {error}")
    if identity not in view.sender_id:
        return Step("daemon", step, ok=True, note="taken by a forwarder elsewhere; ask there what became of it")
    if view.state is State.FORWARDED:
        return Step("daemon", step, ok=True, note=f"forwarded to {waits.daemon}")
    return Step("daemon", step, ok=False, note=view.reason or waits.trouble or f"still {view.state}")


def _settled(forwarder: Forwarder, number: int) -> tuple[DeliveryView, DeliveryList]:
    """Wait until the delivery waits for nothing, or the forwarder says why it waits."""
    for _ in range(_TURNS):
        view, waits = forwarder.delivery(number, settled=_TURN_SECONDS), forwarder.deliveries(limit=1)
        if view.state not in {State.JOURNALLED, State.PARSED} or waits.trouble:
            break
    return view, waits
