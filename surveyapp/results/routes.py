"""Sealing, and the dossier's parts."""

from __future__ import annotations

import io
import secrets

from flask import Blueprint, redirect, send_file, url_for
from werkzeug.wrappers import Response

from surveyapp.accounts.current import the_staff_member
from surveyapp.accounts.policy import Permission, needs
from surveyapp.extensions import the_database
from surveyapp.results.queries import Part
from surveyapp.results.services import hand_out, seal

blueprint = Blueprint("results", __name__, url_prefix="/surveys/<int:survey_id>")


@blueprint.post("/seal")
@needs(Permission.CLOSE_AND_SEAL)
def seal_survey(survey_id: int) -> Response:
    """Seal a closed survey and show its verdict."""
    seal(the_database(), survey_id, the_staff_member(), secrets.token_bytes)
    return redirect(url_for("reports.survey_verdict", survey_id=survey_id), 303)


@blueprint.get("/dossier/public.zip")
@needs(Permission.PUBLIC_PART)
def public_part(survey_id: int) -> Response:
    """Give the part from which anybody recomputes the verdict."""
    return _download(survey_id, Part.PUBLIC)


@blueprint.get("/dossier/auditor.zip")
@needs(Permission.AUDITOR_PART)
def auditor_part(survey_id: int) -> Response:
    """Give the part with the responses, to auditors of the city or the province only."""
    return _download(survey_id, Part.AUDITOR)


def _download(survey_id: int, part: Part) -> Response:
    name, data = hand_out(the_database(), survey_id, the_staff_member(), part)
    response = send_file(io.BytesIO(data), "application/zip", as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response
