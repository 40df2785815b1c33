"""Tidies up once a day: what the store need not remember any longer.

In: its start, and the clock. Out: `store.purge`; a store that does not answer is asked again after a while.
"""

from dataclasses import dataclass

from thespian.actors import ActorAddress

from actors.base import BaseActor
from actors.messages import StartCaretaker

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Daily:
    """Payload of a wake-up: a day is over."""


class CaretakerActor(BaseActor):
    """Forgets what is older than the settings say."""

    def receiveMsg_StartCaretaker(self, _message: StartCaretaker, _sender: ActorAddress) -> None:
        """Tidy up for the first time."""
        self.write(name="caretaker", detail="tidying up")
        self.woken(Daily())

    def woken(self, _payload: object) -> None:
        """Tidy up, and once more after a day."""
        self.wake(DAY, Daily())
        self.reconcile()

    def reconcile(self) -> None:
        """Let the store forget."""
        settings = self.ports.settings
        self.ports.store.purge(
            self.ports.clock(),
            days=settings.retention.overrides,
            event_days=settings.retention.events,
            releases_kept=settings.limits.releases_per_service,
        )
        self.write(detail="tidied up")
