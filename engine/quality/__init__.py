"""Numbers about classes: how many suit, how far apart they are, what one scene alone would give."""
