"""Mounts the public app and the staff app, and nothing else."""

import os
from pathlib import Path

from surveyapp import create_application
from surveyapp.config import from_environment
from surveyapp.db import Database

config = from_environment(
    os.environ, instance=Path(os.environ.get("INSTANCE_DIR", Path(__file__).resolve().parent / "instance"))
)
application = create_application(config, Database(config.database_url))
