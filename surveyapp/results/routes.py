"""Sealing, and the dossier's parts."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("results", __name__)
