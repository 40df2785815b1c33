"""A lifeline is found where it is, and nothing else is taken for one."""

import os
from pathlib import Path

import pytest

from orchestrator import lifeline
from orchestrator.lifeline import Lifeline


def test_the_kept_side_reads_the_end_once_the_keeper_cuts_it() -> None:
    line = Lifeline()
    assert lifeline.held(line.environment({"A": "b"})) == line.descriptor
    assert not os.get_inheritable(line.descriptor)
    line.cut()
    assert os.read(line.descriptor, 1) == b""
    line.close()
    assert lifeline.held(line.environment({})) is None


@pytest.mark.parametrize("text", ["", "x", "-1", "²", "99999", "9" * 40])
def test_what_is_no_descriptor_is_no_lifeline(text: str) -> None:
    assert lifeline.held({"ANABRANCH_LIFELINE": text}) is None


def test_a_file_is_no_lifeline(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        assert lifeline.held({"ANABRANCH_LIFELINE": str(file.fileno())}) is None
