"""From settings to what each part wants to be told."""

import os
import time
from importlib.metadata import version
from pathlib import Path

from orchestrator.adapters.api import ApiOptions
from orchestrator.adapters.git import GitOptions, Places
from orchestrator.errors import Permanent
from orchestrator.runtimes import Runtime, Source
from orchestrator.runtimes.kubernetes import KubernetesRuntime
from orchestrator.runtimes.kubernetes.from_settings import options_of
from orchestrator.runtimes.memory import MemoryRuntime
from orchestrator.runtimes.process import ProcessOptions, ProcessRuntime
from orchestrator.settings import Settings
from orchestrator.settings.model import RuntimeName


def git_options(settings: Settings) -> GitOptions:
    """How git may be used."""
    git, limits = settings.git, settings.limits
    return GitOptions(
        protocols=tuple(git.protocols),
        hosts=git.hosts,
        token_file=git.token_file,
        ssh_key=git.ssh_key,
        known_hosts=git.known_hosts,
        deadline=git.deadline,
        clone_deadline=git.clone_deadline,
        stall=git.stall,
        pack_bytes=limits.pack_bytes,
        listing_bytes=limits.listing_bytes,
        score_bytes=limits.score_bytes,
        head_bytes=limits.branch_bytes,
        tree_entries=settings.process.tree_entries,
        tree_bytes=settings.process.tree_bytes,
        places=Places(git.per_host),
    )


def open_runtime(settings: Settings, source: Source) -> Runtime:
    """Make the runtime that the settings name."""
    if settings.runtime is RuntimeName.MEMORY:
        return MemoryRuntime()
    if settings.runtime is RuntimeName.KUBERNETES:
        return KubernetesRuntime(options_of(settings), source)
    return ProcessRuntime(process_options(settings), source)


def check_runtime(settings: Settings) -> None:
    """Raise Permanent when the runtime of the settings could not start, before anything is made on disk."""
    if settings.runtime is RuntimeName.PROCESS:
        process_options(settings).check_user()


def process_options(settings: Settings) -> ProcessOptions:
    """How local processes are run."""
    process = settings.process
    return ProcessOptions(
        state=settings.state_directory / "process",
        allow_root=process.allow_root,
        ports=process.ports,
        ready_after=process.steady,
        ready_deadline=process.ready_deadline,
        drain=process.drain,
        kill_after=process.kill_after,
        backoff_max=process.back_off,
        log_bytes=process.log_bytes,
    )


def api_options(settings: Settings) -> ApiOptions:
    """Where the daemon's doors are."""
    hints, observe = settings.hints.address or None, settings.observe.address or None
    return ApiOptions(settings.socket, hints, _token(settings.hints.token_file), observe)


def about(settings: Settings) -> dict[str, object]:
    """What `anabranch version` tells of the daemon."""
    return {
        "version": version("anabranch"),
        "pid": os.getpid(),
        "started": time.time(),
        "runtime": settings.runtime.value,
        "state": str(settings.state_directory),
        "baseline": settings.baseline,
    }


def secrets(settings: Settings) -> tuple[str, ...]:
    """Every secret that the daemon reads, so that no log line shows one."""
    files = (settings.git.token_file, settings.hints.token_file)
    return tuple(f.read_text(errors="replace").strip() for f in files if f and f.is_file())


def _token(file: Path | None) -> bytes | None:
    try:
        return file.read_bytes().strip() if file else None
    except OSError as error:
        raise Permanent(f"{file}: cannot be read ({error.strerror}); the hints listener needs its token") from error
