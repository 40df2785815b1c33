"""The daemon's HTTP API: JSON and server-sent events on a unix socket, two small TCP listeners beside it.

In: requests of the command line and of the forwarder. Out: pictures from the board, requests to the gateway.
Knows no actors: whatever implements `Gateway` and `Board` can stand behind it.
"""

from orchestrator.adapters.api.board import Board
from orchestrator.adapters.api.server import Api, ApiOptions

__all__ = ["Api", "ApiOptions", "Board"]
