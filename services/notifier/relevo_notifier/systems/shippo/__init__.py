"""Shippo: parcels of many carriers (docs.goshippo.com/shippoapi)."""
