"""A platform's own settings page for webhooks, made with Hooklane's API. Python 3.10; nothing to install.

HOOKLANE_URL is the API's address with /api/v1, HOOKLANE_KEY the operator key, TENANT whose settings these are.
"""

import html
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOOKLANE_URL = os.environ["HOOKLANE_URL"]
# It may do everything for every tenant: it stays on the server.
HOOKLANE_KEY = os.environ["HOOKLANE_KEY"]
PORT = int(os.environ.get("PORT", "8301"))

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Settings: webhooks</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  table { border-collapse: collapse; width: 100%%; }
  th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #ccc; }
  p { overflow-wrap: anywhere; }
  form { display: inline-block; margin: .2rem .4rem .2rem 0; }
  label { display: block; }
</style>
<h1>Webhooks</h1>
%s
</html>
"""


class Refused(Exception):
    """What the API said against a request, in words for people."""


def ask(tenant: str, method: str, path: str, body: dict | None = None) -> dict:
    request = urllib.request.Request(
        HOOKLANE_URL + path,
        None if body is None else json.dumps(body).encode(),
        {
            "Authorization": f"Bearer {HOOKLANE_KEY}",
            "X-Tenant-Id": tenant,
            "Content-Type": "application/json",
            # Every tenant's answers in Hooklane's own shape, whatever platform's contract it has.
            "Accept": "application/vnd.hooklane+json",
        },
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        problem = json.loads(error.read())
        # A 422 names each field.
        wrong = [f"{field['path']}: {field['message']}" for field in problem.get("errors", [])]
        raise Refused("; ".join(wrong) or problem.get("detail") or problem["title"]) from error


def tenant_of(request: BaseHTTPRequestHandler) -> str:
    """Whose settings these are. Ask your own session here."""
    return os.environ["TENANT"]


def button(action: str, text: str) -> str:
    return f'<form method="post" action="{action}"><button>{text}</button></form>'


def shown(tenant: str, note: str) -> str:
    """The page: every webhook with its newest deliveries, and the form for another one."""
    parts = [f'<p role="status">{html.escape(note)}</p>'] if note else []
    for webhook in ask(tenant, "GET", "/webhooks?limit=50")["data"]:
        path = f"/webhooks/{webhook['id']}"
        name = html.escape(webhook["name"] or webhook["url"])
        events = html.escape(", ".join(webhook["events"]))
        parts.append(f"<h2>{name}</h2><p>{html.escape(webhook['url'])}<br>{events}</p>")
        parts.append(button(f"{path}/test", "Send a test") + button(f"{path}/delete", "Delete"))
        rows = []
        for delivery in ask(tenant, "GET", f"{path}/deliveries?limit=10")["data"]:
            again = button(f"/webhooks/deliveries/{delivery['id']}/retry", "Send again")
            # What waits or was not taken can be sent again.
            can_retry = delivery["status"] in ("failed", "retrying", "cancelled")
            accepted = delivery["createdAt"][:16].replace("T", " ")
            cells = [delivery["eventType"], delivery["status"], accepted]
            row = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
            rows.append(f"<tr>{row}<td>{again if can_retry else ''}</td></tr>")
        head = "<tr><th>Event</th><th>Status</th><th>Accepted (UTC)</th><th></th></tr>"
        parts.append(f"<table>{head}{''.join(rows)}</table>" if rows else "<p>Nothing was sent yet.</p>")
    parts.append(
        '<h2>Another one</h2><form method="post" action="/webhooks">'
        '<label>Address <input name="url" required></label>'
        '<label>Event types <input name="events" value="order.*" required></label>'
        "<button>Create</button></form>"
    )
    return PAGE % "".join(parts)


def do(tenant: str, path: str, form: dict[str, str]) -> str:
    """Does what a form asks for, and says what became of it."""
    match path.strip("/").split("/"):
        case ["webhooks"]:
            events = [event.strip() for event in form.get("events", "").split(",") if event.strip()]
            made = ask(tenant, "POST", "/webhooks", {"url": form.get("url", ""), "events": events})
            return f"Created. Its signing secret, shown this once: {made['secret']}"
        case ["webhooks", webhook, "test"]:
            tested = ask(tenant, "POST", f"/webhooks/{webhook}/test", {})
            return "The test arrived." if tested["successful"] else "The test did not arrive."
        case ["webhooks", webhook, "delete"]:
            ask(tenant, "DELETE", f"/webhooks/{webhook}")
            return "Deleted."
        case ["webhooks", "deliveries", delivery, "retry"]:
            ask(tenant, "POST", f"/webhooks/deliveries/{delivery}/retry")
            return "It is sent again."
        case _:
            raise Refused("There is no such form.")


class Settings(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/":
            return self.send_error(404)
        self.answer(200, "")

    def do_POST(self) -> None:
        # A form of another site must not act for whoever is signed in here.
        if self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return self.send_error(403)
        length = int(self.headers.get("Content-Length", 0))
        form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
        try:
            self.answer(200, do(tenant_of(self), self.path, form))
        except Refused as refused:
            self.answer(422, f"Not done. {refused}")

    def answer(self, status: int, note: str) -> None:
        body = shown(tenant_of(self), note).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Settings)
    print(f"http://localhost:{PORT}/", flush=True)
    server.serve_forever()
