"""Only plain URLs of allowed protocols and hosts ever reach git."""

import pytest

from orchestrator.domain.git_url import GitUrl, validate, without_credentials
from orchestrator.errors import Permanent

ALL = ("https", "ssh", "http", "file")


@pytest.mark.parametrize(
    ("url", "protocol", "host", "port", "path"),
    [
        ("https://git.example.org/team/app.git", "https", "git.example.org", None, "team/app.git"),
        ("https://Git.Example.org:8443/app", "https", "git.example.org", 8443, "app"),
        ("https://[2001:db8::1]:8443/app", "https", "[2001:db8::1]", 8443, "app"),
        ("ssh://git@git.example.org:2222/app.git", "ssh", "git.example.org", 2222, "app.git"),
        ("ssh://git.example.org/~team/app.git", "ssh", "git.example.org", None, "~team/app.git"),
        ("git@git.example.org:team/app.git", "ssh", "git.example.org", None, "team/app.git"),
        ("git.example.org:/srv/app.git", "ssh", "git.example.org", None, "/srv/app.git"),
        ("http://127.0.0.1:8000/app.git", "http", "127.0.0.1", 8000, "app.git"),
        ("file:///srv/git/app.git", "file", "", None, "srv/git/app.git"),
        ("/srv/git/app.git", "file", "", None, "srv/git/app.git"),
    ],
)
def test_a_plain_url_is_taken_apart(url, protocol, host, port, path):
    assert validate(url, ALL) == GitUrl(url, protocol, host, port, path)


@pytest.mark.parametrize("url", ["http://git.example.org/app", "file:///srv/app.git", "/srv/app.git"])
def test_what_is_not_encrypted_or_local_must_be_named(url):
    with pytest.raises(Permanent, match=r"is not in git\.protocols"):
        validate(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x" * 2000,
        "ext::sh -c 'touch pwned'",
        "ext::sh",
        "fd::17",
        "-oProxyCommand=x",
        "--upload-pack=x",
        "ssh://-oProxyCommand=x/app",
        "ssh://-x@host/app",
        "-x@host:app",
        "-host:app",
        "host:-app",
        "host://app",
        "git@host:",
        "https://",
        "https:///app",
        "https://host",
        "https://host-/app",
        "https://ho st/app",
        "https://host/$HOME",
        "https://host/${HOME}",
        "https://host/%2e%2e",
        "https://host/a?b=c",
        "https://host/a#b",
        "https://host/a\n",
        "https://host/a\x1b[31m",
        "https://host\\evil/a",
        "https://host:0/a",
        "https://host:65536/a",
        "https://host:port/a",
        "https://hóst/a",
        "ftp://host/a",
        "git://host/a",
        "rsync://host/a",
        "HTTPS://host/a",
        "file://host/a",
        "file://relative",
        "../app.git",
        "app.git",
        "//host/share",
        "~/app.git",
        "/srv/$(id)",
        "/srv/`id`",
    ],
)
def test_everything_else_is_refused_in_one_printable_line(url):
    with pytest.raises(Permanent, match=r"^git URL .* is refused: ") as caught:
        validate(url, ALL)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("url", ["https://user:secret@host/a", "https://secret@host/a", "ssh://user:secret@host/a"])
def test_credentials_in_a_url_are_refused_and_not_repeated(url):
    with pytest.raises(Permanent, match=r"put them into git\.token_file") as caught:
        validate(url, ALL)
    assert "secret" not in str(caught.value)


def test_only_listed_hosts_are_asked():
    assert validate("git@Git.Example.org:app", hosts=["git.example.org"]).host == "git.example.org"
    for url in ("https://example.org/a", "https://git.example.org.evil.net/a", "evil.net:git.example.org"):
        with pytest.raises(Permanent, match=r"is not in git\.hosts"):
            validate(url, hosts=["git.example.org"])


def test_credentials_are_masked_in_any_text():
    text = "fatal: https://u:p@a/x and ssh://git@b/y, not git@c:z"

    assert without_credentials(text) == "fatal: https://***@a/x and ssh://***@b/y, not git@c:z"
