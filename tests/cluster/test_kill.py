"""Killed between any two requests of a deployment, the next daemon finishes it and leaves nothing behind.

A few of the places here, among them those around an object that a late inventory would not know; `make soak` kills at
each.
"""

import pytest

from orchestrator.runtimes.kubernetes import KubernetesOptions
from orchestrator.runtimes.kubernetes.api import Api
from tests.cluster import cut_off


@pytest.mark.timeout(300)
def test_a_deployment_that_was_cut_off_at_any_request_is_finished_by_the_next_daemon(
    options: KubernetesOptions, eye: Api
) -> None:
    for number in (1, 4, 12, 17, 18):
        assert cut_off.finished_after(number, options, eye), f"there was no write {number}"
    cut_off.nothing_is_left(options, eye)
