"""From a form on a phone to a response on disk: the hot path."""
