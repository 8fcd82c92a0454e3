"""All rendering for people: the streamed answer, status, summary, tables. It decides nothing and imports no rich."""
