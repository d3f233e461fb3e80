"""A release is the same whenever it is made from the same programs, and holds everything that its template names."""

import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import zipfile
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hooklane_local.paths import ROOT
from hooklane_local.progress import Failure
from hooklane_local.release import names
from hooklane_local.release.crates import checksums, crates_of
from hooklane_local.release.making import make_release, ready_folders
from hooklane_local.release.packaged import packaged
from hooklane_local.release.version import Release, release_of, workspace_version
from hooklane_local.template import source
from hooklane_local.template.resolve import Unresolvable, resolve

MACHINES = {"x86_64": 0x3E, "arm64": 0xB7}
SAMPLE = Release("1.2.3", datetime(2026, 11, 28, 4, 30, tzinfo=timezone.utc))
TEMPLATE = source.read()
PROGRAMS = names.programs(TEMPLATE)
BOTH = list(names.ARCHITECTURES)


def compiled(folder: Path, architecture: str, programs: list[str]) -> Path:
    """A folder of programs as the compiler leaves it, each with another content."""
    for program in programs:
        (folder / program).mkdir(parents=True)
        header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, MACHINES[architecture])
        (folder / program / "bootstrap").write_bytes(header + f"{program} for {architecture} ".encode() * 200)
    return folder


def dependency(name: str, kind: str | None = None) -> dict:
    return {"name": name, "pkg": f"id-of-{name}", "dep_kinds": [{"kind": kind, "target": None}]}


def package(name: str, *, licence="MIT", source="registry+https://registry.example/index", kind="lib"):
    return {"id": f"id-of-{name}", "name": name, "version": "1.0.0", "license": licence, "source": source,
            "targets": [{"kind": [kind]}, {"kind": ["custom-build"]}]}


def cargo_metadata(_architecture: str = "x86_64") -> dict:
    """What `cargo metadata` says of a workspace in which `leaf` is linked by way of `tree`."""
    leaves = [dependency("tree"), dependency("derive"), dependency("tester", "dev"), dependency("cc", "build")]
    graph = {"tree": [dependency("leaf"), dependency("both", "build") | {
        "dep_kinds": [{"kind": "build", "target": None}, {"kind": None, "target": "cfg(unix)"}]}],
        "derive": [dependency("syn")], "leaf": [], "both": [], "tester": [], "cc": [], "syn": []}
    own = [package(program, licence="Apache-2.0", source=None, kind="bin") for program in PROGRAMS]
    others = [package("tree"), package("leaf", licence="MIT/Apache-2.0"), package("both", licence=None),
              package("derive", kind="proc-macro"), package("syn"), package("tester"), package("cc")]
    nodes = [{"id": one["id"], "deps": leaves} for one in own]
    nodes += [{"id": f"id-of-{name}", "deps": deps} for name, deps in graph.items()]
    return {"packages": own + others, "workspace_members": [one["id"] for one in own], "resolve": {"nodes": nodes}}


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> dict[str, Path]:
    """Programs for both architectures."""
    return {one: compiled(tmp_path_factory.mktemp(one), one, PROGRAMS) for one in BOTH}


@pytest.fixture
def make(tmp_path, both):
    """`make(architectures, ready)`: a release, with both architectures compiled unless told otherwise."""

    def made(architectures=(), ready=None, into="dist", **options) -> Path:
        return make_release(
            list(architectures),
            ready or {},
            into=tmp_path / into,
            **{
                "compiler": lambda one, _: both[one],
                "metadata_of": cargo_metadata,
                "release": SAMPLE,
                "template": TEMPLATE,
                **options,
            },
        )

    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory, both) -> Path:
    """A release that tests only read."""
    into = tmp_path_factory.mktemp("dist")
    return make_release([], both, into=into, metadata_of=cargo_metadata, release=SAMPLE, template=TEMPLATE)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_documentation_is_in_it_with_the_folders_by_which_its_pages_link(folder):
    with zipfile.ZipFile(folder / names.DOCUMENTATION) as opened:
        inside = set(opened.namelist())
        assert opened.read("docs/deploying.md") == (ROOT / "docs" / "deploying.md").read_bytes()
    assert {"README.md", "CHANGELOG.md", "docs/parameters.md", "docs/runbooks/README.md", "docs/openapi.json"} <= inside
    named = re.findall(r"`(docs/[a-z-]+\.md)`", (folder / "README.md").read_text())
    assert named and set(named) <= inside


# Archives


def test_two_releases_of_the_same_programs_are_byte_identical(make, both):
    first = contents(make(into="first"))
    before = os.umask(0o077)
    try:
        for program in PROGRAMS:
            os.utime(both["x86_64"] / program / "bootstrap", (1, 1))
        second = contents(make(into="second"))
    finally:
        os.umask(before)

    assert first == second
    assert len(first) == 2 * len(PROGRAMS) + 9


def test_an_archive_has_one_program_that_everybody_may_run(folder, both):
    for architecture in BOTH:
        for program in PROGRAMS:
            with zipfile.ZipFile(folder / names.archive(program, architecture)) as opened:
                (entry,) = opened.infolist()
                assert opened.read(entry) == (both[architecture] / program / "bootstrap").read_bytes()
            assert (entry.filename, entry.external_attr >> 16, entry.create_system) == ("bootstrap", 0o100755, 3)
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)


# The template


def archives_of(template: dict, given: dict[str, str]) -> set[str]:
    """The keys of the archives that a stack with these parameters takes."""
    stack = resolve(template, {"ArtifactBucket": "a-bucket", **given})
    codes = [one["Properties"]["Code"] for one in stack["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    assert {code["S3Bucket"] for code in codes} == {"a-bucket"}
    return {code["S3Key"] for code in codes}


def test_the_template_names_every_archive_of_the_release_and_no_other(folder):
    template = json.loads((folder / names.TEMPLATE).read_text())
    named = {key for one in BOTH for key in archives_of(template, {"Architecture": one})}
    assert named == {f"hooklane/1.2.3/{path.name}" for path in folder.glob("hooklane-*.zip")}
    assert {key.split("/")[0] for key in archives_of(template, {"ArtifactPrefix": "elsewhere"})} == {"elsewhere"}


def test_every_function_gets_the_archive_of_its_own_program():
    made = packaged(TEMPLATE, "1.2.3", BOTH)
    for name, program in names.programs_of(source.translate(TEMPLATE)).items():
        key = made["Resources"][name]["Properties"]["Code"]["S3Key"]["Fn::Sub"]
        assert key == f"${{ArtifactPrefix}}/{program}-${{Architecture}}.zip"
        assert program.removeprefix("hooklane-").capitalize() + "Function" == name


@pytest.mark.parametrize(("held", "lacking"), [("x86_64", "arm64"), ("arm64", "x86_64")])
def test_a_release_of_one_architecture_offers_that_one_alone(make, both, held, lacking):
    folder = make(compiler=lambda one, _: both[one] if one == held else None)
    template = json.loads((folder / names.TEMPLATE).read_text())
    assert template["Parameters"]["Architecture"]["AllowedValues"] == [held]
    assert archives_of(template, {}) == {f"hooklane/1.2.3/{path.name}" for path in folder.glob("hooklane-*.zip")}
    with pytest.raises(Unresolvable):
        archives_of(template, {"Architecture": lacking})


def test_the_template_is_plain_cloudformation_with_the_resources_of_the_source(folder):
    text = (folder / names.TEMPLATE).read_text()
    template, translated = json.loads(text), source.translate(TEMPLATE)
    # A template in a bucket may have 1 MB (CloudFormation User Guide, "Understand CloudFormation quotas").
    assert len(text) < 1_000_000
    assert "Transform" not in template and "AWS::Serverless" not in text
    # Other names would be other resources: an upgrade of a stack that SAM deployed would replace them.
    assert template["Resources"].keys() == translated["Resources"].keys()
    differing = {name for name, one in template["Resources"].items() if one != translated["Resources"][name]}
    assert differing == set(names.programs_of(translated))
    assert template["Outputs"] == translated["Outputs"]
    added = {"ArtifactBucket", "ArtifactPrefix"}
    assert template["Parameters"].keys() - translated["Parameters"].keys() == added
    grouped = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert {name for group in grouped for name in group["Parameters"]} >= added


def test_the_translation_has_the_partition_of_no_machine_in_it():
    written = set(re.findall(r"arn:aws[a-z-]*:[\w:/.*-]+", json.dumps(TEMPLATE)))
    assert set(re.findall(r"arn:aws[a-z-]*:[\w:/.*-]+", json.dumps(source.translate(TEMPLATE)))) <= written


# What is built


def test_an_architecture_that_cannot_be_had_is_left_out_unless_it_is_asked_for(make, both, tmp_path):
    without_arm = {"compiler": lambda one, _: both[one] if one == "x86_64" else None}
    assert len(list(make(**without_arm).glob("hooklane-*.zip"))) == len(PROGRAMS)
    with pytest.raises(Failure, match="must hold arm64, which cannot be built here"):
        make(["arm64", "x86_64"], into="asked", **without_arm)
    with pytest.raises(Failure, match="no architecture"):
        make(into="none", compiler=lambda one, _: None)
    assert not (tmp_path / "asked").exists() and not (tmp_path / "none").exists()


def test_programs_that_are_ready_are_not_compiled(make, both):
    def never(*_):
        raise AssertionError("compiled")

    assert len(list(make(ready=both, compiler=never).glob("hooklane-*.zip"))) == 2 * len(PROGRAMS)
    assert len(list(make(ready={"arm64": both["arm64"]}, compiler=never, into="one").glob("hooklane-*.zip"))) == len(PROGRAMS)


def test_programs_of_another_architecture_or_a_missing_one_are_refused(make, both, tmp_path):
    with pytest.raises(Failure, match="is built for arm64, not for x86_64"):
        make(ready={"x86_64": both["arm64"]})
    with pytest.raises(Failure, match="has no hooklane-"):
        make(ready={"x86_64": compiled(tmp_path / "few", "x86_64", PROGRAMS[1:])})


def test_a_release_that_was_not_finished_has_no_folder(make):
    def broken(_architecture):
        raise Failure("no network")

    with pytest.raises(Failure, match="no network"):
        make(metadata_of=broken)
    folder = make()
    assert [path.name for path in folder.parent.iterdir()] == ["hooklane-1.2.3"]


def test_binaries_are_named_with_their_architecture(tmp_path):
    assert ready_folders([f"arm64={tmp_path}"]) == {"arm64": tmp_path}
    for wrong in ("arm64", "sparc=folder"):
        with pytest.raises(Failure, match="ARCHITECTURE=FOLDER"):
            ready_folders([wrong])


# Other tools that deploy it

# Where each one puts the region, the suffix, the bucket and the version.
EXAMPLES = {
    "nested-stack.yaml": ("${AWS::Region}", "${AWS::URLSuffix}", "${Bucket}", "hooklane/${Release}"),
    "terraform/main.tf": ("${var.region}", "amazonaws.com", "${var.bucket}", "hooklane/${var.release}"),
    "cdk/app.js": ("${this.region}", "${this.urlSuffix}", "${bucket}", "${prefix}"),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_deploys_what_the_installer_uploads(name, folder):
    text = (ROOT / "docs" / "examples" / name).read_text()
    region, suffix, bucket, prefix = EXAMPLES[name]
    assert f"https://s3.{region}.{suffix}/{bucket}/{prefix}/{names.TEMPLATE}" in text
    template = json.loads((folder / names.TEMPLATE).read_text())
    assert set(re.findall(r"Artifact\w+", text)) == {"ArtifactBucket", "ArtifactPrefix"} <= template["Parameters"].keys()
    outputs = set(re.findall(r"\b(ApiUrl|\w+Arn)\b", text))
    assert outputs == {"ApiUrl", "EventQueueArn"} <= template["Outputs"].keys()


def test_the_example_in_javascript_is_well_formed():
    if shutil.which("node") is None:
        pytest.skip("needs Node.js 18 or newer (found: none)")
    command = ["node", "--check", ROOT / "docs" / "examples" / "cdk" / "app.js"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


# Checksums


def test_the_checksums_are_of_every_file_and_right(folder):
    lines = (folder / names.CHECKSUMS).read_text().splitlines()
    said = {line[66:]: line[:64] for line in lines}
    assert all(line[64:66] == "  " for line in lines) and list(said) == sorted(said)
    assert said == {
        name: hashlib.sha256(content).hexdigest() for name, content in contents(folder).items() if name != names.CHECKSUMS
    }
    assert (folder / names.VERSION).read_text() == "1.2.3\n"
    assert os.access(folder / names.INSTALLER, os.X_OK)


# The bill of materials


def mistakes_of_bill(bill: dict) -> list[str]:
    """What keeps a bill from being CycloneDX 1.5, of what the standard requires, in words."""
    mistakes = []
    if (bill.get("bomFormat"), bill.get("specVersion")) != ("CycloneDX", "1.5"):
        mistakes.append("it does not say that it is CycloneDX 1.5")
    if not re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill.get("serialNumber", "")):
        mistakes.append("the serial number is no UUID")
    if not isinstance(bill.get("version"), int) or bill["version"] < 1:
        mistakes.append("the version is no number")
    if not re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z", bill["metadata"].get("timestamp", "")):
        mistakes.append("the timestamp is none")
    everything = [bill["metadata"]["component"], *bill["components"]]
    for one in everything:
        if one.get("type") not in ("application", "library") or not one.get("name"):
            mistakes.append(f"{one} has no type or no name")
        for known in one.get("hashes", []):
            if known["alg"] != "SHA-256" or not re.fullmatch(r"[0-9a-f]{64}", known["content"]):
                mistakes.append(f"{one['name']} has a hash that is none")
        for licence in one.get("licenses", []):
            if not ("expression" in licence or "id" in licence.get("license", {})):
                mistakes.append(f"{one['name']} has a licence that is none")
    references = [one["bom-ref"] for one in everything]
    mistakes += [f"{one} is there twice" for one in sorted({one for one in references if references.count(one) > 1})]
    for one in bill["dependencies"]:
        mistakes += [f"{name} is not there" for name in [one["ref"], *one["dependsOn"]] if name not in references]
    return mistakes


def bill_of(folder: Path) -> dict:
    return json.loads((folder / names.SBOM).read_text())


def test_the_bill_has_what_the_standard_requires(folder):
    assert mistakes_of_bill(bill_of(folder)) == []


@pytest.mark.parametrize(
    ("break_it", "found"),
    [
        (lambda bill: bill.update(specVersion="1.4"), "it does not say that it is CycloneDX 1.5"),
        (lambda bill: bill.update(serialNumber="1"), "the serial number is no UUID"),
        (lambda bill: bill.update(version="1"), "the version is no number"),
        (lambda bill: bill["metadata"].update(timestamp="now"), "the timestamp is none"),
        (lambda bill: bill["components"][0].pop("type"), "has no type or no name"),
        (lambda bill: bill["components"][0]["hashes"][0].update(content="0a"), "has a hash that is none"),
        (lambda bill: bill["components"].append(bill["components"][0]), "is there twice"),
        (lambda bill: bill["dependencies"][0]["dependsOn"].append("another"), "another is not there"),
    ],
)
def test_a_mistake_in_a_bill_is_found(folder, break_it, found):
    bill = bill_of(folder)
    break_it(bill)
    assert any(found in mistake for mistake in mistakes_of_bill(bill))


def test_the_bill_names_whose_code_is_in_each_archive_and_no_build_script(folder):
    bill = bill_of(folder)
    inside = {one["ref"]: set(one["dependsOn"]) for one in bill["dependencies"]}
    archives = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("hooklane-*.zip")}
    rust = (ROOT / "rust-toolchain.toml").read_text().split('channel = "')[1].split('"')[0]
    assert inside.pop("hooklane@1.2.3") == set(archives)
    assert inside == {
        names.archive(program, architecture): {
            f"std@{rust}",
            *(f"pkg:cargo/{name}@1.0.0" for name in (program, "tree", "leaf", "both", "derive", "syn")),
        }
        for program in PROGRAMS
        for architecture in BOTH
    }
    components = {one["bom-ref"]: one for one in bill["components"]}
    assert {name: components[name]["hashes"][0]["content"] for name in archives} == archives
    assert components["pkg:cargo/leaf@1.0.0"]["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert "licenses" not in components["pkg:cargo/both@1.0.0"]
    assert "purl" not in components[f"pkg:cargo/{PROGRAMS[0]}@1.0.0"]
    assert components["pkg:cargo/tree@1.0.0"]["purl"] == "pkg:cargo/tree@1.0.0"


def test_a_package_that_cargo_does_not_know_is_said():
    with pytest.raises(Failure, match="no package hooklane-other"):
        crates_of("hooklane-other", cargo_metadata())


def test_the_lock_file_has_the_hash_of_every_crate_of_the_registry():
    known = checksums(ROOT / "Cargo.lock")
    text = (ROOT / "Cargo.lock").read_text()
    assert len(known) == text.count("\nchecksum = ") > 100
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in known.values())
    assert not any(name.startswith("hooklane-") for name, _ in known)


# Versions


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "Cargo.toml").write_text('[package]\nversion = "9.9.9"\n\n[workspace.package]\nversion = "0.2.0"\n\n[x]\n')

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        made = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
        return made.stdout.strip()

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "first", "--date", "2026-11-28T05:00:00Z")
    return folder, git


def test_a_tagged_commit_is_its_version_and_any_other_names_itself(checkout):
    folder, git = checkout
    commit = git("rev-parse", "--short=8", "HEAD")
    assert release_of(folder).version == f"0.2.0-dev.{commit}"
    git("tag", "v0.1.0")
    assert release_of(folder).version == f"0.2.0-dev.{commit}"
    git("tag", "v0.2.0")
    made = release_of(folder)
    assert made.version == "0.2.0"
    assert made.committed.timestamp() == int(git("log", "-1", "--format=%ct"))
    (folder / "Cargo.toml").write_text((folder / "Cargo.toml").read_text() + "# changed\n")
    assert release_of(folder).version == f"0.2.0-dev.{commit}.dirty"


def test_without_a_version_or_a_commit_there_is_no_release(tmp_path):
    for manifest in ('[package]\nversion = "1.0.0"\n', '[workspace.package]\nversion = "1.0.0+x"\n'):
        with pytest.raises(Failure, match="no version"):
            workspace_version(manifest)
    (tmp_path / "Cargo.toml").write_text('[workspace.package]\nversion = "1.0.0"\n')
    with pytest.raises(Failure, match="git checkout"):
        release_of(tmp_path)
