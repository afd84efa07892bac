"""stdio: one message a line, both eras on one pipe."""
