"""One release being made to run, and kept running.

In: `StartDeployment` from its service, `Observation`s of its release. Out: `runtime.apply`, and a `DeploymentStatus`
for every observation. A runtime that cannot take the release now is asked again; one that never will fails it.
"""

from dataclasses import replace

from thespian.actors import ActorAddress

from actors.base import RULES, BaseActor
from actors.engine import Then, adopt, current_trace, expect_blocking, supervised
from actors.messages import DeploymentStatus, StartDeployment
from orchestrator.domain.release import Release
from orchestrator.domain.status import Health, Observation


@supervised(replace(RULES, then=Then.ESCALATE))
class DeploymentActor(BaseActor):
    """Asks the runtime for one release and reports what becomes of it."""

    release: Release
    trace: str

    def receiveMsg_StartDeployment(self, message: StartDeployment, _sender: ActorAddress) -> None:
        """Take the release on, unless the runtime has it and was given a newer one since."""
        self.release = message.release
        self.applied = message.superseded
        self.trace = current_trace()
        environment, service = self.release.environment, self.release.service
        self.introduce(f"deployment {self.release.name}", "applying", environment=environment, service=service)
        self.reconcile()

    def reconcile(self) -> None:
        """Ask the runtime for the release, once: asking again would take back what was asked for since."""
        if not self.applied:
            expect_blocking()
            self.ports.runtime.apply(self.release)
            self.applied = True
            self.start = StartDeployment(self.release, superseded=True)

    def failed(self, line: str, *, permanent: bool) -> None:
        """Report that the runtime did not take the release, whether or not it is asked again."""
        super().failed(line, permanent=permanent)
        if not self.applied:
            release = self.release
            self._report(Observation(release.environment, release.service, release.number, Health.DEGRADED, line))

    def receiveMsg_Observation(self, message: Observation, _sender: ActorAddress) -> None:
        """Pass on what was observed of this release; until it is decided, that belongs to the trace that led here."""
        if not current_trace():
            adopt(self.trace)
        if message.health in (Health.READY, Health.DEGRADED):
            self.trace = ""
        self._report(message)

    def _report(self, observation: Observation) -> None:
        self.write(detail=f"{observation.health} {observation.reason}".strip())
        self.tell_parent(DeploymentStatus(self.release.number, observation))
