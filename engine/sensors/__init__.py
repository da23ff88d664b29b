"""What a product is: names, bands, bits and scale of the sensors, as data."""
