"""The names of a release's files, and of the functions that it holds."""

from hooklane_local.template import source
from hooklane_local.template.view import FUNCTION

ARCHITECTURES = ("x86_64", "arm64")

TEMPLATE = "template.json"
VERSION = "VERSION"
CHECKSUMS = "SHA256SUMS"
SBOM = "sbom.cdx.json"
INSTALLER = "install.sh"
DOCUMENTATION = "documentation.zip"


def archive(program: str, architecture: str) -> str:
    return f"{program}-{architecture}.zip"


def programs_of(translated: dict) -> dict[str, str]:
    """The program of each function, by the function's logical id."""
    return {
        name: one["Metadata"]["BuildProperties"]["Binary"]
        for name, one in translated["Resources"].items()
        if one["Type"] == FUNCTION
    }


def programs(template: dict) -> list[str]:
    """The programs that the template names."""
    return sorted(programs_of(source.translate(template)).values())
