#!/usr/bin/env bash
# Pins every dependency with its hashes: requirements.txt for running, requirements-dev.txt for everything else.
# Run it after changing a requirements*.in file; give --upgrade to move to newer releases.
set -euo pipefail
cd "$(dirname "$0")/.."
uv="${UV:-.venv/bin/uv}"
common=(--quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11)
"$uv" pip compile "${common[@]}" "$@" requirements.in -o requirements.txt
"$uv" pip compile "${common[@]}" "$@" --constraint requirements.txt requirements-dev.in -o requirements-dev.txt
