"""The ledger in PostgreSQL, for a team: the statements of `llmswitch.ledger` as they are, through one small translation."""
