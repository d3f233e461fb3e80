"""Receives webhooks in the format of Standard Webhooks (contract `standard`, the default).

Python 3.10 or newer, nothing to install:

    PORT=9000 SECRET=whsec_your-webhook-secret python3 receiver.py
"""

import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ["PORT"])
SECRET = os.environ["SECRET"]
SIGNATURE_HEADER = os.environ.get("SIGNATURE_HEADER", "webhook-signature")
if not SECRET.startswith("whsec_"):
    raise SystemExit("SECRET must begin with whsec_")
KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
# An older request may be one that somebody recorded and sends again.
TOLERANCE_SECONDS = 5 * 60


def verify(message_id: str, timestamp: str, body: bytes, signatures: str) -> bool:
    # The signature covers the bytes as they came: verify before anything parses them.
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    digest = hmac.new(KEY, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(digest)
    # While a secret is rotated there is a signature for each secret, separated by spaces. Compared in constant
    # time, so that nobody can find the signature character by character, and as bytes, because compare_digest
    # raises for text that is not ASCII.
    return any(hmac.compare_digest(signature.encode(), expected) for signature in signatures.split(" "))


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.receive(body))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def receive(self, body: bytes) -> int:
        """Returns the status to answer with."""
        # The id is the same on every attempt: keep it in your database, and skip what is there already.
        remember = self.headers.get("webhook-id", "")
        timestamp = self.headers.get("webhook-timestamp", "")
        if not verify(remember, timestamp, body, self.headers.get(SIGNATURE_HEADER, "")):
            return 401
        event = json.loads(body)
        print(f"accepted {event['type']} (remember {remember}): {json.dumps(event['data'])}", flush=True)
        return 200


with ThreadingHTTPServer(("127.0.0.1", PORT), Receiver) as server:
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
