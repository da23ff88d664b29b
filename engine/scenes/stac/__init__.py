"""Scenes where they lie: items of SpatioTemporal Asset Catalogs (STAC), read from JSON files."""
