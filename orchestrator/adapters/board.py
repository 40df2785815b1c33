"""The newest picture of every environment, for readers that must not wait for anybody.

In: views that Branch actors publish, each its own environment, and what happened. Out: the same, at once, to any
thread; a change is called out after it can be read, from the thread that made it.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from types import MappingProxyType

import structlog

from orchestrator.domain.held import noted
from orchestrator.domain.machine_room import Hold
from orchestrator.domain.snapshot import EnvironmentView, EventView

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Removed:
    """An environment that is gone."""

    environment: str


Change = EnvironmentView | Removed | EventView


class Board:
    """Writers replace the whole picture, so that readers never lock."""

    def __init__(self) -> None:
        self._writing = threading.Lock()
        self._published: dict[str, EnvironmentView] = {}
        self._views: Mapping[str, EnvironmentView] = MappingProxyType({})
        self._holds: tuple[Hold, ...] = ()
        self._callbacks: tuple[Callable[[Change], None], ...] = ()
        self._sequence = count(1)

    def publish(self, view: EnvironmentView) -> None:
        """Show `view` instead of what was shown of its environment; the same again is no change."""
        with self._writing:
            self._published[view.environment] = view
            shown = noted(view, self._holds)
            if self._views.get(view.environment) == shown:
                return
            self._views = MappingProxyType({**self._views, view.environment: shown})
        self._call_out(shown)

    def hold(self, holds: tuple[Hold, ...]) -> None:
        """Note these holds, and no others any more, at whatever depends on them."""
        with self._writing:
            self._holds = holds
            shown = {name: noted(view, holds) for name, view in self._published.items()}
            changed = [view for name, view in shown.items() if self._views.get(name) != view]
            self._views = MappingProxyType(shown)
        for view in changed:
            self._call_out(view)

    def remove(self, environment: str) -> None:
        """Show this environment no more."""
        with self._writing:
            if self._published.pop(environment, None) is None:
                return
            kept = {name: view for name, view in self._views.items() if name != environment}
            self._views = MappingProxyType(kept)
        self._call_out(Removed(environment))

    def happened(self, event: EventView) -> None:
        """Call an event out, numbered in the order of this process; it is not kept here."""
        self._call_out(replace(event, sequence=next(self._sequence)))

    def read(self) -> tuple[EnvironmentView, ...]:
        """Show every environment: the baseline first, then by name."""
        return tuple(sorted(self._views.values(), key=lambda view: (not view.baseline, view.environment)))

    def get(self, environment: str) -> EnvironmentView | None:
        """Show one environment, named by its own name or by its branch's."""
        views = self._views
        return views.get(environment) or next((v for v in views.values() if v.branch == environment), None)

    def subscribe(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Call back for every change from now on, from any thread; returns what ends that. It must not block."""
        with self._writing:
            self._callbacks = (*self._callbacks, callback)

        def unsubscribe() -> None:
            with self._writing:
                self._callbacks = tuple(kept for kept in self._callbacks if kept is not callback)

        return unsubscribe

    def _call_out(self, change: Change) -> None:
        for callback in self._callbacks:
            try:
                callback(change)
            except Exception:  # a reader's fault is not the publisher's
                _log.exception("change not called out", change=type(change).__name__)
