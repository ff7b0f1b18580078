"""The pages that join everything: the list of counties, one county, and how a survey is coming along."""
