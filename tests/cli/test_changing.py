"""edit, set, unset, redeploy, sync, wait, approve-removal: what changes, and what is said of it."""

import json
import shlex
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.session import Session
from orchestrator.domain.snapshot import ServiceView
from orchestrator.errors import Temporary

Editor = Callable[..., str]
Shown = Callable[[int], str]


def variables(world: Any, service: str) -> dict[str, Any]:
    """The variables of a service by name."""
    return {variable["name"]: variable for variable in world.run("ps", service, "-o", "json").json[0]["variables"]}


def test_set_makes_a_release_and_follows_it_until_it_is_ready(world: Any) -> None:
    branch = world.make("set-and-unset", "app")
    done = world.run("-n", branch, "set", "app", "LOG_LEVEL=debug")
    assert (done.code, done.out) == (0, f"{branch}:app v2 (edit: LOG_LEVEL info -> debug)\n")
    assert f"{branch}:app v2 Ready after" in done.err
    assert variables(world, f"{branch}:app")["LOG_LEVEL"]["source"] == "edited"
    assert "edited: LOG_LEVEL" in world.run("-n", branch, "ps").out
    undone = world.run("unset", f"{branch}:app", "LOG_LEVEL")
    assert (undone.code, undone.out) == (0, f"{branch}:app v3 (edit: LOG_LEVEL debug -> info)\n")
    assert [row[2] for row in world.run("history", f"{branch}:app").rows] == ["edit", "edit", "push"]


def test_set_again_to_the_same_text_makes_no_release(world: Any) -> None:
    branch = world.make("set-twice", "app")
    world.run("-n", branch, "set", "app", "LOG_LEVEL=debug")
    again = world.run("-n", branch, "set", "app", "LOG_LEVEL=debug")
    assert again.code == 0
    assert len(world.run("history", f"{branch}:app", "-q").lines) == 2


def test_set_refuses_what_is_no_assignment_and_what_cannot_be_resolved(world: Any) -> None:
    branch = world.make("set-wrong", "app")
    wrong = world.run("-n", branch, "set", "app", "LOG_LEVEL")
    assert (wrong.code, wrong.err) == (2, 'anabranch: "LOG_LEVEL" is not NAME=TEXT\n')
    unknown = world.run("-n", branch, "set", "app", "X=${resources.nobody.url}")
    assert unknown.code == 1
    assert "nobody" in unknown.err
    assert world.run("history", f"{branch}:app", "-q").lines == [f"{branch}:app@v1"]


def test_unset_of_what_nobody_edited_is_refused(world: Any) -> None:
    branch = world.make("unset-nothing", "app")
    refused = world.run("-n", branch, "unset", "app", "LOG_LEVEL")
    assert refused.code == 1
    assert "LOG_LEVEL" in refused.err


def test_a_borrowed_service_is_changed_only_where_it_is(world: Any) -> None:
    branch = world.make("borrower", "web")
    refused = world.run("-n", branch, "set", "audit", "LOG_LEVEL=debug")
    assert refused.code == 1
    assert "main:audit" in refused.err


def test_a_roll_out_that_fails_exits_with_1_and_says_why(world: Any) -> None:
    branch = world.make("fails", "app")
    world.push("app", branch, world.score("app", command="crash"))
    world.run("sync")
    world.until(lambda: "v2" in world.run("-n", branch, "ps").out)
    failed = world.run("-n", branch, "redeploy", "app")
    assert failed.code == 1
    assert "exited with status 1" in failed.err
    assert f"(anabranch describe {branch}:app)" in failed.err


def test_a_roll_out_that_takes_too_long_goes_on_without_the_person(world: Any) -> None:
    branch = world.make("slow", "app")
    world.push("app", branch, world.score("app", command="never-ready"))
    world.run("sync")
    world.until(lambda: "v2" in world.run("-n", branch, "ps").out)
    late = world.run("-n", branch, "redeploy", "app", "--timeout", "0.1")
    assert late.code == 1
    assert "the roll-out goes on without you" in late.err
    at_once = world.run("-n", branch, "redeploy", "app", "--no-wait")
    assert (at_once.code, at_once.err) == (0, "")


def test_ctrl_c_leaves_a_roll_out_to_itself(world: Any) -> None:
    branch = world.make("left-alone", "app")
    world.push("app", branch, world.score("app", command="never-ready"))
    world.run("sync")
    world.until(lambda: "v2" in world.run("-n", branch, "ps").out)
    following = world.spawn("-n", branch, "redeploy", "app")
    try:
        assert "v3" in following.stdout.readline()
        while "waiting for it to listen" not in following.stderr.readline():
            assert following.poll() is None
        following.send_signal(signal.SIGINT)
        _, err = following.communicate(timeout=30)
    finally:
        following.kill()
        following.wait()
    assert following.returncode == 1
    assert "the roll-out goes on without you" in err
    assert world.run("-n", branch, "history", "app").rows[0][4] == "Starting"


def test_an_edit_that_changes_nothing_says_so(world: Any, editor: Editor, shown: Shown) -> None:
    branch = world.make("edit-nothing", "app", "web")
    world.until(lambda: f"{branch}:app" in world.run("-n", branch, "wires").out)
    same = world.run("-n", branch, "edit", "web", EDITOR=editor("pass"))
    assert (same.code, same.out, same.err) == (0, "no change\n", "")
    text = shown(0)
    assert text.startswith(f"# {branch}:web, v1 (")
    assert "APP_URL: ${resources.app.url}" in text
    assert f"({branch}:app, branch)" in text
    assert "(main:audit, baseline)" in text
    assert len(world.run("history", f"{branch}:web", "-q").lines) == 1


def test_a_changed_line_is_an_override_and_a_removed_one_takes_it_back(
    world: Any, editor: Editor, shown: Shown, tmp_path: Any
) -> None:
    branch = world.make("edit-changes", "app")
    done = world.run("-n", branch, "edit", "app", EDITOR=editor("text = text.replace('info', 'debug')"))
    assert (done.code, done.out) == (0, f"{branch}:app v2 (edit: LOG_LEVEL info -> debug)\n")
    (tmp_path / "seen-0").unlink()
    back = "text = ''.join(line for line in text.splitlines(True) if not line.startswith('LOG_LEVEL'))"
    undone = world.run("edit", f"{branch}:app", EDITOR=editor(back))
    assert "says info" in shown(0)
    assert "score.yaml:" in shown(0)
    assert undone.out == f"{branch}:app v3 (edit: LOG_LEVEL debug -> info)\n"


def test_an_edit_survives_the_next_push(world: Any) -> None:
    branch = world.make("edit-survives", "app")
    world.run("-n", branch, "set", "app", "LOG_LEVEL=debug")
    world.push("app", branch, world.score("app", NEW="1"))
    world.run("sync")
    world.until(lambda: f"{branch}:app@v3" in world.run("history", f"{branch}:app", "-q").lines)
    world.until(lambda: "NEW" in variables(world, f"{branch}:app"))
    found = variables(world, f"{branch}:app")
    assert found["LOG_LEVEL"]["value"] == "debug"
    assert found["NEW"]["value"] == "1"


def test_an_error_opens_the_editor_again_with_the_text_kept(world: Any, editor: Editor, shown: Shown) -> None:
    branch = world.make("edit-error", "app")
    broken = "text = text.replace('info', '${resources.nobody.url}')"
    mended = "text = text.replace('${resources.nobody.url}', 'debug')"
    done = world.run("-n", branch, "edit", "app", EDITOR=editor(broken, mended))
    assert done.out == f"{branch}:app v2 (edit: LOG_LEVEL info -> debug)\n"
    again = shown(1)
    assert again.startswith("#! Error: ")
    assert "nobody" in again.splitlines()[0]
    assert "LOG_LEVEL: ${resources.nobody.url}" in again


def test_text_that_is_no_yaml_names_the_line_that_the_editor_shows(world: Any, editor: Editor, shown: Shown) -> None:
    branch = world.make("edit-no-yaml", "app")
    done = world.run("-n", branch, "edit", "app", EDITOR=editor("text += 'LOG_LEVEL: x\\n'", "text = ''"))
    assert (done.code, done.out) == (0, "no change\n")
    lines = shown(1).splitlines()
    assert lines[0].startswith("#! Error: line:")
    named = int(lines[0].split("line:")[1].split(":")[0])
    assert lines[named - 1] == "LOG_LEVEL: x"


def test_an_error_left_as_it_is_ends_with_the_text_kept(world: Any, editor: Editor) -> None:
    branch = world.make("edit-given-up", "app")
    left = world.run(
        "-n", branch, "edit", "app", EDITOR=editor("text = text.replace('info', '${resources.no.url}')", "pass")
    )
    assert left.code == 1
    kept = left.err.strip().rpartition("your text is kept in ")[2]
    assert "${resources.no.url}" in Path(kept).read_text()
    assert Path(kept).stat().st_mode & 0o077 == 0
    assert world.run("history", f"{branch}:app", "-q").lines == [f"{branch}:app@v1"]


def test_a_variable_of_the_file_cannot_be_deleted(world: Any, editor: Editor, shown: Shown) -> None:
    branch = world.make("edit-deletes", "app")
    delete = "text = ''.join(line for line in text.splitlines(True) if not line.startswith('LOG_LEVEL')) + 'A: b\\n'"
    done = world.run("-n", branch, "edit", "app", EDITOR=editor(delete, "text = ''"))
    assert (done.code, done.out) == (0, "no change\n")
    assert "cannot be deleted" in shown(1).splitlines()[0]


def test_the_second_of_two_editors_is_shown_what_the_first_changed(world: Any, editor: Editor, shown: Shown) -> None:
    branch = world.make("edit-conflict", "app")
    other = shlex.join([sys.executable, "-m", "orchestrator", "set", f"{branch}:app", "LOG_LEVEL=warn", "--no-wait"])
    first = f"import subprocess; subprocess.run({other!r}, shell=True, check=True); text += 'MINE: yes-it-is\\n'"
    done = world.run("-n", branch, "edit", "app", EDITOR=editor(first, "pass"))
    assert done.code == 0, done.err
    again = shown(1)
    assert "LOG_LEVEL info -> warn" in again.splitlines()[0]
    assert "MINE: yes-it-is" in again
    found = variables(world, f"{branch}:app")
    assert found["LOG_LEVEL"]["value"] == "warn"
    assert found["MINE"]["value"] == "yes-it-is"


def test_text_that_meets_another_change_is_kept_when_that_cannot_be_shown(
    world: Any, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon would have to go away between two requests; what asks for the second one is replaced."""
    branch = world.make("edit-conflict-lost", "app")
    other = shlex.join([sys.executable, "-m", "orchestrator", "set", f"{branch}:app", "LOG_LEVEL=warn", "--no-wait"])
    first = f"import subprocess; subprocess.run({other!r}, shell=True, check=True); text += 'MINE: yes-it-is\\n'"
    view, gone = Session.own_service, iter((False, True))

    def own_service(session: Session, text: str) -> ServiceView:
        if next(gone):
            raise Temporary("the daemon went away")
        return view(session, text)

    monkeypatch.setattr(Session, "own_service", own_service)
    done = world.run("-n", branch, "edit", "app", EDITOR=editor(first))
    assert (done.code, done.out) == (1, "")
    assert "the daemon went away; your text is kept in " in done.err
    kept = Path(done.err.strip().rpartition(" ")[2])
    assert "MINE: yes-it-is" in kept.read_text()
    shutil.rmtree(kept.parent)


def test_an_editor_that_fails_changes_nothing(world: Any, editor: Editor) -> None:
    branch = world.make("edit-fails", "app")
    failed = world.run("-n", branch, "edit", "app", EDITOR="false")
    assert failed.code == 1
    assert failed.err == "anabranch: false ended with status 1; nothing is changed\n"
    missing = world.run("-n", branch, "edit", "app", EDITOR="no-such-editor --wait")
    assert missing.code == 1
    assert "cannot run no-such-editor" in missing.err
    half_way = world.run("-n", branch, "edit", "app", EDITOR=editor("file.write_text(text + 'A: b'); sys.exit(3)"))
    kept = half_way.err.strip().rpartition("your text is in ")[2]
    assert Path(kept).read_text().endswith("A: b")
    assert world.run("history", f"{branch}:app", "-q").lines == [f"{branch}:app@v1"]


def test_an_edit_takes_the_visual_editor_and_needs_a_terminal_for_the_default_one(world: Any, editor: Editor) -> None:
    branch = world.make("edit-visual", "app")
    same = world.run("-n", branch, "edit", "app", EDITOR="false", VISUAL=editor("pass"))
    assert (same.code, same.out) == (0, "no change\n")
    none = world.shell(f"anabranch -n {branch} edit app < /dev/null")
    line = "anabranch: no terminal for an editor; set EDITOR, or change variables with anabranch set\n"
    assert (none.code, none.err) == (1, line)


def test_redeploy_repeats_the_commit(world: Any) -> None:
    branch = world.make("again", "app")
    done = world.run("-n", branch, "redeploy", "app")
    assert done.code == 0
    newest, oldest = world.run("history", f"{branch}:app", "-o", "json").json
    assert newest["commit"] == oldest["commit"]
    assert newest["cause"] == "redeploy"


def test_wait_is_over_when_everything_is_ready_and_gives_up_in_time(world: Any) -> None:
    branch = world.make("waiting", "app")
    assert world.run("-n", branch, "wait").code == 0
    late = world.run("-n", "not-there-yet", "wait", "--timeout", "0.1")
    assert late.code == 1
    assert "not Ready after 0 s" in late.err
    ill = world.run("-n", branch, "wait", "web", "--timeout", "0.1")
    assert ill.code == 1
    assert 'no service "web"' in ill.err


def test_wait_gives_up_on_what_only_a_push_can_mend(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.cli.wait._SETTLED_SECONDS", 0.5)
    world.push("app", "only-a-readme", "nothing", file="README")
    world.run("sync")
    bare = world.run("-n", "only-a-readme", "wait", "--timeout", "60")
    assert bare.code == 1
    assert "has no service of its own" in bare.err
    branch = world.make("mistaken", "app")
    world.push("app", branch, "nonsense")
    world.run("sync")
    world.until(lambda: f"app@{branch} score.yaml" in world.run("describe", branch).out)
    wrong = world.run("-n", branch, "wait", "--timeout", "60")
    assert wrong.code == 1
    assert "is Degraded: app@mistaken score.yaml" in wrong.err


def test_wait_for_a_service_is_not_over_while_it_is_only_borrowed(world: Any) -> None:
    branch = world.make("borrows-only", "web")
    late = world.run("-n", branch, "wait", "web", "audit", "--timeout", "0.1")
    assert late.code == 1
    assert f"{branch}:audit: none of its own yet" in late.err


def test_wait_begins_before_the_branch_is_there(world: Any) -> None:
    waiting = world.spawn("-n", "comes-later", "wait", "app", "--timeout", "60")
    try:
        assert "comes-later" in waiting.stderr.readline()
        world.push("app", "comes-later", world.score("app"))
        world.run("sync")
        assert waiting.wait(60) == 0
    finally:
        waiting.kill()
        waiting.communicate()


def test_sync_names_the_repositories(world: Any) -> None:
    assert world.run("sync", "-q").lines == list(world.repositories)
    assert [row["problem"] for row in world.run("sync", "-o", "json").json] == [""] * len(world.repositories)


def test_a_deleted_branch_takes_its_environment_along(world: Any) -> None:
    branch = world.make("short-lived", "other-app")
    world.delete("other_app", branch)
    world.until(lambda: world.run("sync").code == 0 and world.run("-n", branch, "ps").code == 1)
    assert branch not in world.run("envs", "-q").lines


def test_many_removals_at_once_wait_for_approval(world: Any) -> None:
    branches = [f"bulk-{number}" for number in range(6)]
    for branch in branches:
        world.push("many", branch, world.score("many"))
    world.run("sync")
    world.until(lambda: set(branches) <= set(world.run("envs", "-q").lines))
    assert world.run("approve-removal", "many").out == ""
    world.delete("many", *branches)
    world.run("sync")
    world.until(lambda: "approve-removal many" in world.run("describe", branches[0]).out)
    approved = world.run("approve-removal", "many", "-o", "json")
    assert json.loads(approved.out) == branches
    world.until(lambda: not set(branches) & set(world.run("envs", "-q").lines))


def test_approval_for_a_repository_that_is_not_there_is_refused(world: Any) -> None:
    refused = world.run("approve-removal", "wbe")
    line = "anabranch: no repository wbe in the settings; did you mean web?\n"
    assert (refused.code, refused.err) == (1, line)
