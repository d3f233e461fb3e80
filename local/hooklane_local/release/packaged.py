"""The template of a release: plain CloudFormation, whose functions' archives lie in a bucket that a parameter names."""

from hooklane_local.release.names import programs_of
from hooklane_local.template import source

BUCKET, PREFIX = "ArtifactBucket", "ArtifactPrefix"
# What only `sam build` reads.
_OF_THE_BUILD = ("BuildMethod", "BuildProperties")
# What only `sam publish` reads. It names files that a release's template has not beside it.
_OF_THE_REPOSITORY = "AWS::ServerlessRepo::Application"


def packaged(template: dict, version: str, architectures: list[str]) -> dict:
    """The template that a release of this version deploys, for the architectures that it holds."""
    translated = source.translate(template)
    for name, program in programs_of(translated).items():
        function = translated["Resources"][name]
        function["Properties"]["Code"] = {
            "S3Bucket": {"Ref": BUCKET},
            "S3Key": {"Fn::Sub": f"${{{PREFIX}}}/{program}-${{Architecture}}.zip"},
        }
        function["Metadata"] = {key: one for key, one in function["Metadata"].items() if key not in _OF_THE_BUILD}
        if not function["Metadata"]:
            del function["Metadata"]
    translated["Parameters"] |= _parameters(version)
    _restrict(translated["Parameters"]["Architecture"], architectures)
    groups = translated["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    groups.insert(0, {"Label": {"default": "The release"}, "Parameters": [BUCKET, PREFIX]})
    translated["Metadata"].pop(_OF_THE_REPOSITORY, None)
    translated["Metadata"]["Hooklane"] = {"Version": version}
    return translated


def _parameters(version: str) -> dict:
    return {
        BUCKET: {
            "Type": "String",
            "AllowedPattern": "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
            "ConstraintDescription": "the name of a bucket in the region of the stack",
            "Description": "Bucket that holds the archives of this release. It is in the region of the stack.",
        },
        PREFIX: {
            "Type": "String",
            "Default": f"hooklane/{version}",
            "AllowedPattern": "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$",
            "ConstraintDescription": "names separated by slashes",
            "Description": "Prefix of the archives in that bucket, without a slash at its end. It names the version.",
        },
    }


def _restrict(parameter: dict, architectures: list[str]) -> None:
    """Without this, a release would offer an architecture whose archives it does not hold."""
    parameter["AllowedValues"] = [one for one in parameter["AllowedValues"] if one in architectures]
    if parameter["Default"] not in architectures:
        parameter["Default"] = parameter["AllowedValues"][0]
