"""The engine's counters in Prometheus' text form, for the observe listener.

In: an `EngineView`, read anew for each scrape. Out: the page. Labels name kinds of actors and reasons, never a single
actor: there are few of them, whatever branches there are.
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from orchestrator.domain.machine_room import EngineView, Spread

_KIND = ("kind",)


def exposition(view: EngineView) -> bytes:
    """Write one page of metrics."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Engine(view))
    return generate_latest(registry)


class _Engine(Collector):
    def __init__(self, view: EngineView) -> None:
        self._view = view

    def collect(self) -> Iterable[Metric]:
        view = self._view
        yield _gauge("anabranch_actors", "Actors that live.", ((k.kind, k.actors) for k in view.kinds))
        waiting = ((k.kind, k.waiting) for k in view.kinds)
        yield _gauge("anabranch_actor_mailbox_messages", "Messages that wait in mailboxes.", waiting)
        handled = ((k.kind, k.handlers.count) for k in view.kinds)
        yield _counter("anabranch_actor_messages", "Messages that were handled.", "kind", handled)
        yield self._handler_seconds()
        restarts = ((k.kind, k.restarts) for k in view.kinds)
        yield _counter("anabranch_actor_restarts", "New instances in place of others.", "kind", restarts)
        yield CounterMetricFamily("anabranch_engine_failures", "Handlers that failed since the start.", view.failures)
        dead = "Messages that nobody handled."
        yield _counter("anabranch_dead_letters", dead, "reason", view.dead_letters)
        yield HistogramMetricFamily(
            "anabranch_scheduler_delay_seconds",
            "What a message waits for a worker.",
            buckets=_buckets(view.delays),
            sum_value=view.delays.seconds,
        )
        workers = (("running", view.running), ("blocked", view.blocked), ("all", view.workers))
        yield _gauge("anabranch_engine_workers", "Threads of the engine.", workers, "state")
        yield GaugeMetricFamily("anabranch_engine_timers", "Wakeups that wait for their time.", view.timers)

    def _handler_seconds(self) -> Metric:
        family = HistogramMetricFamily("anabranch_actor_handler_seconds", "What handlers took.", labels=_KIND)
        for kind in self._view.kinds:
            family.add_metric([kind.kind], _buckets(kind.handlers), kind.handlers.seconds)
        return family


def _gauge(name: str, text: str, values: Iterable[tuple[str, int]], label: str = "kind") -> Metric:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for word, value in values:
        family.add_metric([word], value)
    return family


def _counter(name: str, text: str, label: str, values: Iterable[tuple[str, int]]) -> Metric:
    family = CounterMetricFamily(name, text, labels=(label,))
    for word, value in values:
        family.add_metric([word], value)
    return family


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    bounds = [*(str(bound) for bound in spread.bounds), "+Inf"]
    below = 0
    cumulated = []
    for bound, count in zip(bounds, spread.counts, strict=True):
        below += count
        cumulated.append((bound, float(below)))
    return cumulated
