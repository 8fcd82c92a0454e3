"""Profiles: the TOML schema, its layers, where each value came from, and the frozen `Profile` the engine reads."""

from llmswitch.profile.layers import Origin, shipped_names
from llmswitch.profile.load import Profile, load_profile

__all__ = ["Origin", "Profile", "load_profile", "shipped_names"]
