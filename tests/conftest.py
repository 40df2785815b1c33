"""Options of the whole test run."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer an existing cluster to the tests that need one."""
    parser.addoption(
        "--cluster", action="store_true", help="run the cluster tests on the cluster of $KUBECONFIG, not on one of ours"
    )
