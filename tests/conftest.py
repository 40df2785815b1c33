"""Options of the whole test run; tests that several files share fail with their values, too."""

import pytest

pytest.register_assert_rewrite("tests.runtimes.contract")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer an existing cluster to the tests that need one."""
    parser.addoption(
        "--cluster", action="store_true", help="run the cluster tests on the cluster of $KUBECONFIG, not on one of ours"
    )
