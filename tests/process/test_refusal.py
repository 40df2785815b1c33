"""Everything that a process cannot be given is refused in one line, and what a release is given is exactly known."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.domain.release import ResolvedFile
from orchestrator.domain.workload import Container, File, HttpGet, Port, Probe, Variable, Volume, Workload
from orchestrator.errors import Permanent, Temporary
from orchestrator.runtimes.process import ProcessOptions, ProcessRuntime
from orchestrator.runtimes.process.refusal import refuse
from orchestrator.runtimes.process.tree import lay
from tests.eventually import eventually
from tests.process.running import RUN, Watcher, make_release, source

GOOD = Container("main", "registry/ignored:1", ("run",), limits=(("memory", "1Gi"),))


def workload(container: Container = GOOD, *ports: Port) -> Workload:
    return Workload("app", "app/score.yaml", ports, (container,))


def test_what_a_process_can_do_is_not_refused() -> None:
    probe = Probe(HttpGet("/health", 8080), ("check",))
    copied = File("b", source="conf/b", no_expand=True)
    files = (File("etc/app.conf", content="x"), File("data", binary_content="AA=="), copied)
    container = replace(GOOD, readiness=probe, liveness=probe, files=files, variables=(Variable("PORTS", "1"),))
    assert refuse(workload(container, Port("http", 80, 8080), Port("admin", 81, 9090))) == ""


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (Workload("app", "app/score.yaml", (), (GOOD, replace(GOOD, name="side"))), "not 2 (main, side)"),
        (workload(replace(GOOD, command=(), args=("x",))), "main has no command"),
        (workload(replace(GOOD, command=("a\0b",))), "NUL"),
        (workload(replace(GOOD, volumes=(Volume("/data", "x"),))), "volume /data"),
        (workload(replace(GOOD, before=(("db", "ready"),))), "`before`"),
        (workload(GOOD, Port("dns", 53, 53, "UDP")), "port dns is UDP"),
        (workload(GOOD, Port("a-b", 1, 1), Port("a_b", 2, 2)), "PORT_A_B"),
        (workload(replace(GOOD, variables=(Variable("PORT", "1"),))), "variable PORT "),
        (workload(replace(GOOD, variables=(Variable("PORT_HTTP", "1"),)), Port("http", 80, 80)), "variable PORT_HTTP"),
        (workload(replace(GOOD, variables=(Variable("ANABRANCH_DIRECTORY", "/"),))), "ANABRANCH_DIRECTORY"),
        (workload(replace(GOOD, variables=(Variable("A=B", "1"),))), "no name"),
        (workload(replace(GOOD, files=(File("/etc/passwd", content="x"),))), "/etc/passwd is absolute"),
        (workload(replace(GOOD, files=(File("a/../../b", content="x"),))), "leads out"),
        (workload(replace(GOOD, files=(File("a", source="../secret"),))), "leads out"),
        (workload(replace(GOOD, files=(File("a", source="/etc/passwd"),))), "/etc/passwd is absolute"),
        (workload(replace(GOOD, files=(File("a", source="conf/a"),))), "placeholders in conf/a are not filled in"),
        (workload(replace(GOOD, readiness=Probe(HttpGet("/", 1))), Port("http", 80, 80)), "port 1 is none"),
        (workload(replace(GOOD, liveness=Probe(HttpGet("/", 80, "HTTPS"))), Port("http", 80, 80)), "livenessProbe"),
        (workload(replace(GOOD, readiness=Probe(HttpGet("/", 80, host="10.0.0.1"))), Port("h", 80, 80)), "10.0.0.1"),
        (workload(replace(GOOD, readiness=Probe(HttpGet("/ x\r\n", 80))), Port("http", 80, 80)), "path or header"),
        (workload(replace(GOOD, files=(File("../\x1b[31m\n", content="x"),))), "\\x1b[31m\\x0a"),
    ],
)
def test_what_a_process_cannot_do_is_refused_in_one_line(refused: Workload, reason: str) -> None:
    line = refuse(refused)
    assert line.startswith("app/score.yaml: ")
    assert reason in line
    assert line.isprintable()


def test_an_edited_variable_is_refused_like_a_written_one(runtime: ProcessRuntime) -> None:
    release = make_release("edited", 1)
    edited = replace(release, resolved=(replace(release.resolved[0], variables=(("PORT", "1"),)),))
    with pytest.raises(Permanent, match="edited:app@v1: variable PORT is set by the runtime"):
        runtime.apply(edited)


def test_a_process_is_given_its_own_variables_and_nothing_of_the_daemon(
    options: ProcessOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_DAEMON", "canary")
    monkeypatch.setenv("TZ", "UTC")
    runtime = ProcessRuntime(options, source)
    watcher = Watcher(runtime)
    script = (
        "import json, os; print(json.dumps([os.getcwd(), dict(os.environ)]), flush=True); import time; time.sleep(300)"
    )
    variables = (("ANABRANCH_COMMIT", "mine"), ("URL", "http://127.0.0.1:20000"))
    runtime.apply(make_release("given", 3, (*RUN, "-c", script), ports=(), variables=variables))
    watcher.ready("given", 3)
    lines = runtime.logs("given", "app", 3, tail=1, follow=True)
    directory, seen = json.loads(next(lines).text)
    lines.close()
    tree = options.environments / "given/app/v3/tree"
    inherited = {name: os.environ[name] for name in ("PATH", "LANG", "TZ", "TMPDIR") if name in os.environ}
    seen.pop("LC_CTYPE", None)
    assert directory == str(tree)
    assert seen == inherited | {
        "HOME": str(tree),
        "URL": "http://127.0.0.1:20000",
        "ANABRANCH_ENVIRONMENT": "given",
        "ANABRANCH_BRANCH": "given",
        "ANABRANCH_SERVICE": "app",
        "ANABRANCH_COMMIT": "mine",
        "ANABRANCH_RELEASE": "3",
        "ANABRANCH_DIRECTORY": str(tree.parent),
    }
    runtime.close()


def test_files_are_placed_below_the_release(tmp_path: Path) -> None:
    files = (
        ResolvedFile("etc/app.conf", content="port = 1\n", mode="0640"),
        ResolvedFile("data.bin", binary_content="AAH/"),
        ResolvedFile("copy.py", source="service.py"),
        ResolvedFile("service.py", content="replaced"),
    )
    directory = tmp_path / "v1"
    lay(make_release("bugfix", 1, files=files), source, directory)
    tree = directory / "tree"
    assert (tree / "etc/app.conf").read_text() == "port = 1\n"
    assert (tree / "etc/app.conf").stat().st_mode & 0o777 == 0o640
    assert (tree / "data.bin").read_bytes() == b"\0\1\xff"
    assert "listener" in (tree / "copy.py").read_text()
    assert (tree / "service.py").read_text() == "replaced"


@pytest.mark.parametrize(
    "file",
    [
        ResolvedFile("link/canary", content="x"),
        ResolvedFile("copy", source="link/secret"),
        ResolvedFile("copy", source="secret"),
        ResolvedFile("copy", source="missing"),
    ],
)
def test_a_link_of_the_commit_leads_nowhere(tmp_path: Path, file: ResolvedFile) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("canary")

    def hostile(repository: str, commit: str, directory: Path) -> tuple[str, ...]:
        (directory / "link").symlink_to(outside)
        (directory / "secret").symlink_to(outside / "secret")
        return ()

    with pytest.raises(Permanent, match="bugfix:app@v1"):
        lay(make_release("bugfix", 1, files=(file,)), hostile, tmp_path / "v1")
    assert [entry.name for entry in outside.iterdir()] == ["secret"]


@pytest.mark.parametrize("target", ["service.py/x", "taken"])
def test_a_file_whose_place_is_taken_by_the_commit_waits_for_another_one(tmp_path: Path, target: str) -> None:
    def with_directory(repository: str, commit: str, directory: Path) -> tuple[str, ...]:
        (directory / "taken").mkdir()
        (directory / "service.py").touch()
        return ()

    with pytest.raises(Permanent, match=f"bugfix:app@v1: file {target} cannot be placed"):
        lay(make_release("bugfix", 1, files=(ResolvedFile(target, content="x"),)), with_directory, tmp_path / "v1")


def test_a_directory_that_was_not_finished_is_laid_out_anew(tmp_path: Path) -> None:
    def fails(repository: str, commit: str, directory: Path) -> None:
        (directory / "half").touch()
        raise Temporary("the mirror is locked; try again")

    with pytest.raises(Temporary):
        lay(make_release("bugfix", 1), fails, tmp_path / "v1")
    lay(make_release("bugfix", 1), source, tmp_path / "v1")
    assert sorted(entry.name for entry in (tmp_path / "v1/tree").iterdir()) == ["service.py"]


def test_a_source_that_fails_leaves_no_directory(runtime: ProcessRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(repository: str, commit: str, directory: Path) -> None:
        raise Permanent("the commit is gone; push it again")

    monkeypatch.setattr(runtime, "_source", fails)
    with pytest.raises(Permanent, match="the commit is gone"):
        runtime.apply(make_release("sourceless", 1))
    runtime.remove_environment("sourceless")
    assert "sourceless" not in runtime.environments()


def test_a_directory_that_its_service_locked_is_deleted_all_the_same(runtime: ProcessRuntime, watcher: Watcher) -> None:
    command = ("sh", "-c", "mkdir -p a/b && touch a/b/c && chmod 000 a/b a && exec sleep 300")
    runtime.apply(make_release("locked", 1, command, ports=()))
    watcher.ready("locked", 1)
    runtime.remove_environment("locked")
    eventually(lambda: "locked" not in runtime.environments(), "the environment is gone")
