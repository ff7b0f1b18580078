"""The demonstration county: complete, labelled, put in by the ordinary services, and safe to cut off anywhere."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from scoring.dossier import read_dossier
from surveyapp import demo
from surveyapp.accounts.models import AuditEntry, Role
from surveyapp.accounts.services import Credentials, sign_in
from surveyapp.counties.models import County, Judgement, SchoolFile, VetoAct
from surveyapp.db import Database
from surveyapp.demo import Size, load_demonstration
from surveyapp.installation import prepare
from surveyapp.links.models import Link
from surveyapp.responses.models import Response
from surveyapp.results.models import SealedDossier
from surveyapp.surveys.models import Survey, SurveyState
from tests.support.visitors import Respondent, StaffClient

SMALL = Size(n_schools=12, n_responses=320)


class CutOff(Exception):
    """The power went."""


@pytest.fixture
def prepared(database: Database) -> Database:
    prepare(database, random.Random(1))
    return database


def nothing(share: float) -> None:
    """Hear how far it is, and say nothing."""


def test_it_is_whole_and_every_act_is_on_record(prepared: Database) -> None:
    found = load_demonstration(prepared, random.Random(2), nothing, SMALL)
    with prepared.reading() as session:
        county = session.scalars(select(County).where(County.code == "379901")).one()
        surveys = {survey.title: survey for survey in session.scalars(select(Survey))}
        acts = set(session.scalars(select(AuditEntry.action).where(AuditEntry.county_code == "379901")))
        levels = set(session.scalars(select(Judgement.level)))
        said = set(session.scalars(select(VetoAct.state)))
        frozen = session.get_one(SealedDossier, found.sealed_survey_id)
        dossier, verdict = read_dossier(frozen.auditor_part), json.loads(frozen.verdict)
    assert county.is_demonstration
    assert "演示" in county.name
    assert all("演示" in title for title in surveys)
    now = datetime.now(UTC)
    assert sorted(survey.state(now) for survey in surveys.values()) == [SurveyState.OPEN, SurveyState.SEALED]
    assert acts >= {"schools_imported", "judged", "veto_acted", "survey_created", "links_issued",
                    "survey_closed_early", "survey_sealed"}  # fmt: skip
    assert levels == {"county", "city"}
    assert said == {"absent", "raised"}
    assert dossier.manifest.demo
    assert len(dossier.schools) == 12
    assert verdict["demo"] is True


def test_it_is_interesting(prepared: Database) -> None:
    found = load_demonstration(prepared, random.Random(2), nothing, Size())
    with prepared.reading() as session:
        verdict = json.loads(session.get_one(SealedDossier, found.sealed_survey_id).verdict)
    findings = {child["code"]: child["outcome"] for child in verdict["tree"]["children"]}
    # Some schools and one coefficient fail, people are content enough, and something is still open.
    assert verdict["outcome"] == "does_not_meet"
    assert findings["1"] == "not_met"
    assert findings["4"] == "met"
    assert "undecided" in findings.values()
    assert verdict["recognition"]["valid"] > 2900


def test_the_logins_work_once_shown(prepared: Database) -> None:
    found = load_demonstration(prepared, random.Random(2), nothing, SMALL)
    roles = [
        sign_in(prepared, Credentials(made.login, made.password), made.login, datetime.now(UTC))
        for made in found.logins
    ]
    assert [(member.role, member.scope) for member in roles] == [
        (Role.COUNTY_ADMINISTRATOR, "379901"),
        (Role.CITY_INSPECTOR, "3799"),
    ]


def test_the_parents_link_opens_a_form_that_says_it_is_a_demonstration(
    prepared: Database, public_client: Respondent
) -> None:
    found = load_demonstration(prepared, random.Random(2), nothing, SMALL)
    page = public_client.page(f"/s/{found.parents_token}")
    assert "演示县" in page.get_text()
    assert page.find("form") is not None


def test_the_verdict_page_says_it_is_a_demonstration(prepared: Database, staff_client: StaffClient) -> None:
    found = load_demonstration(prepared, random.Random(2), nothing, SMALL)
    page = staff_client(Role.CITY_INSPECTOR, "3799", "visitor-3799").page(
        f"/staff/surveys/{found.sealed_survey_id}/verdict/"
    )
    assert "演示" in page.select_one(".demonstration").get_text()


def test_a_second_time_changes_nothing_and_shows_no_login(prepared: Database) -> None:
    def contents() -> list[int]:
        with prepared.reading() as session:
            return [session.scalar(select(func.count()).select_from(table)) or 0
                    for table in (Response, Survey, Link, Judgement, VetoAct, SchoolFile, AuditEntry)]  # fmt: skip

    first = load_demonstration(prepared, random.Random(2), nothing, SMALL)
    before = contents()
    second = load_demonstration(prepared, random.Random(3), nothing, SMALL)
    assert second.logins == ()
    assert (second.sealed_survey_id, second.parents_token) == (first.sealed_survey_id, first.parents_token)
    assert contents() == before


@pytest.mark.parametrize("at", ["import_schools", "judge", "act_on_veto", "create_survey", "record", "seal"])
def test_cut_off_anywhere_it_goes_on_and_counts_nothing_twice(
    prepared: Database, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    real, calls = getattr(demo, at), []

    def cut_off(*args: object, **kwargs: object) -> object:
        calls.append(at)
        done = real(*args, **kwargs)
        if len(calls) == 3 or at not in ("judge", "act_on_veto", "record"):
            raise CutOff
        return done

    with monkeypatch.context() as patched:
        patched.setattr(demo, at, cut_off)
        with pytest.raises(CutOff):
            load_demonstration(prepared, random.Random(2), nothing, SMALL)
    found = load_demonstration(prepared, random.Random(3), nothing, SMALL)
    with prepared.reading() as session:
        n_sealed = session.scalar(select(func.count()).select_from(SealedDossier))
        n_files = session.scalar(select(func.count()).select_from(SchoolFile))
        parts = list(session.execute(select(Judgement.code, Judgement.part, Judgement.level)))
        items = list(session.scalars(select(VetoAct.code)))
        verdict = json.loads(session.get_one(SealedDossier, found.sealed_survey_id).verdict)
    assert (n_sealed, n_files) == (1, 1)
    assert len(parts) == len(set(parts))
    assert sorted(items) == ["5.1", "5.2", "5.3", "5.4", "5.5", "5.6"]
    assert verdict["recognition"]["valid"] == SMALL.n_responses
