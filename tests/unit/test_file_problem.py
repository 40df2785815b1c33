from orchestrator.domain.file_problem import InvalidFile, Problem, dotted
from orchestrator.errors import Permanent

QUOTE = Problem(12, ("containers", "app", "variables", "PORT"), "quote this value, it is not a string")


def test_a_problem_names_service_file_line_key_and_the_way_out() -> None:
    assert QUOTE.told("score.yaml", "web@bugfix") == (
        "web@bugfix score.yaml:12: containers.app.variables.PORT: quote this value, it is not a string"
    )


def test_what_is_not_known_is_left_out() -> None:
    assert Problem(0, (), "larger than 64 KiB").told("score.yaml") == "score.yaml: larger than 64 KiB"


def test_a_path_shows_list_positions_and_hides_nothing() -> None:
    assert dotted(("containers", "app", "command", 2)) == "containers.app.command[2]"
    assert dotted(("a\x1b", "b" * 100)) == "a\\x1b." + "b" * 63 + "…"
    assert len(dotted(("x" * 60,) * 32)) == 300


def test_an_invalid_file_tells_the_first_problem_and_how_many_more() -> None:
    error = InvalidFile((QUOTE, Problem(3, ("x",), "unknown key")), "score.yaml", "web@bugfix")
    assert isinstance(error, Permanent)
    assert str(error) == "web@bugfix score.yaml:3: x: unknown key (1 more)"
    assert [problem.line for problem in error.problems] == [3, 12]
    assert len(error.lines) == 2


def test_a_file_with_a_thousand_problems_tells_twenty() -> None:
    error = InvalidFile((QUOTE,) * 1000, "score.yaml")
    assert len(error.lines) == 20
    assert str(error).endswith("(999 more)")
