"""The manifest of a dossier: what it is about, and the hash of every file, withheld ones included."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scoring.errors import Defect, DossierError
from scoring.questionnaire import GROUPS
from scoring.toml_table import Table

MANIFEST_FILE = "manifest.json"
FORMAT = "county-dossier/1"

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COUNTY_CODE = re.compile(r"[0-9A-Za-z-]{1,20}")
_MOST_PEOPLE = 10**10
_LONGEST_NAME = 64


class Purpose(StrEnum):
    """What the verdict is made for; recognition (认定) itself belongs to the state."""

    SELF_EVALUATION = "self_evaluation"
    REVIEW = "review"
    PROVINCIAL_EVALUATION = "provincial_evaluation"
    REHEARSAL = "rehearsal"

    @property
    def zh(self) -> str:
        """Return the Chinese name."""
        names = {"self_evaluation": "县级自评", "review": "市级复核", "provincial_evaluation": "省级评估"}
        return names.get(self.value, "演练")


class Part(StrEnum):
    """Who gets a file: everybody, or only the named auditors."""

    BOTH = "both"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of the dossier as the manifest names it."""

    sha256: str
    part: Part


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a dossier says of itself.

    ``residents`` and the ``populations`` (persons by group code) are ``None`` where not known; ``files`` has
    every file, those of the auditor part also where they are withheld, so that both parts share one hash.
    """

    format: str
    county_code: str
    county_name: str
    year: int
    purpose: Purpose
    demo: bool
    rule_set_id: str
    questionnaires: tuple[str, ...]
    residents: int | None
    populations: Mapping[str, int | None]
    sampled_in_monitoring: bool
    files: Mapping[str, FileEntry]


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the file ``manifest.json``; reading it back gives the same manifest."""
    content = {
        "format": manifest.format,
        "county": {"code": manifest.county_code, "name": manifest.county_name},
        "year": manifest.year,
        "purpose": manifest.purpose.value,
        "demo": manifest.demo,
        "rule_set": manifest.rule_set_id,
        "questionnaires": list(manifest.questionnaires),
        "residents": manifest.residents,
        "populations": {g.value: manifest.populations.get(g) for g in GROUPS},
        "sampled_in_monitoring": manifest.sampled_in_monitoring,
        "files": {n: {"sha256": e.sha256, "part": e.part.value} for n, e in manifest.files.items()},
    }
    return (json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def parse_manifest(data: bytes, parts: Mapping[str, Part], either: tuple[str, ...] = ()) -> Manifest:
    """Read a manifest.

    Parameters
    ----------
    data : bytes
        UTF-8 JSON.
    parts : mapping of file name to Part
        The files a dossier has besides the manifest, and the part each belongs to.
    either : tuple of file names
        Files of which a dossier has exactly one.

    Returns
    -------
    Manifest

    Raises
    ------
    DossierError
        With one defect for each thing wrong, unknown or missing.
    """
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        zh = f"{MANIFEST_FILE}:不是可读的 JSON({error})。"
        defect = Defect(MANIFEST_FILE, None, None, zh, f"{MANIFEST_FILE}: not JSON ({error}).")
        raise DossierError((defect,)) from error
    if not isinstance(content, dict):
        zh, en = f"{MANIFEST_FILE}:应为 JSON 对象。", f"{MANIFEST_FILE}: a JSON object is expected."
        raise DossierError((Defect(MANIFEST_FILE, None, None, zh, en),))
    top = Table(content, "", MANIFEST_FILE, [])
    manifest = _manifest(top, parts, either)
    top.finish()
    if top.defects:
        raise DossierError(tuple(top.defects))
    return manifest


def _manifest(top: Table, parts: Mapping[str, Part], either: tuple[str, ...]) -> Manifest:
    file_format = top.text("format")
    if file_format not in (FORMAT, ""):
        top.note("format", f"应为 {FORMAT}", f"must be {FORMAT}")
    county = top.table("county")
    code = county.text("code")
    if code and not _COUNTY_CODE.fullmatch(code):
        county.note("code", "应为字母、数字或连字符", "only letters, digits and hyphens")
    name = county.text("name")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        county.note("name", "过长或含控制字符", "too long or with control characters")
    manifest = Manifest(
        format=file_format,
        county_code=code,
        county_name=name,
        year=top.integer("year", 2000, 2100),
        purpose=top.choice("purpose", Purpose),
        demo=top.flag("demo"),
        rule_set_id=top.text("rule_set"),
        questionnaires=top.texts("questionnaires"),
        residents=top.integer_or_null("residents", 1, _MOST_PEOPLE),
        populations=_populations(top.table("populations")),
        sampled_in_monitoring=top.flag("sampled_in_monitoring"),
        files=_files(top.table("files"), parts, either),
    )
    county.finish()
    return manifest


def _populations(table: Table) -> Mapping[str, int | None]:
    populations = {g.value: table.integer_or_null(g.value, 0, _MOST_PEOPLE) for g in GROUPS}
    table.finish()
    return populations


def _files(table: Table, parts: Mapping[str, Part], either: tuple[str, ...]) -> Mapping[str, FileEntry]:
    files = {}
    chosen = [name for name in either if table.has(name)]
    if len(chosen) > 1:
        table.note(chosen[-1], f"与 {chosen[0]} 只能有其一", f"only one of this and {chosen[0]}")
    others = set(either) - set(chosen or either[:1])
    for name, part in parts.items():
        if name in others:
            continue
        entry = table.table(name)
        if not entry.keys():
            continue
        sha256 = entry.text("sha256")
        if sha256 and not _SHA256.fullmatch(sha256):
            entry.note("sha256", "应为64位小写十六进制数", "64 lower-case hexadecimal digits are expected")
        if entry.choice("part", Part) is not part:
            entry.note("part", f"应为 {part.value}", f"must be {part.value}")
        files[name] = FileEntry(sha256, part)
        entry.finish()
    table.finish()
    return files
