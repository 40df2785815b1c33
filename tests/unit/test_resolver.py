"""What a service resolves to is worked out again when, and only when, something that it depends on is another."""

from dataclasses import replace

from orchestrator.domain.commit import Member
from orchestrator.domain.override import Override
from orchestrator.domain.resolver import Resolved, Resolver
from orchestrator.domain.wire import Wired, WiredPort
from orchestrator.domain.workload import Container, Resource, Variable, Workload

APP = Wired("bugfix", "app", defined=True, ports=(WiredPort("http", 80, "127.0.0.1", 20001),))
CONTAINER = Container("main", ".", variables=(Variable("URL", "${resources.app.url}", 10),))
WORKLOAD = Workload("web", "score.yaml", containers=(CONTAINER,), resources=(Resource("app", "service", line=20),))
MEMBER = Member("web", "web", "bugfix", "a" * 40, "Change", "poll", WORKLOAD)


def made() -> tuple[Resolver, list[Workload]]:
    """Give a resolver, and the workloads that the runtime is asked about."""
    asked: list[Workload] = []

    def refuse(workload: Workload) -> str:
        asked.append(workload)
        return "" if workload.containers[0].variables else "no variables, no service"

    return Resolver(refuse), asked


def values(found: Resolved) -> dict[str, str | None]:
    return {variable.name: variable.value for variable in found.resolution.variables}


def test_nothing_is_worked_out_twice():
    resolver, asked = made()
    first = resolver.resolve(MEMBER, (), {"app": APP})
    assert values(first) == {"URL": "http://127.0.0.1:20001"}
    assert resolver.resolve(replace(MEMBER, commit="b" * 40, workload=replace(WORKLOAD)), (), {"app": APP}) is first
    assert len(asked) == 1


def test_whatever_it_depends_on_counts():
    resolver, asked = made()
    resolver.resolve(MEMBER, (), {"app": APP})
    elsewhere = replace(APP, ports=(WiredPort("http", 80, "127.0.0.1", 20009),))
    assert values(resolver.resolve(MEMBER, (), {"app": elsewhere})) == {"URL": "http://127.0.0.1:20009"}
    edited = (Override("URL", "by hand", 1.0, "ada"),)
    assert values(resolver.resolve(MEMBER, edited, {"app": elsewhere})) == {"URL": "by hand"}
    assert [variable.text for variable in asked[-1].containers[0].variables] == ["by hand"]
    without = replace(MEMBER, workload=replace(WORKLOAD, containers=(replace(CONTAINER, variables=()),)))
    assert values(resolver.resolve(without, (), {"app": elsewhere})) == {}
    assert resolver.resolve(without, (), {"app": elsewhere}).refusal == "no variables, no service"
    assert resolver.resolve(replace(MEMBER, branch="other"), (), {}).resolution.missing[0].startswith("web@other ")


def test_a_branch_without_the_service_resolves_nothing_and_later_what_it_is_then():
    resolver, _ = made()
    first = resolver.resolve(MEMBER, (), {"app": APP})
    assert resolver.resolve(None, (), {"app": APP}) == Resolved()
    assert resolver.resolve(MEMBER, (), {"app": APP}) == first
