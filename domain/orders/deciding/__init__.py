"""The decisions on orders, pure: values in, a decision out."""
