"""Hooks written into settings files of every form: the rest stays as it is, and what is written reads back."""

from pathlib import Path

import pytest

from orchestrator.errors import NotFound
from orchestrator.settings import ForwardedHook, Settings, read, render
from orchestrator.settings.hook_edit import with_hook, with_secrets

FILE = Path("/srv/anabranch.yaml")
OLD = ForwardedHook(
    name="old", provider="gitlab", secret_files=(Path("/s/old"),), repositories={"group/sub/app": "app"}
)
NEW = ForwardedHook(
    name="new",
    provider="azure-devops",
    secret_files=(Path("/s/new"),),
    repositories={"My Project/app: #1": "app", "x/y": "web"},
    username='a"b',
    tags=True,
)
WHOLE = ForwardedHook(name="new", provider="gitlab", secret_files=(Path("/s/new"),), organisation="a b: #1/*")
ITEM = "{name: old, provider: gitlab, secret_files: [/s/old], repositories: {group/sub/app: app}}"
BLOCK = """\
    - name: old  # the first
      provider: gitlab
      secret_files:
        - /s/old  # made by hand
      repositories:
        group/sub/app: app   # one
"""
FORMS = {
    "nothing": ("", ()),
    "no line end": ("baseline: main", ()),
    "no forwarder": ("baseline: main  # mine\n", ()),
    "empty forwarder": ("forwarder:  # later\nbaseline: main\n", ()),
    "forwarder without hooks": ("forwarder:\n  # where\n  address: 127.0.0.1:1\nbaseline: main\n", ()),
    "no hooks": ("forwarder:\n  hooks: []  # the webhooks\n  address: 127.0.0.1:1\n", ()),
    "no hooks at the end": ("forwarder:\n  hooks: []", ()),
    "hooks in one line": (f"forwarder:\n  hooks: [{ITEM}]  # one\n  url: https://h\n", (OLD,)),
    "hooks as a block": (f"forwarder:\n  hooks:\n{BLOCK}  # then\n  url: https://h\nbaseline: main\n", (OLD,)),
    "hooks at the end": (f"forwarder:\n  hooks:\n{BLOCK}".rstrip("\n"), (OLD,)),
    "hooks not indented": (f"forwarder:\n  hooks:\n  - {ITEM}\n  url: https://h\n", (OLD,)),
    "forwarder in one line": ("forwarder: {address: '127.0.0.1:1'}  # mine\nbaseline: main\n", ()),
    "forwarder in one line with an open end": ("forwarder: {address: '127.0.0.1:1',}", ()),
    "empty forwarder in one line": ("forwarder: {}\nbaseline: main\n", ()),
    "no hooks in one line": ("forwarder: {hooks: [], url: 'https://h'}\n", ()),
    "all hooks in one line": (f"forwarder: {{hooks: [{ITEM}], url: 'https://h'}}\n", (OLD,)),
    "everything in one line": ("{baseline: main, forwarder: {address: '127.0.0.1:1'}}\n", ()),
    "everything in one line, no forwarder": ("{baseline: main}", ()),
    "everything, as init writes it": (render(Settings(repositories=())), ()),
}


def hooks(text: str) -> tuple[ForwardedHook, ...]:
    return read(text.encode(), FILE, {}).forwarder.hooks


@pytest.mark.parametrize("new", [NEW, WHOLE])
@pytest.mark.parametrize("form", FORMS)
def test_a_hook_is_added_and_everything_else_stays(form: str, new: ForwardedHook) -> None:
    text, before = FORMS[form]
    settings = read(text.encode(), FILE, {})
    assert settings.forwarder.hooks == before
    written = with_hook(text, new, FILE)
    forwarder = settings.forwarder.model_copy(update={"hooks": (*before, new)})
    assert read(written.encode(), FILE, {}) == settings.model_copy(update={"forwarder": forwarder})
    kept = [line.strip() for line in text.splitlines() if "{" not in line and "hooks: [" not in line]
    assert [line for line in kept if line not in written] == []
    assert text.count("#") <= written.count("#")


@pytest.mark.parametrize("form", [form for form, (_, before) in FORMS.items() if before])
def test_secret_files_are_exchanged_and_everything_else_stays(form: str) -> None:
    text, _ = FORMS[form]
    both = (Path("/s/old.2"), Path("/s/old"))
    written = with_secrets(text, "old", both, FILE)
    assert hooks(written) == (OLD.model_copy(update={"secret_files": both}),)
    assert [line for line in text.splitlines() if "/s/old" not in line and line not in written.splitlines()] in (
        [],
        ["      secret_files:"],
    )
    assert hooks(with_secrets(written, "old", OLD.secret_files, FILE)) == (OLD,)


def test_a_hook_that_is_not_there_is_told_with_a_way_out() -> None:
    with pytest.raises(NotFound, match=r"no hook web below forwarder\.hooks"):
        with_secrets("forwarder: {hooks: []}", "web", (), FILE)
