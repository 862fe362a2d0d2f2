"""The analysis of one CT, its record, and what explains the probability."""
