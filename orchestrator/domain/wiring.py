"""One service's references + its peers' answers → its variables, its wires, or what it still waits for.

In: a workload, the overrides that people set, and what peers answered. Out: a `Resolution`. Nothing half-wired ever
comes out: while something is missing, `resolved` is empty and each line of `missing` says what, where and the way out.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from orchestrator.domain import placeholder
from orchestrator.domain.override import Override, revision
from orchestrator.domain.release import ResolvedContainer, ResolvedFile
from orchestrator.domain.secrecy import shown, shown_text
from orchestrator.domain.snapshot import VariableView, WireView
from orchestrator.domain.text import nearest, printable
from orchestrator.domain.wire import (
    BASELINE,
    Answers,
    Wired,
    WireReference,
    choose_port,
    no_outputs,
    outputs,
    references,
)
from orchestrator.domain.workload import Container, File, Variable, Workload
from orchestrator.errors import Permanent

Outputs = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Resolution:
    """What a service's variables are now; `missing` lines are empty when everything is resolved."""

    resolved: tuple[ResolvedContainer, ...] = ()
    variables: tuple[VariableView, ...] = ()
    wires: tuple[WireView, ...] = ()
    missing: tuple[str, ...] = ()

    @cached_property
    def shown(self) -> tuple[VariableView, ...]:
        """The variables as readers see them, without secrets."""
        return tuple(map(_without_secrets, self.variables))

    @cached_property
    def revision(self) -> str:
        """The name of the state of the variables that readers see."""
        return revision([(v.name, v.text) for v in self.variables])


def _without_secrets(variable: VariableView) -> VariableView:
    name, original = variable.name, variable.original
    return replace(
        variable,
        text=shown_text(name, variable.text),
        value=shown(name, variable.value),
        original=None if original is None else shown_text(name, original),
    )


def resolve(workload: Workload, overrides: Sequence[Override], answers: Answers, where: str) -> Resolution:
    """Resolve every reference and variable; `where` is `web@bugfix`, the head of each line about this service."""
    wanted = references(workload)
    known: dict[str, Mapping[str, str]] = {}
    missing: list[str] = []
    for reference in wanted:
        found = _disagreement(reference, wanted) or _outputs(reference, answers.get(reference.service), workload.name)
        if isinstance(found, str):
            missing.append(f"{where} {workload.file}:{reference.line}: resources.{reference.resource}: {found}")
        else:
            known[reference.resource] = found
    wires = _wires(workload, wanted, overrides, answers)
    if missing:
        return Resolution(wires=wires, variables=_views(workload, overrides, answers, None), missing=tuple(missing))
    try:
        resolved = tuple(_container(c, overrides, known, workload, where) for c in workload.containers)
    except Permanent as error:
        return Resolution(wires=wires, variables=_views(workload, overrides, answers, None), missing=(str(error),))
    return Resolution(resolved, _views(workload, overrides, answers, known), wires)


def check_text(workload: Workload, name: str, text: str, answers: Answers) -> None:
    """Raise Permanent with one line if `text` cannot become the value of variable `name` of this service."""
    known: dict[str, Mapping[str, str]] = {}
    for reference in references(workload):
        found = _outputs(reference, answers.get(reference.service), workload.name)
        known[reference.resource] = no_outputs(reference) if isinstance(found, str) else found
    _expand(text, known, workload, name)


def _disagreement(reference: WireReference, others: Sequence[WireReference]) -> str:
    """Say that another reference of this file to the same service names another fallback; only one can be true."""
    for other in others:
        if other.service == reference.service and other.fallback != reference.fallback:
            return f"resources.{other.resource} names another fallback for {other.service}; let both say the same"
    return ""


def _outputs(reference: WireReference, answer: Wired | None, own_name: str) -> dict[str, str] | str:
    if reference.service == own_name:
        return "a service cannot refer to itself; use its own port variables"
    if answer is None:
        return f"waiting for {reference.service} to answer"
    if answer.problem:
        return answer.problem
    if not answer.defined:
        return no_outputs(reference) if reference.optional else _unknown(reference, answer)
    port = choose_port(reference, answer)
    return port if isinstance(port, str) else outputs(reference, answer, port)


def _unknown(reference: WireReference, answer: Wired) -> str:
    there = {BASELINE: " or in the baseline", "none": ""}.get(reference.fallback, f" or in {reference.fallback}")
    exist = ", ".join(c for c in answer.candidates if c != reference.service) or "none"
    return f'no service "{reference.service}" here{there}; there are {exist}'


def _expand(text: str, known: Outputs, workload: Workload, key: str) -> str:
    try:
        template = placeholder.parse(text)
    except placeholder.InvalidPlaceholder as error:
        raise Permanent(f"{key}: {error}") from None
    return placeholder.expand(template, lambda reference: _look_up(reference.path, known, workload, key))


def _look_up(path: tuple[str, ...], known: Outputs, workload: Workload, key: str) -> object:
    if path[0] == "metadata":
        return _metadata(path[1:], workload, key)
    resource, *rest = path[1:] or ("",)
    if resource not in known:
        raise Permanent(f"{key}: no resource {_named(resource, known)}")
    found = known[resource].get(".".join(rest))
    if found is None:
        raise Permanent(f"{key}: resource {resource} has no output {_named('.'.join(rest), known[resource])}")
    return found


def _named(word: str, names: Mapping[str, object]) -> str:
    near = nearest(word, tuple(names))
    hint = f"did you mean {near}?" if near else f"there are {', '.join(sorted(names)) or 'none'}"
    return f'"{printable(word, 64)}"; {hint}'


def _metadata(path: tuple[str, ...], workload: Workload, key: str) -> object:
    try:
        return placeholder.pick(json.loads(workload.metadata), path)
    except LookupError:
        raise Permanent(f"{key}: metadata.{printable('.'.join(path), 64)} is not in {workload.file}") from None


def texts(container: Container, overrides: Sequence[Override]) -> tuple[Variable, ...]:
    """Lay the overrides over the variables of a container, sorted by name."""
    merged = {v.name: v for v in container.variables} | {o.variable: Variable(o.variable, o.text) for o in overrides}
    return tuple(merged[name] for name in sorted(merged))


def _container(
    container: Container, overrides: Sequence[Override], known: Outputs, workload: Workload, where: str
) -> ResolvedContainer:
    def key(line: int, path: str) -> str:
        return f"{where} {workload.file}:{line}: containers.{container.name}.{path}"

    variables = tuple(
        (v.name, _expand(v.text, known, workload, key(v.line, f"variables.{v.name}")))
        for v in texts(container, overrides)
    )
    files = tuple(_file(f, known, workload, key(f.line, f"files.{f.target}")) for f in container.files)
    return ResolvedContainer(container.name, variables, files)


def _file(file: File, known: Outputs, workload: Workload, key: str) -> ResolvedFile:
    content = file.content
    if content is not None and not file.no_expand:
        content = _expand(content, known, workload, key)
    return ResolvedFile(file.target, content, file.binary_content, file.source, file.mode)


def _wires(
    workload: Workload, wanted: Sequence[WireReference], overrides: Sequence[Override], answers: Answers
) -> tuple[WireView, ...]:
    users = _users(workload, overrides)
    return tuple(
        _wire(workload.name, reference, variable, answers.get(reference.service))
        for reference in wanted
        for variable in users.get(reference.resource, ("",))
    )


def _wire(service: str, reference: WireReference, variable: str, answer: Wired | None) -> WireView:
    if answer is None or not answer.defined:
        note = answer.problem if answer else "no answer yet"
        return WireView(service, reference.resource, variable, "", reference.service, "none", 0.0, note)
    target = answer.served_from or answer.environment
    return WireView(
        service, reference.resource, variable, target, reference.service, answer.origin, answer.since, answer.note
    )


def _users(workload: Workload, overrides: Sequence[Override]) -> dict[str, tuple[str, ...]]:
    users: dict[str, tuple[str, ...]] = {}
    for variable in _all_texts(workload, overrides):
        for resource in _resources(variable.text):
            users[resource] = tuple(sorted({*users.get(resource, ()), variable.name}))
    return users


def _all_texts(workload: Workload, overrides: Sequence[Override]) -> tuple[Variable, ...]:
    merged = {v.name: v for c in workload.containers for v in texts(c, overrides)}
    return tuple(merged[name] for name in sorted(merged))


def _resources(text: str) -> tuple[str, ...]:
    """Name the resources that a text refers to, in order, each once; a text that makes no sense refers to none."""
    try:
        paths = [r.path for r in placeholder.references(placeholder.parse(text))]
    except placeholder.InvalidPlaceholder:
        return ()
    return tuple(dict.fromkeys(path[1] for path in paths if path[0] == "resources" and len(path) > 1))


def _views(
    workload: Workload, overrides: Sequence[Override], answers: Answers, known: Outputs | None
) -> tuple[VariableView, ...]:
    edited = {o.variable: o for o in overrides}
    written = {v.name: v for c in workload.containers for v in c.variables}
    targets = {r.resource: r.service for r in references(workload)}
    return tuple(
        _view(v, edited.get(v.name), written.get(v.name), workload, known, answers, targets)
        for v in _all_texts(workload, overrides)
    )


def _view(
    variable: Variable,
    override: Override | None,
    written: Variable | None,
    workload: Workload,
    known: Outputs | None,
    answers: Answers,
    targets: Mapping[str, str],
) -> VariableView:
    peers = tuple(targets[r] for r in _resources(variable.text) if r in targets)
    return VariableView(
        name=variable.name,
        text=variable.text,
        value="" if known is None else _expand(variable.text, known, workload, variable.name),
        source="edited" if override else f"{workload.file}:{variable.line}",
        original=written.text if override and written else None,
        original_source=f"{workload.file}:{written.line}" if override and written else "",
        edited_at=override.at if override else 0.0,
        wired_to=tuple(f"{_served_from(answers.get(p))}:{p}" for p in peers),
    )


def _served_from(answer: Wired | None) -> str:
    return (answer.served_from or answer.environment) if answer else "?"
