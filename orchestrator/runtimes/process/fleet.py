"""Everything that runs on this machine, and where its addresses lead.

In: orders, one at a time, from the runner's loop. Out: what to say to the client: observations and endings. A service's
addresses lead to its own release once that was Ready, before that where its route says.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from orchestrator.domain.status import Health, Observation
from orchestrator.runtimes import Running
from orchestrator.runtimes.process.addresses import HOST, Place
from orchestrator.runtimes.process.attempt import Tools
from orchestrator.runtimes.process.front import Front
from orchestrator.runtimes.process.launch import Launch
from orchestrator.runtimes.process.life import Life
from orchestrator.runtimes.process.wire import Ended, Observed
from orchestrator.runtimes.succession import Key, Succession, leads_to

_HEAL = 1.0


class Fleet:
    """The services, routes and stable addresses of one runner."""

    def __init__(self, tools: Tools, say: Callable[[Observed | Ended], None]) -> None:
        self._tools = tools
        self._say = say
        self._services: dict[Key, Succession[Life]] = {}
        self._routes: dict[Key, str] = {}
        self._fronts: dict[Place, Front] = {place: self._front(port) for place, port in tools.addresses.stable.items()}
        self._said: dict[Life, Observation] = {}
        self._ending: dict[Life, asyncio.Task[None]] = {}
        self._healer = asyncio.get_running_loop().create_task(self._heal())

    def apply(self, launch: Launch, *, settled: bool) -> None:
        """Make this the release of its service; one that is known already is only told about again."""
        key = (launch.environment, launch.service)
        service = self._services.setdefault(key, Succession())
        known = next((life for life in service.members if life.launch.release == launch.release), None)
        again = known is not None
        if known is None:
            known = self._begin(launch, settled=settled)
            self._end(service.follow(known), drained=False)
            if settled:
                service.promote(known)
        elif known is service.serving:
            self._end(service.follow(None), drained=False)
        self._refresh(launch.service)
        self._tell(known, again=again)

    def remove(self, environment: str, service: str) -> None:
        """Move the addresses of a service to its route's target, then drain and end its releases."""
        removed = self._services.pop((environment, service), Succession())
        self._refresh(service)
        for life in removed.members:
            self._end(life, drained=True)

    def remove_environment(self, environment: str) -> None:
        """End the services of an environment and forget its addresses and routes."""
        gone = [key for key in self._services if key[0] == environment]
        lives = [life for key in gone for life in self._services.pop(key).members]
        self._routes = {key: target for key, target in self._routes.items() if key[0] != environment}
        for place in [place for place in self._fronts if place[0] == environment]:
            self._fronts.pop(place).close()
        self._tools.addresses.forget(environment)
        for _, service in gone:
            self._refresh(service)
        for life in lives:
            self._end(life, drained=False)

    def route(self, environment: str, service: str, target: str | None) -> None:
        """Say where the addresses of a service lead without a Ready release of its own."""
        self._routes.pop((environment, service), None)
        if target is not None:
            self._routes[environment, service] = target
        self._refresh(service)

    def address(self, place: Place) -> int:
        """Name the stable port of a place. Raises Temporary when none is free, OSError when it cannot be kept."""
        port = self._tools.addresses.keep(place)
        if place not in self._fronts:
            self._fronts[place] = self._front(port)
            self._refresh(place[1])
        return port

    def running(self) -> tuple[Running, ...]:
        """Tell what runs; releases that are being ended are left out."""
        return tuple(
            Running(*life.name, self._observe(life).health, life is service.serving)
            for _, service in sorted(self._services.items(), key=lambda item: item[0])
            for life in service.members
        )

    def ports(self, environment: str, service: str, release: int) -> tuple[tuple[int, int], ...]:
        """Tell on which ports a release listens now; none while it waits for its first start."""
        lives = self._services.get((environment, service), Succession[Life]()).members
        return tuple(port for life in lives if life.launch.release == release for port in life.ports.items())

    def leaders(self) -> tuple[int, ...]:
        """Name every process group, those included that are being ended."""
        lives = [life for service in self._services.values() for life in service.members]
        return tuple(life.leader for life in (*lives, *self._ending) if life.leader is not None)

    async def stop(self) -> None:
        """End everything politely."""
        self._healer.cancel()
        for key in tuple(self._services):
            for life in self._services.pop(key).members:
                self._end(life, drained=False)
        if self._ending:
            await asyncio.wait(self._ending.values())

    def _begin(self, launch: Launch, *, settled: bool) -> Life:
        name = (launch.environment, launch.service, launch.release)
        earlier = next((task for life, task in self._ending.items() if life.name == name), None)
        return Life(launch, self._tools, self._changed, settled=settled, predecessor=earlier)

    def _changed(self, life: Life) -> None:
        service = self._services.get(life.name[:2])
        if service and life in service.members:
            replaced = service.promote(life) if life.ready else None
            self._refresh(life.launch.service)
            self._end(replaced, drained=True)
            self._tell(life)

    def _end(self, life: Life | None, *, drained: bool) -> None:
        if life:
            self._said.pop(life, None)
            self._ending[life] = asyncio.get_running_loop().create_task(self._finish(life, drained=drained))

    async def _finish(self, life: Life, *, drained: bool) -> None:
        if drained:
            await self._drained(frozenset(life.ports.values()))
        await life.stop()
        del self._ending[life]
        self._say(Ended(*life.name))

    async def _drained(self, ports: frozenset[int]) -> None:
        connections = [task for front in self._fronts.values() for task in front.through(ports)]
        if connections:
            await asyncio.wait(connections, timeout=self._tools.options.drain + 1)

    def _refresh(self, service: str) -> None:
        """Lead the addresses of every service of this name, since routes lead to others of the same name."""
        serving = {key: s.serving for key, s in self._services.items() if key[1] == service and s.serving}
        for (environment, name, port), front in self._fronts.items():
            if name == service:
                target = leads_to((environment, service), serving, self._routes)
                life = serving[target, service] if target else None
                front.lead(life.ports.get(port) if life and life.ready else None)
        for key, succession in self._services.items():
            if key[1] == service:
                for life in succession.members:
                    self._tell(life)

    def _tell(self, life: Life, *, again: bool = False) -> None:
        observation = self._observe(life)
        if again or self._said.get(life) != observation:
            self._said[life] = observation
            self._say(Observed(observation))

    def _observe(self, life: Life) -> Observation:
        observation = life.observation()
        environment, service, _ = life.name
        names = {port.port: port.name for port in life.launch.ports}
        for (owner, name, port), front in self._fronts.items():
            if front.taken and (owner, name) == (environment, service):
                where = f"{HOST}:{front.port} ({environment}/{service}:{names.get(port, port)})"
                return replace(observation, health=Health.DEGRADED, reason=f"{where} is {front.taken}")
        return observation

    def _front(self, port: int) -> Front:
        return Front(port, drain=self._tools.options.drain, idle_after=self._tools.options.idle_after)

    async def _heal(self) -> None:
        while True:
            await asyncio.sleep(_HEAL)
            for (_, service, _), front in tuple(self._fronts.items()):
                if front.heal():
                    self._refresh(service)
