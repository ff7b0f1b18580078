"""Who may do what: roles, county scope, sign-in, and the record of every staff act."""
