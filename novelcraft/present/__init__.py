"""What events and novels say to a person, for every front end. Nothing here knows a terminal."""
