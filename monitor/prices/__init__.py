"""What tokens cost: a dated table of prices, which a setting replaces or adds to, and the arithmetic."""
