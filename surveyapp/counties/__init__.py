"""Counties and what they bring: school files, judgements and vetoes."""
