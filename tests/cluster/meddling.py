"""A proxy before the apiserver that refuses some of the writes, to see that they are tried again.

In: the apiserver's kubeconfig, and what to answer to which write. Out: a kubeconfig for a plain HTTP proxy, which
speaks to the apiserver with the same rights.
"""

import json
import ssl
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import yaml

Refusal = Callable[[str, str], tuple[int, dict[str, str]] | None]
"""Takes method and path; gives status and headers of a refusal, or None to let it pass."""


@contextmanager
def meddling(kubeconfig: Path, folder: Path, refuse: Refusal) -> Iterator[Path]:
    """Run the proxy; gives its kubeconfig."""
    parts = yaml.safe_load(kubeconfig.read_text())
    cluster, user = parts["clusters"][0]["cluster"], parts["users"][0]["user"]
    trust = ssl.create_default_context(cadata=b64decode(cluster["certificate-authority-data"]).decode())
    for name in ("client-certificate", "client-key"):
        (folder / name).write_bytes(b64decode(user[f"{name}-data"]))
    trust.load_cert_chain(folder / "client-certificate", folder / "client-key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(urlsplit(cluster["server"]).netloc, trust, refuse))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    written = folder / "meddling.kubeconfig"
    host = f"http://127.0.0.1:{server.server_address[1]}"
    written.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": host}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "c",
                "users": [{"name": "u", "user": {}}],
            }
        )
    )
    yield written
    server.shutdown()
    server.server_close()
    thread.join()


def _handler(host: str, trust: ssl.SSLContext, refuse: Refusal) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return self.pass_on
            raise AttributeError(name)

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            refusal = refuse(self.command, self.path)
            if refusal:
                self._answer(refusal[0], refusal[1], json.dumps({"reason": "Meddled"}).encode())
                return
            with (
                suppress(OSError, HTTPException),
                closing(HTTPSConnection(host, context=trust, timeout=600)) as connection,
            ):
                connection.request(self.command, self.path, body, dict(self.headers))
                self._relay(connection)

        def _relay(self, connection: HTTPSConnection) -> None:
            with connection.getresponse() as answer:
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
                self.end_headers()
                while chunk := answer.read1(65536):
                    self.wfile.write(chunk)
                    self.wfile.flush()

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
