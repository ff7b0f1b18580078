"""Sealing: once, whole, and so that no receipt, form or stored id leads to a response in the dossier."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from scoring.dossier import read_dossier
from scoring.responses import records_of
from surveyapp.accounts.models import AuditEntry, Role
from surveyapp.accounts.policy import StaffMember
from surveyapp.accounts.services import create_account
from surveyapp.counties.models import County
from surveyapp.counties.queries import CountyUnknown
from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.responses.models import Response, UsedForm
from surveyapp.responses.queries import counts_by_group
from surveyapp.results.models import SealedDossier
from surveyapp.results.queries import verdict_of
from surveyapp.results.refusals import AlreadySealed, NotYetClosed, RowsDoNotFit, TooFewToSeal
from surveyapp.results.services import seal
from surveyapp.surveys.models import Survey, SurveyKey, SurveyState
from tests.support.factories import MakeSurvey
from tests.support.results import answer, fill_county
from tests.support.visitors import PASSWORD, StaffClient, form_to, hidden_fields

REPOSITORY = Path(__file__).resolve().parents[2]
N_RESPONSES = 400
MakeInspector = Callable[[str], StaffMember]


@pytest.fixture
def make_inspector(database: Database) -> MakeInspector:
    def make(scope: str) -> StaffMember:
        login = f"inspector-{scope}"
        role = Role.CITY_INSPECTOR
        account = create_account(database, login, login, role, scope, PASSWORD, None, datetime.now(UTC))
        return StaffMember(account, login, login, role, scope)

    return make


@pytest.fixture
def inspector(make_inspector: MakeInspector) -> StaffMember:
    return make_inspector("3714")


@pytest.fixture
def closed_survey(database: Database, county: County, make_survey: MakeSurvey) -> Survey:
    """Give a survey that has ended, with answers, in a county with schools and judgements."""
    fill_county(database, county)
    ended = datetime.now(UTC) - timedelta(minutes=1)
    survey = make_survey(county, closes_at=ended, opens_at=ended - timedelta(days=3))
    answer(database, survey, N_RESPONSES)
    return survey


def responses_of(database: Database) -> list[Response]:
    with database.reading() as session:
        return list(session.scalars(select(Response)))


def test_a_seal_freezes_both_parts_and_the_verdict_computed_from_them(
    database: Database, closed_survey: Survey, inspector: StaffMember
) -> None:
    seal(database, closed_survey.id, inspector, secrets.token_bytes)
    with database.reading() as session:
        survey = session.get_one(Survey, closed_survey.id)
        frozen = session.get_one(SealedDossier, closed_survey.id)
        public, auditor = read_dossier(frozen.public_part), read_dossier(frozen.auditor_part)
        found = verdict_of(session, closed_survey.id)
        assert survey.state(datetime.now(UTC)) is SurveyState.SEALED
        assert json.loads(frozen.verdict)["dossier_sha256"] == frozen.dossier_sha256 == auditor.manifest_sha256
    assert public.responses is None
    assert auditor.responses is not None
    assert auditor.responses.n_responses == N_RESPONSES
    assert found.agrees
    assert found.verdict.outcome.value == frozen.outcome


def test_the_dossier_holds_every_answer_that_was_stored(
    database: Database, closed_survey: Survey, inspector: StaffMember
) -> None:
    before = responses_of(database)
    seal(database, closed_survey.id, inspector, secrets.token_bytes)
    with database.reading() as session:
        dossier = read_dossier(session.get_one(SealedDossier, closed_survey.id).auditor_part)
    assert dossier.responses is not None
    assert Counter(r.answers for r in records_of(dossier.responses)) == Counter(r.answers for r in before)


def test_nothing_joins_what_was_before_with_what_is_after(
    database: Database, closed_survey: Survey, inspector: StaffMember
) -> None:
    before = {row.id for row in responses_of(database)}
    seal(database, closed_survey.id, inspector, secrets.token_bytes)
    with database.reading() as session:
        frozen = session.get_one(SealedDossier, closed_survey.id)
        table = read_dossier(frozen.auditor_part).responses
        assert table is not None
        in_dossier = {bytes.fromhex(record.response_id) for record in records_of(table)}
        after = {row.id for row in responses_of(database)}
        assert len(before) == len(after) == len(in_dossier) == N_RESPONSES
        assert before.isdisjoint(after)
        assert in_dossier.isdisjoint(before | after)
        # What a receipt is made with, and what a used form left, are gone: a receipt is a random number now.
        assert list(session.scalars(select(SurveyKey))) == []
        assert list(session.scalars(select(UsedForm))) == []


def test_counts_by_group_and_link_stay_what_they_were(
    database: Database, closed_survey: Survey, inspector: StaffMember
) -> None:
    with database.reading() as session:
        before = counts_by_group(session, closed_survey.id)
    seal(database, closed_survey.id, inspector, secrets.token_bytes)
    with database.reading() as session:
        assert counts_by_group(session, closed_survey.id) == before


def test_no_cell_of_group_and_cluster_under_ten_leaves_the_seal(
    database: Database, closed_survey: Survey, inspector: StaffMember
) -> None:
    seal(database, closed_survey.id, inspector, secrets.token_bytes)
    with database.reading() as session:
        table = read_dossier(session.get_one(SealedDossier, closed_survey.id).auditor_part).responses
    assert table is not None
    cells = Counter((record.group, record.cluster) for record in records_of(table))
    groups = Counter(record.group for record in records_of(table))
    small = {cell: n for cell, n in cells.items() if n < 10 and n < groups[cell[0]]}
    assert small == {}
    named = {group.value for group, cluster in cells if cluster}
    assert named <= {"student", "parent", "teacher"}


def test_other_surveys_are_left_alone(
    database: Database, closed_survey: Survey, county: County, make_survey: MakeSurvey, inspector: StaffMember
) -> None:
    other = make_survey(county, title="另一次调查")
    answer(database, other, 300)
    seal(database, closed_survey.id, inspector, secrets.token_bytes)
    with database.reading() as session:
        assert session.get(SurveyKey, other.id) is not None
        marks = list(session.scalars(select(UsedForm.survey_id)))
    assert marks == [other.id] * 300


def test_a_second_seal_is_refused_and_changes_nothing(
    database: Database, closed_survey: Survey, inspector: StaffMember
) -> None:
    seal(database, closed_survey.id, inspector, secrets.token_bytes)
    first = responses_of(database)
    with pytest.raises(AlreadySealed):
        seal(database, closed_survey.id, inspector, secrets.token_bytes)
    assert [row.id for row in responses_of(database)] == [row.id for row in first]


def test_seals_at_the_same_time_have_one_effect(
    database: Database, closed_survey: Survey, inspector: StaffMember
) -> None:
    said: list[str] = []
    together = threading.Barrier(6)

    def press() -> None:
        together.wait()
        try:
            seal(database, closed_survey.id, inspector, secrets.token_bytes)
            said.append("sealed")
        except AlreadySealed:
            said.append("already")

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(said) == {"sealed": 1, "already": 5}
    with database.reading() as session:
        acts = list(session.scalars(select(AuditEntry).where(AuditEntry.action == "survey_sealed")))
    assert len(acts) == 1
    assert acts[0].county_code == "371402"


def test_a_survey_that_is_open_or_has_not_begun_is_not_sealed(
    database: Database, county: County, make_survey: MakeSurvey, inspector: StaffMember
) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    for survey in (make_survey(county), make_survey(county, opens_at=later, closes_at=later + timedelta(days=1))):
        with pytest.raises(NotYetClosed):
            seal(database, survey.id, inspector, secrets.token_bytes)


def test_a_survey_of_another_city_is_unknown(
    database: Database, closed_survey: Survey, make_inspector: MakeInspector
) -> None:
    with pytest.raises(CountyUnknown):
        seal(database, closed_survey.id, make_inspector("3701"), secrets.token_bytes)


def test_a_seal_that_fails_leaves_everything_as_it_was(
    database: Database, closed_survey: Survey, inspector: StaffMember
) -> None:
    from surveyapp.counties.models import SchoolRecord

    with database.writing() as session:
        record = session.scalars(select(SchoolRecord).limit(1)).one()
        record.cells = json.dumps(json.loads(record.cells) | {"pupils_primary": "-1"})
    before = [row.id for row in responses_of(database)]
    with pytest.raises(RowsDoNotFit) as refused:
        seal(database, closed_survey.id, inspector, secrets.token_bytes)
    assert [defect.column for defect in refused.value.defects] == ["pupils_primary"]
    with database.reading() as session:
        assert session.get(SurveyKey, closed_survey.id) is not None
        assert session.get(SealedDossier, closed_survey.id) is None
        assert session.get_one(Survey, closed_survey.id).sealed_at is None
    assert [row.id for row in responses_of(database)] == before


def test_a_survey_without_an_answer_can_be_sealed(
    database: Database, county: County, make_survey: MakeSurvey, inspector: StaffMember
) -> None:
    ended = datetime.now(UTC) - timedelta(minutes=1)
    survey = make_survey(county, closes_at=ended, opens_at=ended - timedelta(days=3))
    verdict = seal(database, survey.id, inspector, secrets.token_bytes)
    assert verdict.recognition.valid == 0
    assert verdict.outcome.value == "undecided"


def test_the_command_line_gives_the_same_bytes_from_either_part(
    database: Database, closed_survey: Survey, staff_client: StaffClient, inspector: StaffMember, tmp_path: Path
) -> None:
    seal(database, closed_survey.id, inspector, secrets.token_bytes)
    client = staff_client(Role.CITY_INSPECTOR, "3714")
    address = f"/staff/surveys/{closed_survey.id}"
    for part in ("public", "auditor"):
        shown = client.get(f"{address}/verdict/verdict.json").get_data()
        path = tmp_path / f"{part}.zip"
        path.write_bytes(client.get(f"{address}/dossier/{part}.zip").get_data())
        done = subprocess.run(
            [sys.executable, "-m", "scoring", "verdict", str(path), "--json"],
            cwd=tmp_path, env={"PYTHONPATH": str(REPOSITORY)}, capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.stdout == shown, done.stderr.decode()
        # 0 meets, 10 does not, 11 vetoed, 12 undecided.
        codes = {"meets": 0, "does_not_meet": 10, "vetoed": 11, "undecided": 12}
        assert done.returncode == codes[json.loads(shown)["outcome"]]


def test_what_was_sealed_of_sureness_is_what_the_auditor_part_gives(
    database: Database, closed_survey: Survey, staff_client: StaffClient, inspector: StaffMember, tmp_path: Path
) -> None:
    seal(database, closed_survey.id, inspector, secrets.token_bytes)
    client = staff_client(Role.CITY_INSPECTOR, "3714")
    path = tmp_path / "auditor.zip"
    path.write_bytes(client.get(f"/staff/surveys/{closed_survey.id}/dossier/auditor.zip").get_data())
    done = subprocess.run(
        [sys.executable, "-m", "scoring", "uncertainty", str(path)],
        cwd=tmp_path, env={"PYTHONPATH": str(REPOSITORY)}, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    shown = client.get(f"/staff/surveys/{closed_survey.id}/verdict/uncertainty.json")
    assert done.stdout == shown.get_data(), done.stderr.decode()
    with database.reading() as session:
        acts = list(session.scalars(select(AuditEntry.action).where(AuditEntry.action == "uncertainty_downloaded")))
    assert acts == ["uncertainty_downloaded"]


@pytest.mark.parametrize(
    ("role", "scope", "public", "auditor"),
    [
        (Role.COUNTY_ADMINISTRATOR, "371402", 200, 403),
        (Role.CITY_INSPECTOR, "3714", 200, 200),
        (Role.PROVINCE_INSPECTOR, "37", 200, 200),
        (Role.OPERATOR, "", 200, 403),
        (Role.COUNTY_ADMINISTRATOR, "371403", 404, 403),
        (Role.CITY_INSPECTOR, "3701", 404, 404),
        (Role.PROVINCE_INSPECTOR, "11", 404, 404),
    ],
)
def test_who_gets_which_part_and_that_it_is_written_down(
    database: Database, closed_survey: Survey, inspector: StaffMember, staff_client: StaffClient,
    role: Role, scope: str, public: int, auditor: int,
) -> None:  # fmt: skip
    seal(database, closed_survey.id, inspector, secrets.token_bytes)
    client = staff_client(role, scope)
    folder = f"/staff/surveys/{closed_survey.id}/dossier"
    assert client.get(f"{folder}/public.zip").status_code == public
    assert client.get(f"{folder}/auditor.zip").status_code == auditor
    with database.reading() as session:
        taken = session.scalars(select(AuditEntry).where(AuditEntry.action == "dossier_downloaded"))
        parts = [json.loads(entry.detail)["part"] for entry in taken]
    assert parts == ["public"] * (public == 200) + ["auditor"] * (auditor == 200)


def test_there_is_nothing_to_download_before_the_seal(closed_survey: Survey, staff_client: StaffClient) -> None:
    client = staff_client(Role.CITY_INSPECTOR, "3714")
    for path in ("dossier/public.zip", "dossier/auditor.zip", "verdict/", "verdict/verdict.json"):
        assert client.get(f"/staff/surveys/{closed_survey.id}/{path}").status_code == 404


def test_a_link_of_a_sealed_survey_takes_no_answer(
    database: Database, closed_survey: Survey, inspector: StaffMember, public_client: object
) -> None:
    seal(database, closed_survey.id, inspector, secrets.token_bytes)
    with database.reading() as session:
        token = session.scalars(select(Link.token).limit(1)).one()
    answered = public_client.get(f"/s/{token}")  # type: ignore[attr-defined]
    assert answered.status_code == 410


def test_the_inspector_seals_by_the_button_and_is_shown_the_verdict(
    database: Database, closed_survey: Survey, staff_client: StaffClient
) -> None:
    page, seal_address = f"/staff/surveys/{closed_survey.id}/", f"/staff/surveys/{closed_survey.id}/seal"
    client = staff_client(Role.CITY_INSPECTOR, "3714")
    answered = client.submit(seal_address, page=page)
    assert answered.status_code == 303
    assert "结论" in client.page(answered.location).find("h1").get_text()
    with database.reading() as session:
        assert session.get(SealedDossier, closed_survey.id) is not None


def test_sealing_again_by_an_old_page_is_a_conflict(
    closed_survey: Survey, staff_client: StaffClient, database: Database, inspector: StaffMember
) -> None:
    client = staff_client(Role.CITY_INSPECTOR, "3714")
    seal_address = f"/staff/surveys/{closed_survey.id}/seal"
    fields = hidden_fields(form_to(client.page(f"/staff/surveys/{closed_survey.id}/"), seal_address))
    seal(database, closed_survey.id, inspector, secrets.token_bytes)
    assert client.post(seal_address, data=fields).status_code == 409


@pytest.mark.parametrize(
    ("role", "scope", "status"), [(Role.COUNTY_ADMINISTRATOR, "371402", 403), (Role.CITY_INSPECTOR, "3701", 404)]
)
def test_nobody_else_seals(
    database: Database, closed_survey: Survey, staff_client: StaffClient, role: Role, scope: str, status: int
) -> None:
    client = staff_client(role, scope)
    own_account = client.page("/staff/account/")
    fields = {field["name"]: field["value"] for field in own_account.select("input[name=csrf_token]")}
    assert client.post(f"/staff/surveys/{closed_survey.id}/seal", data=fields).status_code == status
    with database.reading() as session:
        assert session.get(SealedDossier, closed_survey.id) is None


def test_a_post_from_elsewhere_seals_nothing(
    database: Database, closed_survey: Survey, staff_client: StaffClient
) -> None:
    client = staff_client(Role.CITY_INSPECTOR, "3714")
    assert client.post(f"/staff/surveys/{closed_survey.id}/seal").status_code == 400
    with database.reading() as session:
        assert session.get(SealedDossier, closed_survey.id) is None


def test_so_few_answers_that_the_total_would_tell_them_are_not_sealed(
    database: Database, closed_survey: Survey, inspector: StaffMember
) -> None:
    with database.writing() as session:
        for response in session.scalars(select(Response)).all()[9:]:
            session.delete(response)
    with pytest.raises(TooFewToSeal):
        seal(database, closed_survey.id, inspector, secrets.token_bytes)
    with database.reading() as session:
        assert session.get_one(Survey, closed_survey.id).sealed_at is None
        assert session.get(SurveyKey, closed_survey.id) is not None


def test_nothing_of_the_key_or_the_marks_is_left_in_the_files_of_sqlite(
    database: Database, closed_survey: Survey, inspector: StaffMember
) -> None:
    if not database.is_sqlite:
        return  # PostgreSQL's own files are the operator's to vacuum: docs/operations.md
    folder = Path(str(database.engine.url.database)).parent
    with database.reading() as session:
        secret = session.get_one(SurveyKey, closed_survey.id).secret
        marks = [mark.key_hash for mark in session.scalars(select(UsedForm)).all()]
        ids = [response.id for response in session.scalars(select(Response)).all()]
    assert marks
    seal(database, closed_survey.id, inspector, secrets.token_bytes)
    left = b"".join(path.read_bytes() for path in folder.glob("*.db*"))
    assert [found for found in (secret, *marks, *ids) if found in left] == []
