"""Which port a browser is led to, and what is said when nobody would answer there."""

from dataclasses import replace

import pytest

from orchestrator.domain.front import check_answers, front
from orchestrator.domain.snapshot import ReleaseView, ServiceView
from orchestrator.domain.status import Health
from orchestrator.errors import NotFound, Permanent, Temporary

SERVING = ReleaseView(3, "b" * 40, "Subject", "push", "", 1.0, "Serving")
PORTS = (("http", "http://127.0.0.1:20001"), ("admin", "http://127.0.0.1:20002"))
WEB = ServiceView("bugfix", "web", "web", "bugfix", present=True, status=Health.READY, note="", changed=1.0)
WEB = replace(WEB, serving=SERVING, addresses=PORTS)


def test_the_first_port_is_meant_unless_one_is_named() -> None:
    assert front(WEB, "") == PORTS[0]
    assert front(WEB, "admin") == PORTS[1]


@pytest.mark.parametrize(
    ("wanted", "line"), [("htp", "did you mean http"), ("x", "there are http, admin"), ("\x1b", r"\\x1b")]
)
def test_a_port_that_is_not_there_is_named_with_those_that_are(wanted: str, line: str) -> None:
    with pytest.raises(NotFound, match=line):
        front(WEB, wanted)


def test_a_service_without_ports_has_none_to_open() -> None:
    with pytest.raises(NotFound, match=r"bugfix:web has no port to open; declare one .* anabranch logs bugfix:web"):
        front(replace(WEB, addresses=()), "")


def test_the_last_good_release_answers_whatever_a_newer_one_does() -> None:
    failed = replace(SERVING, number=4, status="Failed", reason="exited with status 1")
    check_answers(replace(WEB, status=Health.DEGRADED, note="v4 failed", pending=failed))


def test_what_comes_up_is_to_be_waited_for_and_what_failed_to_be_looked_at() -> None:
    with pytest.raises(Temporary, match=r"not Ready: waiting for it to listen; follow it: anabranch wait bugfix:web"):
        check_answers(replace(WEB, serving=None, status=Health.PROGRESSING, note="waiting for it to listen"))
    crashed = replace(SERVING, reason="exited with status 1")
    with pytest.raises(Permanent, match=r"not Ready: exited with status 1 \(anabranch describe bugfix:web\)"):
        check_answers(replace(WEB, serving=crashed, status=Health.DEGRADED, note="x"))
