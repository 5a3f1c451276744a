"""The account side: images, and what becomes of them on AWS."""
