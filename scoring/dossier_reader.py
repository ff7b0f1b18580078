"""Reading a dossier: every file is read as far as it goes, so that all defects are named at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from scoring.archive import read_members
from scoring.counts import COUNTS_FILE, Counts, publish
from scoring.counts_check import counts_defects
from scoring.counts_file import COUNTS_COLUMNS, count_rows, parse_counts
from scoring.criteria_file import CRITERIA_COLUMNS, CRITERIA_FILE, CriterionRow, parse_criteria
from scoring.csv_table import read_cells
from scoring.dossier import MEMBERS, PARTS, RESPONSES_FILES, RULE_SET_FILE, Dossier
from scoring.errors import Defect, DossierError, RuleSetError
from scoring.manifest import MANIFEST_FILE, Manifest, parse_manifest
from scoring.questionnaire import GROUPS, QuestionnaireSet
from scoring.questionnaire_file import QUESTIONNAIRES_FILE, parse_questionnaires
from scoring.responses import ALWAYS_POOLED, ResponseTable, cell_sizes
from scoring.responses_file import RESPONSES_FILE, RESPONSES_PARQUET, parse_responses
from scoring.ruleset import RuleSet, parse_rule_set
from scoring.school_columns import SCHOOL_COLUMN_NAMES, SCHOOLS_FILE, SchoolRow
from scoring.school_file import parse_school_rows
from scoring.tally import tally
from scoring.vetoes import VETO_COLUMNS, VETOES_FILE, VetoRow, parse_vetoes

_MOST_DIFFERENCES = 20


def checked_dossier(source: Path | bytes) -> Dossier:
    """Return the dossier, or raise with every defect (see ``read_dossier``)."""
    defects: list[Defect] = []
    reading = _Reading(read_members(source, MEMBERS, defects), defects)
    manifest = reading.manifest()
    rule_set = reading.rule_set(manifest)
    questionnaires = reading.questionnaires(manifest)
    schools = reading.schools()
    criteria = reading.criteria(rule_set)
    vetoes = reading.vetoes(rule_set)
    counts = reading.counts(questionnaires)
    responses = reading.responses(questionnaires)
    if rule_set and questionnaires:
        reading.check_counts(counts, responses, questionnaires, rule_set)
    if defects or manifest is None or rule_set is None or questionnaires is None or counts is None:
        raise DossierError(tuple(defects))
    return Dossier(
        manifest=manifest,
        manifest_sha256=reading.sha256(MANIFEST_FILE),
        rule_set=rule_set,
        questionnaires=questionnaires,
        schools=schools,
        criteria=criteria,
        vetoes=vetoes,
        counts=counts,
        responses=responses,
    )


class _Reading:
    """The members of one dossier while they are read; what is wrong gathers in ``defects``."""

    def __init__(self, members: Mapping[str, bytes], defects: list[Defect]) -> None:
        self._members = members
        self._defects = defects
        self._responses_file = next((name for name in RESPONSES_FILES if name in members), None)

    def sha256(self, name: str) -> str:
        """Return the SHA-256 of a member."""
        return hashlib.sha256(self._members[name]).hexdigest()

    def manifest(self) -> Manifest | None:
        """Read the manifest and compare every file with its hash."""
        data = self._members.get(MANIFEST_FILE)
        if data is None:
            return None
        try:
            manifest = parse_manifest(data, PARTS, RESPONSES_FILES)
        except DossierError as error:
            self._defects.extend(error.defects)
            return None
        for name, entry in manifest.files.items():
            if name in self._members and self.sha256(name) != entry.sha256:
                found = self.sha256(name)
                self._note(
                    name,
                    f"内容与清单不符:SHA-256 为 {found},清单为 {entry.sha256}",
                    f"not the file of the manifest: SHA-256 {found}, the manifest has {entry.sha256}",
                )
        for name in sorted(self._members.keys() & PARTS.keys() - manifest.files.keys()):
            self._note(name, "清单中没有此文件", "the manifest does not list this file")
        return manifest

    def rule_set(self, manifest: Manifest | None) -> RuleSet | None:
        """Read the rule set; its id must be the manifest's."""
        data = self._members.get(RULE_SET_FILE)
        if data is None:
            return None
        try:
            rule_set = parse_rule_set(data)
        except RuleSetError as error:
            self._defects.extend(error.defects)
            return None
        if manifest and manifest.rule_set_id != rule_set.id:
            zh = f"规则集应为 {manifest.rule_set_id},实为 {rule_set.id}"
            self._note(RULE_SET_FILE, zh, f"rule set {manifest.rule_set_id} expected, it is {rule_set.id}")
        return rule_set

    def questionnaires(self, manifest: Manifest | None) -> QuestionnaireSet | None:
        """Read the questionnaires; their ids must be the manifest's."""
        data = self._members.get(QUESTIONNAIRES_FILE)
        if data is None:
            return None
        try:
            questionnaires = parse_questionnaires(data)
        except DossierError as error:
            self._defects.extend(error.defects)
            return None
        if manifest and manifest.questionnaires != questionnaires.ids:
            named, found = "、".join(manifest.questionnaires), "、".join(questionnaires.ids)
            zh = f"问卷应为 {named},实为 {found}"
            self._note(QUESTIONNAIRES_FILE, zh, f"questionnaires {named} expected, they are {found}")
        return questionnaires

    def schools(self) -> tuple[SchoolRow, ...]:
        """Read the school file."""
        rows, defects = parse_school_rows(self._cells(SCHOOLS_FILE, SCHOOL_COLUMN_NAMES), file=SCHOOLS_FILE)
        self._defects.extend(defects)
        return rows

    def criteria(self, rule_set: RuleSet | None) -> tuple[CriterionRow, ...]:
        """Read the criteria file, as far as its shape if there is no rule set to tell the codes."""
        cells = self._cells(CRITERIA_FILE, CRITERIA_COLUMNS)
        if rule_set is None:
            return ()
        rows, defects = parse_criteria(cells, rule_set=rule_set)
        self._defects.extend(defects)
        return rows

    def vetoes(self, rule_set: RuleSet | None) -> tuple[VetoRow, ...]:
        """Read the veto file, as far as its shape if there is no rule set to tell the codes."""
        cells = self._cells(VETOES_FILE, VETO_COLUMNS)
        if rule_set is None:
            return ()
        rows, defects = parse_vetoes(cells, rule_set=rule_set)
        self._defects.extend(defects)
        return rows

    def counts(self, questionnaires: QuestionnaireSet | None) -> Counts | None:
        """Read the public counts."""
        before = len(self._defects)
        cells = self._cells(COUNTS_FILE, COUNTS_COLUMNS)
        if questionnaires is None or len(self._defects) > before or COUNTS_FILE not in self._members:
            return None
        counts, defects = parse_counts(cells, questionnaires)
        self._defects.extend(defects)
        return counts

    def responses(self, questionnaires: QuestionnaireSet | None) -> ResponseTable | None:
        """Read the responses, if this is the auditor part."""
        if questionnaires is None or self._responses_file is None:
            return None
        data = self._members[self._responses_file]
        if self._responses_file == RESPONSES_PARQUET:
            # Arrow takes a fifth of a second to import, which other dossiers should not wait for.
            from scoring.responses_parquet_reader import parse_responses_parquet as parse
        else:
            parse = parse_responses
        table, defects = parse(data, questionnaires)
        self._defects.extend(defects)
        return table

    def check_counts(
        self,
        counts: Counts | None,
        responses: ResponseTable | None,
        questionnaires: QuestionnaireSet,
        rule_set: RuleSet,
    ) -> None:
        """Compare the counts with one another and, in the auditor part, with the responses."""
        if counts:
            self._defects.extend(counts_defects(counts, questionnaires, rule_set.parameters))
        if responses:
            self._check_cells(responses, rule_set.parameters.smallest_cell)
        if counts and responses:
            expected = publish(tally(responses, questionnaires), questionnaires, rule_set.parameters)
            if counts != expected:
                self._compare(counts, expected)

    def _check_cells(self, responses: ResponseTable, smallest: int) -> None:
        sizes, file = cell_sizes(responses), self._responses_file or RESPONSES_FILE
        for g, group in enumerate(GROUPS):
            for c, name in enumerate(responses.cluster_names):
                n = int(sizes[g, c])
                if name and n and group in ALWAYS_POOLED:
                    zh, en = f"{group.zh}不得标明单位“{name}”", f"{group.en} must not carry the cluster {name}"
                    self._note(file, zh, en, "cluster")
                elif name and 0 < n < smallest:
                    zh = f"{group.zh}在“{name}”仅{n}份,少于{smallest}份,应合并"
                    self._note(file, zh, f"{group.en} in {name}: {n}, fewer than {smallest}", "cluster")

    def _compare(self, counts: Counts, expected: Counts) -> None:
        found, right = dict(count_rows(counts)), dict(count_rows(expected))
        different = [key for key in {**right, **found} if found.get(key) != right.get(key)]
        for key in different[:_MOST_DIFFERENCES]:
            text = ",".join(part for part in key if part)
            zh = f"{text} 为{found.get(key, '空')},由问卷计得{right.get(key, '空')}"
            en = f"{text} is {found.get(key, 'absent')}, the responses give {right.get(key, 'none')}"
            self._note(COUNTS_FILE, zh, en, "count")
        if len(different) > _MOST_DIFFERENCES:
            more = len(different) - _MOST_DIFFERENCES
            self._note(COUNTS_FILE, f"另有{more}处与问卷不符", f"{more} more differences", "count")

    def _cells(self, name: str, columns: tuple[str, ...]) -> list[dict[str, str | None]]:
        data = self._members.get(name)
        return [] if data is None else read_cells(data, name, columns, self._defects)

    def _note(self, file: str, zh: str, en: str, column: str | None = None) -> None:
        self._defects.append(Defect(file, None, column, f"{file}:{zh}。", f"{file}: {en}."))
