"""What is written: a tick's records to rows, in one transaction."""
