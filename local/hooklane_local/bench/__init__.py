"""What deliveries cost: runs the harness of `bench/`, and makes figures, prices and pages of what it measures."""
