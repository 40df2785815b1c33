"""`python -m orchestrator`: the command `anabranch`, for callers that know the interpreter and not the script."""

import sys

from orchestrator.cli import main

if __name__ == "__main__":
    sys.exit(main())
