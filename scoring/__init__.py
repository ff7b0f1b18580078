"""From answers, school figures and judgements to an explained county verdict: values in, values out."""

SCORING_VERSION = "0.1.0"
