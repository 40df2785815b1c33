"""Options of the whole test run; tests that several files share fail with their values, too.

What is logged comes with plain tracebacks: the coloured ones that structlog draws, with every local value, take a
second of work each. A property may take its time: how long an example lasts says nothing but how busy the machine is.
"""

import pytest
import structlog
from hypothesis import settings

_LAST = ("cli", "cluster")

pytest.register_assert_rewrite("tests.runtimes.contract")
settings.register_profile("unhurried", parent=settings.default, deadline=None)
settings.load_profile("unhurried")


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


def pytest_configure() -> None:
    """Draw plain tracebacks."""
    processors = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*processors[:-1], plain])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to the end what keeps a daemon, or a control plane, busy beside every test that follows."""
    items.sort(key=lambda item: _LAST.index(item.path.parent.name) if item.path.parent.name in _LAST else -1)
