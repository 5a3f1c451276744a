"""What is written: changes of files as text, tried in a copy before they are made."""
