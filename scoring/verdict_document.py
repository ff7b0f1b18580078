"""A verdict → the bytes that anybody else must get from the same dossier."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

from scoring import SCORING_VERSION
from scoring.findings import Finding, InputRef, Reason
from scoring.recognition_finding import Json, recognition_document

if TYPE_CHECKING:
    from scoring.verdict import Verdict

FORMAT = "county-verdict/1"
NOTICE_ZH = "本结论只说明所列材料是否符合所列规则集;义务教育优质均衡发展县的认定权属于国家。"
NOTICE_EN = "This says whether the dossier meets the rule set it names; recognition itself belongs to the state."


def verdict_document(verdict: Verdict) -> dict[str, Json]:
    """Return a verdict as JSON values: counts as numbers, all other figures as strings of at most six places."""
    return {
        "format": FORMAT,
        "scoring_version": SCORING_VERSION,
        "rule_set": {"id": verdict.rule_set_id, "sha256": verdict.rule_set_sha256},
        "dossier_sha256": verdict.dossier_sha256,
        "county": {"code": verdict.county_code, "name": verdict.county_name},
        "year": verdict.year,
        "purpose": verdict.purpose.value,
        "demo": verdict.demo,
        "notice": {"zh": NOTICE_ZH, "en": NOTICE_EN},
        "outcome": verdict.outcome.value,
        "reasons": [_reason(reason) for reason in verdict.reasons],
        "recognition": recognition_document(verdict.recognition),
        "tree": finding_document(verdict.tree),
    }


def verdict_bytes(verdict: Verdict) -> bytes:
    """Return the canonical JSON of a verdict.

    The same dossier and the same version of scoring give the same bytes everywhere, from the public part and from
    the auditor part alike: intervals, which only the auditor part tells, are a document of their own.
    """
    return canonical_bytes(verdict_document(verdict))


def canonical_bytes(document: dict[str, Json]) -> bytes:
    """Return a document as UTF-8 JSON, keys sorted, no blanks, one line feed at the end."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{text}\n".encode()


def verdict_schema() -> bytes:
    """Return the JSON Schema that every verdict follows."""
    return (resources.files("scoring") / "verdict.schema.json").read_bytes()


def finding_document(finding: Finding) -> dict[str, Json]:
    """Return a finding and all below it as JSON values."""
    return {
        "code": finding.code,
        "title": {"zh": finding.title_zh, "en": finding.title_en},
        "outcome": finding.outcome.value,
        "combinator": finding.combinator.value,
        "required": finding.required,
        "actual": finding.actual,
        "margin": finding.margin,
        "unit": finding.unit,
        "borderline": finding.borderline,
        "reasons": [_reason(reason) for reason in finding.reasons],
        "inputs": [_input(ref) for ref in finding.inputs],
        "units": list(finding.units),
        "children": [finding_document(child) for child in finding.children],
    }


def _reason(reason: Reason) -> Json:
    return {"code": reason.code, "zh": reason.zh, "en": reason.en}


def _input(ref: InputRef) -> Json:
    return {"file": ref.file, "row": ref.row, "column": ref.column}
