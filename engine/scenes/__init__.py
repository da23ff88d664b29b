"""From folders to checked scenes."""
