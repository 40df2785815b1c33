"""When a branch counts as gone: never on one wrong answer, and never too many at once.

In: the branches that one good answer of the git host listed, the deletions that its webhooks told of, and what is
remembered of the answers before. Out: which branches are gone, leaving, or held by the brake. Times are seconds of one
monotonic clock. A branch that lost its last Score file is handled the same: leave it out of `listed`, and name it in
`deletes_heard`, since its new commit proves the loss.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class RemovalRules:
    """`grace`: seconds between two lists that prove a removal; the brake lets `least`, or a `share`, go in `window`."""

    grace: float = 60.0
    window: float = 600.0
    least: int = 3
    share: float = 0.2


@dataclass(frozen=True, slots=True)
class RemovalState:
    """What is remembered between two lists of one repository.

    `absent` holds (branch, when a good list first lacked it), `heard` the absent branches whose deletion was told of,
    `held` and `approved` what the brake stopped and what a person let go, `removed` the times of recent removals.
    """

    known: frozenset[str] = frozenset()
    absent: tuple[tuple[str, float], ...] = ()
    heard: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    approved: frozenset[str] = frozenset()
    removed: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one list means; branches are sorted. `gone` ones are forgotten by `state`, so they are told once."""

    state: RemovalState
    gone: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


_DEFAULT_RULES = RemovalRules()


def remember(branches: Collection[str]) -> RemovalState:
    """Begin with the branches that are known to have an environment, as after a restart."""
    return RemovalState(known=frozenset(branches))


def approve(state: RemovalState) -> RemovalState:
    """Let the branches that the brake holds go with the next list that still lacks them."""
    return replace(state, held=frozenset(), approved=state.approved | state.held)


def judge(
    state: RemovalState,
    listed: Collection[str],
    default_branch: str,
    now: float,
    deletes_heard: Collection[str] = (),
    rules: RemovalRules = _DEFAULT_RULES,
) -> Judgement:
    """Judge one list that git answered without an error.

    A list without the default branch adds branches and removes none. A deletion that was heard of before this list
    showed the branch is forgotten: it was a replay, or the branch came back.
    """
    seen = frozenset(listed)
    earlier = _drop_what_is_back(state, seen, deletes_heard)
    if default_branch not in seen:
        return _judgement(earlier, frozenset())
    due = _due(earlier, seen, now, rules)
    return _brake(_note_absent(earlier, seen, now), due, now, rules)


def _drop_what_is_back(state: RemovalState, seen: frozenset[str], deletes_heard: Collection[str]) -> RemovalState:
    return replace(
        state,
        known=state.known | seen,
        absent=tuple(item for item in state.absent if item[0] not in seen),
        heard=(state.heard | (state.known & frozenset(deletes_heard))) - seen,
        held=state.held - seen,
        approved=state.approved - seen,
    )


def _due(state: RemovalState, seen: frozenset[str], now: float, rules: RemovalRules) -> frozenset[str]:
    twice = {branch for branch, since in state.absent if now - since >= rules.grace}
    return (state.heard | twice) - seen


def _note_absent(state: RemovalState, seen: frozenset[str], now: float) -> RemovalState:
    already = {branch for branch, _ in state.absent}
    new = sorted(state.known - seen - already)
    return replace(state, absent=state.absent + tuple((branch, now) for branch in new))


def _brake(state: RemovalState, due: frozenset[str], now: float, rules: RemovalRules) -> Judgement:
    recent = tuple(at for at in state.removed if now - at < rules.window)
    waiting = due - state.approved
    most = max(rules.least, rules.share * (len(state.known) + len(recent)))
    stopped = bool(state.held) or len(recent) + len(waiting) > most
    held = waiting if stopped else frozenset()
    counted = () if stopped else (now,) * len(waiting)
    return _judgement(replace(state, held=held, removed=recent + counted), due - held)


def _judgement(state: RemovalState, gone: frozenset[str]) -> Judgement:
    after = replace(
        state,
        known=state.known - gone,
        absent=tuple(item for item in state.absent if item[0] not in gone),
        heard=state.heard - gone,
        approved=state.approved - gone,
    )
    leaving = {branch for branch, _ in after.absent} - after.held
    return Judgement(after, tuple(sorted(gone)), tuple(sorted(leaving)), tuple(sorted(after.held)))
