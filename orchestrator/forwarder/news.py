"""That something about the deliveries is new: a bell that many may wait for.

In: rings, from the event loop. Out: a number that grows with each ring; whoever knows an older one need not wait.
"""

import asyncio


class News:
    """`number` is how often it rang."""

    def __init__(self) -> None:
        self.number = 0
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Wake everybody who waits."""
        self.number += 1
        self._bell.set()
        self._bell = asyncio.Event()

    async def after(self, number: int) -> int:
        """Return the number once it is greater."""
        while self.number <= number:
            await self._bell.wait()
        return self.number
