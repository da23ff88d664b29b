"""From pixels and centres to labels and tallies."""
