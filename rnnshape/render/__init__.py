"""The views: one module each, from reports to text. The only rooms that import Rich."""
