"""From labels to files, and the formats of these."""
