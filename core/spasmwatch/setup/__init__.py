"""Setting a home up and keeping it: keys, accounts, checks, backup and restore."""
