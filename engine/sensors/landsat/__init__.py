"""Facts about Landsat Collection 2 Level-2 as data, each with its source."""
