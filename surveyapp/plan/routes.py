"""The city plan's page."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("plan", __name__)
