"""Implementations of the ports; each maps foreign errors to ours."""
