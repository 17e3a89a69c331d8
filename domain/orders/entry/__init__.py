"""The use cases that bring orders in, change them and cancel them."""
