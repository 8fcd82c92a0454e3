"""Prompts that strangers typed, as numbers: labels, hashed features, and how they were read (README.md)."""
