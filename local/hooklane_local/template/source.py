"""Reads `template.yaml` and translates it from SAM to CloudFormation, without credentials and without a network."""

import copy
import logging
import os

from hooklane_local.paths import ROOT
from hooklane_local.profile import REGION

TEMPLATE = ROOT / "template.yaml"


def read(text: str | None = None) -> dict:
    """The template as it is written, with intrinsic functions in their long form."""
    from samtranslator.yaml_helper import yaml_parse

    return yaml_parse(TEMPLATE.read_text() if text is None else text)


def translate(template: dict) -> dict:
    """The template as CloudFormation gets it: `AWS::Serverless::…` became functions, mappings and rules."""
    # The translator asks boto3 for the region, to know the partition.
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    from samtranslator.translator.transform import transform

    # It keeps measurements of its own for a publisher that the SAM CLI lacks, and warns about that.
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    packaged = copy.deepcopy(template)
    # `sam deploy` puts the place of the uploaded archive here.
    packaged["Globals"]["Function"]["CodeUri"] = "s3://bucket/archive"
    return transform(packaged, {}, _NoManagedPolicies())


class _NoManagedPolicies:
    """The translator looks up the ARNs of AWS's managed policies, of which the template uses none."""

    @staticmethod
    def load() -> dict:
        return {}
