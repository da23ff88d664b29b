"""How the metadata files of Landsat Collection 2 are written."""
