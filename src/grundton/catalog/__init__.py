"""The catalogue: measures, controls, defaults, advisories and support dates, as data."""

from grundton.catalog.loading import Catalog, CatalogError, load

__all__ = ["Catalog", "CatalogError", "load"]
