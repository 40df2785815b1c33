"""Can the directories be written, and are the files that hold secrets there and closed to others?

In: settings. Out: a row for the state directory, one for the socket, one for each file that is named.
"""

import os
import stat
from pathlib import Path

from orchestrator.check.row import CheckRow
from orchestrator.settings import Settings


def check_places(settings: Settings) -> tuple[CheckRow, ...]:
    """Look at every path of the settings; nothing is made or changed."""
    secrets = [
        ("git.token_file", settings.git.token_file),
        ("git.ssh_key", settings.git.ssh_key),
        ("hints.token_file", settings.hints.token_file),
        ("forwarder.daemon.token_file", settings.forwarder.daemon.token_file),
        *((f"secret of hook {hook.name}", file) for hook in settings.forwarder.hooks for file in hook.secret_files),
    ]
    known_hosts = settings.git.known_hosts
    return (
        _directory("state", settings.state_directory, ours_alone=True),
        _directory("api.socket", settings.socket.parent, ours_alone=False),
        *([_known_hosts(known_hosts)] if known_hosts else []),
        *(_secret(name, file) for name, file in secrets if file),
    )


def _directory(key: str, path: Path, *, ours_alone: bool) -> CheckRow:
    """Tell whether a directory can be used, or be made, and what to do if not."""
    found = next((place for place in (path, *path.parents) if _is_there(place)), path)
    wrong = _unusable(key, path, found) or (ours_alone and found == path and _open_to_others(key, path))
    text = wrong or ("" if found == path else "will be made")
    return CheckRow("directory", key, str(path), ok=not wrong, text=text)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:  # somebody else's directory on the way: the nearest visible one is judged
        return False


def _unusable(key: str, path: Path, found: Path) -> str:
    if not found.is_dir():
        return f"{found} is no directory; set another {key}"
    if not os.access(found, os.W_OK | os.X_OK):
        return f"this user cannot write to {found}; set another {key}, or make {path} for this user"
    return ""


def _open_to_others(key: str, path: Path) -> str:
    status = path.stat()
    if status.st_uid != os.geteuid():
        return f"it belongs to user {status.st_uid}; set another {key}, or run as that user"
    return f"others can write to it: chmod 700 {path}" if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else ""


def _secret(name: str, path: Path) -> CheckRow:
    ok, text = _readable(path)
    if ok and _others_read(path.stat()):
        ok, text = False, f"others can read it: chmod 600 {path}"
    return CheckRow("file", name, str(path), ok=ok, text=text)


def _others_read(status: os.stat_result) -> bool:
    """Somebody else's file, as those of a Secret in a pod, is given to this user through its group."""
    group = stat.S_IRWXG if status.st_uid == os.geteuid() else 0
    return bool(status.st_mode & (group | stat.S_IRWXO))


def _known_hosts(path: Path) -> CheckRow:
    ok, text = _readable(path)
    return CheckRow("file", "git.known_hosts", str(path), ok=ok, text=text)


def _readable(path: Path) -> tuple[bool, str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        return False, f"{error.strerror}; write it, or correct the path in the settings"
    return (True, "") if content.strip() else (False, "it is empty")
