"""What a Score file's shape cannot say: placeholders that lead somewhere, ports used once, an order that can be.

In: a ScoreFile and the Document it came from. Out: Problems; none when the file can become a Workload.
"""

from graphlib import CycleError, TopologicalSorter

from orchestrator.domain.closed_schema import MOST_PROBLEMS
from orchestrator.domain.file_problem import Path, Problem
from orchestrator.domain.guarded_yaml import Document
from orchestrator.domain.placeholder import InvalidPlaceholder, Reference, parse, references
from orchestrator.domain.score_resources import check_output, check_resource, read_metadata
from orchestrator.domain.score_schema import ScoreFile
from orchestrator.domain.text import did_you_mean, printable

MOST_RESOURCES = 64
"""Each is asked for, answered and kept up to date; no service talks to more."""


def check(score: ScoreFile, metadata: object, document: Document) -> tuple[Problem, ...]:
    """Tell everything that is wrong with a file of the right shape; `metadata` is the file's, as plain values."""
    return (
        *_ports(score, document),
        *_before(score, document),
        *_resources(score, metadata, document),
        *_placeholders(score, metadata, document),
    )


def _ports(score: ScoreFile, document: Document) -> list[Problem]:
    problems: list[Problem] = []
    taken: dict[tuple[int, str], str] = {}
    for name, port in score.service.ports.items():
        first = taken.setdefault((port.port, port.protocol), name)
        if first != name:
            path: Path = ("service", "ports", name)
            problems.append(Problem(document.at(path).line, path, f"the port of {first} is used again; choose another"))
    return problems


def _before(score: ScoreFile, document: Document) -> list[Problem]:
    problems: list[Problem] = []
    for name, container in score.containers.items():
        for other in container.before:
            if other not in score.containers or other == name:
                path: Path = ("containers", name, "before", other)
                way_out = did_you_mean(other, tuple(set(score.containers) - {name}))
                problems.append(
                    Problem(document.at(path).line, path, f"names no other container of this file{way_out}")
                )
    try:
        TopologicalSorter({name: container.before for name, container in score.containers.items()}).prepare()
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        line = document.at(("containers",)).line
        problems.append(Problem(line, ("containers",), f"containers wait for each other in a circle: {circle}"))
    return problems


def _resources(score: ScoreFile, metadata: object, document: Document) -> list[Problem]:
    if len(score.resources) > MOST_RESOURCES:
        line = document.at(("resources",)).line
        return [Problem(line, ("resources",), f"{len(score.resources)} resources, at most {MOST_RESOURCES} are taken")]
    problems: list[Problem] = []
    for name, entry in score.resources.items():
        problems += check_resource(name, entry, metadata, document)
        if len(problems) >= MOST_PROBLEMS:
            break
    return problems


def _placeholders(score: ScoreFile, metadata: object, document: Document) -> list[Problem]:
    problems: list[Problem] = []
    for path, text in _expanded_texts(score):
        complaint = _complaint(text, score, metadata)
        if complaint:
            problems.append(Problem(document.at(path).line, path, complaint))
        if len(problems) >= MOST_PROBLEMS:
            break
    return problems


def _expanded_texts(score: ScoreFile) -> list[tuple[Path, str]]:
    texts: list[tuple[Path, str]] = []
    for name, container in score.containers.items():
        here = ("containers", name)
        texts += [((*here, "variables", key), text) for key, text in container.variables.items()]
        texts += [((*here, "volumes", target, "source"), volume.source) for target, volume in container.volumes.items()]
        texts += [
            ((*here, "files", target, "content"), file.content)
            for target, file in container.files.items()
            if file.content is not None and not file.no_expand
        ]
    return texts


def _complaint(text: str, score: ScoreFile, metadata: object) -> str:
    try:
        for reference in references(parse(text)):
            complaint = _unresolvable(reference, score, metadata)
            if complaint:
                return complaint
    except InvalidPlaceholder as error:
        return str(error)
    return ""


def _unresolvable(reference: Reference, score: ScoreFile, metadata: object) -> str:
    if reference.path[0] == "metadata":
        read_metadata(metadata, reference)
        return ""
    if len(reference.path) < 2:
        return "a placeholder names a resource and its output, as in ${resources.app.url}"
    name = reference.path[1]
    if name not in score.resources:
        return printable(f'no resource "{printable(name, 64)}" in this file; {_known(name, score)}', 300)
    return check_output(score.resources[name].type, reference.path[2:])


def _known(name: str, score: ScoreFile) -> str:
    if not score.resources:
        return f"add resources: {{{printable(name, 64)}: {{type: service}}}}"
    near = did_you_mean(name, tuple(score.resources)).removeprefix("; ")
    return near or f"there are {', '.join(score.resources)}"
