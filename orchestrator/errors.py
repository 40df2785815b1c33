"""Every error that Anabranch raises on purpose.

Flows in from domain, adapters and runtimes; flows out as one line for a person and as a decision for an actor:

    AnabranchError
    ├── Temporary      try again after a delay: a host is down, a lock is held
    └── Permanent      wait for a new commit or setting: a Score file is wrong, a name is refused
        ├── NotFound   what was asked for does not exist
        └── Conflict   it exists, but somebody changed it first
"""


class AnabranchError(Exception):
    """What went wrong and the way out, in one line without secrets; `str(error)` is that line."""


class Temporary(AnabranchError):
    """Trying again later, with nothing else changed, may succeed."""


class Permanent(AnabranchError):
    """Trying again is of no use until a commit, a setting or a command changes something."""


class NotFound(Permanent):
    """What was named does not exist; the line names what does."""


class Conflict(Permanent):
    """Somebody else changed it since it was read; the line says what to look at."""
