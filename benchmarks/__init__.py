"""What is measured, one benchmark a file."""
