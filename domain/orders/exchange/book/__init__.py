"""The state of a simulated order book: resting orders, their queues and the market they meet."""
