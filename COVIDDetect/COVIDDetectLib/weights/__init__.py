"""Model cards and weights: those that come with the program, the authors', and the user's own."""
