"""Which services a branch's head defines; a file that cannot be read spoils nothing but itself."""

from orchestrator.domain.commit import HeadMoved
from orchestrator.domain.head import read

MOVED = HeadMoved("web", "feature/\x1b", "feature-x", "c" * 40, subject="Say hello", delivery="hook-1")
GOOD = b"""apiVersion: score.dev/v1b1
metadata: {name: web}
containers: {main: {image: '.', command: [run], variables: {}}}
"""


def test_good_files_become_services_and_the_rest_of_the_head_stays():
    found = read(MOVED, (("score.yaml", GOOD),))
    assert [(w.name, w.file) for w in found.services] == [("web", "score.yaml")]
    assert (found.errors, found.files) == ((), ("score.yaml",))
    assert (found.subject, found.delivery, found.commit) == ("Say hello", "hook-1", "c" * 40)


def test_no_file_is_no_service_and_no_error():
    found = read(MOVED, ())
    assert (found.services, found.errors, found.files) == ((), (), ())


def test_a_bad_file_is_one_line_and_the_others_stay():
    found = read(MOVED, (("a/score.yaml", b"\xff"), ("b/score.yaml", GOOD), ("c/score.yaml", "it is a symbolic link")))
    assert [w.file for w in found.services] == ["b/score.yaml"]
    assert len(found.errors) == 2
    assert found.errors[1] == "web@feature/\\x1b c/score.yaml: it is a symbolic link"
    assert all("\n" not in line and "\x1b" not in line for line in found.errors)
    assert found.files == ("a/score.yaml", "b/score.yaml", "c/score.yaml")


def test_a_path_that_is_no_plain_text_can_be_told_and_written_down():
    found = read(MOVED, (("\udcff/score.yaml", GOOD),))
    assert found.services[0].file == "\\xff/score.yaml"
    assert found.files == ("\\xff/score.yaml",)


def test_what_was_said_of_an_earlier_commit_is_forgotten():
    assert read(HeadMoved("web", "b", "b", "c", note="leaving", errors=("old",)), ()).note == ""


def test_every_mistake_of_a_file_is_told_so_that_one_push_can_mend_them_all():
    wrong = GOOD.replace(b"containers:", b"continers:").replace(b"metadata:", b"metadata_:")
    found = read(MOVED, (("score.yaml", wrong),))
    assert len(found.errors) > 1
    assert all(line.startswith("web@feature/\\x1b score.yaml") for line in found.errors)
