"""FIX sessions as stored: sequence numbers, messages for resends, requests, and positions of reports."""
