"""All settings of the platform, by subject. Every variable is declared once, with its meaning and its parser."""
