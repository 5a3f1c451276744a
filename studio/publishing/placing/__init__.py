"""Where the release is placed: the bucket that Studio looks into, and Service Catalog."""
