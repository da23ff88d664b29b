"""The engine of IIkMC: exact k-means over many Landsat scenes, without QGIS.

In the order of the data, from folders of scenes to rasters, signatures and report. Each part imports only from the
lines above its own, type hints included, and ``LAYERS`` in tests/test_architecture.py holds it to that::

    errors      what a user can meet, in words that help
    choices     what a user can choose, by name
    quantities  numbers, sizes and times as people read them
    version     which version this is
    clock       what the stages of a run take
    colours     red, green and blue; "#rrggbb"; a colour for a class that has none
    arrays      the types of arrays and their units
    progress    whom to tell, and who may cancel
    machine     what this computer has: cores, memory, disk, a folder to keep things in
    sensors     what a product is: names, bands, bits and scale, as data
    scenes      from folders to checked scenes; the only door to rasterio for reading
    requests    what the user asks of each tool, checked before anything is read
    execution   where work is done: threads
    compiled    all that Numba compiles
    pixels      from strips of scenes to valid pixels, one strip at a time
    kernels     from pixels and centres to labels and tallies: NumPy, Numba, CUDA
    centres     from tallies to centres: the starts, and k-means itself
    results     from labels to files, and the formats of these
    maps        classified rasters as input
    quality     numbers about classes: how many suit, how far apart they are
    passes      the steps over all strips: reading, labelling, writing
    estimates   what a run will take, told before it begins
    measuring   what the benchmark measures
    report      the pages that people read
    runs        the tools, named as their ids: each puts the above in order

Nothing here imports QGIS, and nothing is imported by this file, so that a missing package is reported by whoever needs
it and not by ``import iikmc.engine``.
"""
