"""IIkMC: inter-image k-means clustering of Landsat scene series, as a QGIS Processing plugin.

QGIS imports this package as ``iikmc`` and calls :func:`classFactory`. Nothing is imported here, so that
``iikmc.engine`` can be used without QGIS and a missing package never keeps the plugin from loading.
"""


def classFactory(iface):  # noqa: N802 - the name QGIS looks for
    """Return the plugin object; `iface` is None in qgis_process."""
    from .iikmc_plugin.plugin import IIkMCPlugin

    return IIkMCPlugin(iface)
