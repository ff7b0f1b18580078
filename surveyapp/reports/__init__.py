"""The pages inspectors read."""
