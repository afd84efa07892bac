"""What tests share; no tests are in here."""
