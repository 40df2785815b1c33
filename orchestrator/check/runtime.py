"""Can services run here, as whom, and on which ports?

In: settings. Out: a row for the runtime, and for a process one for its ports, for a cluster one for each missing right.
"""

import errno
import os
import socket
from pathlib import Path

from orchestrator.check.cluster import check_cluster
from orchestrator.check.row import CheckRow
from orchestrator.settings import Settings
from orchestrator.settings.model import RuntimeName

_FEWEST_PORTS = 100
_LOOPBACK = "127.0.0.1"
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def check_runtime(settings: Settings) -> tuple[CheckRow, ...]:
    """Judge the runtime that the settings name."""
    if settings.runtime is RuntimeName.KUBERNETES:
        return check_cluster(settings)
    if settings.runtime is RuntimeName.MEMORY:
        return (CheckRow("runtime", settings.runtime, "", ok=True, text="a dry run: no service is started"),)
    return (_user(os.geteuid() == 0, settings.process.allow_root), _ports(*settings.process.ports))


def _user(is_root: bool, allow_root: bool) -> CheckRow:
    if is_root and not allow_root:
        text = "would run branches as root; start as another user, or set process.allow_root: true"
        return CheckRow("runtime", "process", "", ok=False, text=text)
    who = "root" if is_root else "this user"
    return CheckRow("runtime", "process", "", ok=True, text=f"runs branches as {who}, without isolation")


def _ports(first: int, last: int) -> CheckRow:
    taken = sum(_taken(port) for port in range(first, last + 1))
    free = last - first + 1 - taken
    if free < _FEWEST_PORTS:
        text = f"only {free} are free; set process.ports to a range with more"
        return CheckRow("ports", f"{first}-{last}", _LOOPBACK, ok=False, text=text)
    return CheckRow("ports", f"{first}-{last}", _LOOPBACK, ok=True, text=_overlap(first, last) or f"{free} are free")


def _taken(port: int) -> bool:
    """Tell whether somebody listens there: only a listener keeps a port from being bound again."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _overlap(first: int, last: int) -> str:
    """Warn of ports that the kernel gives to outgoing connections, which can then keep a service from its own."""
    try:
        low, high = (int(bound) for bound in _EPHEMERAL.read_text().split())
    except (OSError, ValueError):
        return ""
    if last < low or first > high:
        return ""
    return f"outgoing connections use {low}-{high} and may take some of them; set process.ports outside of that"
