"""What the store does to itself, bound to the operations of the commands: proving, exporting, purging, migrating."""
