"""What is kept of a repository's objects, and how much of them."""

from orchestrator.adapters.git.kept import Kept

MEBIBYTE = 1024 * 1024


def test_an_object_is_given_back_by_its_id_and_kind_alone():
    kept = Kept()
    kept.put("1" * 40, "blob", b"text")
    assert kept.get("1" * 40, "blob") == b"text"
    assert kept.get("1" * 40, "tree") is None
    assert kept.get("2" * 40, "blob") is None


def test_an_empty_object_is_kept_too():
    kept = Kept()
    kept.put("1" * 40, "tree", b"")
    assert kept.get("1" * 40, "tree") == b""


def test_never_more_than_a_mebibyte_is_kept():
    kept, names = Kept(), [f"{number:040x}" for number in range(100)]
    for name in names:
        kept.put(name, "blob", bytes(MEBIBYTE // 10))
        assert kept.get(name, "blob") is not None
        assert sum(len(kept.get(name, "blob") or b"") for name in names) <= MEBIBYTE


def test_what_is_larger_than_all_that_is_kept_drives_nothing_out():
    kept = Kept()
    kept.put("1" * 40, "blob", b"text")
    kept.put("2" * 40, "blob", bytes(MEBIBYTE + 1))
    assert kept.get("1" * 40, "blob") == b"text"
    assert kept.get("2" * 40, "blob") is None
