"""The demonstration county, put in through the ordinary services; it can be cut off anywhere and started again.

What is there already is left alone, and an answer is sent with the key it always has, so that sending it again
changes nothing.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np
import xlsxwriter
from sqlalchemy import select

from scoring.demo import (
    demo_clusters,
    demo_criteria,
    demo_group_sizes,
    demo_populations,
    demo_residents,
    demo_responses,
    demo_schools,
    demo_vetoes,
)
from scoring.questionnaire import QuestionnaireSet
from scoring.responses import ResponseRecord, records_of
from scoring.ruleset import load_rule_set
from scoring.sample import group_targets
from scoring.school_columns import SCHOOL_COLUMNS
from surveyapp.accounts.models import Account, Role
from surveyapp.accounts.passwords import Draw, random_password
from surveyapp.accounts.policy import StaffMember
from surveyapp.accounts.services import create_account, member_of, reset_password
from surveyapp.counties.columns import SHEET, header_of
from surveyapp.counties.models import County, Level, VetoState
from surveyapp.counties.queries import judgements_of, newest_school_file, veto_acts_of
from surveyapp.counties.services import Entry, NewCounty, act_on_veto, create_county, import_schools, judge
from surveyapp.db import Database
from surveyapp.frame import CHINA
from surveyapp.installation import Login
from surveyapp.links.models import Link
from surveyapp.links.services import SCHOOL_GROUPS, LinkChoice, issue_links
from surveyapp.responses.services import Submission, record
from surveyapp.results.dossier import ID_BYTES
from surveyapp.results.services import seal
from surveyapp.surveys.models import Group, Purpose, Survey, SurveyState
from surveyapp.surveys.queries import surveys_of
from surveyapp.surveys.questionnaires import load_questionnaires, questionnaire_id
from surveyapp.surveys.services import NewSurvey, close_early, create_survey

CODE, NAME, CITY, PROVINCE = "379901", "演示县", "演示市", "山东省"
RULE_SET_ID = "national-2017"
SEED = 2026
SEALED_TITLE, OPEN_TITLE = "演示调查(已封存)", "演示调查(正在进行)"
WINDOW = timedelta(days=30)
ADMINISTRATOR, INSPECTOR = "demo-county", "demo-city"
KEY_BYTES, SECRET_BYTES, TOKEN_BYTES = 16, 32, 16
REPORT_EVERY = 25

Advance = Callable[[float], None]
"""Is told what share of the work is done, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a demonstration is."""

    n_schools: int = 60
    n_responses: int = 3000


@dataclass(frozen=True, slots=True)
class Demonstration:
    """Where the demonstration is found; logins only if it was loaded just now."""

    sealed_survey_id: int
    parents_token: str
    logins: tuple[Login, ...]


@dataclass(frozen=True, slots=True)
class _Stage:
    """The county and those who act in it, and the answers everything else is made to fit."""

    database: Database
    county: County
    year: int
    administrator: StaffMember
    inspector: StaffMember
    schools: list[dict[str, str]]
    populations: dict[str, int | None]
    records: list[ResponseRecord]
    keys: list[bytes]

    @property
    def now(self) -> datetime:
        """Return what the database's clock says."""
        with self.database.reading() as session:
            return self.database.now(session)


def load_demonstration(database: Database, draw: Draw, advance: Advance, size: Size) -> Demonstration:
    """Put in whatever of the demonstration is not there yet, and say where it is found."""
    stage = _set_up(database, draw, size)
    logins: tuple[Login, ...] = ()
    survey = _survey(stage, SEALED_TITLE)
    if survey is None or survey.sealed_at is None:
        _fill_county(stage)
        _hold_survey(stage, advance)
        logins = tuple(_new_password(stage, member, draw) for member in (stage.administrator, stage.inspector))
    sealed = _survey(stage, SEALED_TITLE)
    if sealed is None:
        raise RuntimeError("the demonstration's survey is gone")
    return Demonstration(sealed.id, _parents_token(stage), logins)


def _set_up(database: Database, draw: Draw, size: Size) -> _Stage:
    rng = np.random.default_rng(SEED)
    rule_set = load_rule_set(RULE_SET_ID)
    schools = demo_schools(rng, size.n_schools, rule_set)
    populations = demo_populations(schools, size.n_responses)
    residents = demo_residents(size.n_responses, rule_set.parameters.sample_rate)
    targets = group_targets(residents, populations, rule_set.parameters)
    sizes = demo_group_sizes(size.n_responses, targets, populations)
    questionnaires = QuestionnaireSet(load_questionnaires())
    answers = demo_responses(rng, questionnaires, demo_clusters(schools), sizes)
    records = list(records_of(answers))
    with database.reading() as session:
        now = database.now(session)
        county = session.scalars(select(County).where(County.code == CODE)).one_or_none()
    if county is None:
        new = NewCounty(CODE, NAME, CITY, PROVINCE, RULE_SET_ID, residents, is_demonstration=True)
        county = create_county(database, new, None, now)
    return _Stage(
        database=database,
        county=county,
        year=now.astimezone(CHINA).year,
        administrator=_account(database, ADMINISTRATOR, "演示县管理员", Role.COUNTY_ADMINISTRATOR, CODE, draw),
        inspector=_account(database, INSPECTOR, "演示市督导", Role.CITY_INSPECTOR, CODE[:4], draw),
        schools=schools,
        populations=populations,
        records=records,
        keys=[rng.bytes(KEY_BYTES) for _ in records],
    )


def _account(database: Database, login: str, name: str, role: Role, scope: str, draw: Draw) -> StaffMember:
    found = select(Account).where(Account.login == login)
    with database.reading() as session:
        now = database.now(session)
        account = session.scalars(found).one_or_none()
    if account is None:
        # Nobody is told this password; the one to be shown comes last, when everything else has worked.
        create_account(database, login, name, role, scope, random_password(draw), None, now)
        with database.reading() as session:
            account = session.scalars(found).one()
    return member_of(account)


def _new_password(stage: _Stage, member: StaffMember, draw: Draw) -> Login:
    password = random_password(draw)
    reset_password(stage.database, member.account_id, password, member, stage.now)
    return Login(member.login, member.name, password)


def _fill_county(stage: _Stage) -> None:
    database, county, year = stage.database, stage.county, stage.year
    with database.reading() as session:
        has_schools = newest_school_file(session, county.id, year) is not None
        judged = {judgement.code for judgement in judgements_of(session, county.id, year)}
        spoken_of = {act.code for act in veto_acts_of(session, county.id, year)}
    if not has_schools:
        name = f"{NAME}{year}年学校数据.xlsx"
        import_schools(database, county, year, name, school_workbook(stage.schools), stage.administrator, stage.now)
    rule_set = load_rule_set(RULE_SET_ID)
    for code, rows in groupby(demo_criteria(rule_set), key=lambda row: row["code"]):
        if code not in judged:
            _judge(stage, code, list(rows))
    for row in demo_vetoes(rule_set):
        if row["code"] not in spoken_of:
            by = stage.administrator if row["level"] == Level.COUNTY else stage.inspector
            state = VetoState(row["state"])
            act_on_veto(database, county, year, row["code"], state, row["reason"], by, stage.now)


def _judge(stage: _Stage, code: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Let the county enter the figures, and the city judge what is judged."""
    figures = [Entry(row.get("part", ""), row["value"], "") for row in rows if row.get("value")]
    judgements = [Entry(row.get("part", ""), "", row["judgement"]) for row in rows if row.get("judgement")]
    for entries, by in ((figures, stage.administrator), (judgements, stage.inspector)):
        if entries:
            judge(stage.database, stage.county, stage.year, code, entries, rows[0]["evidence"], by, stage.now)


def _hold_survey(stage: _Stage, advance: Advance) -> None:
    """Open a survey, send every answer, close and seal it; what was cut off goes on where it stopped."""
    survey = _survey(stage, SEALED_TITLE) or _open_survey(stage, SEALED_TITLE)
    if survey.state(stage.now) is SurveyState.OPEN:
        _record_answers(stage, survey, advance)
        close_early(stage.database, survey.id, "演示:样本已收齐", stage.inspector, stage.now)
    seal(stage.database, survey.id, stage.inspector, secrets.token_bytes)


def _record_answers(stage: _Stage, survey: Survey, advance: Advance) -> None:
    names = {cells["school_code"]: cells["school_name"] for cells in stage.schools}
    places = {_place(record_) for record_ in stage.records}
    choices = [LinkChoice(group, code, names.get(code, "")) for group, code in sorted(places)]
    tokens = _tokens(stage, survey, choices)
    version = survey.questionnaire_version
    for n, (answered, key) in enumerate(zip(stage.records, stage.keys, strict=True), 1):
        submission = Submission(
            token=tokens[_place(answered)],
            key=key,
            issued_at=stage.now,
            questionnaire_id=questionnaire_id(version, answered.group),
            answers=answered.answers,
            response_id=secrets.token_bytes(ID_BYTES),
            flags=answered.flags,
        )
        record(stage.database, submission)
        if n % REPORT_EVERY == 0:
            advance(n / len(stage.records))


def _place(answered: ResponseRecord) -> tuple[Group, str]:
    group = Group(answered.group)
    return group, answered.cluster if group in SCHOOL_GROUPS else ""


def _parents_token(stage: _Stage) -> str:
    """Return the token of the parents' link of a survey that is open now; open one if there is none."""
    with stage.database.reading() as session:
        surveys = surveys_of(session, stage.county.id)
    open_now = [survey for survey in surveys if survey.state(stage.now) is SurveyState.OPEN]
    survey = open_now[0] if open_now else _open_survey(stage, OPEN_TITLE)
    return _tokens(stage, survey, [LinkChoice(group) for group in Group])[Group.PARENT, ""]


def _open_survey(stage: _Stage, title: str) -> Survey:
    now = stage.now
    new = NewSurvey(
        title=title,
        purpose=Purpose.REHEARSAL,
        year=stage.year,
        questionnaire_version=load_questionnaires()[0].version,
        residents=stage.county.residents,
        populations={Group(group): n for group, n in stage.populations.items()},
        sampled_in_monitoring=True,
        opens_at=now,
        closes_at=now + WINDOW,
    )
    secret = secrets.token_bytes(SECRET_BYTES)
    survey_id = create_survey(stage.database, stage.county, new, stage.administrator, now, secret)
    with stage.database.reading() as session:
        return session.get_one(Survey, survey_id)


def _survey(stage: _Stage, title: str) -> Survey | None:
    found = select(Survey).where(Survey.county_id == stage.county.id, Survey.title == title)
    with stage.database.reading() as session:
        return session.scalars(found.order_by(Survey.id).limit(1)).first()


def _tokens(stage: _Stage, survey: Survey, choices: Sequence[LinkChoice]) -> dict[tuple[Group, str], str]:
    """Return the tokens of a survey's links by group and school, the missing ones issued first."""
    issue_links(stage.database, survey.id, choices, stage.administrator, stage.now, _token)
    found = select(Link).where(Link.survey_id == survey.id, Link.revoked_at.is_(None))
    with stage.database.reading() as session:
        return {(Group(link.group_code), link.cluster): link.token for link in session.scalars(found)}


def _token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def school_workbook(schools: Sequence[Mapping[str, str]]) -> bytes:
    """Write schools into a workbook as a county would hand it in: Chinese headers, words, numbers as numbers."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet(SHEET)
        for place, column in enumerate(SCHOOL_COLUMNS):
            sheet.write_string(0, place, header_of(column))
            words = {choice.code: choice.zh for choice in column.choices}
            for row, cells in enumerate(schools, 1):
                text = cells.get(column.name, "")
                if not text:
                    continue
                if column.type in ("int", "decimal"):
                    sheet.write_number(row, place, float(text))
                else:
                    sheet.write_string(row, place, words.get(text, text))
    return out.getvalue()
