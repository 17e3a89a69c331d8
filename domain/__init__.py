"""The business of the platform, in ranked areas that import downward only.

kernel < access < market < accounts < positions < risk < orders < settlement < anomalies < system
"""
