"""Who lives where: cells by address, endpoints while somebody holds them, actors by their global name.

New and ended cells flow in; an address that came back from pickling flows out as the place it means.
"""

from collections.abc import Callable
from threading import Lock
from weakref import WeakValueDictionary

from thespian.actors import ActorAddress

from actors.engine.address import Place
from actors.engine.cell import Cell
from actors.engine.endpoint import Endpoint
from actors.engine.tally import Tally


class Registry:
    """Endpoints are held weakly: one that its owner lost without closing it goes by itself."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._cells: dict[str, Cell] = {}
        self._endpoints: WeakValueDictionary[str, Endpoint] = WeakValueDictionary()
        self._names: dict[str, ActorAddress] = {}
        self._naming = Lock()

    def find(self, address: ActorAddress) -> Place | None:
        """The place that an address means by its text."""
        text = address.actorAddressString
        cell = self._cells.get(text)
        return cell if cell is not None else self._endpoints.get(text)

    def cells(self) -> tuple[Cell, ...]:
        """All actors that have not ended, oldest first."""
        return tuple(self._cells.copy().values())

    def endpoints(self) -> int:
        """How many endpoints there are."""
        return len(self._endpoints)

    def names(self) -> tuple[tuple[str, ActorAddress], ...]:
        """Global names and whom they mean."""
        return tuple(self._names.copy().items())

    def named(self, name: str | None) -> ActorAddress | None:
        """The actor with a global name."""
        return self._names.get(name) if name else None

    def claim(self, name: str, create: Callable[[], ActorAddress]) -> ActorAddress:
        """The actor with a global name, created now if there is none."""
        with self._naming:
            if name not in self._names:
                self._names[name] = create()
            return self._names[name]

    def add(self, cell: Cell) -> None:
        """Enter a new actor."""
        self._cells[cell.address.actorAddressString] = cell
        self._tally.add("created")

    def add_endpoint(self, endpoint: Endpoint) -> None:
        """Enter an endpoint."""
        self._endpoints[endpoint.address.actorAddressString] = endpoint

    def remove_endpoint(self, endpoint: Endpoint) -> None:
        """Strike an endpoint off."""
        self._endpoints.pop(endpoint.address.actorAddressString, None)

    def end_questions(self) -> None:
        """Let every endpoint know that nobody answers any more."""
        for endpoint in list(self._endpoints.values()):
            endpoint.end_questions()

    def remove(self, cell: Cell) -> None:
        """Strike an ended actor off, and free its name."""
        self._cells.pop(cell.address.actorAddressString, None)
        self._tally.add("ended")
        self._tally.add("handled by ended actors", cell.handled)
        name = cell.blueprint.global_name if cell.blueprint else None
        if name:
            with self._naming:
                if self._names.get(name) is cell.address:
                    del self._names[name]
