"""A small demonstration dossier taken apart, to be spoiled and put together again."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from functools import cache

from scoring.archive import zip_bytes
from scoring.demo import demonstration
from scoring.dossier import DossierContent, DossierParts, write_dossier
from scoring.manifest import MANIFEST_FILE

Members = dict[str, bytes]


@cache
def content() -> DossierContent:
    """Return the content of a county of 12 schools and 600 responses."""
    return demonstration(7, 12, 600)


@cache
def parts() -> DossierParts:
    """Return both parts of that county's dossier."""
    return write_dossier(content())


@cache
def parquet_parts() -> DossierParts:
    """Return both parts with the responses as a Parquet file."""
    return write_dossier(content(), parquet_from=0)


def unpacked(data: bytes) -> Members:
    """Return the members of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def auditor(*, with_parquet: bool = False) -> Members:
    """Return the members of the auditor part."""
    return unpacked((parquet_parts() if with_parquet else parts()).auditor)


def public() -> Members:
    """Return the members of the public part."""
    return unpacked(parts().public)


def resealed(members: Mapping[str, bytes]) -> Members:
    """Return the members with a manifest whose hashes are theirs: what a forger would do."""
    manifest = json.loads(members[MANIFEST_FILE])
    for name, data in members.items():
        if name in manifest["files"]:
            manifest["files"][name]["sha256"] = hashlib.sha256(data).hexdigest()
    return {**members, MANIFEST_FILE: json.dumps(manifest).encode()}


def packed(members: Mapping[str, bytes]) -> bytes:
    """Return members as a zip."""
    return zip_bytes(members)


def edited(members: Members, file: str, old: str, new: str) -> Members:
    """Return the members with some text of one file replaced once; the text must be there."""
    text = members[file].decode()
    assert old in text, f"{old!r} is not in {file}"
    return {**members, file: text.replace(old, new, 1).encode()}


def with_line(members: Members, file: str, number: int, line: str) -> Members:
    """Return the members with one line of a file (header = 1) replaced."""
    lines = members[file].decode().split("\n")
    lines[number - 1] = line
    return {**members, file: "\n".join(lines).encode()}


def line(members: Members, file: str, number: int) -> list[str]:
    """Return the cells of one line of a file that quotes nothing."""
    return members[file].decode().split("\n")[number - 1].split(",")
