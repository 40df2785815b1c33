"""The log: one JSON record a line on standard error, or text for a terminal.

In: what our code logs through structlog, and warnings of libraries through `logging`. Out: lines that hold no secret,
no control character and no value above 512 characters, because everything passes the one filter at the sink.
"""

import logging
import sys
import traceback
from collections.abc import Callable, Collection, Mapping
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from orchestrator.domain.mask import Mask
from orchestrator.domain.text import printable

LONGEST_VALUE = 512
_MOST_ITEMS = 64
_MOST_LEVELS = 6
_MOST_FRAMES = 12
_OURS = "anabranch"


def configure(
    level: str,
    form: str,
    secrets: Collection[str],
    stream: TextIO | None = None,
    trace: Callable[[], str] = lambda: "",
) -> Mask:
    """Log from `level` on as `json`, `text`, or `auto`: text where `stream` is a terminal.

    Libraries are heard from `warning` on. `trace` names what led to a record, empty for nothing. Returns the mask, for
    secrets that are learnt later.
    """
    mask, stream = Mask(secrets), stream or sys.stderr
    as_text = form == "text" or (form == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    renderer = _as_text if as_text else structlog.processors.JSONRenderer()
    handler.setFormatter(_formatter(Filter(mask), renderer, _traced(trace)))
    logging.raiseExceptions = False  # else a record that cannot be written is shown past the filter
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(_OURS).setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            _traced(trace),
            *_STAMPS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=lambda *name: logging.getLogger(".".join((_OURS, *name))),
    )
    return mask


class Filter:
    """The last step before a record is written; every value in it comes out plain, short and without secrets."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    def __call__(self, _logger: WrappedLogger, _method: str, record: EventDict) -> EventDict:
        """Clean a whole record."""
        return {self._text(key): self._value(value, _MOST_LEVELS) for key, value in record.items()}

    def _value(self, value: object, levels: int) -> object:
        if value is None or type(value) in (bool, int, float):
            return value
        if levels and isinstance(value, Mapping):
            return {self._text(key): self._value(inner, levels - 1) for key, inner in list(value.items())[:_MOST_ITEMS]}
        if levels and isinstance(value, list | tuple | set | frozenset):
            return [self._value(inner, levels - 1) for inner in list(value)[:_MOST_ITEMS]]
        return self._text(value)

    def _text(self, value: object) -> str:
        text = value.decode(errors="surrogateescape") if isinstance(value, bytes) else str(value)
        return printable(self._mask(text), LONGEST_VALUE)


def _failure(_logger: WrappedLogger, _method: str, record: EventDict) -> EventDict:
    """Tell an exception as its type, its text and its last frames."""
    error = _exception(record.pop("exc_info", None))
    if error:
        frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
        record["failure"] = type(error).__name__
        record["reason"] = record.get("reason", error)
        record["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return record


def _exception(given: object) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1] if isinstance(given[1], BaseException) else None
    return sys.exception() if given else None


def _in_order(_logger: WrappedLogger, _method: str, record: EventDict) -> EventDict:
    first = {name: record.pop(name, "") for name in ("at", "level", "logger", "event")}
    return {**first, "logger": str(first["logger"]).removeprefix(f"{_OURS}."), **record}


def _as_text(_logger: WrappedLogger, _method: str, record: EventDict) -> str:
    at, level, name, event = (record.pop(key) for key in ("at", "level", "logger", "event"))
    others = (f"{key}={value}" for key, value in record.items())
    return "  ".join((at[11:19], f"{level:7}", f"{name}: {event}", *others))


_STAMPS: tuple[Processor, ...] = (
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
)


def _traced(trace: Callable[[], str]) -> Processor:
    def add(_logger: WrappedLogger, _method: str, record: EventDict) -> EventDict:
        led = trace()
        return {**record, "trace": led} if led else record

    return add


def _formatter(last: Filter, renderer: Processor, traced: Processor) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=(*_STAMPS, traced),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _failure, _in_order, last, renderer],
        keep_exc_info=False,
    )
