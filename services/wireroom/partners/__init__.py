"""What is kept of partners' requests, and what it tells: who holds which state of a feed, and who saw a withdrawal."""
