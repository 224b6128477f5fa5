"""What tokens cost: a dated table of prices, which a setting replaces or adds to, and the arithmetic."""

from monitor.prices.price import Price
from monitor.prices.pricing import Pricer, priced
from monitor.prices.table import Prices, packaged

__all__ = ["Price", "Pricer", "Prices", "packaged", "priced"]
