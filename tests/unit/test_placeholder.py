import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.placeholder import (
    InvalidPlaceholder,
    Literal,
    Reference,
    Template,
    expand,
    parse,
    pick,
    references,
)

METADATA = {"name": "web", "a": {"b": "deep"}, "list": [1, "é"], "flag": True}


def filled(text: str) -> str:
    return expand(parse(text), lambda reference: pick({"metadata": METADATA}, reference.path))


@pytest.mark.parametrize(
    "written,becomes",
    [
        ("", ""),
        ("plain", "plain"),
        ("${metadata.name}", "web"),
        ("a ${metadata.name} b ${metadata.a.b}", "a web b deep"),
        ("$${a.b}", "${a.b}"),
        ("$$", "$"),
        ("$$${metadata.name}", "$web"),
        ("$$$", "$$"),
        ("$$$$", "$$"),
        ("$", "$"),
        ("$x", "$x"),
        ("$(K8S)", "$(K8S)"),
        ("${x", "${x"),
        ("$${x", "${x"),
        ("${metadata.name} ${x", "web ${x"),
        ("}${metadata.name}}", "}web}"),
        ("$${metadata.name}${metadata.name}", "${metadata.name}web"),
        ("a\n${metadata.name}\n", "a\nweb\n"),
    ],
)
def test_what_is_written_becomes(written: str, becomes: str) -> None:
    assert filled(written) == becomes


@pytest.mark.parametrize(
    "written", ["${}", "${a${b}}", "${HOME}", "${ metadata.name}", "${.metadata}", "${Metadata.name}"]
)
def test_a_reference_to_an_unknown_root_is_an_error_that_says_how_to_write_it_literally(written: str) -> None:
    with pytest.raises(InvalidPlaceholder, match="starts with metadata or resources"):
        parse(written)


@pytest.mark.parametrize("written", ["${metadata.}", "${resources..x}", "${resources.a..b}"])
def test_an_empty_part_is_an_error(written: str) -> None:
    with pytest.raises(InvalidPlaceholder, match="empty part"):
        parse(written)


@pytest.mark.parametrize("written", ["${metadata.nope}", "${metadata.name.deeper}", "${resources.nope.x}"])
def test_a_reference_to_nothing_is_an_error_and_never_empty(written: str) -> None:
    with pytest.raises(LookupError):
        filled(written)


def test_an_escaped_dot_belongs_to_the_key() -> None:
    assert parse(r"${resources.db.host\.name}") == (Reference(("resources", "db", "host.name")),)


def test_an_expanded_value_is_not_expanded_again() -> None:
    assert expand(parse("${metadata.x}"), lambda _: "${metadata.x} $$") == "${metadata.x} $$"


def test_a_result_that_is_no_text_becomes_json() -> None:
    assert filled("${metadata.list} ${metadata.flag}") == '[1,"é"] true'


def test_references_keep_where_they_stand() -> None:
    template = parse("a$$${metadata.name}-${resources.app.url}")
    assert references(template) == (
        Reference(("metadata", "name"), 3),
        Reference(("resources", "app", "url"), 20),
    )
    assert [str(reference) for reference in references(template)] == ["${metadata.name}", "${resources.app.url}"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "hostile", ["${" * 50_000, "$" * 100_000, "$$" * 50_000 + "}", "${" * 50_000 + "}", "}" * 100_000]
)
def test_a_text_made_to_be_slow_is_decided(hostile: str) -> None:
    try:
        assert parse(hostile)
    except InvalidPlaceholder as error:
        assert str(error).isprintable()


PARTS = st.text(st.characters(blacklist_characters="}\\"), min_size=1, max_size=8)
REFERENCES = st.builds(
    lambda root, keys: Reference((root, *keys)),
    st.sampled_from(["metadata", "resources"]),
    st.lists(PARTS, max_size=3),
)


def written(pieces: list[str | Reference]) -> str:
    return "".join(piece.replace("$", "$$") if isinstance(piece, str) else str(piece) for piece in pieces)


def without_offsets(template: Template) -> list[str | Reference]:
    return [part.text if isinstance(part, Literal) else Reference(part.path) for part in template]


# A lone "{" is left out: "$${" reaches to the next "}", so that a literal "${" cannot stand before a reference.
TEXTS = st.lists(st.sampled_from(["a", "$", "}", ".", "\\", " ", "\n", "${x}"]), min_size=1, max_size=6).map("".join)


@given(st.lists(REFERENCES, max_size=4), st.lists(TEXTS, min_size=5, max_size=5))
def test_a_written_template_is_read_back_as_it_was(refs: list[Reference], texts: list[str]) -> None:
    pieces: list[str | Reference] = [texts[0]]
    for reference, text in zip(refs, texts[1:], strict=False):
        pieces += [reference, text]
    assert without_offsets(parse(written(pieces))) == pieces


@given(st.text("a${}.\\m", max_size=30))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        template = parse(text)
    except InvalidPlaceholder as error:
        assert str(error).isprintable()
        return
    assert references(template) or len(template) <= 1
