"""The steps over all strips: reading, labelling, writing."""
