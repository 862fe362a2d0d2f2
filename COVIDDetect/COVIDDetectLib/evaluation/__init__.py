"""Statistics of a cohort: how well probabilities tell COVID-19 from its absence, and how sure that is."""
