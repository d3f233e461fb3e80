"""Texts of receivers, tenants and producers stay text: nothing runs, and no policy has to stop it."""

import urllib.request
from urllib.parse import quote

import pytest

from hooklane_local.receiver import Response

# Each would set `window.ran`, if it ran.
RUNS = "window.ran=1"
MARKUP = [
    f"<script>{RUNS}</script>",
    f"</script><script>{RUNS}</script>",
    f"</title><script>{RUNS}</script>",
    f"</textarea><script>{RUNS}</script>",
    f"</pre></details></main><script>{RUNS}</script>",
    f"<img src=x onerror={RUNS}>",
    f"<svg onload={RUNS}>",
    f"<svg><script>{RUNS}</script></svg>",
    f"<body onload={RUNS}>",
    f"<iframe src=\"javascript:parent.{RUNS}\"></iframe>",
    f"<iframe srcdoc=\"<script>parent.{RUNS}</script>\"></iframe>",
    f"<a href=\"javascript:{RUNS}\">x</a>",
    f"<form action=\"javascript:{RUNS}\"><button>x</button></form>",
    f"<input autofocus onfocus={RUNS}>",
    f"<details open ontoggle={RUNS}>",
    f"<video><source onerror={RUNS}></video>",
    f"<math><mtext><style><img src=x onerror={RUNS}></style></mtext></math>",
    f"<style>@import 'javascript:{RUNS}';</style>",
    f"<link rel=stylesheet href=\"javascript:{RUNS}\">",
    f"<meta http-equiv=refresh content=\"0;url=javascript:{RUNS}\">",
    f"<base href=\"javascript:{RUNS}//\">",
    f"<object data=\"javascript:{RUNS}\"></object>",
    f"<embed src=\"javascript:{RUNS}\">",
    f"<template><script>{RUNS}</script></template>",
    f"<noscript><p title=\"</noscript><img src=x onerror={RUNS}>\">",
    f"<!--><script>{RUNS}</script>-->",
    f"<![CDATA[<script>{RUNS}</script>]]>",
    f"\" onmouseover=\"{RUNS}\" x=\"",
    f"' onmouseover='{RUNS}' x='",
    f"\" autofocus onfocus=\"{RUNS}",
    f"javascript:{RUNS}",
    f"data:text/html,<script>{RUNS}</script>",
    f"{{{{constructor.constructor('{RUNS}')()}}}}",
    f"${{{RUNS}}}",
    f"<%= {RUNS} %>",
    f"{{% {RUNS} %}}",
    f"&lt;script&gt;{RUNS}&lt;/script&gt;",
    f"&#60;script&#62;{RUNS}&#60;/script&#62;",
    f"\\u003cscript\\u003e{RUNS}\\u003c/script\\u003e",
    f"+ADw-script+AD4-{RUNS}+ADw-/script+AD4-",
    f"<scr\0ipt>{RUNS}</scr\0ipt>",
    "=HYPERLINK(\"https://evil.example\")",
    "a" * 2_000,
]
# What turns a text around, hides a part of it, or speaks to a terminal.
UNSEEN = [
    "\u202egnp.exe\u202c",
    "\u2066abc\u2069",
    "\u200b\u200c\u200d\u2060",
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "\x07\x08\x7f",
    "a\u0000b",
]
HOSTILE = MARKUP + UNSEEN
# The longest name of a webhook.
LONGEST_NAME = 200


def side_by_side(texts: list[str]) -> list[str]:
    """The texts, as many in one as a name takes: a form takes ten pages for each. Any of them would run."""
    joined = []
    for text in texts:
        if joined and len(joined[-1]) + 1 + len(text) <= LONGEST_NAME:
            joined[-1] += f" {text}"
        else:
            joined.append(text)
    return joined


def test_texts_side_by_side_are_all_there_and_fit():
    joined = side_by_side(HOSTILE)
    assert all(any(text in one for one in joined) for text in HOSTILE)
    assert len(joined) < len(HOSTILE) / 2 and all(len(one) <= LONGEST_NAME or one in HOSTILE for one in joined)


def test_there_are_at_least_forty():
    assert len(set(HOSTILE)) >= 40


def watch(page):
    """`check(address)` opens a page, and fails if something ran there or the policy was breached."""
    page.add_init_script(
        "window.breaches = []; document.addEventListener('securitypolicyviolation',"
        " (event) => window.breaches.push(event.violatedDirective + ' ' + event.blockedURI))"
    )
    errors = []
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: errors.append(f"dialog {dialog.message}"))

    def check(address: str):
        page.goto(address, wait_until="load")
        assert page.evaluate("window.ran") is None, f"something ran on {address}"
        assert page.evaluate("window.breaches") == [], address
        assert errors == [], address
        return page

    return check


@pytest.fixture
def watched(visit, link):
    """A page that notes every breach of the policy."""
    page = visit()
    check = watch(page)
    page.goto(link(theme={"name": "<b>Fern & 'hill'</b>"}))
    return check


def accepted(api, path, body):
    """What is made of a body, or None if it is refused, which is an answer too."""
    answer = api.post(path, body)
    assert answer.status < 500, answer.raw
    return answer.body if answer.status in (200, 201, 202) else None


@pytest.mark.long(55)
def test_hostile_texts_stay_text_in_the_inbox_and_where_a_delivery_is_looked_at(
    watched, api, receiver, eventually, stack, tenant
):
    base = f"{stack.description['apiUrl']}/portal/{tenant}"
    url = api.patch("/inbox", {"enabled": True}).expect(200).body["url"]
    for text in HOSTILE:
        header = "".join(one for one in text if " " <= one < "\x7f")[:200]
        request = urllib.request.Request(url, text.encode("utf-8", "replace"), {"X-Text": header}, method="POST")
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
    for number, text in enumerate(HOSTILE, 1):
        page = watched(f"{base}/inbox?show=req_{number}")
        if text in MARKUP[:20]:
            assert text in page.locator("#chosen").inner_text()
    watched(f"{base}/inbox?show={quote(HOSTILE[0])}")

    made = api.post("/webhooks", {"url": receiver.url("/"), "events": ["order.created"]}).expect(201).body["id"]
    data = {f"k{number}": text for number, text in enumerate(HOSTILE)} | {text: 1 for text in HOSTILE}
    api.post("/events", {"type": "order.created", "data": data}).expect(200, 201, 202)
    one = eventually(lambda: api.get(f"/webhooks/{made}/deliveries", status="delivered").body["data"])[0]["id"]
    page = watched(f"{base}/deliveries/{one}")
    page.get_by_role("button", name="Make the command").click()
    assert RUNS in page.get_by_label("The command").input_value()
    assert not {"\u202e", "\x1b", "\x07", "\u200b"} & set(page.content())
    page.get_by_text("Check my signature").click()
    for text in HOSTILE:
        page.locator("#check [name=body]").fill(text)
        page.locator("#check [name=headers]").fill(f"webhook-id: {text}")
        page.locator("#check [name=secret]").fill(text)
        page.get_by_role("button", name="Compare").click()
        page.locator("#check [role=status]").wait_for()
        assert page.evaluate("window.ran") is None and page.evaluate("window.breaches") == [], text


@pytest.mark.long(50)
def test_hostile_texts_stay_text_in_addresses(watched, api, stack, tenant):
    base = f"{stack.description['apiUrl']}/portal/{tenant}"
    # One is enough: a list without any is the form for the first.
    api.post("/webhooks", {"url": "https://example.com/", "events": ["order.created"]}).expect(201)
    for text in HOSTILE:
        shown = quote(text[:200])
        watched(f"{base}/deliveries?id={shown}")
        watched(f"{base}/webhooks?event={shown}&status={shown}")
        watched(f"{base}/types?q={shown}")
        watched(f"{base}/deliveries?code={shown}&error={shown}&group={shown}&after={shown}")


@pytest.mark.long(90)
def test_hostile_texts_stay_text_on_every_page(watched, api, receiver, eventually, stack, tenant):
    def respond(request):
        # The path says which of the texts the receiver answers with.
        text = HOSTILE[int(request.path.rsplit("/", 1)[1])]
        header = "".join(one for one in text if " " <= one < "\x7f")[:200]
        body = text.encode("utf-8", "replace")
        return Response(500, {"X-Text": header, "Content-Type": "text/html"}, body)

    receiver.respond = respond
    base = f"{stack.description['apiUrl']}/portal/{tenant}"
    made = []
    for number, text in enumerate(HOSTILE):
        url = receiver.url(f"/{number}")
        named = accepted(api, "/webhooks", {"name": text, "description": text, "url": url, "events": ["order.created"]})
        named = named or accepted(api, "/webhooks", {"url": url, "events": ["order.created"]})
        made.append(named["id"])
    data = {f"k{number}": text for number, text in enumerate(HOSTILE)} | {text: 1 for text in HOSTILE}
    event = accepted(api, "/events", {"type": "order.created", "data": data})
    for number, text in enumerate(HOSTILE):
        body = {"name": f"own.type{number}", "category": text, "description": text, "sample": {"k": text}}
        accepted(api, "/event-types", body)

    def all_tried():
        found = [api.get(f"/webhooks/{one}/deliveries").expect(200).body["data"] for one in made]
        return found if all(one and one[0]["attemptCount"] for one in found) else None

    tried = eventually(all_tried, "every receiver was tried")

    for path in ("webhooks", "new", "deliveries", "deliveries?group=event", "deliveries?error=timeout", "inbox", f"deliveries?id={event['id']}", "types", "types?show=own.type3"):
        watched(f"{base}/{path}")
    for number, one in enumerate(made):
        watched(f"{base}/webhooks/{one}")
        page = watched(f"{base}/deliveries/{tried[number][0]['id']}")
        shown = page.locator(".attempt").first.inner_text()
        if HOSTILE[number] in MARKUP[:20]:
            assert HOSTILE[number] in shown, "the receiver's words are there, as text"
    for one in made:
        for page in ("edit", "studio"):
            watched(f"{base}/webhooks/{one}/{page}")
    for number, text in enumerate(HOSTILE):
        if text in UNSEEN:
            page = watched(f"{base}/deliveries/{tried[number][0]['id']}")
            marks = page.locator(".attempt .unseen-mark")
            assert marks.count() > 0, f"{text!r} is shown by its numbers"
            assert "\u202e" not in page.content() and "\x1b" not in page.content()


@pytest.mark.long(110)
def test_hostile_texts_stay_text_in_the_form_and_what_it_leads_to(watched, api, receiver, eventually, stack, tenant):
    """What is typed, what the receiver of a sample answers, events in the studio, and who was faster."""
    current = HOSTILE[0]

    def respond(_):
        header = "".join(one for one in current if " " <= one < "\x7f")[:200]
        return Response(500, {"X-Text": header, "Content-Type": "text/html"}, current.encode("utf-8", "replace"))

    receiver.respond = respond
    base = f"{stack.description['apiUrl']}/portal/{tenant}"
    body = {"name": "Desk", "url": receiver.url("/"), "events": ["order.created"]}
    made = api.post("/webhooks", body).expect(201).body
    data = {f"k{number}": text for number, text in enumerate(HOSTILE)} | {text: 1 for text in HOSTILE}
    accepted(api, "/events", {"type": "order.created", "data": data})
    listed = {"eventType": "order.created"}
    eventually(lambda: api.post("/webhooks/try", listed).expect(200).body["data"], "the event is listed")

    def still(page):
        assert page.evaluate("window.ran") is None, f"something ran on {page.url} with {current!r}"
        assert page.evaluate("window.breaches") == [], page.url

    def press(page, button):
        page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_load_state("load")
        still(page)

    def fill(page, text):
        page.locator("#name").fill(text[:LONGEST_NAME])
        page.locator("#others").fill(f"order.created, {text}")
        page.locator("#filter").fill(text)
        page.locator("#headers").evaluate("(one, text) => { one.value = text; }", text)
        page.locator("#timeout").evaluate("(one, text) => { one.value = text; }", text)

    for text in side_by_side(HOSTILE):
        current = text
        page = watched(f"{base}/webhooks/{made['id']}/edit")
        fill(page, text)
        for button in ("Preview", "Save", "Try it on real events", "Use these"):
            press(page, button)
        page = watched(f"{base}/webhooks/{made['id']}/edit")
        press(page, "Send a sample")
        # A transform that makes each of these texts, in the studio's diff and in a preview.
        written = "".join(f"\\u{ord(one):04x}" if ord(one) < 0x10000 else one for one in text)
        page.locator("#transform").fill("{'t': '" + written[:1900] + "', 'data': event.data}")
        for button in ("Preview", "Try it on real events"):
            press(page, button)
        # Somebody else is faster, with such a name.
        page = watched(f"{base}/webhooks/{made['id']}/edit")
        api.patch(f"/webhooks/{made['id']}", {"name": text[:LONGEST_NAME], "description": text[:LONGEST_NAME]})
        page.locator("#name").fill(text[:100] + "?")
        press(page, "Save")
