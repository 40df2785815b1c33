"""What a journalled delivery asks for: a row in, a verdict out. Never an exception, whatever the body holds."""

import json
from collections.abc import Mapping

from orchestrator.domain.delivery import State
from orchestrator.domain.webhook import Hook, Ignored
from orchestrator.domain.webhook.hosts import decode, hints
from orchestrator.domain.webhook.membership import another
from orchestrator.domain.webhook.signature import Refused
from orchestrator.errors import AnabranchError
from orchestrator.forwarder.ledger import Unread, Verdict

_NO_BRANCH = "no branch moved; tags count only where the hook says tags: true"


def read(hooks: Mapping[str, Hook], row: Unread) -> Verdict:
    """Decide what becomes of a delivery; a fault of the parser makes it a dead letter, kept for a better parser."""
    try:
        return _read(hooks, row)
    except Refused as error:
        return Verdict(row.seq, State.REFUSED, str(error))
    except AnabranchError as error:
        return Verdict(row.seq, State.DEAD, str(error))
    except Exception as error:
        return Verdict(row.seq, State.DEAD, f"the parser failed with {type(error).__name__}")


def _read(hooks: Mapping[str, Hook], row: Unread) -> Verdict:
    hook = hooks.get(row.hook)
    if hook is None:
        return Verdict(row.seq, State.DEAD, "its hook is no longer in the settings")
    if not row.intact:
        return Verdict(row.seq, State.DEAD, "the body was damaged on disk")
    headers = {name: tuple(values) for name, values in json.loads(row.headers).items()}
    outcome = decode(hook.provider, headers, row.body)
    if isinstance(outcome, Ignored):
        return Verdict(row.seq, State.IGNORED, outcome.reason)
    found = hints(hook, outcome, delivery=str(row.seq), received=int(row.received_at * 1000))
    if found:
        return Verdict(row.seq, State.PARSED, hints=found)
    other = another(hook, outcome)
    return Verdict(row.seq, State.IGNORED, f"{other} is not in the settings" if other else _NO_BRANCH, other=other)
