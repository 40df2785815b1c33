"""One thing that was tried."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckRow:
    """`what` kind of thing, its `name` among its kind, `where` it is; `text` says what was found, or the way out."""

    what: str
    name: str
    where: str
    ok: bool
    text: str
