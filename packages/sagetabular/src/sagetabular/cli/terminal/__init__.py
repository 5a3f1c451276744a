"""What commands print, and how they show progress."""
