"""boto3 clients for the emulator. Import it only where the emulator's virtual environment runs."""

import boto3
from botocore.config import Config

from hooklane_local.profile import REGION


def client(service: str, endpoint: str):
    """A client that ignores the user's own AWS settings."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 3}, connect_timeout=5, read_timeout=60, proxies={}),
    )
