"""The part of thespian.system.messages.status that the project uses, typed from its source (4.0.1)."""

from typing import Any, TextIO

from thespian.actors import ActorAddress, ActorSystemMessage
from thespian.system.timing import ExpirationTimer

class Thespian_StatusReq(ActorSystemMessage): ...

class _StatusResponse(ActorSystemMessage):
    pendingMessages: list[tuple[ActorAddress, ActorAddress, str]]
    pendingWakeups: list[tuple[ActorAddress, ExpirationTimer]]
    receivedMessages: list[tuple[ActorAddress, ActorAddress, str]]
    childActors: list[ActorAddress]
    miscKeyVals: dict[str, Any]
    def addChild(self, childAddress: ActorAddress) -> None: ...
    def addPendingMessage(self, fromActor: ActorAddress, toActor: ActorAddress, msgstr: str) -> None: ...
    def addReceivedMessage(self, fromActor: ActorAddress, toActor: ActorAddress, msgstr: str) -> None: ...
    def addWakeups(self, wakeups_list: list[tuple[ActorAddress, ExpirationTimer]]) -> None: ...
    def addKeyVal(self, key: str, value: object) -> None: ...

class Thespian_SystemStatus(_StatusResponse):
    adminAddress: ActorAddress
    capabilities: dict[str, Any]
    conventionAttendees: list[tuple[ActorAddress, Any]]
    deadLetterHandler: ActorAddress | None
    notifyAddresses: list[ActorAddress]
    globalActors: dict[str, ActorAddress]
    inShutdown: bool
    sourceAuthority: ActorAddress | None
    loadedSources: list[tuple[str, str]]
    def __init__(
        self,
        address: ActorAddress,
        conventionLeader: ActorAddress | None = None,
        capabilities: dict[str, Any] | None = None,
        inShutdown: bool = False,
    ) -> None: ...
    def addGlobalActor(self, name: str, address: ActorAddress) -> None: ...
    def setDeadLetterHandler(self, address: ActorAddress) -> None: ...
    def setNotifyHandlers(self, addresses: list[ActorAddress]) -> None: ...

class Thespian_ActorStatus(_StatusResponse):
    actorAddress: ActorAddress
    actorClass: str
    adminAddress: ActorAddress
    parentAddress: ActorAddress | None
    sourceHash: str | None
    exiting: bool | None
    def __init__(
        self,
        address: ActorAddress,
        actorClass: object,
        adminAddress: ActorAddress,
        parentAddress: ActorAddress | None = None,
        sourceHash: str | None = None,
        exiting: bool | None = None,
    ) -> None: ...

def formatStatus(response: _StatusResponse, showAddress: Any = ..., tofd: TextIO | None = None) -> None: ...
