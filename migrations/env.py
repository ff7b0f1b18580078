"""Runs the numbered migrations on the connection it is handed; never opens one of its own."""

from alembic import context
from sqlalchemy import Connection

from surveyapp.models import Base

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_server_default=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
