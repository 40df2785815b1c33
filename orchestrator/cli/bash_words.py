"""Ids with a colon under bash completion: bash takes `bugfix:web` for three words, and completes only the last.

In: the environment that bash's completion script sets. Out: the same with such words joined, and on stdout what
follows the last colon of every completion.
"""

import io
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, redirect_stdout

_REQUEST = "_ANABRANCH_COMPLETE"
_MOST_WORDS = 10_000


@contextmanager
def joined(environ: MutableMapping[str, str]) -> Iterator[None]:
    """Let completion see whole ids; does nothing when bash does not ask."""
    if environ.get(_REQUEST) != "complete_bash":
        yield
        return
    words, position = join(environ.get("COMP_WORDS", "").split("\n"), environ.get("COMP_CWORD", ""))
    environ["COMP_WORDS"], environ["COMP_CWORD"] = "\n".join(words), str(position)
    said = io.StringIO()
    try:
        with redirect_stdout(said):
            yield
    finally:
        after_colon = position < len(words) and ":" in words[position]
        for line in said.getvalue().splitlines():
            print(line.rpartition(":")[2] if after_colon else line)


def join(words: list[str], position: str) -> tuple[list[str], int]:
    """Put `bugfix`, `:` and `web` together, and move the position of the word that is completed with them."""
    here = int(position) if position.isdecimal() else len(words) - 1
    whole: list[str] = []
    places = []
    for word in words[:_MOST_WORDS]:
        if len(whole) > 1 and (word.startswith(":") or whole[-1].endswith(":")):
            whole[-1] += word
        else:
            whole.append(word)
        places.append(len(whole) - 1)
    return whole, places[here] if here < len(places) else len(whole)
