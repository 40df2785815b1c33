#!/usr/bin/env python3
"""A git post-receive hook: tells the forwarder which branches moved. Needs nothing but Python 3.9 or newer.

In: lines `<old> <new> <ref>` on standard input. Out: one signed request (standardwebhooks.com), sent by a process that
the push does not wait for. It never fails a push: what it cannot say, polling finds; why is in `anabranch-hook.error`.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import signal
import sys
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

CONFIG: dict[str, str] = {}

DEADLINE_SECONDS = 20
PAUSES = (0, 1, 3)
MOST_CHANGES = 1000


def message(repository: str, lines: bytes) -> bytes:
    """Build the body; no changes mean that there are more than fit."""
    found = [change(line) for line in lines.split(b"\n") if line.count(b" ") >= 2]
    body = {"repository": repository, "changes": found if len(found) <= MOST_CHANGES else []}
    return json.dumps(body).encode("ascii")


def change(line: bytes) -> dict[str, str]:
    """Read one line of git's; a ref's bytes that are no UTF-8 become surrogate escapes."""
    before, after, ref = line.decode("utf-8", "surrogateescape").split(" ", 2)
    return {"ref": ref, "before": before, "after": after}


def headers(secret: bytes, identity: str, body: bytes) -> dict[str, str]:
    """Sign a body; the time is part of what is signed. `whsec_<base64>` is decoded, any other secret is the key."""
    key = base64.b64decode(secret[6:]) if secret.startswith(b"whsec_") else secret
    sent = str(int(time.time()))
    signature = hmac.new(key, f"{identity}.{sent}.".encode("ascii") + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": identity,
        "webhook-timestamp": sent,
        "webhook-signature": "v1," + base64.b64encode(signature).decode("ascii"),
    }


def post(url: str, body: bytes, signed: dict[str, str]) -> int:
    """Send once, without proxy or redirect; returns the status."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("POST", parts.path, body, signed)
        return connection.getresponse().status
    finally:
        connection.close()


def attempt(body: bytes, identity: str) -> str:
    """Send once; returns why it was not taken, empty when it was."""
    try:
        secret = Path(CONFIG["secret_file"]).read_bytes().strip()
        status = post(CONFIG["url"], body, headers(secret, identity, body))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "" if 200 <= status < 300 else f"the forwarder answered {status}"


def send(body: bytes) -> None:
    """Try a few times under one id; the last reason stays behind."""
    identity, failure = str(uuid.uuid4()), Path("anabranch-hook.error")
    for pause in PAUSES:
        time.sleep(pause)
        reason = attempt(body, identity)
        if not reason:
            failure.unlink(missing_ok=True)
            return
        failure.write_text(ascii(reason) + "\n")


def detach() -> bool:
    """Leave the push behind, its session and its streams; True in the process that goes on."""
    if os.fork():
        return False
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    signal.alarm(DEADLINE_SECONDS)
    return True


def main() -> None:
    """Read, detach, send."""
    lines = sys.stdin.buffer.read()
    if detach():
        send(message(CONFIG["repository"], lines))


if __name__ == "__main__":
    try:
        main()
    finally:
        os._exit(0)
