"""What is taken for a secret, and what is shown of it."""

import pytest

from orchestrator.domain.secrecy import is_secret, shown, shown_text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter2"),
        ("apiKey", "k"),
        ("GITHUB_TOKEN", "t"),
        ("DATABASE_URL", "postgres://app:hunter2@db:5432/app"),
    ],
)
def test_a_telling_name_or_credentials_in_a_url_make_a_secret(name: str, value: str) -> None:
    assert is_secret(name, value)
    assert shown(name, value) == shown_text(name, value) == "***"


@pytest.mark.parametrize(
    ("name", "value"), [("LOG_LEVEL", "info"), ("API_URL", "http://api.main.svc:80"), ("TOKEN", "")]
)
def test_anything_else_is_shown(name: str, value: str) -> None:
    assert not is_secret(name, value)
    assert shown(name, value) == value


def test_a_placeholder_is_shown_and_what_it_became_is_not() -> None:
    assert shown_text("DB_PASSWORD", "${resources.db.password}") == "${resources.db.password}"
    assert shown_text("DB_PASSWORD", "${resources.db.password}hunter2") == "***"
