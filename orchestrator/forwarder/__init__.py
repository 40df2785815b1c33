"""From git hosts to the daemon: webhooks in, journalled before the answer, forwarded as hints until acknowledged.

A process of its own; it holds no credentials but webhook secrets and the daemon's token, and knows no actors.
`app.py` joins the rest.
"""

from orchestrator.forwarder.from_settings import run

__all__ = ["run"]
