"""`template.yaml` describes itself as the AWS Serverless Application Repository wants it; a release does not.

Source: AWS Serverless Application Model Developer Guide, "AWS SAM template Metadata section properties".
"""

import re

import pytest
from hooklane_local.paths import ROOT
from hooklane_local.release import names
from hooklane_local.release.packaged import packaged
from hooklane_local.release.version import workspace_version
from hooklane_local.template import source

KEY = "AWS::ServerlessRepo::Application"
TEMPLATE = source.read()
METADATA = TEMPLATE["Metadata"][KEY]
VERSION = workspace_version((ROOT / "Cargo.toml").read_text())
LARGEST_FILE = 5 * 1024 * 1024

# For each text its greatest length and its form.
TEXTS = {
    "Name": (140, r"[a-zA-Z0-9-]+"),
    "Description": (256, r".+"),
    "Author": (127, r"[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?"),
    "SpdxLicenseId": (127, r"Apache-2\.0"),
    "LicenseUrl": (1024, r".+"),
    "ReadmeUrl": (1024, r".+"),
    "HomePageUrl": (1024, r"https://.+"),
    "SourceCodeUrl": (1024, r"https://.+"),
    "SemanticVersion": (256, r"[0-9]+\.[0-9]+\.[0-9]+"),
}
LABEL = (127, r"[a-zA-Z0-9+\-_:/@]+")
MOST_LABELS = 10
FILES = ("LicenseUrl", "ReadmeUrl")


def mistakes_of(metadata: dict, version: str) -> list[str]:
    """What the repository would refuse, in words."""
    mistakes = [f"{name} is unknown" for name in metadata.keys() - TEXTS.keys() - {"Labels"}]
    for name, (length, form) in TEXTS.items():
        # Intrinsic functions are not computed there, so every value is a text.
        value = metadata.get(name)
        if not isinstance(value, str) or len(value) > length or not re.fullmatch(form, value):
            mistakes.append(f"{name} has not the form that it needs")
        elif name in FILES and not ((ROOT / value).is_file() and (ROOT / value).stat().st_size <= LARGEST_FILE):
            mistakes.append(f"{name} names no file that can be uploaded")
    labels = metadata.get("Labels", [])
    if len(labels) > MOST_LABELS:
        mistakes.append("there are too many labels")
    length, form = LABEL
    mistakes += [f"{one} is no label" for one in labels if len(one) > length or not re.fullmatch(form, one)]
    if metadata.get("SemanticVersion") != version:
        mistakes.append("SemanticVersion is not that of the workspace")
    return mistakes


def test_the_metadata_is_what_the_repository_takes():
    assert mistakes_of(METADATA, VERSION) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"Name": "hook lane"}, "Name has not"),
        ({"Name": "h" * 141}, "Name has not"),
        ({"Description": "d" * 257}, "Description has not"),
        ({"Description": {"Ref": "AWS::StackName"}}, "Description has not"),
        ({"Author": "Hooklane"}, "Author has not"),
        ({"Author": "hook--lane"}, "Author has not"),
        ({"LicenseUrl": "LICENCE"}, "LicenseUrl names no file"),
        ({"ReadmeUrl": "docs"}, "ReadmeUrl names no file"),
        ({"Labels": ["webhooks"] * 11}, "there are too many labels"),
        ({"Labels": ["two words"]}, "two words is no label"),
        ({"SemanticVersion": "0.0.1"}, "SemanticVersion is not that"),
        ({"Licence": "LICENSE"}, "Licence is unknown"),
    ],
)
def test_a_mistake_in_the_metadata_is_found(change, found):
    (mistake,) = mistakes_of({**METADATA, **change}, VERSION)
    assert mistake.startswith(found)


def test_no_repository_is_named_that_whoever_publishes_does_not_choose():
    """docs/releasing.md replaces this word."""
    assert METADATA["HomePageUrl"] == METADATA["SourceCodeUrl"] == "https://github.com/OWNER/REPOSITORY"


def test_the_template_of_a_release_has_no_such_metadata():
    made = packaged(TEMPLATE, "1.2.3", list(names.ARCHITECTURES))
    assert made["Metadata"].keys() == {"AWS::CloudFormation::Interface", "Hooklane"}
    assert KEY in TEMPLATE["Metadata"]
