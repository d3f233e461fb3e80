"""Links that sign a browser in to the portal of a local stack."""

from urllib.parse import urlsplit

from hooklane_local.client import Api

# Of the sample data. A stack without them shows it empty.
TENANT = "fernhill"


def addresses(stack: dict, *, signs_in: bool) -> dict[str, str]:
    """What `stack.json` says of the portal: its address, and a link that signs in, which the API is asked for."""
    signed_in = {"dashboardLink": link(stack)} if signs_in else {}
    return {"dashboardUrl": f"{stack['apiUrl']}/portal/{TENANT}/", **signed_in}


def link(stack: dict, tenant: str = TENANT, **wanted) -> str:
    """A fresh link to a tenant's pages. It leads to the API's plain address, since the emulator's own name is not resolved everywhere."""
    body = {"scope": "manage", **wanted}
    return _on_loopback(stack, Api(stack, tenant=None).post(f"/tenants/{tenant}/portal", body).expect(201).body["url"])


def operator_link(stack: dict) -> str:
    """A fresh link to the operator's pages."""
    return _on_loopback(stack, Api(stack, tenant=None).post("/operator-links").expect(201).body["url"])


def _on_loopback(stack: dict, url: str) -> str:
    parts = urlsplit(url)
    return f"{stack['apiUrl']}{parts.path}?{parts.query}"
