"""Counties, school files, judgements and vetoes."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("counties", __name__)
