"""``python -m surveyapp``: start here; ``python -m surveyapp --help`` lists the other commands."""

from __future__ import annotations

from surveyapp.cli import commands

if __name__ == "__main__":
    commands(prog_name="python -m surveyapp")
