"""Releases of earlier commits are upgraded to this one, and back, while deliveries wait, are parked and are under way."""

import time
from dataclasses import dataclass

import pytest
from hooklane_local import local_address
from hooklane_local import stack as deployed
from hooklane_local.client import LocalStack
from hooklane_local.polling import eventually
from hooklane_local.progress import Failure
from hooklane_local.redrive import SOURCES, Options, redrive
from hooklane_local.redrive_target import target_of
from hooklane_local.release.account import empty_account, parameters_for, reached
from hooklane_local.release.earlier import release_of_commit
from hooklane_local.release.operator import options
from stage import Stage


@dataclass(frozen=True)
class Earlier:
    commit: str
    # What it calls the delays of a retry policy.
    retry_field: str


# The first that reads what the next one writes and leaves alone what it does not know (docs/adr/0061).
ROLLING = Earlier("8d2195f4", "scheduleSeconds")
# Before that.
OLD = Earlier("28341ec", "schedule")
# A circuit opens at once, so that something is parked soon.
QUICK = {"CircuitFailures": "3", "CircuitSeconds": "0"}
# Both versions are at work for this long after CloudFormation has ended, or so it may be on AWS.
BESIDE_SECONDS = 10.0


def described(profile) -> LocalStack:
    """A stack of any version: only what every version has."""
    local_address.start(profile, deployed.api_host(profile))
    outputs = deployed.outputs(profile)
    suffix = "DeadLetterQueueUrl"
    named = {"Event": "events", "Fanout": "fanout", "Stats": "stats", "Delivery": "deliveries", "Upkeep": "upkeep"}
    stack = LocalStack({"awsEndpointUrl": profile.endpoint, "apiUrl": profile.api_url})
    key = stack.secrets.get_secret_value(SecretId=outputs["OperatorKeySecretArn"])["SecretString"].split()[0]
    stack.description |= {
        "operatorKey": key,
        "eventQueueUrl": outputs["EventQueueUrl"],
        "deadLetterQueueUrls": {
            source: outputs[f"{queue}{suffix}"] for queue, source in named.items() if f"{queue}{suffix}" in outputs
        },
    }
    return stack


def test_an_upgrade_and_the_way_back_lose_nothing_and_leave_no_dead_letter(profile, of_now, receiver, tmp_path):
    before = release_of_commit(ROLLING.commit, tmp_path)
    with empty_account(profile) as operator:
        operator.install(before, *options(parameters_for(before, profile) | QUICK))
        stage = Stage(described(profile), receiver, ROLLING.retry_field)
        to_now = lambda: operator.install(of_now, *options(parameters_for(of_now, profile)))  # noqa: E731
        version = (before / "VERSION").read_text().strip()

        def back() -> None:
            # It has no queue for the letters of `upkeep`. That is said first; it is empty, as is seen below.
            with pytest.raises(Failure, match="would replace or remove UpkeepDeadLetterQueue,"):
                operator.install(before, "--rollback-to", version)
            operator.install(before, "--rollback-to", version, "--allow-replacement")

        for way, deploy in (("upgraded", to_now), ("rolled back", back)):
            stage.fill()
            with stage.traffic():
                deploy()
                time.sleep(BESIDE_SECONDS)
            stage.stack = described(profile)
            stage.mend()
            twice = stage.require_all_delivered()
            print(f"{way}: {len(stage.published)} events delivered, {twice} requests came twice")
            assert stage.letters() == {}


def test_what_a_version_before_the_rule_dead_letters_midway_is_redriven(profile, of_now, receiver, tmp_path):
    before = release_of_commit(OLD.commit, tmp_path)
    with empty_account(profile) as operator:
        operator.install(before, *options(parameters_for(before, profile) | QUICK))
        stage = Stage(described(profile), receiver, OLD.retry_field)
        stage.fill()
        with stage.traffic():
            operator.install(of_now, *options(parameters_for(of_now, profile)))
            time.sleep(BESIDE_SECONDS)
        stage.stack = reached(profile)
        stage.mend()
        letters = stage.letters()
        print({source: len(found) for source, found in letters.items()})

        def all_sent() -> bool:
            target = target_of(None, stage.stack.description)
            reports = [redrive(target, source, Options()) for source in SOURCES]
            return not stage.letters() and not any(report.kept for report in reports)

        assert eventually(all_sent, 120, every=5.0), stage.letters()
        twice = stage.require_all_delivered()
        print(f"{len(stage.published)} events delivered, {twice} requests came twice")
        assert stage.letters() == {}
