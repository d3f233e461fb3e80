"""Each alarm has one runbook, each runbook has the same parts, and what its queries look for is logged."""

import json
import re
from pathlib import Path

import pytest
from hooklane_local.paths import ROOT

RUNBOOKS = ROOT / "docs" / "runbooks"
INDEX = json.loads((RUNBOOKS / "index.json").read_text())
PAGES = sorted(path.name for path in RUNBOOKS.glob("*.md") if path.name != "README.md")
PARTS = ["What it means", "How to see it", "What to do", "When it is over", "Why it came"]

# A resource of the template: its logical id and all of its lines.
_RESOURCE = re.compile(r"^  (\w+):\n((?:    .*\n|\s*\n|  +#.*\n)+)", re.MULTILINE)
_ALARM = re.compile(r"Type: AWS::CloudWatch::(?:Composite)?Alarm\b")
_NAME = re.compile(r"AlarmName: !Sub\s+['\"]?\$\{AWS::StackName\}-([a-z-]+)")
_RUNBOOK = re.compile(r"docs/runbooks/([a-z-]+\.md)(?=['\"]?\s*$)", re.MULTILINE)


def alarms(template: str) -> dict[str, str]:
    """The runbook of each alarm of a template, by the alarm's name without the stack's."""
    found = {}
    for resource in _RESOURCE.finditer(template):
        if _ALARM.search(resource[2]):
            name, runbook = _NAME.search(resource[2]), _RUNBOOK.search(resource[2])
            assert name, f"{resource[1]} has no name that begins with that of its stack"
            assert runbook, f"the description of {resource[1]} does not end with the path of a runbook"
            found[name[1]] = runbook[1]
    return found


def kind(alarm: str) -> str:
    """The name of an alarm in the index: `function-errors` of `function-errors-delivery`."""
    kinds = [name for name in INDEX["alarms"] if f"{alarm}-".startswith(f"{name}-")]
    assert kinds, f"the index does not know the alarm {alarm}"
    return max(kinds, key=len)


def test_each_alarm_of_the_template_names_its_runbook():
    template = (ROOT / "template.yaml").read_text()
    found = alarms(template)
    assert len(found) == len(_ALARM.findall(template))
    assert found == {name: INDEX["alarms"][kind(name)] for name in found}
    # As long as the template has no alarms at all, the index is ahead of it.
    assert not found or set(map(kind, found)) == INDEX["alarms"].keys()


def test_alarms_are_found_as_a_template_writes_them():
    template = (
        "Resources:\n"
        "  Rate:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n"
        "      AlarmName: !Sub ${AWS::StackName}-delivery-rate\n"
        "      AlarmDescription: Too few. docs/runbooks/receivers-fail.md\n\n"
        "  # ---- another\n"
        "  Stuck:\n    Type: AWS::CloudWatch::CompositeAlarm\n    Condition: Alarms\n    Properties:\n"
        "      AlarmName: !Sub '${AWS::StackName}-events-stuck'\n"
        "      AlarmDescription: >-\n        Two lines,\n        docs/runbooks/events-wait.md\n"
    )
    assert alarms(template) == {"delivery-rate": "receivers-fail.md", "events-stuck": "events-wait.md"}
    with pytest.raises(AssertionError):
        alarms(template.replace("docs/runbooks/events-wait.md", "see the docs"))


def test_the_index_names_every_page_and_no_other():
    named = {*INDEX["alarms"].values(), *INDEX["occasions"].values()}
    assert named == set(PAGES)


def test_the_list_for_people_is_the_index():
    listed = {"alarms": {}, "occasions": {}}
    for first, page in re.findall(r"^\| (.+) \| \[([a-z-]+\.md)\]\(\2\) \|$", (RUNBOOKS / "README.md").read_text(), re.M):
        names = re.findall(r"`([a-z-]+)`", first)
        listed["alarms" if names else "occasions"] |= {name: page for name in names or [first]}
    assert listed == INDEX


@pytest.mark.parametrize("page", PAGES)
def test_a_runbook_has_its_parts_in_their_order_and_names_its_alarms(page):
    text = (RUNBOOKS / page).read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS
    named = re.search(r"^Alarms?: (.+)\.$", text, re.MULTILINE)
    assert set(re.findall(r"`([a-z-]+)`", named[1]) if named else []) == {
        name for name, of in INDEX["alarms"].items() if of == page
    }


@pytest.mark.parametrize("page", PAGES)
def test_what_a_query_of_the_log_looks_for_is_logged(page):
    """Names of events and fields, which no shell checks: one that is misspelt finds nothing, and looks like peace."""
    logging = (ROOT / "docs" / "logging.md").read_text()
    text = (RUNBOOKS / page).read_text()
    for pattern in re.findall(r"logs (?:\w+|'[^']+') '([^']+)'", text):
        for event in re.findall(r"[a-z_]+\\\.[a-z_]+", pattern):
            assert f"`{event.replace(chr(92), '')}`" in logging, f"{page} looks for {event}"
    for field in re.findall(r"\.\[\"([a-z_.]+)\"\]", text):
        assert f"`{field}`" in logging, f"{page} reads {field}"


def test_the_deployments_of_the_egress_runbook_set_parameters_of_the_template():
    """They deploy to AWS, so no test runs them."""
    template = (ROOT / "template.yaml").read_text()
    parameters = set(re.findall(r"^  (\w+):$", template, re.MULTILINE))
    (allowed,) = re.findall(r"^  FixedEgress:$.*?AllowedValues: \[(.*?)\]", template, re.MULTILINE | re.DOTALL)
    deployments = re.findall(r"^sam deploy .*$", Path(RUNBOOKS / "egress.md").read_text(), re.MULTILINE)
    given = [pair for line in deployments for pair in re.findall(r"\b([A-Z]\w+)=(\S*)", line)]
    values = [value for name, value in given if name == "FixedEgress"]
    assert values == ["nat-ready", "nat", "subnets", "none", ""]
    assert set(values) <= {value.strip("' ") for value in allowed.split(",")}
    assert {name for name, _ in given} <= parameters
