"""A Data Wrangler flow, interpreted on this machine."""
