"""Mounts the public app and the staff app on a store fit to serve from, and nothing else."""

import os
from pathlib import Path

from surveyapp import create_application
from surveyapp.config import ConfigError, from_environment
from surveyapp.db import Database, NotDurable, require_durable
from surveyapp.migrate import SchemaOutdated, require_newest

try:
    config = from_environment(
        os.environ,
        instance=Path(os.environ.get("INSTANCE_DIR", Path(__file__).resolve().parent / "instance")),
    )
    database = Database(config.database_url)
    require_durable(database)
    require_newest(database)
except (ConfigError, NotDurable, SchemaOutdated) as refusal:
    raise SystemExit(f"不能启动 / not started: {refusal}") from refusal
application = create_application(config, database)
