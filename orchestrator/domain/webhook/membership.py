"""Whose repository a payload names: the hook's, another one of the hook's organisation, or somebody else's.

In: a hook, and repositories as their git host names them. Out: names in the settings. A payload that was signed for one
hook counts for nothing beyond that hook's repositories and organisation.
"""

from collections.abc import Mapping, Sequence

from orchestrator.domain.text import printable
from orchestrator.domain.webhook import Change, Hook, Resync
from orchestrator.domain.webhook.pull import Pull
from orchestrator.domain.webhook.signature import Refused

EVERYWHERE = "*"
_BY_WHOLE_PATH = ("gitlab",)
_NO_PART_OF_A_NAME = ("", "_git")
_LONGEST = 100


def within(organisation: str, theirs: str) -> bool:
    """Tell whether a repository belongs to an organisation; `*` stands for all there are, empty for none."""
    if organisation in ("", EVERYWHERE):
        return bool(organisation)
    return theirs.casefold().startswith(f"{organisation.casefold()}/")


def named_at(provider: str, path: str, organisation: str) -> str:
    """Name the repository at the path of a URL as its git host does.

    Most do so by the last two parts; GitLab by all of them, or those from the organisation on where it lives below a
    path of its own.
    """
    written = path.rstrip("/").removesuffix(".git").split("/")
    parts = [part for part in written if part not in _NO_PART_OF_A_NAME]
    if provider not in _BY_WHOLE_PATH:
        return "/".join(parts[-2:])
    whole = "/".join(parts)
    return whole[max(f"/{whole}/".casefold().find(f"/{organisation.casefold()}/"), 0) :]


def ours(hook: Hook, theirs: Sequence[str]) -> Mapping[str, str]:
    """Find the name in the settings of each, whatever the case that the git host writes its own in.

    Empty for another repository of the hook's organisation; raises `Refused` for one that is not the hook's.
    """
    found = {each: hook.repositories.get(each, "") for each in theirs}
    if not all(found.values()):
        folded = {name.casefold(): mine for name, mine in hook.repositories.items()}
        found = {each: name or folded.get(each.casefold(), "") for each, name in found.items()}
    for each, name in found.items():
        if not name and not within(hook.organisation, each):
            shown = f"{each[:_LONGEST]!a} is not a repository of hook {hook.name}"
            raise Refused(f"{shown}; add it there" + ("" if hook.organisation else ", or name the organisation"))
    return found


def another(hook: Hook, outcome: tuple[Change | Pull, ...] | Resync) -> str:
    """Name, for people, a repository that is told of and is not in the settings; empty when all are."""
    told = (outcome,) if isinstance(outcome, Resync) else outcome
    named = ours(hook, [each.repository for each in told])
    found = next((theirs for theirs, name in named.items() if not name), None)
    return "" if found is None else printable(found, _LONGEST) or "a repository without a name"
