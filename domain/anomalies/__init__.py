"""What is normal, learnt from each series' own history, and what departs from it."""
