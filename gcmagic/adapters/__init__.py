"""Calling conventions: how functions as people write them become J(theta) and g(theta)."""
