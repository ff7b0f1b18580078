"""A county's year and a survey's answers, written straight into the tables, for what comes after them."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta

import numpy as np

from scoring.demo import demo_clusters, demo_criteria, demo_group_sizes, demo_responses, demo_schools, demo_vetoes
from scoring.questionnaire import Group, QuestionnaireSet
from scoring.responses import records_of
from scoring.ruleset import load_rule_set
from scoring.school_columns import SCHOOL_COLUMN_NAMES
from surveyapp.counties.models import County, Judgement, SchoolFile, SchoolRecord, VetoAct
from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.responses.models import Response, UsedForm
from surveyapp.surveys.models import Survey
from surveyapp.surveys.questionnaires import load_questionnaires, questionnaire_id

SEED = 7


def fill_county(database: Database, county: County, *, year: int = 2026, n_schools: int = 12) -> SchoolFile:
    """Give a county a school file, judgements and settled veto items."""
    rules = load_rule_set(county.rule_set_id)
    schools = demo_schools(np.random.default_rng(SEED), n_schools, rules)
    now = datetime.now(UTC)
    with database.writing() as session:
        file = SchoolFile(
            county_id=county.id, year=year, version=1, file_name="学校.xlsx", sheet_name="学校", sha256="0" * 64,
            original=b"", n_schools=len(schools), imported_at=now, imported_by="factory",
        )  # fmt: skip
        session.add(file)
        session.flush()
        session.add_all(
            SchoolRecord(
                school_file_id=file.id, source_row=row, school_code=cells["school_code"],
                school_name=cells["school_name"], kind=cells["kind"], locality=cells.get("locality", ""),
                cells=json.dumps({name: cells.get(name, "") for name in SCHOOL_COLUMN_NAMES}, ensure_ascii=False),
            )
            for row, cells in enumerate(schools, 2)
        )  # fmt: skip
        session.add_all(
            Judgement(
                county_id=county.id, year=year, code=cells["code"], part=cells.get("part", ""),
                value=cells.get("value"), judgement=cells.get("judgement"), level=cells["level"],
                evidence=cells.get("evidence", ""), judged_at=now + timedelta(seconds=n), judged_by="factory",
            )
            for n, cells in enumerate(demo_criteria(rules))
        )  # fmt: skip
        session.add_all(
            VetoAct(
                county_id=county.id, year=year, code=cells["code"], state=cells["state"], level=cells["level"],
                reason=cells["reason"], acted_at=now + timedelta(seconds=n), acted_by="factory",
            )
            for n, cells in enumerate(demo_vetoes(rules))
        )  # fmt: skip
    return file


def answer(database: Database, survey: Survey, n_responses: int, schools: list[dict[str, str]] | None = None) -> None:
    """Fill a survey with answers as its respondents would have left them, each with its used form."""
    questionnaires = QuestionnaireSet(load_questionnaires())
    rules = load_rule_set(survey.rule_set_id)
    rng = np.random.default_rng(SEED)
    clusters = demo_clusters(schools or demo_schools(rng, 12, rules))
    sizes = demo_group_sizes(n_responses, None, {})
    links: dict[tuple[str, str], Link] = {}
    with database.writing() as session:
        for record in records_of(demo_responses(rng, questionnaires, clusters, sizes)):
            key = (record.group.value, record.cluster)
            if key not in links:
                links[key] = Link(
                    survey_id=survey.id, group_code=key[0], cluster=key[1], cluster_name=key[1],
                    token=secrets.token_urlsafe(16), issued_at=survey.created_at, issued_by="factory",
                )  # fmt: skip
                session.add(links[key])
                session.flush()
            session.add(
                Response(
                    id=secrets.token_bytes(16), survey_id=survey.id, link_id=links[key].id,
                    questionnaire_id=questionnaire_id(survey.questionnaire_version, Group(key[0])),
                    answers=record.answers, flags=" ".join(record.flags), voided=record.voided,
                )
            )  # fmt: skip
            session.add(
                UsedForm(key_hash=secrets.token_bytes(32), survey_id=survey.id, body_hash=secrets.token_bytes(32))
            )
