"""The text that `edit` opens is read back as what is written, whatever that is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli import edit_buffer
from orchestrator.domain.snapshot import ServiceView, VariableView
from orchestrator.domain.status import Health
from orchestrator.domain.text import hidden

CHARACTERS = st.characters(codec="utf-8").filter(lambda character: not hidden(character, prose=True))
TEXTS = st.text(CHARACTERS) | st.from_regex(r"[-+]?[0-9._:xoeE]{1,6}", fullmatch=True)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,127}", fullmatch=True) | st.sampled_from(("on", "no", "null", "a b"))


def buffer(name: str, text: str) -> str:
    variable = VariableView(name, text, text, "score.yaml:9")
    service = ServiceView(
        "main", "web", "web", "main", present=True, status=Health.READY, note="", changed=0.0, variables=(variable,)
    )
    return edit_buffer.render(service, {name: text}, 1.0)


@pytest.mark.parametrize("text", ["08", "1e3", "0o7", "1.", "yes", "~", "", "a: b # c", "one\ntwo", " x "])
def test_a_text_that_yaml_could_take_for_something_else_is_read_back_as_written(text):
    assert edit_buffer.read(buffer("LEVEL", text)) == {"LEVEL": text}


def test_an_ordinary_text_stands_there_without_quotation_marks():
    assert buffer("LEVEL", "debug").splitlines()[-1] == "LEVEL: debug"


@given(NAMES, TEXTS)
def test_every_variable_is_one_line_and_read_back_as_written(name, text):
    shown = buffer(name, text)
    assert edit_buffer.read(shown) == {name: text}
    assert len(shown.splitlines()) == len(buffer("A", "b").splitlines())
