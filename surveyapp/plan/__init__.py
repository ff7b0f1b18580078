"""The city's plan: targets, schedule and responsible units beside what was computed."""
