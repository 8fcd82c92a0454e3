"""What was called, what it took and what it cost: SQLite rows, dated prices, reports."""
