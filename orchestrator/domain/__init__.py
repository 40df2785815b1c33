"""Pure: values in, values out. No I/O, clock, thread or actor is imported or called from here."""
