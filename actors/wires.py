"""The wires of one service: whom it asked, who asked it, and what was answered.

In: what the service is now, and the messages of its peers. Out: the messages that have to be sent, as values; the
service sends them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from thespian.actors import ActorAddress

from actors.messages import AskAgain, WireReleased, WireRequest
from orchestrator.domain.commit import Member
from orchestrator.domain.consumers import Agreement, Reliance, agree
from orchestrator.domain.wire import BASELINE, NONE, Wired, references

FALLBACK = "(fallback)"
"""The key of the one request that goes to the environment borrowed from; no service can have this name."""


@dataclass(frozen=True, slots=True)
class Party:
    """The service that these wires belong to, and the branch name that `baseline` means."""

    environment: str
    branch: str
    service: str
    baseline: str
    address: ActorAddress

    @property
    def name(self) -> str:
        """The id that can be typed back: `bugfix:web`."""
        return f"{self.environment}:{self.service}"


@dataclass(slots=True)
class Consumer:
    """A peer that is wired to this service, and the last answer that it was sent."""

    request: WireRequest
    told: Wired | None = None


class Wires:
    """Both ends of what one service is connected to; used by one actor only."""

    def __init__(self, party: Party) -> None:
        self._party = party
        self._consumers: dict[str, Consumer] = {}
        self._asked: dict[str, WireRequest] = {}
        self._answers: dict[str, Wired] = {}

    @property
    def consumers(self) -> tuple[str, ...]:
        """Name those who rely on this service."""
        return tuple(sorted(self._consumers))

    @property
    def answers(self) -> Mapping[str, Wired]:
        """What the peers of this environment answered, by service."""
        return {service: answer for service, answer in self._answers.items() if service != FALLBACK}

    @property
    def borrowed(self) -> Wired | None:
        """What the service of this name answered in the environment that is borrowed from."""
        return self._answers.get(FALLBACK)

    def rely(self, request: WireRequest) -> None:
        """Remember who relies on this service; it is owed an answer, even if it asked before."""
        self._consumers[request.consumer] = Consumer(request)

    def release(self, consumer: str) -> None:
        """Forget a consumer."""
        self._consumers.pop(consumer, None)

    def agreement(self) -> Agreement:
        """Find the fallback that all consumers name."""
        return agree([Reliance(c, r.request.fallback, r.request.file) for c, r in sorted(self._consumers.items())])

    def untold(self, answer: Wired) -> tuple[ActorAddress, ...]:
        """Name the consumers that do not know this answer yet; they count as told from now on."""
        owed = [consumer for consumer in self._consumers.values() if consumer.told != answer]
        for consumer in owed:
            consumer.told = answer
        return tuple(consumer.request.reply_to for consumer in owed)

    def hear(self, answer: Wired) -> None:
        """Take an answer; one that was not asked for, or not there, comes too late and means nothing."""
        here = answer.environment == self._party.environment
        key = answer.service if here else FALLBACK
        asked = self._asked.get(key)
        if asked and (asked.environment, asked.service) == (answer.environment, answer.service):
            self._answers[key] = answer

    def again(self, lost: AskAgain) -> tuple[WireRequest, ...]:
        """Give the requests that a lost peer had got."""
        return tuple(
            request
            for request in self._asked.values()
            if lost.environment == request.environment and lost.service in ("", request.service)
        )

    def ask(self, member: Member | None) -> tuple[WireRequest | WireReleased, ...]:
        """Give what has to be sent so that exactly the peers that matter now are asked."""
        wanted = self._wanted(member)
        sent: list[WireRequest | WireReleased] = []
        for key, request in list(self._asked.items()):
            instead = wanted.get(key)
            if request != instead:
                del self._asked[key]
                self._answers.pop(key, None)
                if instead is None or instead.environment != request.environment:
                    sent.append(WireReleased(request.environment, request.service, self._party.name))
        for key, request in wanted.items():
            if key not in self._asked:
                self._asked[key] = request
                sent.append(request)
        return tuple(sent)

    def _wanted(self, member: Member | None) -> dict[str, WireRequest]:
        wanted: dict[str, WireRequest] = {}
        agreement = self.agreement()
        if agreement.environment not in ("", self._party.environment):
            wanted[FALLBACK] = self._request(agreement.environment, agreement.fallback, self._party.service)
        for reference in references(member.workload) if member else ():
            if member and reference.service != self._party.service:
                fallback = {BASELINE: self._party.baseline, NONE: ""}.get(reference.fallback, reference.fallback)
                wanted[reference.service] = self._request(
                    self._party.environment,
                    self._party.branch,
                    reference.service,
                    fallback,
                    f"{member.repository} {member.workload.file}",
                )
        return wanted

    def _request(self, environment: str, branch: str, service: str, fallback: str = "", file: str = "") -> WireRequest:
        party = self._party
        return WireRequest(environment, branch, service, party.name, party.address, fallback, file)
