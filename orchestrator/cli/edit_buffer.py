"""The text that `edit` opens: a service's variables as YAML, one line each, with what they became as comments.

In: a service, and the texts that a person wants. Out: the buffer; and back from a saved buffer, texts and changes.
"""

from collections.abc import Mapping, Sequence

from orchestrator.cli.times import ago
from orchestrator.domain.snapshot import ServiceView, VariableView
from orchestrator.domain.text import printable
from orchestrator.errors import Permanent

_COMMENT_COLUMN = 34
_LONGEST_COMMENT = 300
_REMARK = "#! "

Texts = dict[str, str]


def texts_of(service: ServiceView) -> Texts:
    """Every variable as it is written."""
    return {variable.name: variable.text for variable in service.variables}


def render(service: ServiceView, texts: Mapping[str, str], now: float) -> str:
    """Write the buffer: the variables in the service's order, then those that are new."""
    known = {variable.name: variable for variable in service.variables}
    names = [name for name in known if name in texts] + [name for name in texts if name not in known]
    lines = [_line(name, texts[name], known.get(name), service, now) for name in names]
    return "\n".join([*_head(service), *lines]) + "\n"


def with_remark(text: str, remark: str) -> str:
    """Put one line above the text, in place of an earlier one."""
    return f"{_REMARK}{printable(remark, 2000)}\n{without_remark(text)}"


def without_remark(text: str) -> str:
    """Take the line off again."""
    return text.partition("\n")[2] if text.startswith(_REMARK) else text


def read(text: str) -> Texts:
    """Read a saved buffer; raises Permanent naming the line, counted as in a buffer that is shown with a remark."""
    from orchestrator.domain import guarded_yaml

    value = guarded_yaml.load(with_remark(text, "").encode("utf-8", "surrogateescape"), file="line").value
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Permanent("write one NAME: text on each line")
    return {name: _text(name, given) for name, given in value.items()}


def changes(service: ServiceView, wanted: Mapping[str, str]) -> dict[str, str | None]:
    """Compare with what is written now: set what differs, unset edits whose line is gone.

    Raises Permanent when the line of a variable of the file is gone.
    """
    found: dict[str, str | None] = {}
    for variable in service.variables:
        if variable.name not in wanted:
            if variable.source != "edited":
                raise Permanent(
                    f"{variable.name} is from {variable.source} and cannot be deleted here; put its line back"
                )
            found[variable.name] = None
    current = texts_of(service)
    found.update({name: text for name, text in wanted.items() if current.get(name) != text})
    return found


def onto(service: ServiceView, edits: Mapping[str, str | None]) -> Texts:
    """Lay a person's changes over what somebody else wrote meanwhile."""
    merged: dict[str, str | None] = {**texts_of(service), **edits}
    return {name: text for name, text in merged.items() if text is not None}


def difference(before: ServiceView, after: ServiceView) -> str:
    """Say what somebody else changed: `LOG_LEVEL debug -> warn`."""
    old, new = texts_of(before), texts_of(after)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return ", ".join(f"{name} {old.get(name, 'nothing')} -> {new.get(name, 'nothing')}" for name in names)


def _head(service: ServiceView) -> Sequence[str]:
    release = service.serving or service.pending
    shown = f", v{release.number} ({release.commit[:7]})" if release else ""
    return (
        f"# {service.name}{shown}. Save to roll out a release with these variables; leave unchanged to do nothing.",
        "# Git is not touched; your changes survive pushes. "
        'Remove a line marked "edited" to go back to what the file says; empty the file to do nothing.',
    )


def _line(name: str, text: str, variable: VariableView | None, service: ServiceView, now: float) -> str:
    comment = _comment(variable, service, now) if variable else ""
    return f"{_entry(name, text):{_COMMENT_COLUMN}} {comment}".rstrip()


def _entry(name: str, text: str) -> str:
    """Write one line that `read` takes for this very text, with quotation marks only where it needs them."""
    import yaml

    plain = yaml.safe_dump({name: text}, width=float("inf"), allow_unicode=True).rstrip("\n")
    key, value = (yaml.safe_dump(part, width=float("inf"), default_style='"').rstrip("\n") for part in (name, text))
    shorter = (entry for entry in (plain, f"{name}: {value}") if "\n" not in entry and _says(entry, {name: text}))
    return next(shorter, f"{key}: {value}")


def _says(entry: str, texts: Texts) -> bool:
    try:
        return read(entry) == texts
    except Permanent:
        return False


def _comment(variable: VariableView, service: ServiceView, now: float) -> str:
    parts = []
    if variable.source == "edited":
        said = f"; {variable.original_source} says {variable.original}" if variable.original is not None else ""
        parts.append(f"edited {ago(variable.edited_at, now)} ago{said}")
    if variable.value and variable.value != variable.text:
        origins = {f"{w.target_environment}:{w.target_service}": w.origin for w in service.wires}
        peers = ", ".join(f"{peer}, {origins[peer]}" if peer in origins else peer for peer in variable.wired_to)
        parts.append(f"now {variable.value}" + (f" ({peers})" if peers else ""))
    return f"# {printable('; '.join(parts), _LONGEST_COMMENT)}" if parts else ""


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise Permanent(f'{printable(name, 100)} is not a text; quote it: {printable(name, 100)}: "…"')
    return value
