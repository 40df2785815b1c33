"""The command line: one file for each question that a person asks. It prints what the daemon says and decides nothing.

In: arguments and the daemon's API. Out: data on stdout, talk on stderr; exit 0 done, 1 failed, missing or timed out,
2 wrong usage.
"""

from orchestrator.cli.app import app, main

__all__ = ["app", "main"]
