"""The pages that `describe` prints. In: records. Out: text, a fact on each line, the first wrong one first."""

from collections.abc import Iterable, Sequence

from orchestrator.cli import table, wires
from orchestrator.cli.times import ago
from orchestrator.domain.snapshot import (
    EnvironmentView,
    HistoryEntry,
    LookedAt,
    ReleaseView,
    ServiceView,
    VariableView,
)
from orchestrator.domain.text import printable

_LABEL = 11
_LONGEST_LINE = 2000
_LOG_LINES = 10


def service(view: ServiceView, problems: Sequence[str], now: float) -> str:
    """Everything about a service; `problems` are those of its repository's head."""
    return _text(
        (
            *_head(view),
            *_labelled("problems", problems),
            *(_release("serving", view.serving, now) if view.serving else ()),
            *(_release(view.pending.status.lower() or "pending", view.pending, now) if view.pending else ()),
            *_labelled("address", _addresses(view)),
            *_labelled("variables", _variables(view.variables, now)),
            *_labelled("needs", _needs(view)),
            *_labelled("needed by", [", ".join(view.needed_by)] if view.needed_by else []),
            *_labelled("try", [" · ".join(_ways_out(view))]),
        )
    )


def environment(view: EnvironmentView, now: float) -> str:
    """Everything about an environment: what is wrong, its services, the repositories that were looked at."""
    kind = "baseline" if view.baseline else f"branch {view.branch}"
    own = [s for s in view.services if s.present]
    borrowed = [f"{s.service} from {s.borrowed_from or 'nowhere'}" for s in view.services if not s.present]
    return _text(
        (
            f"{view.environment}   {view.status}   {kind}, changed {ago(view.changed, now) or '0s'} ago",
            *_labelled("problems", view.problems),
            *_labelled("notices", view.notices),
            *_labelled("services", _columns((s.service, s.status, s.note) for s in own) or ["none"]),
            *_labelled("borrowed", borrowed),
            *_labelled("looked at", _looked_at(view.looked_at)),
            *_labelled("try", [f"anabranch -n {view.environment} ps · anabranch -n {view.environment} wires"]),
        )
    )


def release(view: ServiceView, entry: HistoryEntry, now: float) -> str:
    """Everything about one release."""
    shown = [r for r in (view.serving, view.pending) if r and r.number == entry.number]
    logs = f"anabranch logs {view.name}@v{entry.number} · "
    return _text(
        (
            f'{view.name}@v{entry.number}   {entry.status}   {entry.commit[:7]} "{entry.subject}"',
            *_labelled("made", [f"{ago(entry.created, now)} ago by {_cause(entry)}: {entry.change}"]),
            *(line for r in shown for line in _release(entry.status.lower(), r, now)),
            *_labelled("try", [f"{logs if shown else ''}anabranch history {view.name}"]),
        )
    )


def _head(view: ServiceView) -> tuple[str, ...]:
    if not view.present:
        return (f"{view.name}   {view.status}   borrowed from {view.borrowed_from or 'nobody: there is none'}",)
    return (
        f"{view.name}   {view.status}   repository {view.repository}, branch {view.branch}",
        *_labelled("note", [view.note] if view.note else []),
    )


def _release(label: str, view: ReleaseView, now: float) -> tuple[str, ...]:
    since = f"{ago(view.since or view.created, now)} ago"
    tries = f" ({view.tries} tries)" if view.tries > 1 else ""
    words = (f"v{view.number}", view.commit[:7], f'"{view.subject}"', since, _cause(view), view.reason)
    first = "  ".join(word for word in words if word) + tries
    tail = [f"| {line}" for line in view.log_tail[-_LOG_LINES:]]
    return _labelled(label, [first, *tail])


def _cause(release: ReleaseView | HistoryEntry) -> str:
    """Say why there is a release, and for a push which delivery told of it."""
    if release.cause != "push" or not release.delivery:
        return release.cause
    return "push, found by polling" if release.delivery == "poll" else f"push by delivery {release.delivery}"


def _addresses(view: ServiceView) -> list[str]:
    leads = f"  ->  v{view.serving.number} on {view.serving.address}" if view.serving and view.serving.address else ""
    if view.borrowed_from:
        leads = f"  ->  {view.borrowed_from}:{view.service}"
    return [f"{address}{leads}" for _, address in view.addresses]


def _variables(variables: Sequence[VariableView], now: float) -> list[str]:
    return _columns(
        (f"{variable.name}={variable.value or variable.text}", _origin(variable, now)) for variable in variables
    )


def _origin(variable: VariableView, now: float) -> str:
    wired = f"wired to {', '.join(variable.wired_to)}" if variable.wired_to else ""
    if variable.source != "edited":
        return f"{wired} ({variable.source})" if wired else variable.source
    edited = f"edited {ago(variable.edited_at, now)} ago"
    said = f"{variable.original_source} says {variable.original}" if variable.original is not None else ""
    return ", ".join(part for part in (edited, said, wired) if part)


def _needs(view: ServiceView) -> list[str]:
    needs = dict.fromkeys(f"{wires.target(wire)} ({wire.origin})" for wire in view.wires)
    return [", ".join(needs)] if needs else []


def _ways_out(view: ServiceView) -> tuple[str, ...]:
    if not view.present:
        return (f"anabranch -n {view.environment} wires",)
    ill = f"@v{view.pending.number}" if view.pending else ""
    return f"anabranch logs {view.name}{ill}", f"anabranch history {view.name}", f"anabranch redeploy {view.name}"


def _looked_at(repositories: Sequence[LookedAt]) -> list[str]:
    return _columns((looked.repository, looked.commit[:7] or "-", looked.note) for looked in repositories)


def _columns(rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = tuple(rows)
    return table.plain(table.Table(("",) * len(lines[0]), lines)).splitlines() if lines else []


def _labelled(label: str, lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"  {label if not index else '':{_LABEL}}{line}" for index, line in enumerate(lines))


def _text(lines: tuple[str, ...]) -> str:
    return "\n".join(printable(line, _LONGEST_LINE).rstrip() for line in lines)
