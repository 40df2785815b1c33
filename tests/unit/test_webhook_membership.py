"""Whose repository a payload names: the hook's, another one of its organisation, or one that it has no say about."""

from dataclasses import replace

import pytest

from orchestrator.domain.git_url import validate
from orchestrator.domain.hint import RefHint
from orchestrator.domain.webhook import Change, Hook, Resync
from orchestrator.domain.webhook.hosts import hints
from orchestrator.domain.webhook.membership import another, named_at, within
from orchestrator.domain.webhook.pull import Pull, PullState
from orchestrator.domain.webhook.signature import Refused

HOOK = Hook("acme", "github", (bytes(32),), {"acme/app": "app", "partner/web": "web"}, organisation="acme")
SYSTEM = replace(HOOK, organisation="*")


def change(repository: str) -> Change:
    return Change(repository, "refs/heads/a")


@pytest.mark.parametrize("theirs", ["acme/notes", "Acme/notes", "ACME/sub/notes", "acme/\ud800", "acme/"])
def test_other_repositories_of_the_organisation_give_no_hint_and_are_named(theirs: str) -> None:
    pull = Pull(theirs, "refs/heads/a", 1, "x", PullState.OPEN)
    for outcome in ((change(theirs),), (pull,), Resync(theirs)):
        assert hints(HOOK, outcome, "7") == ()
        named = another(HOOK, outcome)
        assert named.isprintable()
        assert named.casefold().startswith("acme/")


@pytest.mark.parametrize("theirs", ["other/app", "acmee/app", "acme", "", "*", "x/acme/app", "acme\n/app", "notacme/x"])
def test_what_is_outside_the_organisation_is_refused(theirs: str) -> None:
    for outcome in ((change("acme/app"), change(theirs)), Resync(theirs)):
        with pytest.raises(Refused, match="is not a repository of hook acme"):
            hints(HOOK, outcome, "7")


def test_a_hook_without_an_organisation_refuses_every_other_repository() -> None:
    with pytest.raises(Refused):
        hints(replace(HOOK, organisation=""), (change("acme/notes"),), "7")


def test_the_hook_of_a_whole_git_host_refuses_nothing() -> None:
    for theirs in ("other/app", "", "\ud800"):
        assert hints(SYSTEM, (change(theirs),), "7") == ()
        assert another(SYSTEM, (change(theirs),))


def test_the_hooks_repositories_count_wherever_they_are_and_others_beside_them_do_not() -> None:
    told = (change("acme/notes"), change("Partner/Web"), change("acme/app"))
    assert hints(HOOK, told, "7") == tuple(
        RefHint(name, "refs/heads/a", deleted=False, delivery="7") for name in ("web", "app")
    )
    assert another(HOOK, (change("acme/app"), change("partner/web"))) == ""


@pytest.mark.parametrize(
    ("provider", "url", "name", "organisation"),
    [
        ("github", "https://github.com/acme/web.git", "acme/web", "*"),
        ("github", "git@github.com:acme/web", "acme/web", "*"),
        ("github", "ssh://git@github.com/acme/web.git/", "acme/web", "*"),
        ("gitlab", "https://gitlab.example/acme/platform/app.git", "acme/platform/app", "*"),
        ("gitlab", "git@gitlab.example:acme/platform/app.git", "acme/platform/app", "*"),
        ("gitlab", "https://example.org/gitlab/Acme/platform/app.git", "Acme/platform/app", "acme"),
        ("gitlab", "https://example.org/gitlab/acme/platform/app.git", "gitlab/acme/platform/app", "*"),
        ("gitlab", "https://example.org/acme/acme/app.git", "acme/acme/app", "acme"),
        ("gitlab", "https://example.org/acmee/app.git", "acmee/app", "acme"),
        ("gitea", "https://git.example/gitea/acme/web.git", "acme/web", "*"),
        ("bitbucket-cloud", "git@bitbucket.org:acme/web.git", "acme/web", "*"),
        ("bitbucket-server", "https://bitbucket.example/scm/web/app.git", "web/app", "*"),
        ("bitbucket-server", "ssh://git@bitbucket.example:7999/~ada/scratch.git", "~ada/scratch", "*"),
        ("azure-devops", "https://dev.azure.com/fabrikam/Shop/_git/web", "Shop/web", "*"),
        ("azure-devops", "git@ssh.dev.azure.com:v3/fabrikam/Shop/web", "Shop/web", "*"),
        ("generic", "file:///srv/git/web.git", "git/web", "*"),
    ],
)
def test_the_url_of_a_repository_tells_what_its_git_host_calls_it(
    provider: str, url: str, name: str, organisation: str
) -> None:
    assert named_at(provider, validate(url, ("https", "ssh", "file")).path, organisation) == name


def test_an_organisation_holds_what_is_below_it_and_nothing_that_only_begins_like_it() -> None:
    assert within("acme/platform", "Acme/Platform/app")
    assert not within("acme/platform", "acme/platforms/app")
    assert not within("", "acme/app")
    assert not within("", "/app")
