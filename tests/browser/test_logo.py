"""A platform's logo and font: where they stand, that nothing moves for them, and that an SVG runs nothing."""

import base64
import time

import pytest
from test_pages import looked_at

SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 164 36">
<style>.word{{fill:none;stroke:{ink};stroke-width:3.4;stroke-linecap:round;stroke-linejoin:round}}</style>
<path fill="{leaf}" d="M4 30C2 14 14 4 32 4c0 18-10 28-24 26l8-12-12 12z"/>
<path class="word" d="M48 28V8h13M48 18h11M68 22h12c0-9-12-9-12 0 0 8 9 8 11 4M88 28V15m0 5c1-4 4-6 8-5M102 28V15m0 6
c1-8 11-8 11 0v7M122 28V6m0 15c1-8 11-8 11 0v7M141 28V15m0-6v.1M149 28V6M157 28V6"/></svg>"""


def data(svg: str, kind="svg+xml") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(svg.encode()).decode()}"


LIGHT, DARK = data(SVG.format(ink="#17312a", leaf="#2f7d5b")), data(SVG.format(ink="#f2f7f4", leaf="#7dcf9f"))
BOTH = {"logo": LIGHT, "logoDark": DARK}


@pytest.fixture
def watched(visit):
    """A page, and what its policy forbade."""

    def opened(**wanted):
        page, forbidden = visit(**wanted), []
        page.on("console", lambda message: forbidden.append(message.text))
        page.on("pageerror", lambda error: forbidden.append(str(error)))
        return page, forbidden

    return opened


def shown(page) -> list[str]:
    """The grounds of the logos that can be seen."""
    return [one.get_attribute("class") for one in page.locator(".brand img").all() if one.is_visible()]


@pytest.mark.parametrize("font", ["system", "grotesque", "humanist", "geometric", "rounded", "serif"])
def test_a_logo_and_a_font_in_light_and_dark_and_on_a_phone(watched, link, api, pictures, axe, font):
    theme = {"name": "Fernhill", "accent": "#2f6b50", "accentDark": "#7dcf9f", "font": font}
    wrong = []
    for logos, suffix in ((BOTH, ""), ({"logo": LIGHT}, "-one")):
        if suffix and font != "system":
            continue
        for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390), ("light", 320)):
            page, forbidden = watched(width=width, scheme=scheme)
            page.goto(link(theme=theme | logos), wait_until="networkidle")
            wanted = "on-white" if suffix else f"on-{scheme}"
            assert shown(page) == [wanted]
            logo = page.locator(f".brand .{wanted}")
            assert logo.get_attribute("alt") == "Fernhill" and logo.evaluate("one => one.naturalWidth > 0")
            box = logo.bounding_box()
            assert box["height"] == 28 and abs(box["width"] / box["height"] - 164 / 36) < 0.05
            assert page.locator("html").get_attribute("data-font") == (None if font == "system" else font)
            wrong += looked_at(page, axe, pictures, f"logo-{font}{suffix}", (scheme, width)) + forbidden
    assert not wrong, "\n".join(wrong)


def test_a_logo_follows_the_readers_choice_and_moves_nothing(watched, link, api):
    page, forbidden = watched(scheme="light")
    page.route("**/logo/*", lambda route: (time.sleep(0.3), route.continue_()))
    page.goto(link(theme={"name": "Fernhill", **BOTH}), wait_until="networkidle")
    moved = page.evaluate(
        "new Promise(done => new PerformanceObserver(all => done(all.getEntries().reduce((sum, one) => sum + one.value, 0)))"
        ".observe({type: 'layout-shift', buffered: true})"
        " || setTimeout(() => done(0), 500))"
    )
    assert moved == 0
    assert shown(page) == ["on-light"]
    page.get_by_role("button", name="Dark").click()
    assert shown(page) == ["on-dark"]
    page.get_by_role("button", name="Light").click()
    assert shown(page) == ["on-light"]
    assert forbidden == []


def test_a_browser_keeps_the_logo(watched, link, api):
    page, forbidden = watched(scheme="light")
    answers = []
    page.on("response", lambda answer: answers.append(answer) if "/logo/" in answer.url else None)
    page.goto(link(theme={"name": "Fernhill", "logo": LIGHT}), wait_until="networkidle")
    assert len(answers) == 1
    assert answers[0].headers["cache-control"] == "private, max-age=31536000, immutable"
    page.get_by_role("link", name="Deliveries", exact=True).click()
    page.wait_for_load_state("networkidle")
    assert shown(page) == ["on-white"]
    kept = page.evaluate("performance.getEntriesByType('resource').filter(one => one.name.includes('/logo/'))"
                         ".map(one => one.transferSize)")
    assert kept == [0], "nothing was transferred"
    assert forbidden == []


def test_an_svg_that_is_opened_by_itself_is_a_page_without_an_origin(watched, link, stack, tenant, api):
    page, _ = watched()
    page.goto(link(theme={"name": "Fernhill", "logo": LIGHT}))
    address = stack.description["apiUrl"] + page.locator(".brand img").get_attribute("src")
    answer = page.goto(address)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].endswith("; sandbox")
    assert page.evaluate("origin") == "null"
    for wrong in (
        data('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script>alert(1)</script></svg>'),
        data("<!doctype html><script>alert(1)</script>"),
        data("\N{LATIN SMALL LETTER E WITH ACUTE}PNG<script>alert(1)</script>", "png"),
    ):
        body = {"scope": "read", "theme": {"name": "Fernhill", "logo": wrong}}
        refused = stack.api(None).post(f"/tenants/{tenant}/portal", body).expect(422).body["errors"]
        assert [one["path"] for one in refused] == ["theme.logo"]
    page.context.clear_cookies()
    assert page.request.get(address).status == 401
