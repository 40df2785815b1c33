"""Options of the whole test run; tests that several files share fail with their values, too."""

import pytest

pytest.register_assert_rewrite("tests.runtimes.contract")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer an existing cluster to the tests that need one."""
    parser.addoption(
        "--cluster", action="store_true", help="run the cluster tests on the cluster of $KUBECONFIG, not on one of ours"
    )
    parser.addoption("--used-cluster", action="store_true", help="do so though it holds namespaces that no test made")
    parser.addoption(
        "--image",
        default="docker.io/nginxinc/nginx-unprivileged:stable-alpine",
        help="what containers run there: it listens on port 8080 as a numeric user that is not root, and has sh",
    )
