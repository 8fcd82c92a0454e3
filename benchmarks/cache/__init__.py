"""What the cache is measured on and how its page is made. `held_out.jsonl` are pairs of our own, English and Japanese, of
which the guard's tables were not made: each part was measured before anybody looked at what it got wrong."""
