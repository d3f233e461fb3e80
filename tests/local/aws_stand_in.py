"""A stand-in for the AWS CLI that keeps what it made, and is as strict as AWS where install.sh could err.

It knows only what install.sh calls. An option that is missing or not known is refused, as by the CLI; a call that
comes too early is refused, as by AWS. With `kill_at` it kills the script that calls it, instead of the call of this
number. The program `aws` on PATH is a few lines of shell that hand each call to a thread of the test, because a
program that starts an interpreter for each of thousands of calls takes minutes.
"""

import json
import os
import re
import signal
import threading
from pathlib import Path

import jmespath

ACCOUNT, REGION = "123456789012", "eu-central-1"
# The required options of each call, and those that it may have.
CALLS = {
    "configure get": ((), ()),
    "sts get-caller-identity": ((), ()),
    "s3api head-bucket": (("bucket", "expected-bucket-owner"), ()),
    "s3api get-bucket-location": (("bucket", "expected-bucket-owner"), ()),
    "s3api create-bucket": (("bucket",), ("create-bucket-configuration",)),
    "s3api put-public-access-block": (("bucket", "expected-bucket-owner", "public-access-block-configuration"), ()),
    "s3api head-object": (("bucket", "expected-bucket-owner", "key"), ()),
    "s3api put-object": (("bucket", "expected-bucket-owner", "key", "body", "metadata"), ()),
    "s3api get-object": (("bucket", "expected-bucket-owner", "key"), ()),
    "s3api list-objects-v2": (("bucket", "expected-bucket-owner", "prefix", "delimiter"), ()),
    "cloudformation describe-stacks": (("stack-name",), ()),
    "cloudformation describe-stack-events": (("stack-name",), ("no-paginate",)),
    "cloudformation delete-stack": (("stack-name",), ()),
    "cloudformation get-template-summary": (("template-url",), ()),
    "cloudformation create-change-set": (
        ("stack-name", "change-set-name", "change-set-type", "template-url", "parameters", "capabilities"),
        ("description",),
    ),
    "cloudformation describe-change-set": (("stack-name", "change-set-name"), ("no-paginate",)),
    "cloudformation delete-change-set": (("stack-name", "change-set-name"), ()),
    "cloudformation execute-change-set": (("stack-name", "change-set-name"), ()),
}
FLAGS = ("no-paginate",)
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
# Nothing here waits for somebody else to open a pipe: the thread has both open, in both directions.
PROGRAM = """#!/bin/sh
printf '%s\\000' "$PWD" "${{AWS_REGION:-}}" "$@" end >'{requests}'
{{
  read -r status stream lines
  [ "$stream" = out ] || exec >&2
  while [ "$lines" -gt 0 ]; do
    IFS= read -r line
    printf '%s\\n' "$line"
    lines=$((lines - 1))
  done
}} <'{replies}'
exit "$status"
"""
# How often somebody looks until a change set is made, or a stack is changed.
LOOKS = 1


class Ended(Exception):
    """The CLI ends with this status and this error."""

    def __init__(self, status: int, text: str):
        super().__init__(f"\n{text}")
        self.status = status


class Refused(Ended):
    """AWS refuses a call."""

    def __init__(self, code: str, text: str):
        super().__init__(254, f"An error occurred ({code}) when calling the operation: {text}")


def parsed(arguments: list[str]) -> tuple[str, dict[str, str], list[str]]:
    name, rest, options, others = " ".join(arguments[:2]), arguments[2:], {}, []
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            others.append(word)
        elif word[2:] in FLAGS:
            options[word[2:]] = ""
        else:
            options[word[2:]] = rest.pop(0)
    if name not in CALLS:
        usage(f"{name} is not known")
    required, allowed = CALLS[name]
    if missing := set(required) - set(options):
        usage(f"the following arguments are required: {', '.join(sorted(missing))}")
    if unknown := set(options) - set(required) - set(allowed) - {"query", "output"}:
        usage(f"Unknown options: {', '.join(sorted(unknown))}")
    return name, options, others


def usage(text: str) -> None:
    raise Ended(252, f"aws: error: {text}")


class StandIn:
    """The program `aws` in a folder, and what answers it. The script of the process group `group` calls it."""

    def __init__(self, folder: Path):
        self.state: dict = {"buckets": {}, "stacks": {}, "calls": []}
        self.group: int | None = None
        pipes = {name: folder / name for name in ("requests", "replies")}
        for pipe in pipes.values():
            os.mkfifo(pipe)
        self._requests, self._replies = (os.open(pipe, os.O_RDWR) for pipe in pipes.values())
        self.program = folder / "aws"
        self.program.write_text(PROGRAM.format(**pipes))
        self.program.chmod(0o755)
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def close(self) -> None:
        os.write(self._requests, b"stop\0end\0")
        self._thread.join()
        os.close(self._requests)
        os.close(self._replies)

    def _answer(self) -> None:
        waiting = b""
        while True:
            waiting += os.read(self._requests, 65536)
            if not waiting.endswith(b"\0end\0"):
                continue
            folder, *rest = waiting.decode().split("\0")[:-2]
            waiting = b""
            if folder == "stop":
                return
            region, *arguments = rest
            if (reply := self._reply(Path(folder), region, arguments)) is None:
                os.killpg(self.group, signal.SIGKILL)
                continue
            status, stream, text = reply
            lines = text.splitlines()
            os.write(self._replies, "\n".join([f"{status} {stream} {len(lines)}", *lines, ""]).encode())

    def _reply(self, folder: Path, region: str, arguments: list[str]) -> tuple[int, str, str] | None:
        """The status, the stream and what is printed there, or None if the script must be killed instead."""
        if arguments == ["--version"]:
            return 0, "out", self.state.get("cli", "aws-cli/2.9.19 Python/3.11.2")
        self.state["calls"].append(arguments)
        if len(self.state["calls"]) == self.state.get("kill_at"):
            return None
        try:
            name, options, others = parsed(arguments)
            answer = Cloud(self.state, folder, region).call(name, options, others)
        except Ended as ended:
            return ended.status, "err", str(ended)
        if "query" in options:
            return 0, "out", printed(jmespath.search(options["query"], answer))
        return 0, "out", answer.get("text", "")


class Cloud:
    def __init__(self, state: dict, folder: Path, region: str):
        self.state, self.folder, self.region = state, folder, region
        self.buckets, self.stacks = state["buckets"], state["stacks"]

    def call(self, name: str, options: dict[str, str], others: list[str]) -> dict:
        if name == "configure get":
            if "region" not in self.state:
                raise Ended(1, "")
            return {"text": self.state["region"]}
        if self.state.get("credentials") is False:
            raise Refused("InvalidClientTokenId", "The security token included in the request is invalid.")
        return getattr(self, name.replace(" ", "_").replace("-", "_"))(options, *others)

    def sts_get_caller_identity(self, _options):
        if self.region != REGION:
            raise Ended(255, f'Could not connect to the endpoint URL: "https://sts.{self.region}.amazonaws.com/"')
        return {"Account": ACCOUNT}

    # ---- S3

    def bucket(self, options) -> dict:
        bucket = self.buckets.get(options["bucket"])
        if bucket is None:
            raise Refused("404", "Not Found")
        if bucket["owner"] != options["expected-bucket-owner"]:
            raise Refused("403", "Forbidden")
        return bucket

    def object(self, options, code="404") -> dict:
        found = self.bucket(options)["objects"].get(options["key"])
        if found is None:
            raise Refused(code, "Not Found")
        return found

    def s3api_head_bucket(self, options):
        # As when another run makes it a moment later.
        if self.state.pop("unseen", None) == options["bucket"]:
            raise Refused("404", "Not Found")
        self.bucket(options)
        return {}

    def s3api_get_bucket_location(self, options):
        return {"LocationConstraint": self.bucket(options)["region"]}

    def s3api_create_bucket(self, options):
        name = options["bucket"]
        if name in self.buckets:
            ours = self.buckets[name]["owner"] == ACCOUNT
            raise Refused("BucketAlreadyOwnedByYou" if ours else "BucketAlreadyExists", name)
        if options.get("create-bucket-configuration") != f"LocationConstraint={REGION}":
            raise Refused("IllegalLocationConstraintException", "the location constraint is not that of the endpoint")
        self.buckets[name] = {"owner": ACCOUNT, "region": REGION, "objects": {}, "closed": False}
        return {}

    def s3api_put_public_access_block(self, options):
        settings = dict(one.split("=") for one in options["public-access-block-configuration"].split(","))
        self.bucket(options)["closed"] = len(settings) == 4 and set(settings.values()) == {"true"}
        return {}

    def s3api_head_object(self, options):
        return {"Metadata": self.object(options)["metadata"]}

    def s3api_put_object(self, options):
        with open(self.folder / options["body"], encoding="latin-1", newline="") as file:
            body = file.read()
        metadata = dict(one.split("=") for one in options["metadata"].split(","))
        self.bucket(options)["objects"][options["key"]] = {"body": body, "metadata": metadata}
        return {}

    def s3api_get_object(self, options, target):
        with open(target, "w", encoding="latin-1", newline="") as file:
            file.write(self.object(options, "NoSuchKey")["body"])
        return {}

    def s3api_list_objects_v2(self, options):
        prefix, keys = options["prefix"], self.bucket(options)["objects"]
        below = [key.removeprefix(prefix) for key in keys if key.startswith(prefix)]
        found = sorted({prefix + key.split("/")[0] + "/" for key in below if "/" in key})
        return {"CommonPrefixes": [{"Prefix": one} for one in found]} if found else {}

    # ---- CloudFormation

    def stack(self, options) -> dict:
        if options["stack-name"] not in self.stacks:
            raise Refused("ValidationError", f"Stack with id {options['stack-name']} does not exist")
        return self.stacks[options["stack-name"]]

    def template(self, options) -> dict:
        found = re.fullmatch(r"https://s3\.eu-central-1\.amazonaws\.com/([^/]+)/(.+)", options["template-url"])
        body = found and self.buckets.get(found[1], {}).get("objects", {}).get(found[2])
        if not body:
            raise Refused("ValidationError", f"S3 error: {options['template-url']} is not there")
        return json.loads(body["body"])

    def change_set(self, options) -> dict:
        made = self.stack(options)["changes"].get(options["change-set-name"])
        if made is None:
            raise Refused("ChangeSetNotFound", f"ChangeSet [{options['change-set-name']}] does not exist")
        return made

    def cloudformation_describe_stacks(self, options):
        stack = self.stack(options)
        if "next" in stack:
            stack["looks"] -= 1
            if stack["looks"] < 0:
                stack["status"] = stack.pop("next")
                if stack["status"] == "DELETE_COMPLETE":
                    del self.stacks[options["stack-name"]]
                    return self.cloudformation_describe_stacks(options)
        one = {"StackStatus": stack["status"]}
        if stack["values"]:
            one["Parameters"] = [{"ParameterKey": key, "ParameterValue": value} for key, value in stack["values"].items()]
        if stack["resources"]:
            outputs = {"ApiUrl": "https://api.example.com", "OperatorKeySecretArn": "arn:the-key", "LedgerTableName": "l"}
            one["Outputs"] = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
        return {"Stacks": [one]}

    def cloudformation_describe_stack_events(self, options):
        self.stack(options)
        failed = {"LogicalResourceId": "ApiFunction", "ResourceStatus": "CREATE_FAILED"}
        made = {"LogicalResourceId": "Other", "ResourceStatus": "CREATE_COMPLETE"}
        return {"StackEvents": [one | {"ResourceStatusReason": "no such key"} for one in (failed, made)]}

    def cloudformation_delete_stack(self, options):
        if stack := self.stacks.get(options["stack-name"]):
            if stack["status"] == "REVIEW_IN_PROGRESS":
                del self.stacks[options["stack-name"]]
            else:
                stack.update(status="DELETE_IN_PROGRESS", next="DELETE_COMPLETE", looks=LOOKS)
        return {}

    def cloudformation_get_template_summary(self, options):
        return {"Parameters": [{"ParameterKey": name} for name in self.template(options)["Parameters"]]}

    def cloudformation_create_change_set(self, options):
        name, kind, template = options["stack-name"], options["change-set-type"], self.template(options)
        if not re.fullmatch("[a-zA-Z][-a-zA-Z0-9]*", options["change-set-name"]):
            raise Refused("ValidationError", "the name of the change set")
        if options["capabilities"] != "CAPABILITY_IAM":
            raise Refused("InsufficientCapabilities", "Requires capabilities : [CAPABILITY_IAM]")
        stack = self.stacks.get(name)
        if kind == "CREATE" and stack and stack["status"] != "REVIEW_IN_PROGRESS":
            raise Refused("ValidationError", f"Stack [{name}] already exists and cannot be created again")
        if kind == "UPDATE" and not stack:
            raise Refused("ValidationError", f"Stack [{name}] does not exist")
        if kind == "UPDATE" and not re.fullmatch("(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE", stack["status"]):
            raise Refused("ValidationError", f"Stack:{name} is in {stack['status']} state and can not be updated.")
        stack = stack or {"status": "REVIEW_IN_PROGRESS", "values": {}, "resources": {}, "changes": {}}
        values = values_of(template, options["parameters"], stack["values"])
        resources = {key: resolved(one, values) for key, one in template["Resources"].items()}
        stack["changes"][options["change-set-name"]] = {
            "looks": LOOKS,
            "values": values,
            "resources": resources,
            "changes": [{"ResourceChange": one} for one in difference(stack["resources"], resources)],
            "same": resources == stack["resources"] and values == stack["values"],
        }
        self.stacks[name] = stack
        return {}

    def cloudformation_describe_change_set(self, options):
        made = self.change_set(options)
        made["looks"] -= 1
        if made["looks"] >= 0:
            return {"Status": "CREATE_PENDING", "Changes": []}
        if made["same"]:
            return {"Status": "FAILED", "StatusReason": NO_CHANGES, "Changes": []}
        return {"Status": "CREATE_COMPLETE", "Changes": made["changes"]}

    def cloudformation_delete_change_set(self, options):
        self.stack(options)["changes"].pop(options["change-set-name"], None)
        return {}

    def cloudformation_execute_change_set(self, options):
        made, stack = self.change_set(options), self.stack(options)
        if made["looks"] >= 0 or made["same"]:
            raise Refused("InvalidChangeSetStatus", "the change set cannot be executed in its current status")
        kind = "CREATE" if stack["status"] == "REVIEW_IN_PROGRESS" else "UPDATE"
        code = [one["Code"] for one in made["resources"].values() if "Code" in one]
        there = all(one["S3Key"] in self.buckets.get(one["S3Bucket"], {}).get("objects", {}) for one in code)
        stack.update(status=f"{kind}_IN_PROGRESS", looks=LOOKS, changes={})
        if there and not self.state.get("fails"):
            stack.update(values=made["values"], resources=made["resources"], next=f"{kind}_COMPLETE")
        else:
            stack["next"] = "ROLLBACK_COMPLETE" if kind == "CREATE" else "UPDATE_ROLLBACK_COMPLETE"
        return {}


def values_of(template: dict, file: str, before: dict[str, str]) -> dict[str, str]:
    """The values of a stack's parameters, or what CloudFormation refuses in them."""
    with open(file.removeprefix("file://"), encoding="utf-8") as opened:
        given = json.load(opened)
    declared, values = template["Parameters"], {}
    for one in given:
        name = one["ParameterKey"]
        if name not in declared:
            raise Refused("ValidationError", f"Parameters: [{name}] do not exist in the template")
        if name in values:
            raise Refused("ValidationError", f"Duplicate parameter {name}")
        if one.get("UsePreviousValue") and name not in before:
            raise Refused("ValidationError", f"Cannot specify usePreviousValue as true for {name}")
        values[name] = before[name] if one.get("UsePreviousValue") else one["ParameterValue"]
    values = {name: one["Default"] for name, one in declared.items() if "Default" in one} | values
    if missing := set(declared) - set(values):
        raise Refused("ValidationError", f"Parameters: {sorted(missing)} must have values")
    for name, value in values.items():
        if value not in declared[name].get("AllowedValues", [value]):
            raise Refused("ValidationError", f"Parameter '{name}' must be one of AllowedValues")
    return values


def resolved(resource: dict, values: dict[str, str]) -> dict:
    text = json.dumps(resource)
    text = re.sub(r'\{"Ref": "(\w+)"\}', lambda found: json.dumps(values[found[1]]), text)
    text = re.sub(r'\{"Fn::Sub": "([^"]+)"\}', r'"\1"', text)
    return json.loads(re.sub(r"\$\{(\w+)\}", lambda found: json.dumps(values[found[1]])[1:-1], text))


def difference(before: dict, after: dict):
    for name in sorted(before.keys() | after.keys()):
        kind = (after.get(name) or before[name])["Type"]
        if name not in before:
            yield {"Action": "Add", "ResourceType": kind, "LogicalResourceId": name}
        elif name not in after:
            yield {"Action": "Remove", "ResourceType": kind, "LogicalResourceId": name}
        elif before[name] != after[name]:
            replaced = "Conditional" if before[name].get("Of") != after[name].get("Of") else "False"
            replaced = "True" if before[name].get("Name") != after[name].get("Name") else replaced
            yield {"Action": "Modify", "Replacement": replaced, "ResourceType": kind, "LogicalResourceId": name}


def printed(value) -> str:
    """As `--output text` prints it."""
    if isinstance(value, list) and any(isinstance(one, list) for one in value):
        return "\n".join(printed(one) for one in value)
    if isinstance(value, list):
        return "\t".join("None" if one is None else str(one) for one in value)
    return "None" if value is None else str(value)
