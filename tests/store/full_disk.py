"""A process whose files may not grow, for a while: prints the store's trouble, then what was delivered after it."""

import queue
import resource
import sys
import threading
from pathlib import Path

from orchestrator import log
from orchestrator.adapters.store import Store
from orchestrator.domain.ledger import Happened

log.configure("error", "json", ())
delivered: "queue.Queue[str]" = queue.Queue()
store = Store(Path(sys.argv[1]), lambda _address, message: delivered.put(message))
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
store.record((Happened(1.0, "bugfix", "web", "Seen", "x" * 400_000),), "service", "recorded", "refused")
wait = threading.Event()
for _ in range(1000):
    if store.trouble:
        break
    wait.wait(0.01)
print(store.trouble)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
print(delivered.get(timeout=20))
print(repr(store.trouble), len(store.events(None, 1)[0].text))
store.close()
