"""Study plug-in: what each action unit does to each filter when it alone is switched on."""
