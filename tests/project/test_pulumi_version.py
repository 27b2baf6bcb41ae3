"""The Pulumi CLI that pipeline and workflows install is of the SDK's version, and is what its release says it is."""

import hashlib
import os
import platform
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.paths import PROJECT

SCRIPT = PROJECT / "bootstrap" / "install-pulumi"
MACHINE = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
CURL = """#!/bin/bash
# Serves the files of RELEASE, for a call that ends with their address.
cp "$RELEASE/$(basename "${@: -1}")" .
"""


def found(pattern: str, *files: str) -> Iterator[tuple[str, str]]:
    """Every file with the versions that a pattern finds in it; "" where there is none."""
    for file in files:
        versions = re.findall(pattern, (PROJECT / file).read_text("utf-8"), re.MULTILINE)
        yield from ((file, version) for version in versions or [""])


def pinned() -> str:
    [(_, version)] = found(r"^pulumi==(\S+)$", "requirements.in")
    return version


def test_cli_and_sdk_have_one_version_everywhere() -> None:
    places = [
        *found(r"^pulumi==(\S+)$", "requirements.in", "requirements.txt", "requirements-dev.txt"),
        *found(r"^version=(\S+)$", "bootstrap/install-pulumi"),
        *found(r"pulumi-version: (\S+)$", *(f".github/workflows/{name}.yml" for name in ("check", "drift", "preview"))),
    ]
    assert {file: version for file, version in places if version != pinned()} == {}


def test_no_other_file_installs_a_pulumi_of_its_own() -> None:
    folders = [PROJECT / ".github", PROJECT / "bootstrap", PROJECT / "buildspec.yml", PROJECT / "Makefile"]
    files = [path for folder in folders for path in ([folder] if folder.is_file() else sorted(folder.rglob("*")))]
    texts = {path: path.read_text("utf-8") for path in files if path.is_file() and "__pycache__" not in path.parts}
    others = re.compile(r"get\.pulumi\.com|releases/download/v3|pip install pulumi")
    assert [path.name for path, text in texts.items() if others.search(text)] == []


@pytest.mark.parametrize("file", ["Pulumi.yaml", "bootstrap/Pulumi.yaml"])
def test_the_engine_may_be_the_pinned_one_and_is_never_asked_to_be_newer(file: str) -> None:
    required = yaml.safe_load((PROJECT / file).read_text("utf-8"))["requiredPulumiVersion"]
    [least] = re.fullmatch(r">=(\d+\.\d+\.\d+)", required).groups()  # type: ignore[union-attr]
    assert tuple(map(int, least.split("."))) <= tuple(map(int, pinned().split(".")))


def installed(folder: Path, *, checksum: str | None = None, there: str | None = None) -> tuple[int, str, str]:
    """What the script does on a machine whose network serves one release: exit code, output, installed version."""
    tools, release, home = folder / "tools", folder / "release", folder / "home"
    for made in (tools, release, home):
        made.mkdir()
    cli = folder / "pulumi"
    cli.write_text(f"#!/bin/sh\necho v{there or pinned()}\n")
    cli.chmod(0o755)
    (tools / "curl").write_text(CURL)
    (tools / "curl").chmod(0o755)
    if there:
        (tools / "pulumi").symlink_to(cli)
    archive = release / f"pulumi-v{pinned()}-linux-{MACHINE}.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(cli, "pulumi/pulumi")
    right = hashlib.sha256(archive.read_bytes()).hexdigest()
    listed = f"{'0' * 64}  pulumi-v{pinned()}-darwin-x64.tar.gz\n{checksum or right}  {archive.name}\n"
    (release / f"pulumi-{pinned()}-checksums.txt").write_text(listed if checksum != "" else "")
    ended = subprocess.run(
        [SCRIPT],
        env={"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(home), "RELEASE": str(release), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    binary = home / ".pulumi" / "bin" / "pulumi"
    version = subprocess.run([binary], capture_output=True, text=True, check=True).stdout if binary.exists() else ""
    return ended.returncode, ended.stdout + ended.stderr, version.strip()


def test_the_pinned_version_is_installed(tmp_path: Path) -> None:
    assert installed(tmp_path) == (0, f"pulumi {pinned()} is installed\n", f"v{pinned()}")
    assert not [path for path in os.listdir(tmp_path) if path.startswith("tmp.")], "what was loaded is removed"


@pytest.mark.parametrize("checksum", ["f" * 64, ""])
def test_an_archive_that_is_not_the_release_s_is_not_installed(checksum: str, tmp_path: Path) -> None:
    code, _, version = installed(tmp_path, checksum=checksum)
    assert code != 0
    assert version == ""


def test_a_cli_of_another_version_that_is_there_is_named(tmp_path: Path) -> None:
    code, said, version = installed(tmp_path, there="3.1.0")
    assert (code, version) == (0, "")
    assert said == f"pulumi v3.1.0 is there already\nthe pinned version is {pinned()}\n"
