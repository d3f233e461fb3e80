"""The HTTP API."""

import json

from hooklane_local.template.assertions.table import holds
from hooklane_local.template.view import LOG_GROUP, Stack, logical_id

_STAGE = "AWS::ApiGatewayV2::Stage"
_INBOX = "POST /inbox/{token}"
_NEVER_LOGGED = ("querystring", "authorizer", "requestoverride", "header")


@holds(
    "strangers cannot use up the account's concurrency",
    why="A request without a key costs an invocation too, and the throttle of the account is shared by all APIs.",
    source="Amazon API Gateway Developer Guide, Throttle requests to your HTTP APIs for better throughput",
)
def _throttles(stack: Stack):
    for name, stage in stack.of(_STAGE).items():
        settings = stage.get("DefaultRouteSettings", {})
        wanted = {"ThrottlingRateLimit": ("ApiRate", 500), "ThrottlingBurstLimit": ("ApiBurst", 500)}
        for key, (parameter, default) in wanted.items():
            if str(settings.get(key)) != stack.given.get(parameter, str(default)):
                yield f"{name}: {key} is not {parameter}"


@holds(
    "each request is in an access log, with the reason if the function did not answer",
    why="A function that is throttled or times out logs nothing about the request itself.",
    source="Amazon API Gateway Developer Guide, Logging for HTTP APIs; Customize HTTP API access logs",
)
def _access_log(stack: Stack):
    for name, stage in stack.of(_STAGE).items():
        settings = stage.get("AccessLogSettings", {})
        if logical_id(settings.get("DestinationArn", "")) not in stack.of(LOG_GROUP):
            yield f"{name} has no log group of the stack"
            continue
        line = settings["Format"]
        try:
            fields = set(json.loads(line).values())
        except ValueError:
            yield f"{name}: the format is no JSON"
            continue
        if "\n" in line:
            yield f"{name}: the format has more than one line"
        needed = {"requestId", "httpMethod", "path", "status", "responseLatency", "integrationErrorMessage"}
        for field in sorted(needed - {one.removeprefix("$context.") for one in fields}):
            yield f"{name}: {field} is missing"


@holds(
    "the access log has neither queries nor headers",
    why="They may contain keys and tokens, which are never logged.",
    source="CONTRIBUTING.md, House rules",
)
def _private(stack: Stack):
    for name, stage in stack.of(_STAGE).items():
        line = stage.get("AccessLogSettings", {}).get("Format", "").lower()
        for word in _NEVER_LOGGED:
            if word in line:
                yield f"{name}: {word}"


@holds(
    "beside a domain of its own the API has no second address",
    why="Allow-lists and firewalls of the domain would not see what comes to the default endpoint.",
    source="Amazon API Gateway Developer Guide, Disable the default endpoint for HTTP APIs",
)
def _endpoint(stack: Stack):
    own = bool(stack.given.get("ApiDomainName"))
    for name, one in stack.of("AWS::ApiGatewayV2::Api").items():
        if one.get("DisableExecuteApiEndpoint", False) is not own:
            yield name


@holds(
    "both addresses of the API are closed to webhooks",
    why="A webhook that reaches the API would feed Hooklane itself.",
    source="SECURITY.md",
)
def _own_hosts(stack: Stack):
    wanted = f"${{HttpApi.ApiEndpoint}},{stack.given.get('ApiDomainName', '')}"
    for name in ("ApiFunction", "DashboardFunction", "DeliveryFunction"):
        if stack.resources[name]["Properties"]["Environment"]["Variables"].get("OWN_HOSTS") != wanted:
            yield name


@holds(
    "test inboxes are where the operator says, or nowhere",
    why="Whatever INBOX_ADDRESS names is the one part of the API that deliveries may go to.",
    source="ADR 78",
)
def _inboxes(stack: Stack):
    choice, domain = stack.given.get("TestInboxes", "on"), stack.given.get("ApiDomainName")
    here = f"https://{domain}" if domain else "${HttpApi.ApiEndpoint}"
    wanted = {"on": here, "off": ""}.get(choice, choice)
    for name in ("ApiFunction", "DeliveryFunction"):
        if stack.resources[name]["Properties"]["Environment"]["Variables"].get("INBOX_ADDRESS") != wanted:
            yield name


@holds(
    "what arrives at test inboxes takes nothing from the API's other routes",
    why="A webhook with thousands of events may point to an inbox, and its tenant's requests are throttled with it.",
    source="Amazon API Gateway Developer Guide, Throttle requests to your HTTP APIs for better throughput",
)
def _inbox_throttle(stack: Stack):
    routes = {route["RouteKey"] for route in stack.of("AWS::ApiGatewayV2::Route").values()}
    for name, stage in stack.of(_STAGE).items():
        settings = stage.get("RouteSettings", {}).get(_INBOX, {})
        if _INBOX not in routes or not 0 < int(settings.get("ThrottlingRateLimit", 0)) <= 100:
            yield name


@holds(
    "the output ApiUrl is an address that answers",
    why="Whoever reads it would otherwise call the endpoint that is off.",
    source="ADR 66",
)
def _url(stack: Stack):
    domain = stack.given.get("ApiDomainName")
    if stack.outputs["ApiUrl"]["Value"] != (f"https://{domain}" if domain else "${HttpApi.ApiEndpoint}"):
        yield stack.outputs["ApiUrl"]["Value"]
