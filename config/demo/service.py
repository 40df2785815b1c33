"""A tiny service: says who it is, and what its peers answered.

In: the variables that Anabranch sets: PORT, ANABRANCH_*, and <NAME>_URL for each peer. Out: JSON on every GET;
/ready answers without asking peers.
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen


class Handler(BaseHTTPRequestHandler):
    """Answers one connection, which may carry many requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer with who this is."""
        answer = {} if self.path == "/ready" else {"peers": peers()}
        body = json.dumps(whoami() | answer, indent=2).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def whoami() -> dict[str, object]:
    """Tell this service from any other, and this process too."""
    names = ("service", "environment", "commit", "release")
    told = {name: os.environ.get(f"ANABRANCH_{name.upper()}", "") for name in names}
    return {**told, "commit": told["commit"][:7], "instance": os.getpid(), "greeting": os.environ.get("GREETING", "")}


def peers() -> dict[str, object]:
    """Ask everybody whose URL this service was given."""
    urls = {name.removesuffix("_URL").lower(): url for name, url in os.environ.items() if name.endswith("_URL")}
    return {name: ask(url) for name, url in sorted(urls.items())}


def ask(url: str) -> object:
    """Return a peer's answer, or why there is none."""
    try:
        with urlopen(url, timeout=5) as answer:
            return json.load(answer)
    except OSError as error:
        return f"no answer: {error}"


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
    print("listening on", server.server_port, flush=True)
    server.serve_forever()
