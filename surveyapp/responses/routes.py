"""The form, the submission, the thanks."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("responses", __name__)
