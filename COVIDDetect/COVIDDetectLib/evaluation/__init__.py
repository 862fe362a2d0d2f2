"""Statistics of a cohort: how well probabilities separate COVID-19 from other cases, with intervals."""
