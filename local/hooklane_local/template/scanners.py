"""`python -m hooklane_local.template.scanners`: cfn-lint and checkov, and a reason for whatever they find.

cfn-lint also gets its informational rules, for the template and for its translation; checkov gets the translation
with the values of the default stack. A finding without a line in `findings.py` fails, and so does a line without
a finding.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from hooklane_local.paths import BUILD_VENV, SCAN_VENV
from hooklane_local.template.findings import ACCEPTED
from hooklane_local.template.resolve import resolve
from hooklane_local.template.source import TEMPLATE, read, translate

Finding = tuple[str, str, str]


def main() -> int:
    translated = translate(read())
    with tempfile.TemporaryDirectory() as folder:
        plain, valued = Path(folder) / "translation.json", Path(folder) / "values.json"
        plain.write_text(json.dumps(translated))
        resolved = resolve(translated, {})
        valued.write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resolved["Resources"]}))
        found = [*lint(TEMPLATE), *lint(plain), *scan(valued)]
    wrong = differences(set(found))
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    print(f"    {len(set(found))} findings, each with its reason" if not wrong else f"    {len(wrong)} to be explained")
    return 1 if wrong else 0


def differences(found: set[Finding]) -> list[str]:
    """What has no line, and the lines that explain nothing."""
    explained = {(rule, resource) for rule, by_resource in ACCEPTED.items() for resource in by_resource[0]}
    reported = {(rule, resource): text for rule, resource, text in found}
    return [
        *(f"{rule} on {resource} has no line in findings.py: {reported[rule, resource]}" for rule, resource in sorted(set(reported) - explained)),
        *(f"{rule} on {resource} is explained in findings.py and no longer found" for rule, resource in sorted(explained - set(reported))),
    ]


def lint(template: Path) -> list[Finding]:
    command = [BUILD_VENV / "bin" / "cfn-lint", "--include-checks", "I", "--format", "json", "--regions", "us-east-1", "--template", template]
    answer = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    # 0 for nothing; otherwise the sum of 2 for errors, 4 for warnings, 8 for information.
    if answer.returncode not in range(0, 16, 2):
        raise SystemExit(f"cfn-lint ended with {answer.returncode}: {answer.stderr}")
    return [(one["Rule"]["Id"], _place(one["Location"]["Path"]), one["Message"]) for one in json.loads(answer.stdout or "[]")]


def _place(path: list) -> str:
    """`Resources/X` or `Parameters/X`; the rest of a path changes with each edit."""
    return str(path[1]) if len(path) > 1 else "/".join(map(str, path))


def scan(template: Path) -> list[Finding]:
    command = [SCAN_VENV / "bin" / "checkov", "--framework", "cloudformation", "--file", template]
    command += ["--quiet", "--compact", "--skip-download", "--soft-fail", "--output", "json"]
    # No network: it would ask its vendor for severities and guidelines.
    environment = {**os.environ, "LOG_LEVEL": "ERROR", "CHECKOV_RUN_SCA_PACKAGE_SCAN": "false"}
    answer = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, env=environment)
    try:
        reports = json.loads(answer.stdout)
    except ValueError:
        raise SystemExit(f"checkov ended with {answer.returncode}: {answer.stdout}{answer.stderr}") from None
    reports = reports if isinstance(reports, list) else [reports]
    # One that it cannot read has no findings either.
    if not reports or any(one["summary"]["parsing_errors"] or not one["summary"]["passed"] for one in reports):
        raise SystemExit(f"checkov could not read the translation: {answer.stdout[:500]}")
    return [
        (one["check_id"], one["resource"].rsplit(".", 1)[1], one["check_name"])
        for report in reports
        for one in report["results"]["failed_checks"]
    ]


if __name__ == "__main__":
    sys.exit(main())
