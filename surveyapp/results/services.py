"""Sealing: the dossier frozen, the ids redrawn, the keys destroyed, all in one transaction or not at all."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from scoring.dossier import Dossier, DossierParts, read_dossier, write_dossier
from scoring.errors import DossierError
from scoring.uncertainty_document import uncertainty_document
from scoring.verdict import Verdict, decide, robustness_of, uncertainty_of
from scoring.verdict_document import canonical_bytes, verdict_bytes
from surveyapp.accounts.audit import record_act
from surveyapp.accounts.policy import StaffMember
from surveyapp.db import Database
from surveyapp.responses.locks import hold_survey
from surveyapp.responses.models import Response, UsedForm
from surveyapp.results.dossier import ID_BYTES, DrawId, StoredResponse, dossier_of_survey, stored_responses
from surveyapp.results.models import SealedDossier
from surveyapp.results.queries import Part, sealed_dossier
from surveyapp.results.refusals import AlreadySealed, NotYetClosed, RowsDoNotFit, TooFewToSeal
from surveyapp.surveys.models import Survey, SurveyKey, SurveyState
from surveyapp.surveys.queries import survey_in_scope


def seal(database: Database, survey_id: int, staff: StaffMember, draw_id: DrawId) -> Verdict:
    """Seal a closed survey: once, and so that afterwards nothing joins a response to a receipt or a form.

    What is stored of the responses keeps its link, so that counts can still be shown, under ids drawn anew: they
    are neither those from before the seal nor those in the dossier. The survey's secret and the marks of used
    forms are destroyed, without which a receipt is a random number. The frozen dossier is the record from here on.
    """
    with database.writing() as session:
        hold_survey(session, survey_id)
        survey = survey_in_scope(session, staff, survey_id)
        now = database.now(session)
        _require_closed(survey, now)
        responses = stored_responses(session, survey.id)
        try:
            parts = write_dossier(dossier_of_survey(session, survey, responses, draw_id))
        except DossierError as error:
            raise RowsDoNotFit(error.defects) from error
        # Read back before anything is destroyed: what is frozen can be read, and decides the county by itself.
        dossier = read_dossier(parts.auditor)
        verdict = decide(dossier)
        if 0 < len(responses) < dossier.rule_set.parameters.smallest_cell:
            # The pooled counts are always published; of so few people they would tell the answers.
            raise TooFewToSeal
        session.add(_frozen(survey, parts, dossier, verdict, now, staff))
        _destroy_ties(session, survey.id, responses, draw_id)
        survey.sealed_at = now
        detail = {"dossier_sha256": parts.sha256, "n_responses": len(responses), "outcome": verdict.outcome.value}
        record_act(
            session,
            staff,
            "survey_sealed",
            subject=f"survey:{survey.id}",
            now=now,
            county_code=survey.county.code,
            detail=json.dumps(detail),
        )
    database.forget_deleted()
    return verdict


def hand_out(database: Database, survey_id: int, staff: StaffMember, part: Part) -> tuple[str, bytes]:
    """Give one part of a sealed dossier and its file name, and write down who took it."""
    with database.writing() as session:
        survey = survey_in_scope(session, staff, survey_id)
        frozen = sealed_dossier(session, survey.id)
        record_act(
            session,
            staff,
            "dossier_downloaded",
            subject=f"survey:{survey.id}",
            now=database.now(session),
            county_code=survey.county.code,
            detail=json.dumps({"part": part.value, "dossier_sha256": frozen.dossier_sha256}),
        )
        name = f"dossier-{survey.county.code}-{survey.year}-{frozen.dossier_sha256[:12]}-{part.value}.zip"
        return name, frozen.public_part if part is Part.PUBLIC else frozen.auditor_part


def hand_out_uncertainty(database: Database, survey_id: int, staff: StaffMember) -> bytes:
    """Give how sure a sealed survey's figures are, and write down who took it: it names schools."""
    with database.writing() as session:
        survey = survey_in_scope(session, staff, survey_id)
        frozen = sealed_dossier(session, survey.id)
        record_act(
            session,
            staff,
            "uncertainty_downloaded",
            subject=f"survey:{survey.id}",
            now=database.now(session),
            county_code=survey.county.code,
            detail=json.dumps({"dossier_sha256": frozen.dossier_sha256}),
        )
        return frozen.uncertainty


def _require_closed(survey: Survey, now: datetime) -> None:
    state = survey.state(now)
    if state is SurveyState.SEALED:
        raise AlreadySealed
    if state is not SurveyState.CLOSED:
        raise NotYetClosed


def _frozen(
    survey: Survey, parts: DossierParts, dossier: Dossier, verdict: Verdict, now: datetime, staff: StaffMember
) -> SealedDossier:
    return SealedDossier(
        survey_id=survey.id,
        dossier_sha256=parts.sha256,
        public_part=parts.public,
        auditor_part=parts.auditor,
        verdict=verdict_bytes(verdict),
        uncertainty=_uncertainty(dossier, verdict),
        outcome=verdict.outcome.value,
        sealed_at=now,
        sealed_by=staff.login,
    )


def _uncertainty(dossier: Dossier, verdict: Verdict) -> bytes:
    sureness, robustness = uncertainty_of(dossier), robustness_of(dossier, verdict.recognition)
    if sureness is None or robustness is None:
        raise ValueError("an auditor part without responses")
    return canonical_bytes(uncertainty_document(verdict, sureness, robustness))


def _destroy_ties(
    session: Session, survey_id: int, responses: list[StoredResponse], draw_id: DrawId
) -> None:
    session.execute(delete(SurveyKey).where(SurveyKey.survey_id == survey_id))
    session.execute(delete(UsedForm).where(UsedForm.survey_id == survey_id))
    session.execute(delete(Response).where(Response.survey_id == survey_id))
    # Written back in the order of the new ids, because a table's rows may lie in the order they were written.
    ids = sorted(draw_id(ID_BYTES) for _ in responses)
    shuffled = sorted(responses, key=lambda _: draw_id(ID_BYTES))
    if responses:
        session.execute(
            insert(Response),
            [
                {
                    "id": identity,
                    "survey_id": survey_id,
                    "link_id": response.link_id,
                    "questionnaire_id": response.questionnaire_id,
                    "answers": response.answers,
                    "flags": response.flags,
                    "voided": response.voided,
                }
                for identity, response in zip(ids, shuffled, strict=True)
            ],
        )
