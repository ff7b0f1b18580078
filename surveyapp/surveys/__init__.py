"""Questionnaires in immutable versions, survey windows and sample targets."""
