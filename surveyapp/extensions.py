"""What both apps carry: the database, the configuration, the forms' protection and the languages."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from flask import Flask, current_app
from flask_babel import Babel
from flask_wtf import CSRFProtect

from surveyapp.config import Config
from surveyapp.db import Database

csrf = CSRFProtect()
babel = Babel()


def attach(app: Flask, config: Config, database: Database) -> None:
    """Hand an app the one configuration and the one database it works with."""
    app.extensions["survey_config"] = config
    app.extensions["survey_database"] = database


def the_config() -> Config:
    """Return the running app's configuration."""
    return cast("Config", current_app.extensions["survey_config"])


def the_database() -> Database:
    """Return the running app's database."""
    return cast("Database", current_app.extensions["survey_database"])


def the_time() -> datetime:
    """Return what the database's clock says: the one clock, however many hosts serve."""
    database = the_database()
    with database.reading() as session:
        return database.now(session)
