"""The HTML report in a real browser. The `browser` fixture also fails a test after a console error or a request."""

from __future__ import annotations

import base64
import copy
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grundton.report import render_html

Page = tuple[Path, dict[str, Any]]
SHOWN = ("fail", "error", "not_checked")


def count(document: dict[str, Any], test: Callable[[dict[str, Any], dict[str, Any]], bool]) -> int:
    controls = document["catalog"]["controls"]
    return sum(test(finding, controls[finding["control"]]) for finding in document["findings"])


# --- filters ---


def test_starts_with_what_needs_attention(browser: Any, three: Page) -> None:
    path, document = three
    browser.open(path)
    assert browser.findings() == count(document, lambda finding, _: finding["verdict"] in SHOWN)
    assert browser.text("h1") == "Audit by BSI B 4.7 VoIP"


@pytest.mark.parametrize(
    ("field", "value", "test"),
    [
        (".field-measure select", "M 4.291", lambda finding, control: "M 4.291" in control["measures"]),
        (".field-component select", "host", lambda finding, control: control["component"] == "host"),
    ],
)
def test_select_filters(browser: Any, three: Page, field: str, value: str, test: Any) -> None:
    path, document = three
    browser.open(path)
    browser.choose(field, value)
    assert browser.findings() == count(document, lambda f, c: f["verdict"] in SHOWN and test(f, c))


def test_severity_and_verdict_chips(browser: Any, three: Page) -> None:
    path, document = three
    browser.open(path)
    browser.click(".chip-critical")
    browser.click(".chip-high")
    assert browser.find(".chip-critical").get_attribute("aria-pressed") == "true"
    assert browser.findings() == count(
        document, lambda f, c: f["verdict"] in SHOWN and c["severity"] in ("critical", "high")
    )
    browser.click(".chip-not_checked")
    assert browser.findings() == count(
        document, lambda f, c: f["verdict"] in ("fail", "error") and c["severity"] in ("critical", "high")
    )
    browser.click("#reset")
    assert browser.findings() == count(document, lambda f, _: f["verdict"] in SHOWN)


def test_host_filter_prefers_the_whole_name(browser: Any, three: Page) -> None:
    path, document = three
    browser.open(path)
    browser.type(".field-host input", "pbx")
    assert browser.findings() == count(document, lambda f, _: f["verdict"] in SHOWN and f["host"] == "pbx")
    browser.type(".field-host input", "berl")
    assert browser.findings() == count(document, lambda f, _: f["verdict"] in SHOWN and f["host"] == "pbx-berlin")


@pytest.mark.parametrize("term", ["0.0.0.0", "manager.conf", "toll-fraud", "srtp", "permission denied"])
def test_search_finds_what_contains_the_words(browser: Any, three: Page, term: str) -> None:
    path, document = three
    browser.open(path)
    browser.type("#search", term)
    assert 0 < browser.findings() < count(document, lambda f, _: f["verdict"] in SHOWN)


def test_search_looks_into_folded_objects(browser: Any, three: Page) -> None:
    path, document = three
    browser.open(path)
    browser.type("#search", "6007")
    expected = count(document, lambda f, _: f["verdict"] in SHOWN and "6007" in f["objects"])
    assert expected
    assert browser.findings() == expected


def test_search_words_all_count(browser: Any, three: Page) -> None:
    path, _ = three
    browser.open(path)
    browser.type("#search", "srtp 6007")
    both = browser.findings()
    browser.type("#search", "srtp")
    assert 0 < both <= browser.findings()
    browser.type("#search", "srtp nosuchthing")
    assert browser.findings() == 0
    assert browser.text("#finding-groups") == "No finding matches these filters."


def test_filters_are_in_the_address(browser: Any, three: Page) -> None:
    path, _ = three
    browser.open(path)
    browser.choose(".field-measure select", "M 5.135")
    browser.click(".chip-pass")
    before = browser.findings()
    address = browser.js("location.hash")
    browser.open(path, address)
    assert browser.findings() == before
    assert browser.find(".field-measure select").get_attribute("value") == "M 5.135"
    assert browser.find(".chip-pass").get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize("group", ["host", "measure"])
def test_grouping(browser: Any, three: Page, group: str) -> None:
    path, _ = three
    browser.open(path)
    total = browser.findings()
    browser.choose(".field-group select", group)
    assert browser.findings() == total
    first = browser.find(".group-card > summary")
    first.click()
    browser.until("document.querySelectorAll('.group-card[open] .finding-card').length > 0")
    if group == "host":
        assert len(browser.all(".group-card")) == 3
    browser.click(".group-card[open] .finding-card > summary")
    browser.until("document.querySelectorAll('.group-card .finding').length > 0")


# --- what a finding says ---


def test_a_finding_says_everything(browser: Any, three: Page) -> None:
    path, _ = three
    browser.open(path)
    browser.click('[id="c-asterisk.manager.bind"] > summary')
    card = browser.text('[id="c-asterisk.manager.bind"]')
    for part in (
        "critical",
        "Why it matters",
        "AMI has no encryption",
        "What to do",
        "Set bindaddr = 127.0.0.1",
        "M 4.287",
        "4.287-c",
        "RFC 3711",
        "a loopback address",
        "0.0.0.0",
        "/etc/asterisk/manager.conf:42",
        "pbx",
        "calls and registrations stay",
    ):
        assert part in card


def test_a_finding_of_many_values_is_drawn_in_part(browser: Any, three: Page, tmp_path: Path) -> None:
    document = copy.deepcopy(three[1])
    finding = next(
        f for f in document["findings"] if f["control"] == "asterisk.manager.bind" and f["verdict"] == "fail"
    )
    finding["details"] = [{**finding["details"][0], "actual": f"192.0.2.{n}"} for n in range(100)]
    path = tmp_path / "long.html"
    path.write_text(render_html(document), encoding="utf-8")
    browser.open(path, f"#f-{finding['id']}")
    assert len(browser.all(f"#f-{finding['id']} .line-bad")) == 20
    browser.click(f"#f-{finding['id']} .more-details")
    assert len(browser.all(f"#f-{finding['id']} .line-bad")) == 100


def test_hosts_without_a_verdict_of_a_measure(browser: Any, three: Page, tmp_path: Path) -> None:
    document = copy.deepcopy(three[1])
    del document["hosts"]["sbc"]["measures"]["M 3.12"]
    path = tmp_path / "gap.html"
    path.write_text(render_html(document), encoding="utf-8")
    browser.open(path)
    assert browser.text('.cell[aria-label="M 3.12, sbc: no verdict of its own"]') == "·"


def test_anchor_opens_its_finding(browser: Any, three: Page) -> None:
    path, document = three
    finding = next(f for f in document["findings"] if f["verdict"] == "pass")
    browser.open(path, f"#f-{finding['id']}")
    target = browser.find(f"#f-{finding['id']}")
    assert target.is_displayed()
    assert "target" in target.get_attribute("class")
    assert browser.js("arguments[0].getBoundingClientRect().top < innerHeight", target)


def test_summary_leads_to_the_control(browser: Any, three: Page) -> None:
    path, _ = three
    browser.open(path)
    browser.click(".risks a")
    card = browser.find(".finding-card[open]")
    assert card.get_attribute("id") == "c-asterisk.endpoint.anonymous"
    assert browser.js("document.activeElement === arguments[0]", card)


def test_tile_opens_its_measure(browser: Any, three: Page) -> None:
    path, _ = three
    browser.open(path)
    browser.click('.tile[href="#m-5.135"]')
    browser.until("document.getElementById('m-5.135').open")
    assert "5.135-c" in browser.text('[id="m-5.135"]')


def test_measure_leads_to_its_findings(browser: Any, three: Page) -> None:
    path, document = three
    browser.open(path, "#m-5.135")
    browser.click('[id="m-5.135"] .to-measure')
    assert browser.findings() == count(document, lambda _, c: "M 5.135" in c["measures"])


# --- heat map ---


def test_cell_shows_its_findings(browser: Any, three: Page) -> None:
    path, document = three
    browser.open(path)
    cell = browser.find('.cell[aria-label^="M 4.291, sbc"]')
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", cell)
    cell.click()
    assert browser.findings() == count(document, lambda f, c: f["host"] == "sbc" and "M 4.291" in c["measures"])
    assert browser.js("document.activeElement.id") == "findings"


def test_cells_carry_a_sign_and_a_name(browser: Any, three: Page) -> None:
    path, document = three
    browser.open(path)
    cells = browser.all(".heat .cell")
    assert len(cells) == 23 * 3
    names = {cell.get_attribute("aria-label") for cell in cells}
    words = {"not_fulfilled": "not fulfilled", "not_assessed": "not assessed"}
    for measure, result in document["measures"].items():
        for host, verdict in result["hosts"].items():
            assert f"{measure}, {host}: {words.get(verdict, verdict)}" in names
    assert all(cell.text.strip() for cell in cells)


def test_heat_map_by_keyboard(browser: Any, three: Page) -> None:
    from selenium.webdriver.common.keys import Keys

    path, _ = three
    browser.open(path)
    assert len(browser.all('.heat [tabindex="0"]')) == 1
    browser.js("document.querySelector('.heat [tabindex=\"0\"]').focus()")
    browser.keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    label = browser.js("document.activeElement.getAttribute('aria-label')")
    assert label.startswith("M 2.374, sbc")
    browser.keys(Keys.END)
    assert browser.js("document.activeElement.getAttribute('aria-label')").startswith("M 2.374, pbx-berlin")
    browser.keys(Keys.ENTER)
    assert browser.find(".field-measure select").get_attribute("value") == "M 2.374"
    assert browser.find(".field-host input").get_attribute("value") == "pbx-berlin"


def test_many_hosts_are_looked_into_by_column(browser: Any, sixty: Page) -> None:
    path, _ = sixty
    browser.open(path)
    assert "59 hosts in columns of 3" in browser.text("#heatmap-hint")
    browser.click(".heat.binned .cell")
    assert browser.text("#heatmap-hint") == "Hosts 1 to 25 of 59"
    assert len(browser.all(".heat tbody tr:first-child .cell")) == 25
    browser.click("#heatmap-next")
    assert browser.text("#heatmap-hint") == "Hosts 26 to 50 of 59"
    browser.click("#heatmap-overview")
    assert browser.all(".heat.binned")


# --- keyboard, language, appearance ---


def test_keyboard_reaches_everything(browser: Any, three: Page) -> None:
    from selenium.webdriver.common.keys import Keys

    path, _ = three
    browser.open(path)
    browser.keys(Keys.TAB)
    assert browser.js("document.activeElement.className") == "skip"
    assert browser.js("getComputedStyle(document.activeElement).left") != "-15984px"
    browser.js("document.activeElement.blur()")
    browser.keys("/")
    assert browser.js("document.activeElement.id") == "search"
    browser.keys("srtp")
    time.sleep(0.3)
    some = browser.findings()
    browser.keys(Keys.ESCAPE)
    assert browser.findings() > some
    browser.js("document.querySelector('.finding-card > summary').focus()")
    browser.keys(Keys.ENTER)
    browser.until("document.querySelector('.finding-card').open")
    assert browser.js("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_language_switch(browser: Any, three: Page) -> None:
    path, _ = three
    browser.open(path)
    browser.click(".finding-card > summary")
    browser.click('#language-switch [data-language="de"]')
    assert browser.text("h1") == "Prüfung nach BSI B 4.7 VoIP"
    assert browser.js("document.documentElement.lang") == "de"
    assert "Warum es zählt" in browser.text(".finding-card[open]")
    assert "nicht erfüllt" in browser.text('[id="m-4.291"] summary')
    assert browser.find("#search").get_attribute("placeholder").startswith("Einstellung")
    assert browser.find(".strip").get_attribute("aria-label") == "Maßnahmen"
    assert "Kein Endpunkt nimmt Anrufe von jedermann an" in browser.text(".risks")
    browser.driver.refresh()
    browser.until("document.documentElement.dataset.ready === 'true'")
    assert browser.js("document.documentElement.lang") == "de"
    browser.click('#language-switch [data-language="en"]')
    assert browser.text("h1") == "Audit by BSI B 4.7 VoIP"


def ground(browser: Any) -> str:
    return str(browser.js("getComputedStyle(document.body).backgroundColor"))


def test_dark_mode_follows_the_system_and_the_switch(browser: Any, three: Page) -> None:
    path, _ = three
    browser.open(path)
    light = ground(browser)
    browser.media(prefers_color_scheme="dark")
    dark = ground(browser)
    assert light != dark
    browser.click('#theme-switch [data-theme="light"]')
    assert ground(browser) == light
    browser.media(prefers_color_scheme="light")
    browser.click('#theme-switch [data-theme="dark"]')
    assert ground(browser) == dark
    browser.click('#theme-switch [data-theme="auto"]')
    assert ground(browser) == light


CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
UNNAMED = (Path(__file__).parent / "unnamed.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_contrast(browser: Any, sixty: Page, theme: str) -> None:
    path, _ = sixty
    browser.open(path)
    browser.click(f'#theme-switch [data-theme="{theme}"]')
    browser.click(".chip-pass")
    browser.click(".chip-waived")
    browser.click("#open-all")
    browser.until("document.querySelectorAll('.finding').length > 50")
    result = browser.js(CONTRAST)
    assert result["seen"] > 1000
    assert result["bad"] == []


def test_every_control_has_a_name(browser: Any, sixty: Page) -> None:
    path, _ = sixty
    browser.open(path)
    unnamed = browser.js(UNNAMED)
    assert unnamed == []
    assert browser.js("document.querySelectorAll('main, header, footer, nav, h1').length") == 5


@pytest.mark.parametrize("width", [360, 700, 1000])
def test_narrow_screens_do_not_scroll_sideways(browser: Any, three: Page, width: int) -> None:
    path, _ = three
    browser.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    )
    browser.open(path)
    browser.click("#open-all")
    browser.driver.execute_script("for (const node of document.querySelectorAll('details')) node.open = true")
    assert browser.js("document.documentElement.scrollWidth") <= width


# --- print ---


def test_print_opens_everything_and_closes_it_again(browser: Any, three: Page) -> None:
    path, _ = three
    browser.open(path)
    browser.driver.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.js("[...document.querySelectorAll('details.measure')].every((n) => n.open)")
    assert browser.js(
        "[...document.querySelectorAll('.finding-card')].every((n) => n.open && n.querySelector('.finding'))"
    )
    browser.driver.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert not browser.js("[...document.querySelectorAll('details.measure, .finding-card')].some((n) => n.open)")


def pdf_text(browser: Any, tmp_path: Path) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext (Debian: apt install poppler-utils)")
    data = browser.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})[
        "data"
    ]
    path = tmp_path / "report.pdf"
    path.write_bytes(base64.b64decode(data))
    result = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True)
    return result.stdout


def test_printed_report_is_whole(browser: Any, three: Page, tmp_path: Path) -> None:
    path, document = three
    browser.open(path)
    browser.media(prefers_color_scheme="dark")
    text = pdf_text(browser, tmp_path)
    pages = text.split("\f")
    assert "In one minute" in pages[0]
    assert "What to do first" in pages[0]
    assert "What is fulfilled" in pages[0]
    for measure in document["measures"]:
        assert measure in text
    for demand in document["demands"]:
        assert demand in text
    for finding in document["findings"]:
        if finding["verdict"] == "fail":
            assert finding["control"] in text
    assert "Filters in force: fail/error/not checked" in text
    assert "Reset filters" not in text
    assert "1 / " in pages[0]


def test_print_is_bounded_and_says_so(browser: Any, thousand: Page) -> None:
    path, document = thousand
    browser.open(path)
    started = time.monotonic()
    browser.driver.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert time.monotonic() - started < 15
    total = count(document, lambda f, _: f["verdict"] in SHOWN)
    assert f"Only 1,000 of {total:,} findings are printed" in browser.js(
        "document.getElementById('print-note').textContent"
    )
    browser.driver.execute_script("window.dispatchEvent(new Event('afterprint'))")


# --- without JavaScript ---


def test_without_javascript_the_summary_is_readable(browser: Any, three: Page) -> None:
    path, _ = three
    driver = browser.driver
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        driver.get("about:blank")
        driver.get(path.as_uri())
        body = driver.find_element("tag name", "body").text
        for part in (
            "In one minute",
            "Of 23 measures",
            "No endpoint accepts calls",
            "M 5.135",
            "need JavaScript",
            "Demands that are open",
        ):
            assert part in body
        for hidden in ("#filters", "#heatmap", ".tools"):
            assert not driver.find_element("css selector", hidden).is_displayed()
        measure = driver.find_element("css selector", '[id="m-5.135"] > summary')
        measure.click()
        assert "5.135-c" in driver.find_element("css selector", '[id="m-5.135"]').text
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


# --- hostile input ---


def test_hostile_strings_are_shown_not_run(browser: Any, hostile: Page) -> None:
    path, document = hostile
    browser.open(path)
    assert browser.findings() == count(document, lambda f, _: f["verdict"] in SHOWN)
    browser.click("#open-all")
    browser.click('#language-switch [data-language="de"]')
    browser.choose(".field-group select", "host")
    browser.driver.execute_script("for (const node of document.querySelectorAll('details')) node.open = true")
    time.sleep(0.3)
    browser.driver.execute_script("for (const node of document.querySelectorAll('details')) node.open = true")
    time.sleep(0.3)
    assert browser.js("window.pwned === undefined")
    assert browser.js("document.querySelectorAll('img, iframe, object, embed').length") == 0
    assert browser.js("document.scripts.length") == 2
    text = browser.js("document.querySelector('main').textContent")
    for part in (
        "<script>window.pwned=1</script>",
        "<img src=x onerror=window.pwned=3>",
        "{{ 7*7 }}",
        "\\x1b[31mred",
        "\\u202e",
    ):
        assert part in text
    browser.click('#language-switch [data-language="en"]')


def test_hostile_host_can_be_chosen(browser: Any, hostile: Page) -> None:
    path, document = hostile
    browser.open(path)
    name = "</script><script>window.pwned=2</script>"
    browser.type(".field-host input", name)
    assert browser.findings() == count(document, lambda f, _: f["verdict"] in SHOWN and f["host"] == name)
    address = browser.js("location.hash")
    browser.open(path, address)
    assert browser.find(".field-host input").get_attribute("value") == name
    assert browser.js("window.pwned === undefined")


def test_hostile_addresses_do_no_harm(browser: Any, three: Page) -> None:
    path, _ = three
    for anchor in (
        "#f-zzz",
        "#c-<img src=x onerror=window.pwned=1>",
        "#findings?measure=__proto__&verdict=constructor&group=toString",
        "#f-000000000000",
    ):
        browser.open(path, anchor)
        assert browser.js("window.pwned === undefined")


def test_the_policy_holds(browser: Any, three: Page) -> None:
    """Even a script that gets into the page does not run, and a string does not become HTML."""
    path, _ = three
    browser.open(path)
    attempt = "document.body.innerHTML += ''; return false"
    refused = browser.js(
        f"(() => {{ try {{ {attempt}; }} catch (problem) {{ return problem instanceof TypeError; }} }})()"
    )
    assert refused
    browser.complaints()


# --- a thousand hosts ---


def test_a_thousand_hosts_are_usable(browser: Any, thousand: Page) -> None:
    path, document = thousand
    started = time.monotonic()
    browser.open(path)
    assert time.monotonic() - started < 10
    total = count(document, lambda f, _: f["verdict"] in SHOWN)
    assert browser.findings() == total
    assert browser.js("document.querySelectorAll('*').length") < 25_000
    timing = """(() => { const start = performance.now(); const field = document.querySelector('.field-measure select');
      field.value = arguments[0]; field.dispatchEvent(new Event('change')); return performance.now() - start; })()"""
    assert browser.js(timing, "M 4.291") < 2000
    assert browser.findings() == count(document, lambda f, c: f["verdict"] in SHOWN and "M 4.291" in c["measures"])
    assert browser.js(timing, "") < 2000
    started = time.monotonic()
    browser.type("#search", "bindaddr 0.0.0.0")
    browser.until("document.querySelectorAll('.finding-card').length < 20")
    assert time.monotonic() - started < 5
    browser.type(".field-host input", "pbx-0500")
    browser.until(
        "document.getElementById('result-line').textContent.includes('hosts: 1') || document.querySelector('.empty')"
    )
    browser.click("#reset")
    assert browser.findings() == total


def test_a_long_list_is_drawn_a_piece_at_a_time(browser: Any, thousand: Page) -> None:
    path, _ = thousand
    browser.open(path)
    browser.click(".finding-card > summary")
    browser.until("document.querySelectorAll('.finding').length === 25")
    browser.click(".finding-card .more")
    browser.until("document.querySelectorAll('.finding').length === 125")
    browser.choose(".field-group select", "host")
    assert len(browser.all(".group-card")) == 60
    browser.click("#finding-groups > .more")
    assert len(browser.all(".group-card")) == 120


def test_the_last_of_a_thousand_findings_has_an_anchor(browser: Any, thousand: Page) -> None:
    path, document = thousand
    finding = [f for f in document["findings"] if f["verdict"] == "fail" and f["control"] == "asterisk.manager.bind"][
        -1
    ]
    browser.open(path, f"#f-{finding['id']}")
    assert browser.find(f"#f-{finding['id']}").is_displayed()
