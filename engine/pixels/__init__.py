"""From strips to valid pixels, one strip at a time; knows no threads."""
