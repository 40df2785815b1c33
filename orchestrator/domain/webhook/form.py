"""JSON that comes as the field `payload` of a form, which GitHub and the Gitea family can be set to send."""

from urllib.parse import parse_qs

from orchestrator.domain.payload import Malformed
from orchestrator.domain.webhook import Headers, header

_MOST_FIELDS = 8


def json_of(headers: Headers, body: bytes) -> bytes:
    """Return the JSON of a body, byte for byte; raises `Malformed` when a form does not hold it."""
    if not header(headers, "content-type").lower().startswith("application/x-www-form-urlencoded"):
        return body
    try:
        fields = parse_qs(
            body.decode("utf-8", "surrogateescape"), errors="surrogateescape", max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:
        raise Malformed("the form has too many fields") from error
    values = fields.get("payload", [])
    if len(values) != 1:
        raise Malformed("the form has not one field named payload")
    return values[0].encode("utf-8", "surrogateescape")
