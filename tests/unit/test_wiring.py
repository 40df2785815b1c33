"""From a workload, its overrides and its peers' answers to variables, wires, or a line that says what is missing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.override import Override
from orchestrator.domain.wire import Wired, WiredPort, choose_port, no_outputs, outputs, references
from orchestrator.domain.wiring import check_text, resolve
from orchestrator.domain.workload import Container, File, Resource, Variable, Workload
from orchestrator.errors import Permanent

APP = Wired(
    environment="bugfix",
    service="app",
    defined=True,
    ports=(WiredPort("http", 80, "127.0.0.1", 20001), WiredPort("admin", 81, "127.0.0.1", 20002)),
    origin="branch",
    served_from="bugfix",
    branch="bugfix",
    commit="a" * 40,
    since=5.0,
)
ABSENT = Wired("bugfix", "app", defined=False, candidates=("app", "web", "zoo"))


def workload(variables: dict[str, str], *resources: Resource, files: tuple[File, ...] = ()) -> Workload:
    written = tuple(Variable(name, text, line) for line, (name, text) in enumerate(variables.items(), 10))
    container = Container("main", ".", variables=written, files=files)
    metadata = '{"name":"web","a":{"b":[1,2]}}'
    return Workload("web", "score.yaml", containers=(container,), resources=resources, metadata=metadata)


def wire(name: str = "app", **params: str | int | bool) -> Resource:
    return Resource(name, "service", params=tuple(sorted(params.items())), line=20)


def values(resolution):
    return {v.name: v.value for v in resolution.variables}


def test_every_output_of_a_wire_can_be_a_variable():
    names = tuple(outputs(references(workload({}, wire(port="http")))[0], APP, APP.ports[0]))
    found = resolve(
        workload({n.upper(): f"${{resources.app.{n}}}" for n in names}, wire(port="http")), (), {"app": APP}, "web@b"
    )
    assert found.missing == ()
    assert values(found) == {
        "NAME": "app",
        "HOST": "127.0.0.1",
        "HOSTNAME": "127.0.0.1",
        "PORT": "20001",
        "HOSTPORT": "127.0.0.1:20001",
        "URL": "http://127.0.0.1:20001",
        "PUBLIC_URL": "http://127.0.0.1:20001",
        "NAMESPACE": "bugfix",
        "BRANCH": "bugfix",
        "COMMIT": "a" * 40,
        "ORIGIN": "branch",
    }
    assert dict(found.resolved[0].variables) == values(found)
    published = replace(APP.ports[0], public="http://app.example.org")
    assert outputs(references(workload({}, wire()))[0], APP, published)["public_url"] == "http://app.example.org"


def test_a_service_port_has_the_two_outputs_of_the_standard():
    resource = Resource("db", "service-port", params=(("port", 81), ("workload", "app")), line=3)
    found = resolve(
        workload({"A": "${resources.db.hostname}:${resources.db.port}"}, resource), (), {"app": APP}, "web@b"
    )
    assert values(found) == {"A": "127.0.0.1:20002"}
    assert resolve(workload({"A": "${resources.db.url}"}, resource), (), {"app": APP}, "w").missing


@pytest.mark.parametrize(
    "resource,target",
    [
        (Resource("app", "service"), "app"),
        (Resource("db", "service", id="app"), "app"),
        (Resource("db", "service", id="x", params=(("workload", "app"),)), "app"),
        (Resource("cache", "redis"), None),
    ],
)
def test_the_target_is_the_parameter_else_the_id_else_the_key(resource, target):
    assert [r.service for r in references(workload({}, resource))] == ([target] if target else [])


def test_a_port_is_chosen_by_name_or_number_and_may_be_left_out_when_there_is_one():
    def chosen(answer=APP, **params):
        return choose_port(references(workload({}, wire(**params)))[0], answer)

    assert chosen(port="admin") == chosen(port=81) == APP.ports[1]
    assert chosen(replace(APP, ports=APP.ports[:1])) == APP.ports[0]
    assert chosen() == "service app has http (80), admin (81); name one in params.port"
    assert chosen(port="x") == "service app has no port x; it has http (80), admin (81)"
    assert chosen(replace(APP, ports=())) == "service app has no port; name one in params.port"


@pytest.mark.parametrize(
    "answers,line",
    [
        ({}, "waiting for app to answer"),
        ({"app": replace(APP, problem="they disagree")}, "they disagree"),
        ({"app": ABSENT}, 'no service "app" here or in the baseline; there are web, zoo'),
        ({"app": replace(ABSENT, candidates=())}, 'no service "app" here or in the baseline; there are none'),
    ],
)
def test_what_is_missing_is_told_with_file_line_and_resource_and_nothing_half_wired_comes_out(answers, line):
    found = resolve(workload({"A": "${resources.app.url}", "B": "b"}, wire(port="http")), (), answers, "web@bugfix")
    assert found.missing == (f"web@bugfix score.yaml:20: resources.app: {line}",)
    assert found.resolved == ()
    assert values(found) == {"A": "", "B": ""}
    assert [w.origin for w in found.wires] == ["none" if not (a := answers.get("app")) or not a.defined else "branch"]


def test_an_optional_reference_that_nobody_answers_is_empty():
    optional = wire(optional=True)
    found = resolve(workload({"A": "${resources.app.url}|${resources.app.origin}"}, optional), (), {"app": ABSENT}, "w")
    assert values(found) == {"A": "|none"}
    assert set(no_outputs(references(workload({}, optional))[0]).values()) == {"", "none"}


def test_a_service_cannot_refer_to_itself():
    found = resolve(workload({}, wire("web")), (), {}, "web@b")
    assert found.missing == (
        "web@b score.yaml:20: resources.web: a service cannot refer to itself; use its own port variables",
    )


def test_two_references_of_one_file_must_name_one_fallback():
    both = (wire("app", port="http"), wire("again", workload="app", port="http", fallback="none"))
    found = resolve(workload({}, *both), (), {"app": APP}, "web@b")
    assert found.missing[0] == (
        "web@b score.yaml:20: resources.app: resources.again names another fallback for app; let both say the same"
    )


def test_metadata_fills_in_and_what_is_no_text_becomes_json():
    found = resolve(workload({"A": "${metadata.name}", "B": "${metadata.a.b}", "C": "$${x}"}), (), {}, "w")
    assert values(found) == {"A": "web", "B": "[1,2]", "C": "${x}"}


@pytest.mark.parametrize(
    "text,line",
    [
        ("${resources.apq.url}", 'no resource "apq"; did you mean app?'),
        ("${resources.app.urll}", 'resource app has no output "urll"; did you mean url?'),
        ("${resources.app}", 'resource app has no output ""; there are '),
        ("${metadata.nope}", "metadata.nope is not in score.yaml"),
        ("${env.HOME}", "a placeholder starts with metadata or resources"),
    ],
)
def test_a_placeholder_that_leads_nowhere_is_told_with_its_place(text, line):
    found = resolve(workload({"A": text}, wire(port="http")), (), {"app": APP}, "web@b")
    assert found.missing[0].startswith(f"web@b score.yaml:10: containers.main.variables.A: {line}")
    assert found.resolved == ()


def test_files_are_filled_in_unless_they_say_no():
    files = (
        File("/a", content="${metadata.name}"),
        File("/b", content="${metadata.name}", no_expand=True),
        File("/c", binary_content="aGk="),
        File("/d", source="conf/d"),
    )
    found = resolve(workload({}, files=files), (), {}, "w").resolved[0].files
    assert [f.content for f in found] == ["web", "${metadata.name}", None, None]
    assert (found[2].binary_content, found[3].source) == ("aGk=", "conf/d")


def test_each_variable_says_where_it_comes_from():
    overrides = (Override("B", "${resources.app.host}", 7.0, "ann"), Override("NEW", "n", 8.0, "bob"))
    found = resolve(
        workload({"A": "${resources.app.url}", "B": "b"}, wire(port="http")), overrides, {"app": APP}, "web@b"
    )
    a, b, new = found.variables
    assert (a.source, a.original, a.wired_to, a.edited_at) == ("score.yaml:10", None, ("bugfix:app",), 0.0)
    assert (b.source, b.original, b.original_source, b.edited_at) == ("edited", "b", "score.yaml:11", 7.0)
    assert b.wired_to == ("bugfix:app",)
    assert (new.source, new.original, new.original_source, new.value) == ("edited", None, "", "n")
    assert [(w.variable, w.target_environment, w.target_service) for w in found.wires] == [
        ("A", "bugfix", "app"),
        ("B", "bugfix", "app"),
    ]


def test_a_wire_that_no_variable_uses_is_shown_too():
    (found,) = resolve(workload({}, wire(port="http")), (), {"app": replace(APP, note="soon")}, "w").wires
    assert (found.variable, found.target_service, found.note, found.since) == ("", "app", "soon", 5.0)


def test_a_text_that_refers_to_what_is_not_answered_yet_can_be_edited_in():
    check_text(workload({}, wire(port="http")), "A", "${resources.app.url}", {})
    with pytest.raises(Permanent, match='A: no resource "nope"'):
        check_text(workload({}, wire(port="http")), "A", "${resources.nope.url}", {})


TEXT = st.text() | st.from_regex(r"(\$\{(metadata|resources)?[.a-z\\]{0,12}\}?|\$+|x){0,6}", fullmatch=True)
ANSWERS = st.sampled_from([{}, {"app": APP}, {"app": ABSENT}, {"app": replace(APP, problem="no")}])


@given(texts=st.lists(TEXT, max_size=4), edits=st.lists(TEXT, max_size=3), answers=ANSWERS, optional=st.booleans())
def test_whatever_is_written_resolves_or_says_why_in_one_line_each(texts, edits, answers, optional):
    written = {f"V{n}": text for n, text in enumerate(texts)}
    overrides = tuple(Override(f"V{n + 2}", text, 1.0, "ann") for n, text in enumerate(edits))
    found = resolve(workload(written, wire(port="http", optional=optional)), overrides, answers, "web@b")
    assert bool(found.resolved) != bool(found.missing)
    assert [v.name for v in found.variables] == sorted({*written, *(o.variable for o in overrides)})
    for variable in found.variables:
        edited = variable.name in {o.variable for o in overrides}
        assert variable.source == ("edited" if edited else f"score.yaml:{10 + int(variable.name[1:])}")
        assert (variable.original is not None) == (edited and variable.name in written)
    for line in found.missing:
        assert line.startswith("web@b score.yaml:")
        assert "\n" not in line
    if found.resolved:
        assert dict(found.resolved[0].variables) == values(found)
    assert found == resolve(workload(written, wire(port="http", optional=optional)), overrides, answers, "web@b")
