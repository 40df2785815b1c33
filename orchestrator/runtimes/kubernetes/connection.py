"""The client library, and one request through it: the only file that knows `kubernetes`.

In: a request. Out: the open answer. The library is imported when a connection is made, for it costs 0.2 s and 43 MB.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING

from orchestrator.domain.text import printable
from orchestrator.errors import Permanent, Temporary
from orchestrator.runtimes.kubernetes.kinds import Object
from orchestrator.runtimes.kubernetes.options import KubernetesOptions

if TYPE_CHECKING:
    from kubernetes.client import Configuration
    from urllib3 import BaseHTTPResponse

AGENT = "anabranch"
JSON = "application/json"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"

_CONNECT, _READ = 3.05, 30.0
_CONNECTIONS = 64
_CHUNK = 2**16


class Silent(Temporary):
    """No byte came for so long that the connection is taken for dead."""


@dataclass(frozen=True, slots=True)
class Request:
    """`body` is bytes for `APPLY`, an object otherwise; `read` is how many seconds of silence end the answer.

    `conditional` says that the body names the version that it changes: after a conflict it is of no use again.
    """

    method: str
    path: str
    body: Object | bytes | None = None
    content: str = JSON
    acting_as: str = ""
    conditional: bool = False
    read: float = _READ

    @property
    def what(self) -> str:
        """Say in words what is asked: `patch deployments/app in bugfix`."""
        verb = {"POST": "create", "PUT": "update"}.get(self.method, self.method.lower())
        parts = self.path.partition("?")[0].split("/")
        if "namespaces" not in parts[:-2]:
            return f"{verb} {'/'.join(parts[-2:])}"
        at = parts.index("namespaces")
        return f"{verb} {'/'.join(parts[at + 2 :])} in {parts[at + 1]}"


class Connection:
    """One client for the whole process; any thread may send. Raises Permanent when no cluster is configured."""

    def __init__(self, options: KubernetesOptions) -> None:
        from kubernetes import client  # noqa: PLC0415 - see above

        configuration = client.Configuration()
        _load(configuration, options)
        configuration.connection_pool_maxsize = _CONNECTIONS
        configuration.retries, configuration.keep_alive = False, True
        self._client = client.ApiClient(configuration)
        self.host = str(configuration.host)

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._client.rest_client.close()

    def drop_idle(self) -> None:
        """Close the connections that are not in use: where one fell silent, the others may have as well."""
        idle = self._client.rest_client.pool_manager.connection_from_url(self.host).pool
        with suppress(Empty):
            while idle is not None:
                connection = idle.get(block=False)
                if connection:
                    connection.close()

    def send(self, request: Request) -> "BaseHTTPResponse":
        """Send one request once. Raises Temporary when nobody answers; any status is an answer."""
        from kubernetes.client import ApiException  # noqa: PLC0415 - see above
        from urllib3.exceptions import HTTPError, TimeoutError  # noqa: A004, PLC0415 - comes with it

        headers = {"Accept": JSON, "Content-Type": request.content, "User-Agent": AGENT}
        if request.acting_as:
            headers["Impersonate-User"] = request.acting_as
        self._client.update_params_for_auth(headers, [], ["BearerToken"], None, request.method, None)
        try:
            reply = self._client.call_api(
                request.method,
                self.host + request.path,
                headers,
                request.body,
                _request_timeout=(_CONNECT, request.read),
            )
        except (HTTPError, ApiException, OSError) as error:
            if isinstance(error, TimeoutError):
                self.drop_idle()
            raise Temporary(f"the apiserver at {self.host} does not answer ({type(error).__name__})") from error
        response: BaseHTTPResponse = reply.response
        return response


def chunks(response: "BaseHTTPResponse") -> Iterator[bytes]:
    """Give the parts of an answer as they come. Raises Temporary when it breaks off."""
    while chunk := _read(response.read1, _CHUNK):
        yield chunk


def whole(response: "BaseHTTPResponse") -> bytes:
    """Read an answer to its end. Raises Temporary when it breaks off."""
    return _read(response.read, None)


def _read(read: Callable[[int | None], bytes], size: int | None) -> bytes:
    from urllib3.exceptions import HTTPError, ReadTimeoutError  # noqa: PLC0415 - see above

    try:
        return read(size)
    except ReadTimeoutError as error:
        raise Silent("the apiserver's answer does not go on") from error
    except (HTTPError, OSError) as error:
        raise Temporary(f"the apiserver's answer broke off ({type(error).__name__})") from error


def end(response: "BaseHTTPResponse | None") -> None:
    """End an answer that another thread reads: it is told that there is no more."""
    if response is not None:
        with suppress(RuntimeError, ValueError, OSError):  # it came to its end by itself
            response.shutdown()


def _load(configuration: "Configuration", options: KubernetesOptions) -> None:
    """Take the file that is named, else the one that kubectl would take, else the account of the pod."""
    from kubernetes import config  # noqa: PLC0415 - see above

    usual = os.environ.get("KUBECONFIG") or Path("~/.kube/config").expanduser()
    file = options.kubeconfig or (str(usual) if Path(usual).exists() else "")
    try:
        if file:
            config.load_kube_config(  # type: ignore[no-untyped-call]  # the library has no types there
                file, options.context or None, configuration, persist_config=False
            )
        else:
            config.load_incluster_config(configuration)  # type: ignore[no-untyped-call]  # the same
    except (config.ConfigException, OSError, ValueError) as error:
        line = f"no cluster to talk to ({printable(str(error), 200)})"
        raise Permanent(f"{line}; set kubernetes.kubeconfig and kubernetes.context") from error
