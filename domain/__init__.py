"""The business of the platform, in ranked areas: kernel < access < market < accounts < positions < risk < orders."""
