"""One engine behind every door: label, route, try, record."""
