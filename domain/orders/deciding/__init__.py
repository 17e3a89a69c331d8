"""The decisions on orders: values in, a decision out."""
