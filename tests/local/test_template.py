"""The tools behind the assertions on `template.yaml`. The assertions themselves run in `make check`."""

import pytest
from hooklane_local.paths import ROOT
from hooklane_local.template import rights, rust_calls, scanners, stacks
from hooklane_local.template.mutations import GONE, MUTATIONS, Mutation, mutated, unnoticed
from hooklane_local.template.resolve import Unresolvable, resolve
from hooklane_local.template.source import read, translate
from hooklane_local.template.view import LOG_GROUP, listed, stack


def small(**resources) -> dict:
    return {
        "Parameters": {
            "Size": {"Type": "Number", "Default": 3, "MinValue": 1, "MaxValue": 9},
            "Mode": {"Type": "String", "Default": "off", "AllowedValues": ["on", "off"]},
            "Hosts": {"Type": "CommaDelimitedList", "Default": ""},
            "Short": {"Type": "String", "Default": "", "MaxLength": 4},
        },
        "Rules": {
            "NoThreeHosts": {
                "RuleCondition": {"Fn::Equals": [{"Ref": "Mode"}, "on"]},
                "Assertions": [{"Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Size"}, "3"]}]}, "AssertDescription": "no"}],
            }
        },
        "Conditions": {"On": {"Fn::Equals": [{"Ref": "Mode"}, "on"]}},
        "Mappings": {"Table": {"3": {"Twice": 6}, "4": {"Twice": 8}}},
        "Resources": {"Queue": {"Type": "T"}, **resources},
    }


def value(expression, **given):
    template = small(Thing={"Type": "T", "Properties": {"x": expression}})
    return resolve(template, given)["Resources"]["Thing"]["Properties"].get("x", "absent")


@pytest.mark.parametrize(
    ("expression", "given", "expected"),
    [
        ({"Ref": "Size"}, {}, 3),
        ({"Ref": "Queue"}, {}, "${Queue}"),
        ({"Ref": "AWS::Region"}, {}, "us-east-1"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, {}, "${Queue.Arn}"),
        ({"Fn::GetAtt": "Queue.Arn"}, {}, "${Queue.Arn}"),
        ({"Fn::If": ["On", 1, {"Ref": "AWS::NoValue"}]}, {"Mode": "off"}, "absent"),
        ({"Fn::If": ["On", 1, 2]}, {"Mode": "on", "Size": "4"}, 1),
        ([1, {"Fn::If": ["On", 1, {"Ref": "AWS::NoValue"}]}], {}, [1]),
        ({"Fn::FindInMap": ["Table", {"Ref": "Size"}, "Twice"]}, {"Size": "4"}, 8),
        ({"Fn::Sub": "${Queue.Arn}/x/${AWS::StackName}/${!no}/${Size}"}, {}, "${Queue.Arn}/x/hooklane/${no}/3"),
        ({"Fn::Sub": ["${A}-${Size}", {"A": {"Ref": "Mode"}}]}, {}, "off-3"),
        ({"Fn::Join": ["", {"Ref": "Hosts"}]}, {"Hosts": "a,b"}, "ab"),
        ({"Fn::Select": [1, {"Fn::Split": [",", "a,b"]}]}, {}, "b"),
    ],
)
def test_intrinsic_functions_have_the_values_of_the_stack(expression, given, expected):
    assert value(expression, **given) == expected


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"Size": "10"}, "out of bounds"),
        ({"Mode": "maybe"}, "is none of on, off"),
        ({"Short": "12345"}, "parameter Short is longer than 4 characters"),
        ({"Surprise": "1"}, "no such parameters: Surprise"),
        ({"Mode": "on"}, "rule NoThreeHosts: no"),
        ({"Size": "5"}, "mapping Table has no 5"),
    ],
)
def test_values_that_cloudformation_refuses_are_refused(given, why):
    with pytest.raises(Unresolvable, match=why):
        value({"Fn::FindInMap": ["Table", {"Ref": "Size"}, "Twice"]}, **given)


@pytest.mark.parametrize("expression", [{"Fn::Invented": 1}, {"Ref": "Nothing"}, {"Fn::If": ["No", 1, 2]}])
def test_what_is_not_known_is_an_error_and_no_value(expression):
    with pytest.raises(Unresolvable):
        value(expression)


def test_resources_whose_condition_does_not_hold_are_not_there():
    template = small(Thing={"Type": "T", "Condition": "On"})
    assert "Thing" not in resolve(template, {})["Resources"]
    assert "Thing" in resolve(template, {"Mode": "on", "Size": "4"})["Resources"]


def test_a_mutation_changes_one_place_and_leaves_the_template_alone():
    template = {"A": [{"Action": ["s:One"]}, {"Action": "s:Two", "x": 1}]}
    assert mutated(template, Mutation(("A", "s:Two", "x"), 2, "")) == {
        "A": [{"Action": ["s:One"]}, {"Action": "s:Two", "x": 2}]
    }
    assert mutated(template, Mutation(("A", 0), GONE, "")) == {"A": [template["A"][1]]}
    assert template["A"][1]["x"] == 1


def test_a_mutation_that_nobody_notices_is_said_and_so_is_one_that_another_notices():
    mutation = Mutation(("a", "b"), 1, "the right one")
    assert unnoticed(mutation, [("the right one", "x")]) is None
    assert "fails nothing" in unnoticed(mutation, [])
    assert "another" in unnoticed(mutation, [("another", "x")])


def test_there_are_at_least_twenty_mutations_and_each_is_another():
    assert len({(one.path, repr(one.becomes)) for one in MUTATIONS}) == len(MUTATIONS) >= 20


def test_a_parameter_that_no_stack_sets_is_found():
    declared = {"Scale": {"Default": "medium"}, "Forgotten": {"Default": "x"}}
    assert stacks.uncovered(declared) == ["Forgotten"]
    # Set, but to its default.
    assert stacks.uncovered({"Scale": {"Default": "large"}}) == ["Scale"]


def test_findings_and_reasons_are_compared_in_both_directions(monkeypatch):
    monkeypatch.setattr(scanners, "ACCEPTED", {"X1": (("Queue",), "why")})
    assert scanners.differences({("X1", "Queue", "text")}) == []
    assert "has no line" in scanners.differences({("X1", "Queue", "text"), ("X2", "Queue", "text")})[0]
    assert "no longer found" in scanners.differences(set())[0]


def test_the_calls_of_a_port_are_read_from_its_adapter():
    assert rust_calls.actions_of("Strikes", "forgive", "Ledger") == {"dynamodb:DeleteItem"}
    assert rust_calls.actions_of("DeferQueue", "send_later", "Queues") == {"sqs:SendMessage"}
    # `Rewrite::over` puts the item if there is none.
    assert {"dynamodb:PutItem", "dynamodb:UpdateItem"} <= rust_calls.actions_of("RecoveryStore", "take_turn", "Registry")
    # Alone, or together with others.
    assert rust_calls.actions_of("EventStore", "put", "Ledger") == {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:PartiQLInsert",
    }
    assert "dynamodb:Query" in rust_calls.actions_of("EventIndex", "page", "Ledger") | rust_calls.actions_of(
        "WatchList", "watched", "Registry"
    )


def test_a_function_comes_to_the_methods_that_it_calls_and_to_no_others():
    assert rust_calls.port_methods("ingest")["Strikes"] == {"strikes", "strike", "forgive"}
    assert rust_calls.port_methods("upkeep")["QueueDepth"] == {"in_flight"}


def test_each_exception_of_the_reading_is_still_needed():
    for (function, trait, method), reason in rights.NOT_CALLED.items():
        assert method in rust_calls.port_methods(function)[trait], f"{function} {trait}.{method}: {reason}"


@pytest.fixture(scope="module")
def key_policy() -> list[dict]:
    example = read((ROOT / "docs" / "examples" / "kms-key.yaml").read_text())
    return resolve(example, {})["Resources"]["Key"]["Properties"]["KeyPolicy"]["Statement"]


def test_the_example_of_a_key_lets_the_senders_of_the_event_queue_in(key_policy):
    template = read()
    whole = stack("own", template, translate(template), stacks.COVERING["own"])
    senders = {one["Principal"]["Service"] for _, one in whole.resource_policies()}
    for sender in senders:
        (statement,) = [one for one in key_policy if sender in listed(one["Principal"].get("Service", []))]
        assert set(statement["Action"]) == {"kms:GenerateDataKey", "kms:Decrypt"}, sender
        assert "Condition" not in statement, "a service that sends gives no source for the key"


def test_the_example_of_a_key_covers_each_log_group_of_the_stack(key_policy):
    template = read()
    groups = stack("default", template, translate(template), {}).of(LOG_GROUP).values()
    (logs,) = [one for one in key_policy if one["Sid"] == "Logs"]
    allowed = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    prefix = "arn:aws:logs:us-east-1:123456789012:log-group:"
    assert all(one.endswith("/*") for one in allowed)
    for group in groups:
        arn = prefix + group["LogGroupName"]
        assert any(arn.startswith(one[:-1]) for one in allowed), arn
