"""What a person may change, and the one line for what may not be."""

import pytest

from orchestrator.domain.commit import Member
from orchestrator.domain.edit import check, edited, overlaid
from orchestrator.domain.override import Override
from orchestrator.domain.standing import Standing
from orchestrator.domain.wiring import resolve
from orchestrator.domain.workload import Container, Resource, Variable, Workload
from orchestrator.errors import Conflict, NotFound, Permanent

WORKLOAD = Workload(
    "web",
    "score.yaml",
    containers=(
        Container("main", ".", variables=(Variable("COLOUR", "red", 8),)),
        Container("side", ".", variables=(Variable("SIZE", "1", 12),)),
    ),
    resources=(Resource("app", "service"),),
)
SET = (Override("COLOUR", "green", 1.0, "ann"),)


def standing(overrides=(), member=True):
    found = Member("web", "web", "bugfix", "c1", "", "", WORKLOAD)
    resolution = resolve(WORKLOAD, overrides, {}, "web@bugfix")
    return Standing(
        "bugfix", "bugfix", "web", "main", found if member else None, resolution=resolution, overrides=overrides
    )


def test_an_edit_gives_the_workload_as_it_would_run_and_the_overrides_after_it():
    workload, after = edited(standing(SET), (("COLOUR", None), ("NEW", "x")), "", {}, 9.0, "bob")
    assert after == (Override("NEW", "x", 9.0, "bob"),)
    assert [[(v.name, v.text) for v in c.variables] for c in workload.containers] == [
        [("COLOUR", "red"), ("NEW", "x")],
        [("NEW", "x"), ("SIZE", "1")],
    ]


def test_an_edit_on_the_revision_that_is_shown_is_taken():
    now = standing()
    assert edited(now, (("COLOUR", "blue"),), now.resolution.revision, {}, 1.0, "ann")[1][0].text == "blue"


def test_an_edit_on_an_older_revision_is_a_conflict():
    with pytest.raises(Conflict, match="bugfix:web was changed meanwhile"):
        edited(standing(SET), (("COLOUR", "blue"),), standing().resolution.revision, {}, 1.0, "ann")


def test_a_borrowed_service_cannot_be_edited():
    with pytest.raises(NotFound, match="bugfix:web"):
        edited(standing(member=False), (("COLOUR", "blue"),), "", {}, 1.0, "ann")


@pytest.mark.parametrize(
    "name,text,words",
    [
        ("", "x", "is no name of a variable"),
        ("1A", "x", "is no name of a variable"),
        ("A=B", "x", "is no name of a variable"),
        ("A\n", "x", "is no name of a variable"),
        ("A" * 129, "x", "is no name of a variable"),
        ("\x1b[31m", "x", r"\\x1b"),
        ("ANABRANCH_COMMIT", "x", "set by Anabranch itself"),
        ("OTHER", None, "nothing to unset"),
        ("COLOUR", "secret" + "x" * 32 * 1024, "longer than 32768 characters"),
        ("COLOUR", "secret\x00", "control or invisible"),
        ("COLOUR", "secret\u202e", "control or invisible"),
        ("COLOUR", "secret ${resources.app.secret}", "has no output|no resource"),
        ("API_TOKEN", "***", "write the value itself"),
        ("COLOUR", "secret ${nope.x}", "starts with metadata or resources"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_that_never_shows_the_text(name, text, words):
    with pytest.raises(Permanent, match=words) as refused:
        check(WORKLOAD, SET, ((name, text),), {})
    line = str(refused.value)
    assert "\n" not in line
    assert "\x1b" not in line
    assert "secret " not in line
    assert "secretx" not in line


@pytest.mark.parametrize("text", ["", "two\nlines\tand a tab", "${resources.app.url}", "$${literal}", "żółć"])
def test_ordinary_texts_are_taken(text):
    check(WORKLOAD, (), (("COLOUR", text),), {})


def test_no_overrides_leave_the_workload_but_for_the_order_of_its_variables():
    assert overlaid(WORKLOAD, ()) == WORKLOAD
