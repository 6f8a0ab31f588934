"""Study plug-ins and definitions of facsinterp."""
