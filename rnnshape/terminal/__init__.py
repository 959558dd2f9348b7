"""Where an answer is shown: the surroundings of a command, the screen, and what is written."""
