"""The git door: what is staged or outgoing, and what a model may read of it."""
