"""From the models of a checked Score file to a Workload, with the line of each thing that is explained later.

In: a ScoreFile that passed every check, and its Document. Out: the Workload.
"""

import json

from orchestrator.domain import workload
from orchestrator.domain.guarded_yaml import Document
from orchestrator.domain.score_resources import read_params
from orchestrator.domain.score_schema import ContainerEntry, ContainerProbe, HttpProbe, Quantities, ScoreFile


def build(score: ScoreFile, metadata: object, document: Document, file: str) -> workload.Workload:
    """Build the Workload; `metadata` is the file's, as plain values."""
    return workload.Workload(
        name=score.metadata.name,
        file=file,
        ports=tuple(
            workload.Port(name, port.port, port.target_port or port.port, port.protocol)
            for name, port in score.service.ports.items()
        ),
        containers=tuple(_container(name, entry, document) for name, entry in score.containers.items()),
        resources=tuple(
            workload.Resource(
                name=name,
                type=entry.type,
                class_name=entry.class_name,
                id=entry.id,
                params=read_params(entry, metadata),
                line=document.at(("resources", name)).line,
            )
            for name, entry in score.resources.items()
        ),
        metadata=json.dumps(metadata, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
    )


def _container(name: str, entry: ContainerEntry, document: Document) -> workload.Container:
    here = ("containers", name)
    return workload.Container(
        name=name,
        image=entry.image,
        command=tuple(entry.command),
        args=tuple(entry.args),
        variables=tuple(
            workload.Variable(key, text, document.at((*here, "variables", key)).line)
            for key, text in entry.variables.items()
        ),
        files=_files(entry, here, document),
        volumes=tuple(
            workload.Volume(
                target, volume.source, volume.path, volume.read_only, document.at((*here, "volumes", target)).line
            )
            for target, volume in entry.volumes.items()
        ),
        limits=_quantities(entry.resources.limits),
        requests=_quantities(entry.resources.requests),
        liveness=_probe(entry.liveness_probe),
        readiness=_probe(entry.readiness_probe),
        before=tuple((other, condition.ready) for other, condition in entry.before.items()),
        line=document.at(here).line,
    )


def _files(entry: ContainerEntry, here: tuple[str, str], document: Document) -> tuple[workload.File, ...]:
    return tuple(
        workload.File(
            target=target,
            content=file.content,
            binary_content=file.binary_content,
            source=file.source,
            mode=file.mode,
            no_expand=file.no_expand,
            line=document.at((*here, "files", target)).line,
        )
        for target, file in entry.files.items()
    )


def _quantities(quantities: Quantities) -> tuple[tuple[str, str], ...]:
    both = (("cpu", quantities.cpu), ("memory", quantities.memory))
    return tuple((name, quantity) for name, quantity in both if quantity)


def _probe(probe: ContainerProbe | None) -> workload.Probe | None:
    if probe is None:
        return None
    command = tuple(probe.exec.command) if probe.exec else ()
    return workload.Probe(_http_get(probe.http_get) if probe.http_get else None, command)


def _http_get(probe: HttpProbe) -> workload.HttpGet:
    headers = tuple((header.name, header.value) for header in probe.http_headers)
    return workload.HttpGet(probe.path, probe.port, probe.scheme, probe.host, headers)
