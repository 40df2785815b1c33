"""A process that records events for ever and prints the number of each one that it was told is written."""

import itertools
import os
import sys
from pathlib import Path

from orchestrator.adapters.store import Store
from orchestrator.domain.ledger import Happened

first = int(sys.argv[2])
store = Store(Path(sys.argv[1]), lambda _address, number: os.write(1, b"%d\n" % number) and None)
for n in itertools.count(first):
    store.record((Happened(float(n), "bugfix", "web", "Seen", str(n)),), reply_to="printer", reply=n)
    if n % 50 == 0:
        store.events(None, 1)
