"""Installs the post-receive hook into a repository.

In: a repository's path and where the hook shall report to. Out: `hooks/post-receive`, which is `post_receive.py` with
its configuration written in, so that it needs nothing of Anabranch when a push runs it.
"""

import os
import re
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from orchestrator.domain.webhook.signature import check_strength
from orchestrator.errors import Conflict, NotFound, Permanent

_SCRIPT = Path(__file__).with_name("post_receive.py")
_PLACE = "CONFIG: dict[str, str] = {}"
_MARK = "A git post-receive hook: tells the forwarder which branches moved."
_GIT_SECONDS = 10
_PATH = re.compile("/hooks/[A-Za-z0-9._-]+")


def install(repository_path: Path, *, url: str, secret_file: Path, name: str) -> Path:
    """Write the hook, or write it anew, and return its path.

    `url` is the hook's own, `http://host:port/hooks/NAME`; `name` is what the repository is called in the hook's
    settings. `secret_file` is read at every push, by the user who pushes. Raises `NotFound` when there is no
    repository, `Conflict` when somebody else's hook is in the way, `Permanent` when the URL or the secret cannot work.
    """
    _check_url(url)
    _check_secret(name, secret_file)
    target = _hooks_directory(repository_path) / "post-receive"
    if target.is_symlink() or (target.exists() and _MARK not in target.read_text("utf-8", "replace")):
        raise Conflict(f"{target}: another hook is there; let it call a second script, or move it away")
    config = {"url": url, "secret_file": str(secret_file.resolve()), "repository": name}
    _write(target, _SCRIPT.read_text("utf-8").replace(_PLACE, f"CONFIG: dict[str, str] = {config!a}", 1))
    return target


def _check_url(url: str) -> None:
    if not _is_hook(url):
        raise Permanent(f"{url[:200]!a} is no hook's address; it looks like http://127.0.0.1:8080/hooks/NAME")


def _is_hook(url: str) -> bool:
    try:
        parts = urlsplit(url)
        reachable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return bool(reachable) and _PATH.fullmatch(parts.path) is not None and url.isprintable()


def _check_secret(name: str, secret_file: Path) -> None:
    try:
        secret = secret_file.read_bytes().strip()
    except OSError as error:
        raise NotFound(
            f"{secret_file}: cannot be read ({error.strerror}); name the file that holds the secret"
        ) from error
    check_strength(name, (secret,))


def _hooks_directory(repository_path: Path) -> Path:
    """Ask git, which knows bare repositories and worktrees; a directory shared by many repositories is refused."""
    path = repository_path.resolve()
    asked = ["git", "-C", str(path), "rev-parse", "--path-format=absolute", "--git-common-dir", "--git-path", "hooks"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CEILING_DIRECTORIES": str(path.parent), "LC_ALL": "C"}
    found = subprocess.run(asked, env=environment, capture_output=True, timeout=_GIT_SECONDS, check=False)
    lines = os.fsdecode(found.stdout).splitlines()
    if found.returncode or len(lines) != 2:
        raise NotFound(f"{path}: is no git repository that you may use; name one, bare or not")
    common, hooks = (Path(line) for line in lines)
    if hooks != common / "hooks":
        raise Permanent(f"{path}: core.hooksPath leads to {hooks}, which other repositories may share; unset it here")
    return hooks


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".post-receive-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        Path(temporary).chmod(0o755)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
