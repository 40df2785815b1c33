"""envs, ps, wires, describe, history, version: what is there, in every form."""

from typing import Any

import pytest

from orchestrator.domain.naming import environment_name


def test_envs_lists_every_environment_with_the_baseline(world: Any) -> None:
    branch = world.make("seen-in-envs", "app")
    table = world.run("envs")
    assert table.code == 0
    assert table.lines[0].split() == ["ENVIRONMENT", "SERVICES", "STATUS", "BRANCH", "CHANGED", "NOTE"]
    assert ["main", "5", "Ready", "main"] in [row[:4] for row in table.rows]
    assert [branch, "1", "Ready", branch] in [row[:4] for row in table.rows]


def test_envs_prints_ids_documents_and_yaml(world: Any) -> None:
    ids = world.run("envs", "-q")
    assert "main" in ids.lines
    assert world.run("envs", "-o", "name").out == ids.out
    document = world.run("envs", "-o", "json").json
    main = next(view for view in document if view["environment"] == "main")
    assert main["baseline"] is True
    assert main["status"] == "Ready"
    assert main["changed"].endswith("Z")
    assert {service["service"] for service in main["services"]} >= {"app", "web", "other-app", "audit"}
    assert "environment: main" in world.run("envs", "-o", "yaml").out


def test_ps_shows_what_runs_and_what_is_borrowed(world: Any) -> None:
    branch = world.make("two-of-four", "app", "web")
    found = world.run("-n", branch, "ps")
    assert [row[0] for row in found.rows[:2]] == [f"{branch}:app", f"{branch}:web"]
    assert found.rows[0][1] == "v1"
    assert found.rows[0][3] == "Ready"
    assert found.rows[0][4].startswith("http://127.0.0.1:")
    assert found.lines[-1] == f"+ 1 from the baseline: audit (anabranch -n {branch} ps --all)"
    assert f"{branch}:audit" in world.run("ps", "--all", "-n", branch).out


def test_the_environment_may_stand_before_or_after_the_command(world: Any) -> None:
    branch = world.make("either-side", "app")
    before, after = world.run("-n", branch, "ps", "-q"), world.run("ps", "-q", "-n", branch)
    assert before.lines == after.lines == [f"{branch}:app"]


def test_a_branch_is_named_as_git_names_it_or_by_its_environment(world: Any) -> None:
    branch = world.make("feature/LOGIN-12", "app")
    slug = environment_name(branch)
    assert world.run("-n", branch, "ps", "-q").lines == [f"{slug}:app"]
    assert world.run("-n", slug, "ps", "-q").lines == [f"{slug}:app"]
    assert world.run("ps", f"{branch}:app", "-q").lines == [f"{slug}:app"]
    assert world.run("-n", branch, "ps", f"{slug}:app", "-q").lines == [f"{slug}:app"]


def test_an_underscore_in_a_service_is_read_as_a_hyphen(world: Any) -> None:
    assert world.run("-n", "main", "ps", "other_app", "-q").lines == ["main:other-app"]
    assert world.run("describe", "main:other_app").lines[0].startswith("main:other-app")


def test_the_variable_names_the_environment_and_an_option_wins(world: Any) -> None:
    branch = world.make("by-variable", "app")
    assert world.run("ps", "-q", ANABRANCH_ENVIRONMENT=branch).lines == [f"{branch}:app"]
    assert "main:app" in world.run("-n", "main", "ps", "-q", ANABRANCH_ENVIRONMENT=branch).lines
    unknown = world.run("ps", ANABRANCH_ENVIRONMENT="nowhere-at-all")
    assert unknown.code == 1
    assert "$ANABRANCH_ENVIRONMENT" in unknown.err


def test_the_branch_checked_out_here_is_the_default(world: Any, tmp_path: Any) -> None:
    branch = world.make("checked/out", "app")
    (tmp_path / ".git").mkdir()
    (tmp_path / "src" / "deep").mkdir(parents=True)
    head = tmp_path / ".git" / "HEAD"
    head.write_text(f"ref: refs/heads/{branch}\n")
    assert world.run("ps", "-q", at=tmp_path / "src" / "deep").lines == [f"{environment_name(branch)}:app"]
    head.write_text("ref: refs/heads/not-an-environment\n")
    lost = world.run("ps", at=tmp_path)
    assert lost.code == 2
    assert lost.err.startswith("anabranch: which environment? say -n ENVIRONMENT: main")
    assert len(lost.err.splitlines()) == 1


def test_wires_say_where_each_variable_leads_and_why(world: Any) -> None:
    branch = world.make("wired", "app", "web")
    world.until(lambda: f"{branch}:app" in world.run("-n", branch, "wires").out)
    rows = {row[1]: row for row in world.run("-n", branch, "wires").rows}
    assert rows["APP_URL"][:4] == [f"{branch}:web", "APP_URL", f"{branch}:app", "branch"]
    assert rows["AUDIT_URL"][:4] == [f"{branch}:web", "AUDIT_URL", "main:audit", "baseline"]
    assert world.run("-n", branch, "wires", "-q").lines == [f"{branch}:web"]
    document = world.run("-n", branch, "wires", "web", "-o", "json").json
    assert {wire["origin"] for wire in document} == {"branch", "baseline"}


def test_describe_shows_an_environment_a_service_and_a_release(world: Any) -> None:
    branch = world.make("described", "app", "web")
    environment = world.run("describe", branch).out
    assert "looked at" in environment
    assert "web" in environment
    service = world.run("-n", branch, "describe", "web").out
    assert service.startswith(f"{branch}:web   Ready   repository web, branch {branch}")
    assert "wired to main:audit" in service
    assert "score.yaml:" in service
    release = world.run("describe", f"{branch}:web@v1")
    assert release.lines[0].startswith(f"{branch}:web@v1   Serving")
    assert f"anabranch logs {branch}:web@v1" in release.out
    assert world.run("describe", f"{branch}:web", "-o", "json").json["service"] == "web"
    assert world.run("describe", branch, "-q").lines == [branch]


def test_describe_takes_a_bare_word_as_environment_then_as_service(world: Any) -> None:
    branch = world.make("bare-word", "app")
    assert world.run("describe", branch).lines[0].startswith(branch)
    assert world.run("describe", "app", ANABRANCH_ENVIRONMENT=branch).lines[0].startswith(f"{branch}:app")
    wrong = world.run("describe", "bare-wrod")
    assert wrong.code == 1
    assert "did you mean bare-word?" in wrong.err


def test_describe_of_a_branch_without_services_says_what_was_looked_at(world: Any) -> None:
    commit = world.push("app", "no-file", "Hello", file="README")
    world.push("web", "no-file", world.score("web").replace("service:", "sevrice:"))
    world.run("sync")
    world.until(lambda: all(word in world.run("describe", "no-file").out for word in ("sevrice", commit[:7])))
    page = world.run("describe", "no-file").out
    assert "did you mean service?" in page
    assert commit[:7] in page
    assert "score.yaml" in page


def test_a_branch_without_a_score_file_is_no_environment(world: Any, tmp_path: Any) -> None:
    commit = world.push("app", "just-words", "Hello", file="README")
    world.run("sync")
    world.until(lambda: commit[:7] in world.run("describe", "just-words").out)
    assert "just-words" not in world.run("envs").out
    assert "! app: no Score file there" in world.run("-n", "just-words", "ps").lines
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/just-words\n")
    assert world.run("ps", at=tmp_path).code == 2


def test_a_commit_that_cannot_be_read_is_told_wherever_its_service_is_shown(world: Any) -> None:
    branch = world.make("unreadable-commit", "app", "web")
    world.push("app", branch, world.score("app").replace("service:", "sevrice:"))
    world.run("sync")
    line = f'app@{branch} score.yaml:10: unknown key "sevrice"; did you mean service?'
    world.until(lambda: line in world.run("describe", branch).out)
    assert f"! {line}" in world.run("-n", branch, "ps").lines
    assert line in world.run("describe", f"{branch}:app").out
    assert line not in world.run("describe", f"{branch}:web").out
    assert world.run("-n", branch, "ps", "-q").lines == [f"{branch}:app", f"{branch}:web"]


def test_a_failed_release_is_first_and_says_why_while_the_old_one_serves(world: Any) -> None:
    branch = world.make("failing", "app", "web")
    world.push("web", branch, world.score("web", command="crash"), "Break it")
    world.run("sync")
    world.until(lambda: "v2 (" in (out := world.run("-n", branch, "ps").out) and "Degraded" in out)
    first = world.run("-n", branch, "ps").lines[1]
    assert first.startswith(f"{branch}:web")
    assert "Degraded" in first
    assert "exited with status 1" in first
    assert f"{branch}:web" in world.run("-n", branch, "ps", "-q").out
    page = world.run("describe", f"{branch}:web").out
    assert '"Break it"' in page
    assert f"anabranch logs {branch}:web@v2" in page
    assert "Degraded" in next(line for line in world.run("envs").lines if line.startswith(branch))


def test_history_names_releases_that_can_be_typed_back(world: Any) -> None:
    branch = world.make("with-history", "app")
    world.run("redeploy", f"{branch}:app")
    assert world.run("history", f"{branch}:app", "-q").lines == [f"{branch}:app@v2", f"{branch}:app@v1"]
    superseded = world.run("describe", f"{branch}:app@v1").out
    assert superseded.startswith(f"{branch}:app@v1   Superseded")
    assert "anabranch logs" not in superseded
    table = world.run("-n", branch, "history", "app")
    assert [row[2] for row in table.rows] == ["redeploy", "push"]
    one = world.run("history", f"{branch}:app@v1", "-o", "json").json
    assert [entry["number"] for entry in one] == [1]
    assert world.run("history", f"{branch}:app@{one[0]['commit'][:7]}", "-q").lines[-1] == f"{branch}:app@v1"
    missing = world.run("history", f"{branch}:app@v9")
    assert missing.code == 1
    assert "there are v2, v1" in missing.err


@pytest.mark.parametrize("command", [("envs",), ("ps", "-n", "main"), ("history", "main:app")])
def test_machine_forms_are_one_valid_document(world: Any, command: tuple[str, ...]) -> None:
    assert isinstance(world.run(*command, "-o", "json").json, list)
    assert world.run(*command, "-o", "yaml").code == 0


def test_version_tells_of_the_command_and_of_the_daemon(world: Any) -> None:
    assert world.run("version").lines[0].startswith("anabranch ")
    about = world.run("version", "-o", "json").json
    assert about["daemon"]["runtime"] == "memory"
    assert about["daemon"]["version"] == about["anabranch"]


def test_version_answers_without_a_daemon_and_others_say_how_to_start_one(world: Any, tmp_path: Any) -> None:
    nowhere = str(tmp_path / "none.sock")
    version = world.run("--socket", nowhere, "version")
    assert version.code == 0
    assert "no daemon at" in version.out
    refused = world.run("--socket", nowhere, "envs")
    assert refused.code == 1
    assert refused.err == f"anabranch: no daemon at {nowhere}; start one: anabranch up\n"
