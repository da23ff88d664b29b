"""From tallies to centres; knows no raster, thread or device."""
