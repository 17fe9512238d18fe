"""SpasmWatch as a device in Home Assistant: what it shows and what can be pressed there."""
