"""What a product is: bands, bits and scale of the sensors as data, and what reads its name and its metadata file."""
