"""One git repository: owns its mirror; what its heads are, and which services they hold.

In: hints, polls, requests to look. Out: `HeadMoved` for every head that moved or is gone, after git itself said so.
Whatever came in while git was being read leads to exactly one more look.
"""

from dataclasses import dataclass, replace

from thespian.actors import ActorAddress

from actors.base import RULES, BaseActor
from actors.engine import current_trace, expect_blocking, supervised, traced
from actors.messages import (
    Approved,
    ApproveRemoval,
    Look,
    RepositoryLooked,
    StartRepository,
    SyncRepositories,
)
from orchestrator.adapters.git.heads import Branches, Heads
from orchestrator.domain import head, removal
from orchestrator.domain.commit import HeadMoved
from orchestrator.domain.hint import RefHint
from orchestrator.domain.machine_room import StepView
from orchestrator.domain.selection import Followed, Selection, SelectionRules, select
from orchestrator.domain.text import printable
from orchestrator.errors import Permanent, Temporary


@dataclass(frozen=True, slots=True)
class Poll:
    """Payload of a wake-up: the period is over."""


@dataclass(frozen=True, slots=True)
class Grace:
    """Payload of a wake-up: branches that were missing may be confirmed to be gone."""


@supervised(replace(RULES, max_restarts=3, within=60.0))
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
        self.opened = self.looking = self.waiting = False
        self.removal: removal.RemovalState | None = None
        self.moved: dict[str, HeadMoved] = {}
        self.hinted: dict[str, str] = {}
        self.pulls: dict[str, str] = {}
        self.deletes_heard: set[str] = set()
        self.refused: tuple[str, ...] = ()
        self.problem = ""
        self.asked = 0
        self.introduce(f"repository {message.repository}", "idle", repository=message.repository)
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
        if message.pull:
            self._show_pull(branch, message.pull)
        self._look_soon()

    def _show_pull(self, branch: str, line: str) -> None:
        self.pulls[branch] = line
        moved = self.moved.get(branch)
        if moved and moved.pull != line:
            self.moved[branch] = replace(moved, pull=line)
            self.tell_parent(self.moved[branch])

    def receiveMsg_SyncRepositories(self, message: SyncRepositories, _sender: ActorAddress) -> None:
        """Look now."""
        self.asked = max(self.asked, message.number)
        self._look_soon()

    def receiveMsg_ApproveRemoval(self, message: ApproveRemoval, sender: ActorAddress) -> None:
        """Let the branches go that the brake holds back, if git still says that they are gone."""
        held = self.removal.held if self.removal else frozenset()
        if self.removal:
            self.removal = removal.approve(self.removal)
        self.send(message.reply_to or sender, Approved(tuple(sorted(held))))
        self._look_soon()

    def receiveMsg_HeadMoved(self, message: HeadMoved, _sender: ActorAddress) -> None:
        """Take over what a lost actor of this repository had told."""
        self.moved.setdefault(message.branch, message)
        self.pulls.setdefault(message.branch, message.pull)
        self._look_soon()

    def woken(self, payload: object) -> None:
        """Look because the period is over."""
        self._look_soon()
        if isinstance(payload, Poll):
            self._poll_later()
        else:
            self.waiting = False

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
        if line != self.problem:
            self.happened("RepositoryUnread", line, "git")
        self.problem = line
        self.tell_parent(RepositoryLooked(self.repository.name, line, number=self.asked))

    def reconcile(self) -> None:
        """Read git and tell what moved."""
        expect_blocking(self.ports.settings.git.clone_deadline)
        if not self.opened:
            self.mirror.open()
            self.opened = True
        heads = self._heads()
        selection = select(heads.branches, heads.default_branch, self.moved, self.rules)
        self._refuse(selection.refused)
        late, bare = self._read(selection.followed, heads.default_branch)
        leaving = self._judge(heads, selection, bare)
        if late:
            raise Temporary(f"{self.repository.name}: {late} heads could not be read, trying again")
        self.hinted.clear()
        self.pulls = {branch: line for branch, line in self.pulls.items() if line and branch in self.moved}
        self.problem = ""
        count = f"idle, {len(selection.followed)} branches"
        self.write(detail=count, failure=self.refused[0] if self.refused else "")
        self.tell_parent(
            RepositoryLooked(self.repository.name, self._unproven(heads), leaving, self._notices(), self.asked)
        )
        self.mirror.tidy()

    def _unproven(self, heads: Heads) -> str:
        if not heads.proves_no_removal:
            return ""
        lacking = f"git lists no branch {printable(heads.default_branch, 64)}, so none is removed"
        return f"{self.repository.name}: {lacking}; push it, or set default_branch of this repository"

    def _notices(self) -> tuple[str, ...]:
        name = self.repository.name
        held = sorted(self.removal.held) if self.removal else []
        some = ", ".join(printable(branch, 64) for branch in held[:3]) + (" …" if len(held) > 3 else "")
        kept = f"{name}: {len(held)} branches went at once and are kept ({some}): anabranch approve-removal {name}"
        return (*(f"{name}: {line}" for line in self.refused), *([kept] if held else []))

    def _heads(self) -> Heads:
        self.write(detail="git ls-remote")
        heads = self.mirror.heads()
        if self.removal is None:
            self.removal = removal.remember(self._eligible(self.mirror.known(), heads.default_branch))
        if self.mirror.lacks(heads):
            self.write(detail="git fetch")
            heads = replace(heads, branches=self.mirror.fetch(heads.branches))
        return heads

    def _eligible(self, branches: Branches, default_branch: str) -> dict[str, str]:
        """Name the branches that may have an environment, and which one."""
        return {f.branch: f.environment for f in select(branches, default_branch, (), self.rules).eligible}

    def _read(self, followed: tuple[Followed, ...], default_branch: str) -> tuple[int, dict[str, HeadMoved]]:
        """Tell the heads that moved; count those that could not be read, keep back those without their last file."""
        late, bare = 0, dict[str, HeadMoved]()
        for each in followed:
            before = self.moved.get(each.branch)
            if before and not before.note and (before.commit, before.environment) == (each.commit, each.environment):
                continue
            moved = self._read_head(each)
            if moved is None:
                late += 1
            elif before and before.services and not moved.files and not moved.errors and each.branch != default_branch:
                bare[each.branch] = moved
            else:
                self._tell(moved)
        return late, bare

    def _read_head(self, followed: Followed) -> HeadMoved | None:
        name, branch = self.repository.name, followed.branch
        delivery = self.hinted.get(branch, "poll")
        pull = self.pulls.get(branch, "")
        moved = HeadMoved(name, branch, followed.environment, followed.commit, delivery=delivery, pull=pull)
        where = f"{name}@{printable(branch, 64)}"
        try:
            content = self.mirror.read_head(followed.commit, self.repository.score)
            return head.read(replace(moved, subject=content.subject), content.files)
        except Permanent as error:
            return replace(moved, errors=(f"{where}: {error}",))
        except Temporary as error:
            self.log.warning("head not read", repository=name, branch=branch, reason=str(error))
            return None
        except Exception as error:
            self.log.exception("head not read", repository=name, branch=branch)
            return replace(moved, errors=(f"{where}: cannot be read ({type(error).__name__}); see the daemon's log",))

    def _tell(self, moved: HeadMoved) -> None:
        before = self.moved.get(moved.branch)
        if before and before.environment != moved.environment:
            self._gone(moved.branch)
        self.moved[moved.branch] = moved
        self._tell_in_its_trace(moved)
        for other in self._displaced(moved):
            self._gone(other)

    def _displaced(self, moved: HeadMoved) -> tuple[str, ...]:
        """Name the branch whose place in the environment this one took: the default branch of before."""
        return tuple(b for b, m in self.moved.items() if m.environment == moved.environment and b != moved.branch)

    def _tell_in_its_trace(self, moved: HeadMoved) -> None:
        """Let what follows belong to the delivery that told of this head, or to its commit if nobody did."""
        commit, hinted = moved.commit or "", moved.delivery not in ("", "poll")
        with traced(moved.delivery if hinted else commit[:12]):
            text = f"{self.repository.name}@{printable(moved.branch, 64)} {commit[:7] or 'is gone'}"
            self._step(current_trace(), StepView(self.ports.clock(), self.note.name, "", "HeadMoved", note=text))
            self.ports.trails.carry(current_trace(), commit, text)
            self.tell_parent(moved)

    def _judge(self, heads: Heads, selection: Selection, bare: dict[str, HeadMoved]) -> tuple[str, ...]:
        """Let go what git confirms to be gone; returns the environments whose going is not confirmed."""
        rules = removal.RemovalRules(grace=self.ports.settings.removal_grace)
        state = self.removal or removal.remember(())
        state = replace(state, known=state.known | self.moved.keys())
        listed = {f.branch for f in selection.eligible} - bare.keys()
        heard = self.deletes_heard | bare.keys()
        verdict = removal.judge(state, listed, heads.default_branch, self.ports.monotonic(), heard, rules)
        self.removal = verdict.state
        self.deletes_heard.clear()
        self._let_go(verdict.gone, bare)
        in_git, followed = {b for b, _ in heads.branches}, {f.branch for f in selection.followed}
        self._let_go(tuple(b for b in self.moved if b in in_git and b not in followed), {})
        for branch in (*verdict.leaving, *verdict.held):
            self._mark(branch, held=branch in verdict.held)
        if verdict.leaving and not self.waiting and not heads.proves_no_removal:
            self.waiting = True
            self.wake(rules.grace, Grace())
        unsure = tuple((branch, "") for branch in sorted(verdict.state.known - listed))
        return tuple(self._eligible(unsure, heads.default_branch).values())

    def _let_go(self, branches: tuple[str, ...], bare: dict[str, HeadMoved]) -> None:
        for branch in branches:
            if branch in bare:
                self._tell(bare[branch])
            else:
                self._gone(branch)

    def _gone(self, branch: str) -> None:
        moved = self.moved.pop(branch, None)
        if moved:
            delivery = self.hinted.get(branch, "poll")
            self._tell_in_its_trace(HeadMoved(moved.repository, branch, moved.environment, None, delivery=delivery))

    def _mark(self, branch: str, *, held: bool) -> None:
        moved = self.moved.get(branch)
        approve = f"removal held: many branches went at once (anabranch approve-removal {self.repository.name})"
        note = approve if held else "git lists it no more; removed when the next answer confirms it"
        if moved and moved.note != note:
            self.moved[branch] = replace(moved, note=note)
            self.tell_parent(self.moved[branch])
            self.happened("RemovalHeld" if held else "BranchLeaving", note, "git", moved.environment)

    def _refuse(self, lines: tuple[str, ...]) -> None:
        for line in lines:
            if line not in self.refused:
                self.happened("BranchRefused", f"{self.repository.name}: {line}", "git")
        self.refused = lines
