"""The forwarder's only way out: `POST /v1/hints` to the daemon, over its unix socket or by http with a bearer token.

In: hints. Out: nothing, when the daemon acknowledged them with 2xx. Redirects are not followed and no answer is read.
"""

from collections.abc import Sequence

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, UnixConnector

from orchestrator.domain import hint
from orchestrator.domain.hint import RefHint
from orchestrator.errors import Permanent, Temporary
from orchestrator.forwarder.options import DaemonTarget

_TIMEOUT = ClientTimeout(total=30, sock_connect=3)
_NEVER = (400, 413, 422)


class NotTaken(Permanent):
    """The daemon understood the request and does not want these hints."""


class DaemonClient:
    """Sends hints; open and close it with the event loop that uses it. `place` is where to, in words."""

    def __init__(self, target: DaemonTarget):
        self.place = str(target.socket or target.url)
        self._url = f"{(target.url or 'http://daemon').rstrip('/')}/v1/hints"
        headers = {"Content-Type": "application/json"}
        if target.token:
            headers["Authorization"] = f"Bearer {target.token}"
        connector = UnixConnector(str(target.socket)) if target.socket else TCPConnector()
        self._session = ClientSession(connector=connector, headers=headers, timeout=_TIMEOUT)

    async def post(self, hints: Sequence[RefHint]) -> None:
        """Hand hints over; raises `Temporary` to try again, `NotTaken` when that is of no use."""
        try:
            async with self._session.post(self._url, data=hint.to_json(hints), allow_redirects=False) as answer:
                status = answer.status
        except (ClientError, OSError, TimeoutError) as error:
            raise Temporary(f"the daemon at {self.place} does not answer ({type(error).__name__})") from error
        if status in _NEVER:
            raise NotTaken(f"the daemon answered {status}")
        if not 200 <= status < 300:
            raise Temporary(f"the daemon at {self.place} answered {status}; check its hints listener and the token")

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()
