"""The engine of IIkMC: exact k-means over many Landsat scenes, without QGIS.

Imports go one way: errors, records, progress <- landsat <- scenes <- reading <- store; records <- kernels, starts,
kmeans; everything <- pipeline. Nothing here imports QGIS, and nothing is imported by this file, so that a missing
package is reported by whoever needs it and not by ``import iikmc.engine``.
"""
