"""Every page, in light, in dark and on a phone: pictures, accessibility, width, weight.

The pictures are kept for people to look at. The table of weights goes to the folder of the pictures, and its newest
state into docs/portal.md.
"""

import pytest

from hooklane_local.receiver import Response

# Nothing else may be transferred for a page.
MOST_BYTES = 60 * 1024


@pytest.fixture
def stage(api, receiver, eventually, stack, tenant, link):
    """A tenant with something on every page; the pages' paths by name."""
    def respond(request):
        if request.path.startswith("/bad"):
            body = b'{"error":"upstream ledger-db: too many connections","retry":true}'
            return Response(503, {"content-type": "application/json", "server": "ledger-gateway"}, body)
        return Response(200, {"content-type": "application/json"}, b'{"accepted":true}')

    receiver.respond = respond
    made = {}
    for name, path, events in (("Warehouse sync", "/wms/in", ["order.*"]), ("Invoice ledger", "/bad/ledger", ["*"])):
        body = {"name": name, "url": receiver.url(path), "events": events}
        made[name] = api.post("/webhooks", body).expect(201).body["id"]
    body = {"name": "Archive", "url": receiver.url("/bad/archive"), "events": ["order.*"], "retryPolicy": "none"}
    archive = api.post("/webhooks", body).expect(201).body
    body = {"name": "Returns desk", "url": receiver.url("/paused"), "events": ["order.*"], "contract": "stripe"}
    made["Returns desk"] = api.post("/webhooks", body).expect(201).body["id"]
    api.post(f"/webhooks/{made['Returns desk']}/pause").expect(200)
    api.post(f"/webhooks/{made['Warehouse sync']}/rotate-secret").expect(200)
    for number in range(6):
        data = {"id": f"inv_{number}", "total": 149.90, "lines": [{"sku": "OAK-220"}], "customer": {"id": "cus_7714"}}
        api.post("/events", {"type": "order.created", "data": data}).expect(200, 201, 202)

    def settled():
        delivered = api.get(f"/webhooks/{made['Warehouse sync']}/deliveries", status="delivered").body["data"]
        failing = api.get(f"/webhooks/{made['Invoice ledger']}/deliveries", status="retrying").body["data"]
        failed = api.get(f"/webhooks/{archive['id']}/deliveries", status="failed").body["data"]
        return (delivered, failing) if len(delivered) == len(failed) == 6 and failing else None

    delivered, failing = eventually(settled)
    # Requests of all kinds in the inbox: one of a webhook with its address, and one of nobody.
    inbox = api.patch("/inbox", {"enabled": True}).expect(200).body["url"]
    body = {"name": "Test inbox", "url": inbox, "events": ["order.*"]}
    to_inbox = api.post("/webhooks", body).expect(201).body["id"]
    api.post(f"/webhooks/{to_inbox}/test", {"event": "order.created"}).expect(200)
    api.delete(f"/webhooks/{to_inbox}").expect(204)
    # After the events, so that it adds no delivery.
    body = {"name": "Shipping partner", "url": receiver.url("/shipping"), "events": ["order.created"]}
    body |= {"filter": "event.data.total > 100.0", "transform": "{'id': event.data.id, 'total': event.data.total}"}
    made["Transformed"] = api.post("/webhooks", body).expect(201).body["id"]
    # One an hour, so that the recovery is under way on every picture.
    wanted = {"since": archive["createdAt"], "include": "failed", "rateLimit": {"requests": 1, "perSeconds": 3600}}
    api.post(f"/webhooks/{archive['id']}/recover", wanted).expect(202)
    ledger, desk = made["Invoice ledger"], made["Returns desk"]
    return {
        "webhooks": "webhooks",
        "webhook": f"webhooks/{made['Warehouse sync']}",
        "webhook-troubled": f"webhooks/{ledger}",
        "webhook-paused": f"webhooks/{desk}",
        "new": "new",
        "edit": f"webhooks/{desk}/edit",
        "studio": f"webhooks/{made['Transformed']}/studio",
        "deliveries": "deliveries",
        "deliveries-grouped": "deliveries?group=event",
        "deliveries-none": "deliveries?id=evt_of_nobody",
        "delivery": f"deliveries/{delivered[0]['id']}",
        "delivery-retrying": f"deliveries/{failing[0]['id']}",
        "inbox": "inbox",
        "types": "types?show=order.created",
        "resume": f"webhooks/{desk}/resume",
        "recover": f"webhooks/{ledger}/recover?since=2024-01-01T00:00&include=all",
        "recover-running": f"webhooks/{archive['id']}/recover",
        "rotate": f"webhooks/{desk}/rotate",
        "delete": f"webhooks/{desk}/delete",
        "missing": "deliveries/dlv_nothing",
    }


def findings(page, axe) -> list[str]:
    """What axe calls serious or critical."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def first_visit(visit, link, address) -> tuple[int, int, int]:
    """Requests, bytes and first paint in ms of a page in a browser that has kept nothing but its session."""
    page, requests = visit(), []
    page.request.get(link(timeZone="Europe/Berlin"))
    page.on("requestfinished", lambda request: requests.append(request))
    page.goto(address, wait_until="networkidle")
    sizes = [request.sizes() for request in requests if not request.url.startswith("data:")]
    weight = sum(one["responseBodySize"] + one["responseHeadersSize"] for one in sizes)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
    return len(sizes), weight, round(paint)


def looked_at(page, axe, pictures, name, shown) -> list[str]:
    """Takes a picture of the page, and says what is wrong with it."""
    (scheme, width), wrong = shown, []
    # So that what sticks to the window's edge is where it is at the end of the page.
    page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight")})
    where = f"{name}, {scheme}, {width} px"
    if width > 320:
        page.screenshot(path=pictures / f"{name}-{scheme if width > 400 else 'phone'}.png", full_page=True)
        wrong += [f"{where}: {one}" for one in findings(page, axe)]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        outside = page.evaluate(
            "[...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > innerWidth)"
            ".slice(0, 3).map(one => one.outerHTML.slice(0, 120))"
        )
        wrong.append(f"{where}: {wide} px to the side: {outside}")
    return wrong


def test_what_a_form_of_a_delivery_answers_with(visit, link, stage, stack, tenant, pictures, axe):
    wrong = []
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390), ("light", 320)):
        page = visit(width=width, scheme=scheme)
        page.goto(link(timeZone="Europe/Berlin"))
        page.goto(f"{stack.description['apiUrl']}/portal/{tenant}/{stage['delivery-retrying']}")
        for name, button in (("delivery-command", "Make the command"), ("delivery-check", "Compare")):
            page.evaluate("document.getElementById('check').open = true")
            page.locator("#check [name=body]").fill('{ "id": "evt_1" }')
            page.locator("#check [name=headers]").fill("webhook-id: evt_1")
            page.locator("#check [name=secret]").fill("whsec_b3RoZXIgb3RoZXIgb3RoZXI=")
            page.get_by_role("button", name=button).click()
            page.locator("#curl textarea, #check [role=status]").first.wait_for()
            wrong += looked_at(page, axe, pictures, name, (scheme, width))
    assert not wrong, "\n".join(wrong)


@pytest.mark.long(115)
def test_every_page_in_light_and_dark_and_on_a_phone(visit, link, stage, stack, tenant, pictures, axe):
    wrong, rows = [], []
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390), ("light", 320)):
        page = visit(width=width, scheme=scheme)
        forbidden = []
        page.on("console", lambda message: forbidden.append(message.text) if "Content Security" in message.text else None)
        page.on("pageerror", lambda error: forbidden.append(str(error)))
        page.goto(link(timeZone="Europe/Berlin"))
        for name, path in stage.items():
            address = f"{stack.description['apiUrl']}/portal/{tenant}/{path}"
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(address, wait_until="load")
            where = f"{name}, {scheme}, {width} px"
            wrong += looked_at(page, axe, pictures, name, (scheme, width))
            if (scheme, width) == ("light", 1280):
                count, weight, paint = first_visit(visit, link, address)
                rows.append((name, count, weight, paint))
                if weight > MOST_BYTES:
                    wrong.append(f"{where}: {weight} bytes")
        wrong += [f"{scheme}, {width} px: {one}" for one in forbidden]
    lines = ["| page | requests | bytes | first paint, ms |", "|---|---|---|---|"]
    lines += [f"| {name} | {count} | {weight:,} | {paint} |" for name, count, weight, paint in rows]
    (pictures / "weights.md").write_text("\n".join(lines) + "\n")
    assert not wrong, "\n".join(wrong)


@pytest.mark.long(40)
def test_the_pages_that_only_a_form_leads_to(visit, link, stack, tenant, api, receiver, pictures, axe):
    body = {"name": "Shipping partner", "url": receiver.url("/in"), "events": ["order.created"]}
    body["headers"] = {"X-Key": "1"}
    made = api.post("/webhooks", body).expect(201).body["id"]
    base, wrong = f"{stack.description['apiUrl']}/portal/{tenant}", []

    def filled(page, path):
        page.goto(f"{base}/{path}")
        if path == "new":
            page.locator("#url").fill(receiver.url("/in"))
            page.locator("#others").fill("order.created")
        page.locator("#transform").fill("{'id': event.id, 'type': event.type}")

    def previewed(page):
        filled(page, "new")
        page.get_by_role("button", name="Preview").click()

    def sampled(page):
        filled(page, "new")
        page.get_by_role("button", name="Send a sample").click()

    def mistaken(page):
        filled(page, f"webhooks/{made}/edit")
        page.locator("#url").fill("http://169.254.169.254/")
        page.locator("#filter").fill("event.data.total >\n 1 1")
        page.locator("#timeout").fill("99")
        page.get_by_role("button", name="Save").click()

    def overtaken(page):
        filled(page, f"webhooks/{made}/edit")
        stored = api.get(f"/webhooks/{made}").expect(200).body
        api.patch(f"/webhooks/{made}", {"testMode": not stored["testMode"]}).expect(200)
        page.get_by_role("button", name="Save").click()

    def tried(page):
        filled(page, f"webhooks/{made}/studio")
        page.get_by_role("button", name="Try").click()

    ways = {
        "new-preview": previewed,
        "new-sample": sampled,
        "edit-wrong": mistaken,
        "edit-overtaken": overtaken,
        "studio-samples": tried,
    }
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390), ("light", 320)):
        page = visit(width=width, scheme=scheme)
        forbidden = []
        page.on("pageerror", lambda error: forbidden.append(str(error)))
        page.goto(link(timeZone="Europe/Berlin"))
        for name, way in ways.items():
            page.set_viewport_size({"width": width, "height": 900})
            way(page)
            wrong += looked_at(page, axe, pictures, name, (scheme, width))
        wrong += [f"{scheme}, {width} px: {one}" for one in forbidden]
    assert not wrong, "\n".join(wrong)
