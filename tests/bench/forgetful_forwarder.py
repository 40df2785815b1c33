"""The forwarder with little memory, `--settings FILE`: its journal keeps few deliveries and forgets all the time.

The limits are no settings of the product, so they are given here, to the same code that `anabranch forwarder` runs.
"""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

from orchestrator import log
from orchestrator.forwarder import app
from orchestrator.forwarder.from_settings import from_settings
from orchestrator.forwarder.options import Limits
from orchestrator.settings import load

LIMITS = Limits(keep_deliveries=20, keep_body_days=0.0, journal_bytes=2**24)
PAUSE_SECONDS = 0.002

settings = load(Path(sys.argv[2]), os.environ)
log.configure(settings.log.level, settings.log.format, ())
app._HOUSEKEEPING_SECONDS = PAUSE_SECONDS
options = replace(from_settings(settings), limits=LIMITS)
asyncio.run(app.until_told(options, os.environ, lambda: options.hooks))
