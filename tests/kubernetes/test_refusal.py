"""What a cluster cannot run is refused in one line that names the file and the way out."""

from dataclasses import replace

import pytest

from orchestrator.domain.workload import Container, File, HttpGet, Port, Probe, Variable, Volume, Workload
from orchestrator.runtimes.kubernetes.refusal import refuse, refuse_release
from tests.kubernetes.releases import GOOD, options, release

OK = Container("main", GOOD)


@pytest.mark.parametrize(
    ("container", "words"),
    [
        (replace(OK, volumes=(Volume("/data", "x"),)), "volume /data cannot be mounted"),
        (replace(OK, limits=(("memory", "9" * 5000),)), "more than any machine has"),
        (replace(OK, before=(("side", "ready"),)), "`before` of container main"),
        (replace(OK, files=(File("a.txt", content=""),)), "write an absolute path"),
        (replace(OK, files=(File("/a", source="a"),)), "add noExpand: true"),
        (replace(OK, variables=(Variable("A\n", ""),)), "rename it"),
        (replace(OK, command=("a\0",)), "NUL"),
        (replace(OK, readiness=Probe(HttpGet("/", 80), ("true",))), "write one of them"),
        (replace(OK, liveness=Probe(HttpGet("/", 80, host="169.254.169.254"))), "leave host out"),
    ],
)
def test_what_cannot_run_is_refused(container: Container, words: str) -> None:
    line = refuse(Workload("app", "score.yaml", (), (container,)))
    assert line.startswith("score.yaml: ")
    assert words in line
    assert "\n" not in line


def test_ports_that_would_be_one_are_refused() -> None:
    ports = (Port("a", 80, 8080), Port("b", 80, 9090))
    assert "share the number 80" in refuse(Workload("app", "score.yaml", ports, (OK,)))
    assert refuse(Workload("app", "score.yaml", (Port("a", 80, 1), Port("b", 80, 2, "UDP")), (OK,))) == ""


def test_a_name_that_a_cluster_does_not_take_is_refused() -> None:
    assert "begins with a digit" in refuse(Workload("2048", "score.yaml", (), (OK,)))


def test_the_image_of_the_commit_needs_a_pattern_in_the_settings() -> None:
    wanted = release("bugfix", 1, container=Container("main", "."))
    assert refuse_release(wanted, options()) == ""
    assert "repositories app image:" in refuse_release(wanted, options(images={}))


def test_a_variable_that_a_person_set_is_checked_too() -> None:
    assert "NUL" in refuse_release(release("bugfix", 1, variables=(("A", "\0"),)), options())
