"""Who looks: networks, how they are built, trained, tapped and stored."""
