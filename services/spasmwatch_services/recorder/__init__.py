"""The only writer to the store, and the keeper of its roll-ups."""
