"""What a failed check means."""
