"""Reports: each formats finished models, and decides nothing."""
