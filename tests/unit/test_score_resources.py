import pytest

from orchestrator.domain.score_resources import TYPES, check_output
from orchestrator.domain.wire import Wired, WiredPort, WireReference, outputs


@pytest.mark.parametrize("kind", TYPES)
def test_a_file_may_name_exactly_the_outputs_that_wiring_gives(kind: str) -> None:
    reference = WireReference("app", kind, "app", "", "baseline", optional=False, protocol="http", line=1)
    given = outputs(reference, Wired("bugfix", "app", defined=True), WiredPort("http", 80, "127.0.0.1", 20012))
    assert set(TYPES[kind].outputs) == set(given)


def test_an_output_is_checked_by_its_whole_path() -> None:
    assert check_output("service", ("url",)) == ""
    assert check_output("service-port", ("url",)) == "name one output of service-port; there are hostname, port"
    assert "did you mean url?" in check_output("service", ("url", "deeper"))
    assert check_output("postgres", ("host",)) == ""
