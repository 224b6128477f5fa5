"""What a person does from the screen to something outside of it: copy, open, jump, signal. Told honestly."""
