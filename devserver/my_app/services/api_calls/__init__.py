"""What all calls to services of others share: what their answers say, and when to ask again."""
