"""What stack switching costs, against what a user would take instead (``stackswitch bench``)."""
