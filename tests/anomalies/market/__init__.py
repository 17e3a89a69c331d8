"""Made-up trading weeks: twenty accounts of eight styles, and misdeeds in many variants planted in the last week."""
