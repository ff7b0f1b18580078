"""From rows to a sealed dossier and its verdict: the only bridge into scoring."""
