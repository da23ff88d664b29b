"""What QGIS loads: the plugin and its provider."""
