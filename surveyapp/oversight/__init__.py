"""Those who keep the accounts, and those who may read what was done."""
