"""A platform's settings page with Hooklane's portal in a frame. Python 3.10; nothing to install.

HOOKLANE_URL is the API's address with /api/v1, HOOKLANE_KEY the operator key, TENANT whose settings these are.
"""

import html
import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOOKLANE_URL = os.environ["HOOKLANE_URL"]
# It may do everything for every tenant: it stays on the server.
HOOKLANE_KEY = os.environ["HOOKLANE_KEY"]
PORT = int(os.environ.get("PORT", "8300"))

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Settings: webhooks</title>
<style>
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; display: flex; flex-direction: column; height: 100vh; }
  header { padding: 12px 24px; border-bottom: 1px solid #ccc; }
  h1 { font-size: 18px; margin: 0; }
  iframe { border: 0; flex: 1; width: 100%%; }
</style>
<header><h1>Settings: webhooks</h1></header>
<iframe title="Webhooks" src="%s" allow="clipboard-write"></iframe>
</html>
"""


def tenant_of(request: BaseHTTPRequestHandler) -> str:
    """Whose settings these are. Ask your own session here: whoever gets a link can do what its scope says."""
    return os.environ["TENANT"]


def portal_link(tenant: str) -> str:
    """A link that signs a browser in for eight hours. It works for five minutes, so each page gets a new one."""
    wanted = {"scope": "manage", "theme": {"name": "Fernhill", "accent": "#176b3a", "accentDark": "#7fd1a0"}}
    request = urllib.request.Request(
        f"{HOOKLANE_URL}/tenants/{tenant}/portal",
        json.dumps(wanted).encode(),
        {"Authorization": f"Bearer {HOOKLANE_KEY}", "Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["url"]


class Settings(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/":
            return self.send_error(404)
        body = (PAGE % html.escape(portal_link(tenant_of(self)))).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        # The link within signs somebody in.
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Settings)
    print(f"http://localhost:{PORT}/", flush=True)
    server.serve_forever()
