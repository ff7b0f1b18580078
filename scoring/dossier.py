"""The dossier: the one thing that crosses between the web and the scoring, written and read here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scoring.archive import MemberRule, zip_bytes
from scoring.counts import COUNTS_FILE, Counts, publish
from scoring.counts_file import counts_bytes
from scoring.criteria_file import CRITERIA_COLUMNS, CRITERIA_FILE, CriterionRow, parse_criteria
from scoring.csv_table import cells_bytes
from scoring.errors import Defect, DossierError
from scoring.manifest import FORMAT, MANIFEST_FILE, FileEntry, Manifest, Part, Purpose, manifest_bytes, parse_manifest
from scoring.questionnaire import QuestionnaireSet
from scoring.questionnaire_file import QUESTIONNAIRES_FILE, questionnaires_bytes
from scoring.responses import ResponseTable, coarsen_clusters
from scoring.responses_file import RESPONSES_FILE, RESPONSES_PARQUET, responses_bytes
from scoring.ruleset import RuleSet, parse_rule_set
from scoring.school_columns import SCHOOL_COLUMN_NAMES, SCHOOLS_FILE, SchoolRow
from scoring.school_file import parse_school_rows
from scoring.tally import tally
from scoring.vetoes import VETO_COLUMNS, VETOES_FILE, VetoRow, parse_vetoes

__all__ = [
    "Dossier",
    "DossierContent",
    "DossierParts",
    "FileEntry",
    "Manifest",
    "Part",
    "Purpose",
    "read_dossier",
    "write_dossier",
]

RULE_SET_FILE = "rule_set.toml"
Cells = Mapping[str, str | None]

_MEGABYTE = 1 << 20
MEMBERS = (
    MemberRule(MANIFEST_FILE, _MEGABYTE, required=True),
    MemberRule(RULE_SET_FILE, _MEGABYTE, required=True),
    MemberRule(QUESTIONNAIRES_FILE, 4 * _MEGABYTE, required=True),
    MemberRule(SCHOOLS_FILE, 32 * _MEGABYTE, required=True),
    MemberRule(CRITERIA_FILE, 32 * _MEGABYTE, required=True),
    MemberRule(VETOES_FILE, 32 * _MEGABYTE, required=True),
    MemberRule(COUNTS_FILE, 32 * _MEGABYTE, required=True),
    MemberRule(RESPONSES_FILE, 2048 * _MEGABYTE, required=False),
    MemberRule(RESPONSES_PARQUET, 1024 * _MEGABYTE, required=False),
)
RESPONSES_FILES = (RESPONSES_FILE, RESPONSES_PARQUET)
"""A dossier has one of them."""
PARQUET_FROM = 100_000
PARTS = {
    rule.name: Part.AUDITOR if rule.name in RESPONSES_FILES else Part.BOTH
    for rule in MEMBERS
    if rule.name != MANIFEST_FILE
}


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier that was read and checked; ``responses`` is ``None`` in the public part.

    ``manifest_sha256`` names the dossier: the manifest has the hash of every file, so both parts share it.
    """

    manifest: Manifest
    manifest_sha256: str
    rule_set: RuleSet
    questionnaires: QuestionnaireSet
    schools: tuple[SchoolRow, ...]
    criteria: tuple[CriterionRow, ...]
    vetoes: tuple[VetoRow, ...]
    counts: Counts
    responses: ResponseTable | None


@dataclass(frozen=True, slots=True)
class DossierContent:
    """What a dossier is written from.

    ``rule_set`` is the rule set's file as it is; ``schools``, ``criteria`` and ``vetoes`` are text cells by
    column, in the order of their files; ``responses`` carry the ids drawn at sealing, and clusters that may
    still be as fine as they were collected.
    """

    county_code: str
    county_name: str
    year: int
    purpose: Purpose
    demo: bool
    residents: int | None
    populations: Mapping[str, int | None]
    sampled_in_monitoring: bool
    rule_set: bytes
    questionnaires: QuestionnaireSet
    schools: Sequence[Cells]
    criteria: Sequence[Cells]
    vetoes: Sequence[Cells]
    responses: ResponseTable


@dataclass(frozen=True, slots=True)
class DossierParts:
    """The two zips of one dossier, and the hash they share."""

    public: bytes
    auditor: bytes
    sha256: str


def write_dossier(content: DossierContent, *, parquet_from: int = PARQUET_FROM) -> DossierParts:
    """Write both parts of a dossier; the same content gives the same bytes.

    Clusters are coarsened and small cells merged on the way, so nothing that must not leave is in either part.

    Parameters
    ----------
    content : DossierContent
        Everything the county, its schools and its respondents gave.
    parquet_from : int
        With so many responses or more they are written as ``responses.parquet``, otherwise as ``responses.csv``.

    Returns
    -------
    DossierParts
        The public part has every file but the responses; the auditor part has them too.

    Raises
    ------
    DossierError
        If the school, criteria or veto cells have defects, or what the manifest is to say.
    RuleSetError
        If the rule set has.

    Notes
    -----
    Source: method §7.
    """
    rule_set = parse_rule_set(content.rule_set)
    defects: list[Defect] = []
    defects += parse_school_rows(content.schools, file=SCHOOLS_FILE)[1]
    defects += parse_criteria(content.criteria, rule_set=rule_set)[1]
    defects += parse_vetoes(content.vetoes, rule_set=rule_set)[1]
    if defects:
        raise DossierError(tuple(defects))
    parameters = rule_set.parameters
    counts = publish(tally(content.responses, content.questionnaires), content.questionnaires, parameters)
    responses = coarsen_clusters(content.responses, parameters.smallest_cell)
    files = {
        RULE_SET_FILE: content.rule_set,
        QUESTIONNAIRES_FILE: questionnaires_bytes(content.questionnaires.questionnaires),
        SCHOOLS_FILE: cells_bytes(SCHOOL_COLUMN_NAMES, content.schools),
        CRITERIA_FILE: cells_bytes(CRITERIA_COLUMNS, content.criteria),
        VETOES_FILE: cells_bytes(VETO_COLUMNS, content.vetoes),
        COUNTS_FILE: counts_bytes(counts),
        **_responses_file(responses, content.questionnaires, parquet_from),
    }
    manifest = manifest_bytes(
        Manifest(
            format=FORMAT,
            county_code=content.county_code,
            county_name=content.county_name,
            year=content.year,
            purpose=content.purpose,
            demo=content.demo,
            rule_set_id=rule_set.id,
            questionnaires=content.questionnaires.ids,
            residents=content.residents,
            populations=content.populations,
            sampled_in_monitoring=content.sampled_in_monitoring,
            files={n: FileEntry(hashlib.sha256(d).hexdigest(), PARTS[n]) for n, d in files.items()},
        )
    )
    parse_manifest(manifest, PARTS, RESPONSES_FILES)
    auditor = {MANIFEST_FILE: manifest} | files
    public = {n: d for n, d in auditor.items() if n == MANIFEST_FILE or PARTS[n] is Part.BOTH}
    return DossierParts(zip_bytes(public), zip_bytes(auditor), hashlib.sha256(manifest).hexdigest())


def _responses_file(responses: ResponseTable, questionnaires: QuestionnaireSet, parquet_from: int) -> dict[str, bytes]:
    if responses.n_responses < parquet_from:
        return {RESPONSES_FILE: responses_bytes(responses, questionnaires)}
    # Arrow takes a fifth of a second to import, which small dossiers should not wait for.
    from scoring.responses_parquet import responses_parquet

    return {RESPONSES_PARQUET: responses_parquet(responses, questionnaires)}


def read_dossier(source: Path | bytes) -> Dossier:
    """Read a dossier and check it whole.

    Parameters
    ----------
    source : Path or bytes
        A folder, a zip file, or the bytes of one; the public or the auditor part.

    Returns
    -------
    Dossier
        Every file has the hash of the manifest; where responses are there, the counts are theirs.

    Raises
    ------
    DossierError
        With every defect, each with its file, row and column: missing, foreign, oversized or altered files,
        wrong encodings, unknown columns, values that cannot be, counts that contradict one another or the
        responses, and cells too small to have left.

    Notes
    -----
    Source: method §7.
    """
    from scoring.dossier_reader import checked_dossier

    return checked_dossier(source)
