"""Work that costs little more for many than for one: whatever comes while a group is worked on makes up the next group.

In: items, from any coroutine of one loop. Out: for each what the work returned for it, or the error that its whole
group met.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Grouped(Generic[Item, Result]):
    """`work` is given at most `most` items in the order in which they came; it returns as many results."""

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._working: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """Return what the work returns for the item; raises what the work raises."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._working is None:
            self._working = asyncio.create_task(self._until_none_waits())
        return await future

    async def _until_none_waits(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            await self._work_on(group)
        self._working = None

    async def _work_on(self, group: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        waiting = [future for _, future in group]
        try:
            results = await self._work([item for item, _ in group])
        except Exception as error:
            for future in waiting:
                if not future.done():
                    future.set_exception(error)
            return
        for future, result in zip(waiting, results, strict=True):
            if not future.done():
                future.set_result(result)
