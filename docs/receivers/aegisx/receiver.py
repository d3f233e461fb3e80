"""Receives webhooks in the format of AegisX (contract `aegisx`).

Python 3.10 or newer, nothing to install:

    PORT=9000 SECRET=your-webhook-secret python3 receiver.py
"""

import hashlib
import hmac
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ["PORT"])
SECRET = os.environ["SECRET"].encode()
SIGNATURE_HEADER = os.environ.get("SIGNATURE_HEADER", "X-Webhook-Signature-256")
if not SECRET:
    raise SystemExit("SECRET must not be empty")


def verify(body: bytes, signature: str) -> bool:
    # The signature covers the bytes as they came: verify before anything parses them.
    expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    # In constant time, so that nobody can find the signature character by character. As bytes, because
    # compare_digest raises for text that is not ASCII.
    return hmac.compare_digest(signature.encode(), expected.encode())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.receive(body))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def receive(self, body: bytes) -> int:
        """Returns the status to answer with."""
        if not verify(body, self.headers.get(SIGNATURE_HEADER, "")):
            return 401
        event = json.loads(body)
        # The same on every attempt: keep it in your database, and skip what is there already.
        remember = self.headers["X-Webhook-Delivery"]
        print(f"accepted {event['type']} (remember {remember}): {json.dumps(event['data'])}", flush=True)
        return 200


with ThreadingHTTPServer(("127.0.0.1", PORT), Receiver) as server:
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
