"""The part of thespian.system.timing that the project uses, typed from its source (4.0.1)."""

from datetime import timedelta

def timePeriodSeconds(basis: timedelta | float) -> float: ...

class ExpirationTimer:
    duration: timedelta | float | None
    def __init__(self, duration: timedelta | float | None = None) -> None: ...
