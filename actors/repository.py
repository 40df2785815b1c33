"""One git repository: owns its mirror; what its heads are, and which services they hold.

In: hints, polls, requests to look. Out: `HeadMoved` for every head that moved or is gone, after git itself said so.
Whatever came in while git was being read leads to exactly one more look.
"""

from dataclasses import dataclass, replace

from thespian.actors import ActorAddress

from actors.base import BaseActor
from actors.messages import (
    Approved,
    ApproveRemoval,
    Look,
    RepositoryLooked,
    StartRepository,
    SyncRepositories,
    TellAgain,
)
from orchestrator.domain import head, removal
from orchestrator.domain.commit import HeadMoved, environment_of
from orchestrator.domain.hint import RefHint
from orchestrator.domain.selection import Followed, SelectionRules, select
from orchestrator.domain.snapshot import EventView
from orchestrator.domain.text import printable
from orchestrator.errors import Permanent, Temporary


@dataclass(frozen=True, slots=True)
class Poll:
    """Payload of a wake-up: the period is over."""


@dataclass(frozen=True, slots=True)
class Grace:
    """Payload of a wake-up: branches that were missing may be confirmed to be gone."""


class RepositoryActor(BaseActor):
    """Reads one repository whenever there is a reason to, and tells what moved."""

    last_retry = 300.0

    def receiveMsg_StartRepository(self, message: StartRepository, _sender: ActorAddress) -> None:
        """Learn which repository this is, and look at it for the first time."""
        settings = self.ports.settings
        self.repository = next(r for r in settings.repositories if r.name == message.repository)
        self.mirror = self.ports.mirrors[message.repository]
        self.rules = SelectionRules(
            settings.baseline,
            tuple(settings.branches.include),
            tuple(settings.branches.exclude),
            settings.limits.branches_per_repository,
        )
        self.opened = False
        self.looking = False
        self.removal: removal.RemovalState | None = None
        self.moved: dict[str, HeadMoved] = {}
        self.hinted: dict[str, str] = {}
        self.deletes_heard: set[str] = set()
        self.refused: tuple[str, ...] = ()
        self.write(name=f"repository {message.repository}", detail="idle")
        self._look_soon()
        self._poll_later()

    # Reasons to look

    def receiveMsg_RefHint(self, message: RefHint, _sender: ActorAddress) -> None:
        """Look now; a deletion that was told of lets git's next answer count at once."""
        branch = message.ref.removeprefix("refs/heads/")
        if branch:
            self.hinted[branch] = message.delivery
        if branch and message.deleted:
            self.deletes_heard.add(branch)
        self._look_soon()

    def receiveMsg_SyncRepositories(self, _message: SyncRepositories, _sender: ActorAddress) -> None:
        """Look now."""
        self._look_soon()

    def receiveMsg_ApproveRemoval(self, message: ApproveRemoval, sender: ActorAddress) -> None:
        """Let the branches go that the brake holds back, if git still says that they are gone."""
        held = self.removal.held if self.removal else frozenset()
        if self.removal:
            self.removal = removal.approve(self.removal)
        self.send(message.reply_to or sender, Approved(tuple(sorted(held))))
        self._look_soon()

    def receiveMsg_TellAgain(self, message: TellAgain, _sender: ActorAddress) -> None:
        """Repeat what the heads of one environment are."""
        for moved in self.moved.values():
            if moved.environment == message.environment:
                self.tell_parent(moved)

    def woken(self, payload: object) -> None:
        """Look because the period is over."""
        self._look_soon()
        if isinstance(payload, Poll):
            self._poll_later()

    def _poll_later(self) -> None:
        polling = self.ports.settings.polling
        self.wake(polling.interval + polling.jitter * self.ports.chance(), Poll())

    def _look_soon(self) -> None:
        if not self.looking:
            self.looking = True
            self.send(self.myAddress, Look())

    def receiveMsg_Look(self, _message: Look, _sender: ActorAddress) -> None:
        """Look once for all the reasons that came up until now."""
        self.looking = False
        self.reconcile()

    # Looking

    def failed(self, line: str, *, permanent: bool) -> None:
        """Say that the repository could not be read; what it was before stays."""
        super().failed(line, permanent=permanent)
        self.write(detail="could not be read")
        self.tell_parent(RepositoryLooked(self.repository.name, line))

    def reconcile(self) -> None:
        """Read git and tell what moved."""
        if not self.opened:
            self.mirror.open()
            self.opened = True
            self.removal = removal.remember([branch for branch, _ in self.mirror.known()])
        self.write(detail="git ls-remote")
        heads = self.mirror.heads()
        if self.mirror.lacks(heads):
            self.write(detail="git fetch")
            heads = replace(heads, branches=self.mirror.fetch())
        selection = select(heads.branches, heads.default_branch, self.moved, self.rules)
        self._refuse(selection.refused)
        late = [f for f in selection.followed if not self._tell(f)]
        listed = {b for b, _ in heads.branches}
        leaving = self._judge(listed, {f.branch for f in selection.followed}, heads.default_branch)
        self.write(detail=f"idle, {len(selection.followed)} branches", failure=self.refused[0] if self.refused else "")
        self.tell_parent(RepositoryLooked(self.repository.name, leaving=leaving))
        if late:
            raise Temporary(f"{self.repository.name}: {len(late)} heads could not be read, trying again")

    def _tell(self, followed: Followed) -> bool:
        before = self.moved.get(followed.branch)
        if before and before.commit == followed.commit and not before.note:
            return True
        delivery = self.hinted.pop(followed.branch, "poll")
        name, branch = self.repository.name, followed.branch
        moved = HeadMoved(name, branch, followed.environment, followed.commit, delivery=delivery)
        try:
            content = self.mirror.read_head(followed.commit, self.repository.score)
            moved = head.read(replace(moved, subject=content.subject), content.files)
        except Permanent as error:
            moved = replace(moved, errors=(f"{name}@{printable(branch, 64)}: {error}",))
        except Temporary as error:
            self.log.warning("head not read", repository=name, branch=branch, reason=str(error))
            return False
        self.moved[branch] = moved
        self.tell_parent(moved)
        return True

    def _judge(self, listed: set[str], followed: set[str], default_branch: str) -> tuple[str, ...]:
        rules = removal.RemovalRules(grace=self.ports.settings.removal_grace)
        state = self.removal or removal.remember(())
        verdict = removal.judge(state, listed, default_branch, self.ports.monotonic(), self.deletes_heard, rules)
        self.removal = verdict.state
        self.deletes_heard.clear()
        for branch in {*verdict.gone, *(b for b in self.moved if b in listed and b not in followed)}:
            self._gone(branch)
        for branch in (*verdict.leaving, *verdict.held):
            self._mark(branch, held=branch in verdict.held)
        if verdict.leaving:
            self.wake(rules.grace, Grace())
        return tuple(environment_of(b, default_branch, self.rules.baseline) for b in (*verdict.leaving, *verdict.held))

    def _gone(self, branch: str) -> None:
        moved = self.moved.pop(branch, None)
        if moved:
            delivery = self.hinted.pop(branch, "poll")
            self.tell_parent(HeadMoved(moved.repository, branch, moved.environment, None, delivery=delivery))

    def _mark(self, branch: str, *, held: bool) -> None:
        moved = self.moved.get(branch)
        approve = f"removal held: many branches went at once (anabranch approve-removal {self.repository.name})"
        note = approve if held else "git lists it no more; removed when the next answer confirms it"
        if moved and moved.note != note:
            self.moved[branch] = replace(moved, note=note)
            self.tell_parent(self.moved[branch])
            self._happened(moved.environment, "RemovalHeld" if held else "BranchLeaving", note)

    def _refuse(self, lines: tuple[str, ...]) -> None:
        for line in lines:
            if line not in self.refused:
                self._happened("", "BranchRefused", f"{self.repository.name}: {line}")
        self.refused = lines

    def _happened(self, environment: str, kind: str, text: str) -> None:
        self.log.warning(kind, text=text)
        self.ports.board.happened(EventView(0, self.ports.clock(), environment, "", kind, text, "git"))
